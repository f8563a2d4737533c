"""Filters of the admin's templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.contrib.admin._display import shown_name
from nuages.template import Library
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.translation import ngettext

register = Library()


@register.filter
def shown(value: Any) -> Any:
    """Return an object's name, or a dash for a name that nobody would see."""
    return shown_name(value)


def _nested(items: Iterable[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Pair each item of a list with the list that follows it, which belongs below it."""
    waiting: list[Any] = []
    for item in items:
        below = not isinstance(item, str) and isinstance(item, Iterable)
        if below and waiting:
            yield waiting.pop(), list(item)
        elif below:
            # A list that no item precedes stands for itself.
            yield from _nested(item)
        else:
            if waiting:
                yield waiting.pop(), []
            waiting.append(item)
    if waiting:
        yield waiting.pop(), []


class _Outline:
    """The lines of a list of lists, up to a number of items."""

    def __init__(self, room: int, escape: Any) -> None:
        self.room, self.escape, self.omitted = room, escape, 0

    def lines(self, items: Iterable[Any], depth: int) -> Iterator[str]:
        """Yield the lines of items that there is room for, and count the others."""
        tabs = "\t" * depth
        for item, below in _nested(items):
            if not self.room:
                self.omitted += 1 + _size(below)
                continue
            self.room -= 1
            inner = list(self.lines(below, depth + 1))
            text = self.escape(item)
            if inner:
                yield f"{tabs}<li>{text}\n{tabs}<ul>"
                yield from inner
                yield f"{tabs}</ul>\n{tabs}</li>"
            else:
                yield f"{tabs}<li>{text}</li>"


def _size(items: Iterable[Any]) -> int:
    return sum(1 + _size(below) for _, below in _nested(items))


@register.filter(is_safe=True, needs_autoescape=True)
def truncated_unordered_list(
    value: Iterable[Any], max_items: int | None, autoescape: bool = True
) -> SafeString:
    """Return a list of lists as ``<li>`` elements, and how many items had no room.

    Args:
        value: as for ``unordered_list``.
        max_items: how many items are shown; ``None`` for all, 0 for nothing at all.
        autoescape: whether items are escaped.
    """
    if max_items == 0:
        return mark_safe("")
    room = -1 if max_items is None else max_items
    outline = _Outline(room, conditional_escape if autoescape else str)
    lines = list(outline.lines(value, 1))
    if outline.omitted:
        rest = ngettext(
            "…and %(count)d more object.", "…and %(count)d more objects.", outline.omitted
        )
        lines.append(f"\t<li>{rest % {'count': outline.omitted}}</li>")
    return mark_safe("\n".join(lines))
