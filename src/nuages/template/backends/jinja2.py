"""The backend for Jinja2. Manual: "Templates", section "Jinja2"."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.template.backends.base import BaseEngine
from nuages.template.backends.utils import csrf_input_lazy, csrf_token_lazy
from nuages.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from nuages.utils.functional import cached_property
from nuages.utils.module_loading import import_string

#: How many lines of source a report shows on each side of the one at fault.
LINES_AROUND = 10


def is_available() -> bool:
    """Whether Jinja2 is installed."""
    return find_spec("jinja2") is not None


class Jinja2(BaseEngine):
    """Templates in the language of Jinja2."""

    app_dirname = "jinja2"

    def __init__(self, params: dict[str, Any]) -> None:
        import jinja2

        params = dict(params)
        options = dict(params.pop("OPTIONS"))
        super().__init__(params)
        undefined = jinja2.DebugUndefined if settings.DEBUG else jinja2.Undefined
        self.context_processors = options.pop("context_processors", [])
        environment = import_string(options.pop("environment", "jinja2.Environment"))
        options = {
            "autoescape": True,
            "auto_reload": settings.DEBUG,
            "undefined": undefined,
        } | options
        if "loader" not in options:
            options["loader"] = jinja2.FileSystemLoader(self.template_dirs)
        self.env = environment(**options)

    def from_string(self, template_code: str) -> Template:
        """Return the template with this text."""
        return Template(self.env.from_string(template_code), self)

    def get_template(self, template_name: str) -> Template:
        """Return the template of that name.

        Raises:
            TemplateDoesNotExist: there is none.
            TemplateSyntaxError: it cannot be understood.
        """
        from jinja2 import exceptions

        try:
            found = self.env.get_template(template_name)
        except exceptions.TemplateSyntaxError as error:
            raise _syntax_error(error) from error
        except exceptions.TemplateNotFound as error:
            raise TemplateDoesNotExist(error.name, backend=self) from error
        return Template(found, self)

    @cached_property
    def template_context_processors(self) -> list[Any]:
        """The functions that give names for each request."""
        return [import_string(path) for path in self.context_processors]


class Template:
    """A template with the interface that backends share."""

    def __init__(self, template: Any, backend: Jinja2) -> None:
        self.origin = Origin(template.filename, template.name)
        self.template, self.backend = template, backend

    def render(self, context: dict[str, Any] | None = None, request: Any = None) -> str:
        """Return the text of the template.

        Raises:
            TemplateSyntaxError: one that it includes or extends cannot be understood.
        """
        import jinja2

        names: dict[str, Any] = {}
        if request is not None:
            names = {
                "request": request,
                "csrf_input": csrf_input_lazy(request),
                "csrf_token": csrf_token_lazy(request),
            }
            for processor in self.backend.template_context_processors:
                names |= processor(request)
        names |= context or {}
        try:
            return self.template.render(names)
        except jinja2.TemplateSyntaxError as error:
            raise _syntax_error(error) from error


class Origin:
    """Where a template came from, as debug pages want it."""

    def __init__(self, name: str | None, template_name: str | None) -> None:
        self.name, self.template_name = name, template_name


def _syntax_error(error: Any) -> TemplateSyntaxError:
    translated = TemplateSyntaxError(error.args)
    translated.template_debug = get_exception_info(error)  # type: ignore[attr-defined]
    return translated


def get_exception_info(exception: Any) -> dict[str, Any]:
    """Return what a debug page shows of the source around an error of Jinja2's parser."""
    source = exception.source
    if source is None and exception.filename is not None:
        path = Path(exception.filename)
        source = path.read_text() if path.exists() else None
    lines = list(enumerate((source or "").strip().split("\n"), 1)) if source else []
    line = exception.lineno
    top, bottom = max(0, line - LINES_AROUND - 1), min(len(lines), line + LINES_AROUND)
    return {
        "name": exception.filename,
        "message": exception.message,
        "source_lines": lines[top:bottom],
        "line": line,
        "before": "",
        "during": lines[line - 1][1] if lines else "",
        "after": "",
        "total": len(lines),
        "top": top if lines else 0,
        "bottom": bottom,
    }
