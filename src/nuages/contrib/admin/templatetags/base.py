"""Inclusion tags whose template a project can replace for one model or one application.

Manual: "The Django admin site", "Templates which may be overridden per app or model".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.template.library import InclusionNode, TagArguments


class InclusionAdminNode(InclusionNode):
    """A use of a tag that shows a part of an admin page.

    The part's template is looked for in ``admin/<app>/<model>/``, ``admin/<app>/`` and ``admin/``,
    where the page's context names a model by ``opts``.

    Args:
        name: the tag's name, for errors.
        parser: compiles the arguments.
        token: the tag.
        func: returns the names that the part sees.
        template_name: the template's name, without a folder.
        takes_context: whether ``func`` gets the page's context first.

    Raises:
        TemplateSyntaxError: the function does not take these arguments.
    """

    def __init__(
        self,
        name: str,
        parser: Any,
        token: Any,
        func: Callable[..., Any],
        template_name: str,
        takes_context: bool = True,
    ) -> None:
        words = token.split_contents()[1:]
        args, kwargs = TagArguments(func, name, takes_context).parse(parser, words)
        super().__init__(func, takes_context, args, kwargs, template_name)

    def _template(self, context: Any) -> Any:
        known = context.render_context.get(self)
        if known is None:
            select = context.template.engine.select_template
            known = context.render_context[self] = select(self._candidates(context))
        return known

    def _candidates(self, context: Any) -> list[str]:
        opts = context.get("opts")
        if opts is None:
            return [f"admin/{self.filename}"]
        folders = (f"{opts.app_label}/{opts.model_name}/", f"{opts.app_label}/", "")
        return [f"admin/{folder.lower()}{self.filename}" for folder in folders]


__all__ = ["InclusionAdminNode"]
