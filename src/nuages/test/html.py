"""HTML as a comparable tree, for assertions that ignore insignificant differences."""

from __future__ import annotations

import html
import html.entities
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Union

from nuages.utils.html import VOID_ELEMENTS

# HTML's own white space: a non-breaking space is not among it.
_SPACE = re.compile(r"[ \t\n\f\r]+")

BOOLEAN_ATTRIBUTES = frozenset(
    "allowfullscreen async autofocus autoplay checked controls default defer disabled formnovalidate"
    " hidden ismap itemscope loop multiple muted nomodule novalidate open playsinline readonly"
    " required reversed selected truespeed".split()
)

Attributes = list[tuple[str, str | None]]
Child = Union["Element", str]


class HTMLParseError(Exception):
    """The markup's tags do not nest."""


def _same_attributes(attributes: Attributes) -> tuple[tuple[str, str | None], ...]:
    """Return attributes in the one form used for comparison."""
    result: dict[str, str | None] = {}
    for name, value in attributes:
        if name in BOOLEAN_ATTRIBUTES:
            # "checked", checked="" and checked="checked" say the same.
            value = None if not value or value == name else value
        elif value is None:
            value = ""
        elif name == "class":
            value = " ".join(sorted(part for part in _SPACE.split(value) if part))
        result[name] = value
    return tuple(sorted(result.items(), key=lambda pair: (pair[0], pair[1] or "")))


class Element:
    """A tag with its attributes, in a form that is equal wherever the markup means the same.

    Args:
        name: the tag's name, or ``None`` for the root of a fragment.
        attributes: pairs of name and value.
    """

    def __init__(self, name: str | None, attributes: Iterable[tuple[str, str | None]] = ()) -> None:
        self.name = name
        self.attributes = _same_attributes(list(attributes))
        self.children: list[Child] = []

    def append(self, child: Child) -> None:
        """Add an element, or text, which joins the text before it."""
        if isinstance(child, str) and self.children and isinstance(self.children[-1], str):
            self.children[-1] += child
        else:
            self.children.append(child)

    def finalize(self) -> None:
        """Fold white space, once all children are there."""
        tidy: list[Child] = []
        for position, child in enumerate(self.children):
            if isinstance(child, Element):
                child.finalize()
                tidy.append(child)
                continue
            text = _SPACE.sub(" ", child)
            text = text.lstrip(" ") if not tidy or isinstance(tidy[-1], Element) else text
            is_last = position == len(self.children) - 1
            if is_last or isinstance(self.children[position + 1], Element):
                text = text.rstrip(" ")
            if text:
                tidy.append(text)
        self.children = tidy

    def _key(self) -> tuple[object, ...]:
        return self.name, self.attributes, self.children

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.name, self.attributes))

    def __getitem__(self, index: int) -> Child:
        return self.children[index]

    def __contains__(self, wanted: Child) -> bool:
        return self.count(wanted) > 0

    def count(self, wanted: Child) -> int:
        """Return how often ``wanted`` (an element, a fragment, or text) occurs in this element."""
        if isinstance(wanted, str):
            return sum(child.count(wanted) for child in self.children)
        if self == wanted:
            return 1
        found = sum(child.count(wanted) for child in self.children if isinstance(child, Element))
        if wanted.name is None and wanted.children:
            # A fragment without a root of its own occurs as a run of neighbours.
            width, position = len(wanted.children), 0
            while position + width <= len(self.children):
                if self.children[position : position + width] == wanted.children:
                    found += 1
                    position += width
                else:
                    position += 1
        return found

    def _attributes_text(self) -> str:
        return "".join(
            f" {name}" if value is None else f' {name}="{value}"' for name, value in self.attributes
        )

    def _lines(self) -> str:
        return "".join(
            f"\n{html.escape(child) if isinstance(child, str) else child}"
            for child in self.children
        )

    def __str__(self) -> str:
        if self.name is None:
            return self._lines().removeprefix("\n")
        opening = f"<{self.name}{self._attributes_text()}>"
        if not self.children:
            return opening
        return f"{opening}{self._lines()}\n</{self.name}>"

    __repr__ = __str__


class _TreeBuilder(HTMLParser):
    """Builds elements from markup, and refuses tags that do not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.root = Element(None)
        self.open: list[Element] = [self.root]

    def problem(self, message: str) -> HTMLParseError:
        line, column = self.getpos()
        return HTMLParseError(f"{message} (Line {line}, Column {column})", (line, column))

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.open[-1].append(Element(tag, attrs))

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        element = Element(tag, attrs)
        self.open[-1].append(element)
        if tag not in VOID_ELEMENTS:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID_ELEMENTS:
            return
        if not any(element.name == tag for element in self.open):
            raise self.problem(f"Unexpected end tag `{tag}`")
        while self.open.pop().name != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].append(data)

    def handle_charref(self, name: str) -> None:
        self.open[-1].append(html.unescape(f"&#{name};"))

    def handle_entityref(self, name: str) -> None:
        self.open[-1].append(
            html.unescape(f"&{name};") if f"{name};" in html.entities.html5 else f"&{name}"
        )


def parse_html(markup: str) -> Element:
    """Return the tree of ``markup``: its only element, or a nameless root of several.

    Raises:
        HTMLParseError: an end tag has no start.
    """
    builder = _TreeBuilder()
    builder.feed(markup)
    builder.close()
    builder.root.finalize()
    children = builder.root.children
    if len(children) == 1 and isinstance(children[0], Element):
        return children[0]
    return builder.root
