"""What template code raises. Manual: "The Django template language: for Python programmers"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nuages.template.base import Origin


class TemplateDoesNotExist(Exception):
    """A template was found by no loader.

    Args:
        msg: the name of the template.
        tried: pairs of an origin and why it did not serve.
        backend: the backend that searched.
        chain: errors of other backends or of other candidate names.
    """

    def __init__(
        self,
        msg: Any,
        tried: list[tuple[Origin, str]] | None = None,
        backend: Any = None,
        chain: list[TemplateDoesNotExist] | None = None,
    ) -> None:
        super().__init__(msg)
        self.backend = backend
        self.tried = [] if tried is None else tried
        self.chain = [] if chain is None else chain


class TemplateSyntaxError(Exception):
    """The text of a template cannot be understood."""
