"""Responses whose content is a template, rendered late. Manual: "TemplateResponse"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

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
        self.template_name = template
        self.context_data = context
        self.using = using
        self._post_render_callbacks: list[Callable[[Any], Any]] = []
        self._request: Any = None
        # The parent sets content, which counts as rendering.
        super().__init__("", content_type, status, charset=charset, headers=headers)
        self._is_rendered = False

    def __getstate__(self) -> dict[str, Any]:
        if not self._is_rendered:
            raise ContentNotRenderedError(
                "The response content must be rendered before it can be pickled."
            )
        return super().__getstate__()

    def resolve_template(self, template: Any) -> Any:
        """Return the template for a name or several names."""
        if isinstance(template, (list, tuple)):
            return loader.select_template(template, using=self.using)
        if isinstance(template, str):
            return loader.get_template(template, using=self.using)
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
        if self._is_rendered:
            callback(self)
        else:
            self._post_render_callbacks.append(callback)

    def render(self) -> Self:
        """Render, the first time, and return the response (or what a callback put in its place)."""
        result = self
        if not self._is_rendered:
            self.content = self.rendered_content
            for callback in self._post_render_callbacks:
                replacement = callback(result)
                if replacement is not None:
                    result = replacement
        return result

    @property
    def is_rendered(self) -> bool:
        """Whether there is content."""
        return self._is_rendered

    def __iter__(self) -> Iterator[Any]:
        if not self._is_rendered:
            raise ContentNotRenderedError(
                "The response content must be rendered before it can be iterated over."
            )
        return super().__iter__()

    @property
    def content(self) -> bytes:
        """The rendered content."""
        if not self._is_rendered:
            raise ContentNotRenderedError(
                "The response content must be rendered before it can be accessed."
            )
        return HttpResponse.content.fget(self)  # type: ignore[attr-defined]

    @content.setter
    def content(self, value: Any) -> None:
        HttpResponse.content.fset(self, value)  # type: ignore[attr-defined]
        self._is_rendered = True


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
