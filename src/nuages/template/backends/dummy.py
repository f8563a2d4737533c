"""A backend for the standard library's ``string.Template``."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.template import Origin, TemplateDoesNotExist
from nuages.template.backends.base import BaseEngine
from nuages.template.backends.utils import csrf_input_lazy, csrf_token_lazy
from nuages.utils.html import conditional_escape


class TemplateStrings(BaseEngine):
    """Templates with ``$name``."""

    app_dirname = "template_strings"

    def __init__(self, params: dict[str, Any]) -> None:
        params = params.copy()
        options = params.pop("OPTIONS")
        if options:
            raise ImproperlyConfigured(f"Unknown options: {', '.join(options)}")
        super().__init__(params)

    def from_string(self, template_code: str) -> Template:
        """Return the template with this text."""
        return Template(template_code)

    def get_template(self, template_name: str) -> Template:
        """Return the template of that name.

        Raises:
            TemplateDoesNotExist: there is none.
        """
        tried = []
        for filename in self.iter_template_filenames(template_name):
            try:
                return Template(Path(filename).read_text(encoding="utf-8"))
            except FileNotFoundError:
                tried.append((Origin(filename, template_name, self), "Source does not exist"))
        raise TemplateDoesNotExist(template_name, tried=tried, backend=self)


class Template(string.Template):
    """A ``string.Template`` that renders like other backends' templates."""

    def render(self, context: dict[str, Any] | None = None, request: Any = None) -> str:
        """Return the text, with the values escaped for HTML."""
        names = {name: conditional_escape(value) for name, value in (context or {}).items()}
        if request is not None:
            names |= {
                "csrf_input": csrf_input_lazy(request),
                "csrf_token": csrf_token_lazy(request),
            }
        return self.safe_substitute(names)
