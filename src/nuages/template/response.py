"""Responses whose content is a template, rendered late. Manual: "TemplateResponse"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nuages.http import HttpResponse
from nuages.template import loader


class ContentNotRenderedError(Exception):
    """The content was wanted before it was rendered."""


class SimpleTemplateResponse(HttpResponse):
    """A response that renders a template when it is asked to.

    Args:
        template: a name, several names, or a template of a backend.
        context: names for the template.
        content_type, status, charset, headers: as for ``HttpResponse``.
        using: alias of the engine that finds the template.
    """

    #: What a pickle leaves out: it cannot be rendered again.
    rendering_attrs = ["template_name", "context_data", "_post_render_callbacks"]
    non_picklable_attrs = HttpResponse.non_picklable_attrs | frozenset(rendering_attrs)

    def __init__(
        self,
        template: Any,
        context: dict[str, Any] | None = None,
        content_type: str | None = None,
        status: int | None = None,
        charset: str | None = None,
        using: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.using, self._request = using, None
        self.template_name, self.context_data = template, context
        self._post_render_callbacks: list[Callable[[Any], Any]] = []
        options = {"charset": charset, "headers": headers}
        super().__init__("", content_type, status, **options)
        # The parent has set content, which counts as rendering.
        self._is_rendered = False

    def __getstate__(self) -> dict[str, Any]:
        self._demand("pickled")
        return super().__getstate__()

    def _demand(self, what_for: str) -> None:
        if not self._is_rendered:
            raise ContentNotRenderedError(
                f"The response content must be rendered before it can be {what_for}."
            )

    def resolve_template(self, template: Any) -> Any:
        """Return the template for a name or several names."""
        match template:
            case str():
                return loader.get_template(template, using=self.using)
            case list() | tuple():
                return loader.select_template(template, using=self.using)
        return template

    def resolve_context(self, context: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the names for the template."""
        return context

    @property
    def rendered_content(self) -> str:
        """The text of the template as of now."""
        template = self.resolve_template(self.template_name)
        return template.render(self.resolve_context(self.context_data), self._request)

    def add_post_render_callback(self, callback: Callable[[Any], Any]) -> None:
        """Have ``callback(response)`` called after rendering: at once if that is done."""
        waiting = self._post_render_callbacks
        callback(self) if self._is_rendered else waiting.append(callback)

    def render(self) -> Any:
        """Render, the first time, and return the response (or what a callback put in its place)."""
        if self._is_rendered:
            return self
        self.content = self.rendered_content
        result: Any = self
        for callback in self._post_render_callbacks:
            result = _not_none(callback(result), result)
        return result

    @property
    def is_rendered(self) -> bool:
        """Whether there is content."""
        return self._is_rendered

    def __iter__(self) -> Iterator[Any]:
        self._demand("iterated over")
        return super().__iter__()

    def _rendered(self) -> bytes:
        self._demand("accessed")
        return HttpResponse.content.fget(self)  # type: ignore[attr-defined]

    def _render_as(self, value: Any) -> None:
        HttpResponse.content.fset(self, value)  # type: ignore[attr-defined]
        self._is_rendered = True

    content = property(_rendered, _render_as, doc="The rendered content.")


def _not_none(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


class TemplateResponse(SimpleTemplateResponse):
    """A template response for a request, whose context processors run.

    Args:
        request: the request.
        template, context, content_type, status, charset, using, headers: as for
            ``SimpleTemplateResponse``.
    """

    rendering_attrs = [*SimpleTemplateResponse.rendering_attrs, "_request"]
    non_picklable_attrs = SimpleTemplateResponse.non_picklable_attrs | frozenset(["_request"])

    def __init__(
        self,
        request: Any,
        template: Any,
        context: dict[str, Any] | None = None,
        content_type: str | None = None,
        status: int | None = None,
        charset: str | None = None,
        using: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(template, context, content_type, status, charset, using, headers=headers)
        self._request = request
