"""Cutting HTML off after a number of characters or words."""

import re
from html import escape
from html.parser import HTMLParser

from nuages.utils.html import VOID_ELEMENTS
from nuages.utils.text import add_truncation_text

_gap = re.compile(r"(?<=\S)\s+(?=\S)")


class _Truncated(Exception):
    """The budget of a truncating parser is used up."""


class TruncatingParser(HTMLParser):
    """Copies HTML until its text exceeds a budget, then closes the open elements."""

    def __init__(self, budget: int, mark: str | None, words: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.budget = budget
        self.mark = mark
        self.words = words
        self.out: list[str] = []
        self.cut = False
        self.open: list[str] = []

    def copy(self, source: str) -> str:
        try:
            self.feed(source)
            self.close()
        except _Truncated:
            self.cut = True
        return "".join(self.out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self.out.append(f"</{tag}>")
        # An end tag out of order closes nothing: the elements around it stay open.
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        size = len(data.split()) if self.words else len(data)
        if size <= self.budget:
            self.budget -= size
            self.out.append(escape(_gap.sub(" ", data) if self.words else data))
            return
        if self.words:
            kept = " ".join(data.split()[: self.budget])
            if self.budget and data[:1].isspace():
                kept = f" {kept}"
        else:
            kept = data[: self.budget]
        self.out.append(add_truncation_text(escape(kept), self.mark))
        self.out.extend(f"</{tag}>" for tag in reversed(self.open))
        raise _Truncated
