"""The engine: options, libraries and loaders behind a set of templates.

Manual: "The Django template language: for Python programmers", section "Configuring an engine".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.template.base import Origin, PartialTemplate, Template
from nuages.template.context import Context
from nuages.template.exceptions import TemplateDoesNotExist
from nuages.template.library import Library, import_library
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string

_LOADERS = "django.template.loaders"


class Engine:
    """An independent set of templates and the options they are read and rendered with.

    Args:
        dirs: folders in which the filesystem loader looks.
        app_dirs: look in the ``templates`` folders of installed applications too.
        context_processors: dotted paths of functions that give names for each request.
        debug: keep track of positions in the source, for error reports.
        loaders: loader classes, as dotted paths or lists of a path and arguments.
        string_if_invalid: shown for variables that are missing; ``%s`` is their name.
        file_charset: of the files.
        libraries: labels for ``{% load %}`` with the dotted paths of tag modules.
        builtins: dotted paths of tag modules that are always loaded.
        autoescape: whether output is escaped for HTML.

    Raises:
        ImproperlyConfigured: both ``app_dirs`` and ``loaders`` are given.
    """

    default_builtins = [
        "django.template.defaulttags",
        "django.template.defaultfilters",
        "django.template.loader_tags",
    ]

    def __init__(
        self,
        dirs: Sequence[Any] | None = None,
        app_dirs: bool = False,
        context_processors: Sequence[str] | None = None,
        debug: bool = False,
        loaders: Sequence[Any] | None = None,
        string_if_invalid: str = "",
        file_charset: str = "utf-8",
        libraries: Mapping[str, str] | None = None,
        builtins: Iterable[str] | None = None,
        autoescape: bool = True,
    ) -> None:
        if loaders is None:
            found_by = [f"{_LOADERS}.filesystem.Loader"]
            if app_dirs:
                found_by.append(f"{_LOADERS}.app_directories.Loader")
            loaders = [(f"{_LOADERS}.cached.Loader", found_by)]
        elif app_dirs:
            raise ImproperlyConfigured("app_dirs must not be set when loaders is defined.")
        self.dirs = list(dirs or ())
        self.app_dirs = app_dirs
        self.autoescape = autoescape
        self.context_processors = list(context_processors or ())
        self.debug = debug
        self.loaders = loaders
        self.string_if_invalid = string_if_invalid
        self.file_charset = file_charset
        self.libraries = dict(libraries or {})
        self.template_libraries = self.get_template_libraries(self.libraries)
        self.builtins = [*self.default_builtins, *(builtins or ())]
        self.template_builtins = self.get_template_builtins(self.builtins)

    def __repr__(self) -> str:
        shown = [
            ("dirs", self.dirs, False),
            ("app_dirs", self.app_dirs, True),
            ("context_processors", self.context_processors, False),
            ("debug", self.debug, True),
            ("loaders", self.loaders, True),
            ("string_if_invalid", self.string_if_invalid, True),
            ("file_charset", self.file_charset, True),
            ("libraries", self.libraries, False),
            ("builtins", self.builtins, True),
            ("autoescape", self.autoescape, True),
        ]
        options = " ".join(f"{name}={value!r}" for name, value, always in shown if value or always)
        return f"<{type(self).__qualname__}: {options}>"

    @staticmethod
    @functools.cache
    def get_default() -> Engine:
        """Return the engine of the first ``DjangoTemplates`` backend in ``TEMPLATES``.

        Raises:
            ImproperlyConfigured: there is none.
        """
        from nuages.template import engines
        from nuages.template.backends.django import DjangoTemplates

        for backend in engines.all():
            if isinstance(backend, DjangoTemplates):
                return backend.engine
        raise ImproperlyConfigured("No DjangoTemplates backend is configured.")

    @cached_property
    def template_context_processors(self) -> tuple[Callable[..., dict[str, Any]], ...]:
        """The functions that give names for each request."""
        # Gives every page with a form its token, whatever the options say.
        always = ("django.template.context_processors.csrf",)
        return tuple(import_string(path) for path in (*always, *self.context_processors))

    def get_template_builtins(self, builtins: Iterable[str]) -> list[Library]:
        """Return the libraries at dotted paths."""
        return [import_library(path) for path in builtins]

    def get_template_libraries(self, libraries: Mapping[str, str]) -> dict[str, Library]:
        """Return the libraries by label."""
        return {label: import_library(path) for label, path in libraries.items()}

    @cached_property
    def template_loaders(self) -> list[Any]:
        """The loaders, in order."""
        return self.get_template_loaders(self.loaders)

    def get_template_loaders(self, template_loaders: Iterable[Any]) -> list[Any]:
        """Return the loaders for what the ``loaders`` option says."""
        return [self.find_template_loader(loader) for loader in template_loaders]

    def find_template_loader(self, loader: Any) -> Any:
        """Return the loader for a dotted path, or for a list of a path and arguments.

        Raises:
            ImproperlyConfigured: it is neither.
        """
        match loader:
            case str():
                path, arguments = loader, []
            case tuple() | list():
                path, *arguments = loader
            case _:
                raise ImproperlyConfigured(
                    f"Invalid value in template loaders configuration: {loader!r}"
                )
        return import_string(path)(self, *arguments)

    def find_template(
        self, name: str, dirs: Any = None, skip: list[Origin] | None = None
    ) -> tuple[Template, Origin]:
        """Return the first template of that name, and its origin.

        Args:
            name: of the template.
            dirs: not used.
            skip: origins to pass over.

        Raises:
            TemplateDoesNotExist: no loader has it.
        """
        tried: list[Any] = []
        for loader in self.template_loaders:
            try:
                template = loader.get_template(name, skip=skip)
            except TemplateDoesNotExist as error:
                tried += error.tried
            else:
                return template, template.origin
        raise TemplateDoesNotExist(name, tried=tried)

    def lacks(self, name: str) -> bool:
        """Return whether it is known that no loader has a template, so that none need be asked."""
        from nuages.template.loaders.cached import Loader, knows_as_missing

        kind = type(self)
        if kind.get_template is not Engine.get_template or kind.find_template is not _OWN_FIND:
            return False
        loaders = self.template_loaders
        return bool(loaders) and all(
            type(loader) is Loader and knows_as_missing(loader, name) for loader in loaders
        )

    def from_string(self, template_code: Any) -> Template:
        """Return the template with this text."""
        return Template(template_code, engine=self)

    def get_template(self, template_name: str) -> Template:
        """Return the template of that name; ``name#part`` is the partial ``part`` of it.

        Raises:
            TemplateDoesNotExist: there is no such template or part.
        """
        full_name = template_name
        part = ""
        try:
            template_name, _, part = template_name.partition("#")
        except AttributeError:
            raise TemplateDoesNotExist(str(full_name)) from None
        if not template_name:
            raise TemplateDoesNotExist(full_name)
        template, origin = self.find_template(template_name)
        if not hasattr(template, "render"):
            # A loader may give bare source.
            template = Template(template, origin, template_name, engine=self)
        if not part:
            return template
        partials = getattr(template, "extra_data", None)
        if isinstance(partials, dict):
            partials = partials.get("partials")
        found = partials.get(part) if isinstance(partials, dict) else None
        if found is None:
            raise TemplateDoesNotExist(part, tried=[(origin, part)])
        found.engine = self
        return found

    def render_to_string(self, template_name: str | Sequence[str], context: Any = None) -> str:
        """Return the text of a template (of the first found, for a list of names)."""
        if isinstance(template_name, str):
            template = self.get_template(template_name)
        else:
            template = self.select_template(template_name)
        if not isinstance(context, Context):
            context = Context(context, autoescape=self.autoescape)
        return template.render(context)

    def select_template(self, template_name_list: Iterable[str]) -> Template:
        """Return the first template found of several names.

        Raises:
            TemplateDoesNotExist: none is found.
        """
        missing: list[str] = []
        for name in template_name_list or ():
            if self.lacks(name):
                missing.append(name)
                continue
            try:
                return self.get_template(name)
            except TemplateDoesNotExist as error:
                missing.append(str(error.args[0]))
        raise TemplateDoesNotExist(
            ", ".join(dict.fromkeys(missing)) or "No template names provided"
        )


_OWN_FIND = Engine.find_template

__all__ = ["Engine", "PartialTemplate"]
