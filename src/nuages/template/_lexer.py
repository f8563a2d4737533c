"""Template text to tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from nuages.utils.text import smart_split

FILTER_SEPARATOR = "|"
FILTER_ARGUMENT_SEPARATOR = ":"
VARIABLE_ATTRIBUTE_SEPARATOR = "."
BLOCK_TAG_START, BLOCK_TAG_END = "{%", "%}"
VARIABLE_TAG_START, VARIABLE_TAG_END = "{{", "}}"
COMMENT_TAG_START, COMMENT_TAG_END = "{#", "#}"
SINGLE_BRACE_START, SINGLE_BRACE_END = "{", "}"
TRANSLATOR_COMMENT_MARK = "Translators"

tag_re = re.compile(r"(\{(?:%.*?%|\{.*?\}|#.*?#)\})")


class TokenType(Enum):
    """The four things that template text is made of."""

    TEXT = 0
    VAR = 1
    BLOCK = 2
    COMMENT = 3


_KIND_OF_BRACE = {"%": TokenType.BLOCK, "{": TokenType.VAR, "#": TokenType.COMMENT}


class Token:
    """One piece of a template: literal text, a variable, a tag or a comment.

    Args:
        token_type: which of the four.
        contents: the text, without its delimiters and the space around it.
        position: offsets of start and end in the source, known with ``debug`` on.
        lineno: the line on which it starts, from 1.
    """

    __slots__ = ("__dict__", "contents", "lineno", "position", "token_type")

    def __init__(
        self,
        token_type: TokenType,
        contents: str,
        position: tuple[int, int] | None = None,
        lineno: int | None = None,
    ) -> None:
        self.token_type = token_type
        self.contents = contents
        self.lineno = lineno
        self.position = position

    def __repr__(self) -> str:
        start = self.contents[:20].replace("\n", "")
        return f'<{self.token_type.name.capitalize()} token: "{start}...">'

    def split_contents(self) -> list[str]:
        """Return the words of a tag; quoted text, also inside ``_()``, stays in one word."""
        return list(smart_split(self.contents))


_opening = re.compile(r"\{[%{#]").search
_CLOSING = {"%": "%}", "{": "}}", "#": "#}"}


def _alternating(text: str) -> Iterator[str]:
    """Yield text, tag, text, tag … text: what ``tag_re.split(text)`` gives, in linear time.

    A regular expression looks for the end of each opening anew. Here a line in which a kind of tag
    was found not to end is not searched for it again.
    """
    start = position = 0
    line_end = -1
    unclosed: set[str] = set()
    while (found := _opening(text, position)) is not None:
        begin, kind = found.start(), text[found.end() - 1]
        if begin > line_end:
            line_end = text.find("\n", begin)
            line_end = len(text) if line_end < 0 else line_end
            unclosed.clear()
        end = -1 if kind in unclosed else text.find(_CLOSING[kind], begin + 2, line_end)
        if end < 0:
            unclosed.add(kind)
            position = begin + 1
            continue
        yield text[start:begin]
        start = position = end + 2
        yield text[begin:start]
    yield text[start:]


class Lexer:
    """Cuts the text of a template into tokens."""

    records_positions = False

    def __init__(self, template_string: str) -> None:
        self.template_string = template_string
        self.verbatim: str | bool = False

    def __repr__(self) -> str:
        start = self.template_string[:20].replace("\n", "")
        return (
            f'<{type(self).__qualname__} template_string="{start}...", verbatim={self.verbatim!r}>'
        )

    def tokenize(self) -> list[Token]:
        """Return all tokens of the text, in order."""
        return list(self._tokens())

    def _tokens(self) -> Iterator[Token]:
        offset, lineno = 0, 1
        for index, piece in enumerate(_alternating(self.template_string)):
            if piece:
                span = (offset, offset + len(piece)) if self.records_positions else None
                kind, contents = self._classify(piece) if index % 2 else (TokenType.TEXT, piece)
                yield Token(kind, contents, span, lineno)
                offset += len(piece)
                lineno += piece.count("\n")

    def _classify(self, piece: str) -> tuple[TokenType, str]:
        kind, contents = _KIND_OF_BRACE[piece[1]], piece[2:-2].strip()
        if self.verbatim:
            if kind is not TokenType.BLOCK or contents != self.verbatim:
                return TokenType.TEXT, piece
            self.verbatim = False
        elif kind is TokenType.BLOCK and (contents == "verbatim" or contents[:9] == "verbatim "):
            self.verbatim = f"end{contents}"
        return kind, contents


class DebugLexer(Lexer):
    """A lexer whose tokens know their offsets in the source."""

    records_positions = True
