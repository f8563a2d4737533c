"""The backend for Django templates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

from nuages.conf import settings
from nuages.core import checks
from nuages.template.backends.base import BaseEngine
from nuages.template.context import make_context
from nuages.template.engine import Engine
from nuages.template.exceptions import TemplateDoesNotExist
from nuages.template.library import InvalidTemplateLibrary


class DjangoTemplates(BaseEngine):
    """Templates in the Django template language.

    Manual: "Templates", section "DjangoTemplates".
    """

    app_dirname = "templates"

    def __init__(self, params: dict[str, Any]) -> None:
        params = params.copy()
        options = {
            "autoescape": True,
            "debug": settings.DEBUG,
            "file_charset": "utf-8",
        } | params.pop("OPTIONS")
        options["libraries"] = self.get_templatetag_libraries(options.get("libraries", {}))
        super().__init__(params)
        self.engine = Engine(self.dirs, self.app_dirs, **options)

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the configuration."""
        return [
            *self._check_string_if_invalid_is_string(),
            *self._check_for_template_tags_with_the_same_name(),
        ]

    def _check_string_if_invalid_is_string(self) -> list[Any]:
        value = self.engine.string_if_invalid
        if isinstance(value, str):
            return []
        message = (
            f"'string_if_invalid' in TEMPLATES OPTIONS must be a string but got: {value!r} "
            f"({type(value)})."
        )
        return [checks.Error(message, obj=self, id="templates.E002")]

    def _check_for_template_tags_with_the_same_name(self) -> list[Any]:
        modules: defaultdict[str, set[str]] = defaultdict(set)
        for label, path in (*self.engine.libraries.items(), *get_template_tag_modules()):
            modules[label].add(path)
        return [
            checks.Warning(
                f"{label!r} is used for multiple template tag modules: "
                f"{', '.join(map(repr, sorted(paths)))}",
                obj=self,
                id="templates.W003",
            )
            for label, paths in modules.items()
            if len(paths) > 1
        ]

    def from_string(self, template_code: str) -> Template:
        """Return the template with this text."""
        return Template(self.engine.from_string(template_code), self)

    def get_template(self, template_name: str) -> Template:
        """Return the template of that name.

        Raises:
            TemplateDoesNotExist: there is none.
        """
        try:
            return Template(self.engine.get_template(template_name), self)
        except TemplateDoesNotExist as error:
            reraise(error, self)
            raise

    def lacks(self, template_name: str) -> bool:
        """Return whether it is known that there is no template of a name."""
        own = DjangoTemplates.get_template
        return type(self).get_template is own and self.engine.lacks(template_name)

    def get_templatetag_libraries(self, custom_libraries: dict[str, str]) -> dict[str, str]:
        """Return the labels and paths of all tag modules; those in the options win."""
        return get_installed_libraries() | custom_libraries


class Template:
    """A template with the interface that backends share.

    Attributes:
        template: the ``django.template.Template``.
        backend: its backend.
    """

    def __init__(self, template: Any, backend: DjangoTemplates) -> None:
        self.template, self.backend = template, backend

    @property
    def origin(self) -> Any:
        """Where the template came from."""
        return self.template.origin

    def render(self, context: dict[str, Any] | None = None, request: Any = None) -> str:
        """Return the text of the template.

        Raises:
            TemplateDoesNotExist: one that it includes or extends is missing.
        """
        names = make_context(context, request, autoescape=self.backend.engine.autoescape)
        try:
            return self.template.render(names)
        except TemplateDoesNotExist as error:
            reraise(error, self.backend)
            raise


def copy_exception(exc: TemplateDoesNotExist, backend: Any = None) -> TemplateDoesNotExist:
    """Return a copy of an error, which belongs to ``backend`` unless it had one."""
    make: Any = type(exc)
    twin = make(*exc.args, tried=exc.tried, backend=exc.backend or backend, chain=exc.chain)
    if hasattr(exc, "template_debug"):
        twin.template_debug = exc.template_debug
    return twin


def reraise(exc: TemplateDoesNotExist, backend: Any) -> None:
    """Raise a copy of an error that names the backend."""
    raise copy_exception(exc, backend) from exc


def get_template_tag_modules() -> Iterator[tuple[str, str]]:
    """Yield label and path of each tag module of Django and of the installed applications."""
    from nuages.apps import apps

    packages = ["django.templatetags"]
    packages += [f"{config.name}.templatetags" for config in apps.get_app_configs()]
    for package_name in packages:
        try:
            package = import_module(package_name)
        except ImportError as error:
            # An application without tags is all right, one with broken tags is not.
            if not _is_absent(error, package_name):
                raise
            continue
        if hasattr(package, "__path__"):
            for path in get_package_libraries(package):
                yield path[len(package_name) + 1 :], path


def _is_absent(error: ImportError, name: str) -> bool:
    missing = error.name
    return (
        isinstance(error, ModuleNotFoundError)
        and missing is not None
        and (missing == name or name.startswith(f"{missing}."))
    )


def get_installed_libraries() -> dict[str, str]:
    """Return labels and paths of all tag modules that can be loaded without configuration."""
    return dict(get_template_tag_modules())


def get_package_libraries(pkg: Any) -> Iterable[str]:
    """Yield the paths of the modules in a package that have a ``register``.

    Raises:
        InvalidTemplateLibrary: one cannot be imported.
    """
    for found in walk_packages(pkg.__path__, f"{pkg.__name__}."):
        try:
            module = import_module(found.name)
        except ImportError as error:
            raise InvalidTemplateLibrary(
                "Invalid template library specified. ImportError raised when trying to load "
                f"'{found.name}': {error}"
            ) from error
        if hasattr(module, "register"):
            yield found.name
