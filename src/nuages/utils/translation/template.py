"""Templates as source code that xgettext understands.

Each line of a template becomes one line, so that messages are found where they stand: calls
for the messages, comments for the translators, and "X" for anything else.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

from nuages.template.base import Lexer, TokenType
from nuages.utils.text import smart_split
from nuages.utils.translation import TranslatorCommentWarning, trim_whitespace

TRANSLATOR_COMMENT_MARK = "Translators"

dot_re = re.compile(r"\S")
# A message in quotes at the start of what follows the name of the tag.
_quoted = re.compile(r"""(?P<quote>["'])(?P<text>.*?)(?P=quote)""")
constant_re = re.compile(r"""_\((?:"[^"]*"|'[^']*')\)""")
_line = re.compile(r"[^\n]*\n|[^\n]+")

_INLINE = frozenset(("trans", "translate"))
_BLOCKS = frozenset(("blocktrans", "blocktranslate"))


def blankout(src: str, char: str) -> str:
    """Put ``char`` for everything that can be seen: ``"a b"`` gives ``"X X"``."""
    return dot_re.sub(char, src)


def templatize(src: str, origin: str | None = None) -> str:
    """Return source code with the messages of a template.

    Raises:
        SyntaxError: a translated block holds other tags.
    """
    return "".join(_Extraction(src, origin).code())


class _Extraction:
    def __init__(self, src: str, origin: str | None) -> None:
        self.tokens = iter(Lexer(src).tokenize())
        self.file = f"file {origin}, " if origin else ""
        # Comments for translators at the end, so far, of the current line.
        self.remarks: list[str] = []
        self.remarks_line = 0

    def code(self) -> Iterator[str]:
        for token in self.tokens:
            yield from self.settled_remarks(token)
            match token.token_type:
                case TokenType.COMMENT:
                    self.remark(token)
                case TokenType.TEXT:
                    yield blankout(token.contents, "X")
                case TokenType.VAR:
                    yield from self.constants(token)
                case TokenType.BLOCK:
                    yield from self.tag(token)

    # Comments.

    def remark(self, token: Any) -> None:
        if not token.contents.lstrip().startswith(TRANSLATOR_COMMENT_MARK):
            self.remarks.clear()
            return
        self.remarks.append(token.contents)
        self.remarks_line = token.lineno

    def settled_remarks(self, following: Any) -> Iterator[str]:
        """Give the comments that end a line; warn of those that something follows there."""
        if not self.remarks or following.token_type is TokenType.COMMENT:
            return
        if following.lineno + following.contents.count("\n") == self.remarks_line:
            for remark in self.remarks:
                warnings.warn(
                    f"The translator-targeted comment '{remark}' ({self.file}line "
                    f"{self.remarks_line}) was ignored, because it wasn't the last item on the "
                    "line.",
                    TranslatorCommentWarning,
                    stacklevel=4,
                )
        else:
            yield f"# {' | '.join(self.remarks)}"
        self.remarks.clear()

    def comment(self) -> Iterator[str]:
        """Give what a comment block says to translators, from their last mark on."""
        parts, _ = self.until("endcomment", anything=True)
        lines = _line.findall("".join(part.contents for part in parts))
        marks = (
            n for n, line in enumerate(lines) if line.strip().startswith(TRANSLATOR_COMMENT_MARK)
        )
        start = max(marks, default=len(lines))
        for number, line in enumerate(lines):
            yield f" # {line}" if number >= start else " #\n"

    # Messages.

    def constants(self, token: Any) -> Iterator[str]:
        """Give the ``_("…")`` in a tag or a variable."""
        for found in constant_re.findall(token.contents):
            yield f" {found} "

    def tag(self, token: Any) -> Iterator[str]:
        name, _, rest = token.contents.strip().partition(" ")
        if name == "comment":
            yield from self.comment()
        elif name in _BLOCKS:
            yield from self.block(list(smart_split(rest)))
        elif name in _INLINE and (message := _quoted.match(rest.lstrip())):
            words = list(smart_split(rest.lstrip()[message.end() :]))
            text = message["text"].replace("%", "%%")
            yield _call(_context(words), text)
        else:
            yield from self.constants(token)
            yield blankout(token.contents if not constant_re.search(token.contents) else "", "B")

    def block(self, words: list[str]) -> Iterator[str]:
        """Give the call for a translated block, and then its lines."""
        parts, plural = self.until("endblocktrans", "endblocktranslate")
        shape = trim_whitespace if "trimmed" in words else str
        forms = [shape("".join(map(_piece, form))) for form in (parts[:plural], parts[plural:])]
        yield _call(_context(words), *forms[: 1 if plural is None else 2])
        for part in parts:
            yield blankout(part.contents if part.token_type is TokenType.TEXT else "", "S")

    def until(self, *ends: str, anything: bool = False) -> tuple[list[Any], int | None]:
        """Take the tokens up to an end tag; tell also where its plural begins."""
        parts: list[Any] = []
        plural = None
        for token in self.tokens:
            name = token.contents.strip() if token.token_type is TokenType.BLOCK else None
            if name in ends:
                break
            if anything or name is None:
                parts.append(token)
            elif name == "plural":
                plural = len(parts)
            else:
                raise SyntaxError(
                    "Translation blocks must not include other block tags: "
                    f"{token.contents} ({self.file}line {token.lineno})"
                )
        return parts, plural


def _piece(token: Any) -> str:
    match token.token_type:
        case TokenType.VAR:
            return f"%({token.contents})s"
        case TokenType.TEXT:
            return token.contents.replace("%", "%%")
    return ""


def _context(words: list[str]) -> str | None:
    """Return the context that a tag names in quotes, if it does."""
    for word, value in zip(words, words[1:], strict=False):
        if word == "context" and (quoted := _quoted.fullmatch(value)):
            return quoted["text"]
    return None


def _call(context: str | None, *forms: str) -> str:
    """Return source code of the call that asks for a message."""
    name = f"{'p' if context is not None else ''}gettext"
    arguments = [f"u{text!r}" for text in ((context,) if context is not None else ()) + forms]
    if len(forms) == 2:
        name = "n" + name
        arguments.append("count")
    return f" {name}({', '.join(arguments)}) "
