"""Renderers: how templates of forms are found and rendered.

Manual: "The form rendering API".
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.module_loading import import_string

if TYPE_CHECKING:
    from nuages.forms.boundfield import BoundField

HERE = Path(__file__).parent


@functools.cache
def get_default_renderer() -> BaseRenderer:
    """Return the one instance of the renderer that ``FORM_RENDERER`` names."""
    from nuages.conf import settings

    return import_string(settings.FORM_RENDERER)()


@unannotated
class BaseRenderer:
    """Base of the renderers. Manual: "The form rendering API", class ``BaseRenderer``."""

    bound_field_class: type[BoundField] | None = None
    form_template_name, formset_template_name, field_template_name = (
        f"django/forms/{name}.html" for name in ("div", "formsets/div", "field")
    )

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return the rendered template.

        Raises:
            TemplateDoesNotExist: no such template.
        """
        return self.get_template(template_name).render(context, request=request).strip()

    def get_template(self, template_name: str) -> Any:
        """Return the template of that name; subclasses say where it comes from."""
        raise NotImplementedError("subclasses must implement get_template()")


class EngineMixin:
    """A renderer with a template engine of its own."""

    backend_path: str
    folder: str

    @cached_property
    def engine(self) -> Any:
        """The engine: the house's templates first, those of the installed apps after."""
        backend = import_string(self.backend_path)
        return backend(
            {"NAME": "djangoforms", "DIRS": [HERE / self.folder], "APP_DIRS": True, "OPTIONS": {}}
        )

    def get_template(self, template_name: str) -> Any:
        """Return the engine's template of that name."""
        return self.engine.get_template(template_name)


#: Functions for templates of packages: where each is, and the file that it stands for.
_OFFERED: dict[str, tuple[str, str]] = {}
_LOADED: dict[str, Any] = {}


def offer(template_name: str, function: str, file: Path) -> None:
    """Let the default renderer call a function where it would render a package's own file.

    Args:
        template_name: the template's name.
        function: where a function is that takes the context and returns what the file gives,
            without space around it.
        file: the file. Where another one is found, of a theme, the function is not called.
    """
    _OFFERED[template_name] = (function, str(file))


@functools.cache
def _compiled_templates() -> Any:
    """Return the module of functions; it needs the template engine, which comes later."""
    from nuages.forms import _compiled

    return _compiled


class DjangoTemplates(EngineMixin, BaseRenderer):
    """Templates in Django's language; the default.

    The built-in templates exist twice: as files, and as functions
    (:mod:`nuages.forms._compiled`). No project can put other files in the place of those that this
    renderer finds first, so the functions stand in for them while this class and the template
    engine are as we made them.
    """

    backend_path = "django.template.backends.django.DjangoTemplates"
    folder = "templates"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        """Return the rendered template, by a function if it is one of the built-in ones."""
        compiled = functions_for(self)
        if compiled is not None:
            function = compiled.find(template_name) or self._offered(template_name)
            if function is not None:
                try:
                    return function(context)
                except compiled.NeedsTemplate:
                    pass  # a part has a template of its own: let the engine do all of it
        return super().render(template_name, context, request)

    def _offered(self, template_name: str) -> Any:
        """Return a package's function for its template, if this engine finds the package's file."""
        found = _OFFERED.get(template_name)
        if found is None or self.origin_of(template_name) != found[1]:
            return None
        function = _LOADED.get(template_name)
        if function is None:
            function = _LOADED[template_name] = import_string(found[0])
        return function

    def origin_of(self, template_name: str) -> str:
        """Return the file that a template comes from, as long as the engine keeps its templates.

        Raises:
            TemplateDoesNotExist: no such template.
        """
        known: dict[str, tuple[int, str]] = self.__dict__.setdefault("_origins", {})
        generation = sum(
            getattr(loader, "generation", 0) for loader in self.engine.engine.template_loaders
        )
        entry = known.get(template_name)
        if entry is None or entry[0] != generation:
            origin = str(self.get_template(template_name).origin.name)
            entry = known[template_name] = (generation, origin)
        return entry[1]


_OWN_LOOKUP, _OWN_ENGINE = DjangoTemplates.get_template, EngineMixin.engine
_OWN_RENDER = DjangoTemplates.render


def functions_for(renderer: Any) -> Any:
    """Return the module of functions if they may stand in for this renderer's templates.

    ``None`` where the renderer looks for templates in a way of its own, or the template engine is
    not as we made it.
    """
    kind = renderer.__class__
    try:
        ours = kind.get_template is _OWN_LOOKUP and kind.engine is _OWN_ENGINE
    except AttributeError:
        return None
    if not ours:
        return None
    compiled = _compiled_templates()
    return compiled if compiled.usable() else None


def renders_plainly(renderer: Any) -> bool:
    """Return whether a renderer does no more than fill templates, so that it need not be asked."""
    own = renderer.__dict__
    return (
        renderer.__class__.render is _OWN_RENDER
        and "render" not in own
        and "get_template" not in own
    )


class Jinja2(EngineMixin, BaseRenderer):
    """Templates in Jinja2's language."""

    backend_path = "django.template.backends.jinja2.Jinja2"
    folder = "jinja2"


class TemplatesSetting(BaseRenderer):
    """Templates from wherever the ``TEMPLATES`` setting says."""

    def get_template(self, template_name: str) -> Any:
        """Return the template that the project's engines find."""
        from nuages.template.loader import get_template

        return get_template(template_name)
