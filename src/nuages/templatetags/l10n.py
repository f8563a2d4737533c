"""Tags and filters of localization. Manual: "Format localization", "Template tags"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nuages.template import Library, Node, TemplateSyntaxError
from nuages.utils import formats

if TYPE_CHECKING:
    from nuages.template.base import Parser, Token

register = Library()


def _as_text(name: str, text: str, use_l10n: bool) -> Any:
    def show(value: Any) -> str:
        return str(formats.localize(value, use_l10n=use_l10n))

    show.__name__, show.__doc__ = name, text
    return register.filter(name, show, is_safe=False)


localize = _as_text("localize", "Localize a value, whatever the settings say.", True)
unlocalize = _as_text("unlocalize", "Do not localize a value, whatever the settings say.", False)


class LocalizeNode(Node):
    """Turns localization on or off for what is inside."""

    def __init__(self, nodelist: Any, use_l10n: bool) -> None:
        self.use_l10n, self.nodelist = use_l10n, nodelist

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def render(self, context: Any) -> str:
        """Return the text inside."""
        outer, context.use_l10n = context.use_l10n, self.use_l10n
        try:
            return self.nodelist.render(context)
        finally:
            context.use_l10n = outer


@register.tag("localize")
def localize_tag(parser: Parser, token: Token) -> LocalizeNode:
    """Compile a ``localize`` tag."""
    tag, *words = token.split_contents()
    if words not in ([], ["on"], ["off"]):
        raise TemplateSyntaxError(f"{tag!r} argument should be 'on' or 'off'")
    nodelist = parser.parse(("endlocalize",))
    parser.delete_first_token()
    return LocalizeNode(nodelist, words != ["off"])
