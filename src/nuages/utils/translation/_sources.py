"""Messages in source code: the calls of ``gettext()`` and its kin, in Python and JavaScript.

The code is not run and need not be right: it is cut into tokens, and what stands in the place of
a message is a message. Templates become code first (``template.templatize``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nuages.utils.translation import _directives
from nuages.utils.translation._pofile import Message


class Token(NamedTuple):
    """A piece of source code; ``kind`` is ``name``, ``text``, ``comment`` or ``other``."""

    kind: str
    value: str
    line: int


# -- keywords -----------------------------------------------------------------------------------


class Keyword(NamedTuple):
    """Which arguments of a call are the message, its plural and its context, from 1."""

    message: int = 1
    plural: int = 0
    context: int = 0


def keyword(spec: str) -> tuple[str, Keyword]:
    """Read what the GNU tools call a keyword, like ``npgettext:1c,2,3``.

    Raises:
        ValueError: it is none.
    """
    name, _, arguments = spec.partition(":")
    numbers, context = [], 0
    for argument in filter(None, arguments.split(",")):
        found = re.fullmatch(r"(\d+)(c?)", argument.strip())
        if found is None:
            raise ValueError(f"“{spec}” is no keyword: “{argument}” is no argument")
        if found[2]:
            context = int(found[1])
        else:
            numbers.append(int(found[1]))
    return name, Keyword(*(numbers or [1])[:2], **{"context": context})


USUAL = dict(
    map(
        keyword,
        (
            "gettext",
            "_",
            "ngettext:1,2",
            "ugettext",
            "ungettext:1,2",
            "dgettext:2",
            "dngettext:2,3",
        ),
    )
)

# -- tokens -------------------------------------------------------------------------------------

_python = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<text>(?P<prefix>(?:[rR][bBfFtT]?|[bBfFtT][rR]?|[uU])?)(?:
        \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
        | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'))
    |(?P<name>[^\W\d]\w*)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


def python(source: str, line: int = 1) -> Iterator[Token]:
    """Give the tokens of code in Python; code within f-strings has its own."""
    for found in _python.finditer(source):
        text, kind = found[0], found.lastgroup or "other"
        if found["text"] is not None:
            if set(found["prefix"].lower()) & {"f", "t"}:
                yield Token("other", "", line)
                for inner in re.finditer(r"\{([^{}]+)\}", text):
                    yield from python(inner[1], line + text.count("\n", 0, inner.start()))
            else:
                yield Token("text", _python_text(text), line)
        elif kind == "comment":
            yield Token(kind, text[1:], line)
        elif kind != "space":
            yield Token(kind, text, line)
        line += text.count("\n")


def _python_text(text: str) -> str:
    value = ast.literal_eval(text)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


_javascript = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?(?:\*/|$))
    |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<template>`)
    |(?P<name>[\w$]+)
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_pattern = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*")
_template = re.compile(r"(?:\\.|\$(?!\{)|[^\\$`])*", re.DOTALL)
_js_escape = re.compile(
    r"\\(?:u\{(?P<point>[0-9a-fA-F]+)\}|u(?P<four>[0-9a-fA-F]{4})|x(?P<two>[0-9a-fA-F]{2})"
    r"|(?P<cut>\r?\n)|(?P<letter>.))",
    re.DOTALL,
)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
# After these a slash begins a regular expression, though they look like names.
_BEFORE_PATTERN = frozenset(
    "return typeof case in of delete void throw new do else instanceof yield await".split()
)
_CONDITIONS = frozenset(("if", "while", "for", "with"))


def _js_plain(found: re.Match[str]) -> str:
    number = found["point"] or found["four"] or found["two"]
    if number:
        return chr(int(number, 16))
    return "" if found["cut"] else _LETTERS.get(found["letter"], found["letter"])


class _JavaScript:
    """Cuts code in JavaScript; regular expressions and template literals need a memory."""

    def __init__(self, source: str) -> None:
        self.source, self.at, self.line = source, 0, 1

    def tokens(self, closing: bool = False) -> Iterator[Token]:
        """Give tokens up to the end, or to the brace that closes an expression."""
        value_before, depth, conditions, last = False, 0, [], ""
        while self.at < len(self.source):
            if self.source[self.at] == "/" and not value_before:
                if pattern := _pattern.match(self.source, self.at):
                    self.move(pattern.end())
                    yield Token("other", "", self.line)
                    value_before = True
                    continue
            found = _javascript.match(self.source, self.at)
            assert found is not None
            kind, text, line = found.lastgroup, found[0], self.line
            self.move(found.end())
            if kind == "space":
                continue
            if kind == "comment":
                yield Token("comment", re.sub(r"\A//|\A/\*|\*/\Z", "", text), line)
                continue
            if kind == "template":
                yield from self.literal()
                value_before = True
            elif kind == "text":
                yield Token("text", _js_escape.sub(_js_plain, text[1:-1]), line)
                value_before = True
            else:
                if text == "}" and closing and not depth:
                    return
                depth += (text == "{") - (text == "}")
                value_before = text in (")", "]", "}") or (
                    kind == "name" and text not in _BEFORE_PATTERN
                )
                if text == "(":
                    conditions.append(last in _CONDITIONS)
                elif text == ")" and conditions and conditions.pop():
                    value_before = False
                yield Token(kind or "other", text, line)
            last = text

    def literal(self) -> Iterator[Token]:
        """Give a template literal: a text, or the expressions in it."""
        first, texts, line = True, [], self.line
        while self.at < len(self.source):
            found = _template.match(self.source, self.at)
            assert found is not None
            texts.append(found[0])
            self.move(found.end())
            if not self.source.startswith("${", self.at):
                break
            self.move(self.at + 2)
            if first:
                yield Token("other", "", line)
            first = False
            yield Token("other", "(", self.line)
            yield from self.tokens(closing=True)
            yield Token("other", ")", self.line)
        self.move(self.at + 1)
        if first:
            yield Token("text", _js_escape.sub(_js_plain, texts[0]), line)
        else:
            yield Token("other", "", self.line)

    def move(self, to: int) -> None:
        self.line += self.source.count("\n", self.at, to)
        self.at = to


def javascript(source: str) -> Iterator[Token]:
    """Give the tokens of code in JavaScript."""
    return _JavaScript(source).tokens()


TOKENS: dict[str, Callable[[str], Iterator[Token]]] = {"Python": python, "JavaScript": javascript}

# -- calls --------------------------------------------------------------------------------------


@dataclass
class _Argument:
    """What stands in the place of an argument: constant text, until something else comes."""

    text: str | None = None
    line: int = 0
    order: int = 0
    open: bool = True

    def take(self, token: Token, order: int) -> None:
        if not self.open:
            return
        if token.kind == "text":
            if self.text is None:
                self.line, self.order = token.line, order
            self.text = (self.text or "") + token.value
        elif token.value != "+" or self.text is None:
            self.open = False


@dataclass
class _Call:
    """A bracket that is open; that of a call has its keyword."""

    bracket: str
    keyword: Keyword | None = None
    named: bool = False
    hints: list[str] = field(default_factory=list)
    arguments: list[_Argument] = field(default_factory=lambda: [_Argument()])

    def text(self, number: int) -> str | None:
        return self.arguments[number - 1].text if 0 < number <= len(self.arguments) else None


class _Comments:
    """The comments that stand before a piece of code, for translators."""

    def __init__(self, mark: str) -> None:
        self.mark, self.block, self.used = mark, list[str](), 0

    def add(self, text: str) -> None:
        if self.used:
            self.block, self.used = [], 0
        self.block += [line.strip() for line in text.strip().split("\n")]

    def pass_by(self, line: int) -> None:
        """Forget the comments once the line that follows them is over."""
        if self.used and line > self.used:
            self.block = []
        elif self.block and not self.used:
            self.used = line

    def for_translators(self) -> list[str]:
        starts = (n for n, line in enumerate(self.block) if line.startswith(self.mark))
        start = next(starts, None)
        return [] if start is None else self.block[start:]


_OPENING = {"(": ")", "[": "]", "{": "}"}


def messages(
    source: str,
    path: str,
    language: str,
    keywords: dict[str, Keyword],
    mark: str = "Translators",
) -> list[Message]:
    """Return the messages of source code, in their order.

    Args:
        path: the name by which their places are given.
        language: ``Python`` or ``JavaScript``.
        mark: how comments for translators begin.
    """
    found: list[tuple[int, Message]] = []
    comments = _Comments(mark)
    open_calls = [_Call("")]
    name = ""
    for order, token in enumerate(TOKENS[language](source)):
        if token.kind == "comment":
            comments.add(token.value)
            continue
        comments.pass_by(token.line)
        call, value = open_calls[-1], token.value if token.kind == "other" else ""
        if value in _OPENING:
            known = keywords.get(name) if value == "(" else None
            hints = comments.for_translators() if known else []
            open_calls.append(_Call(value, known, bool(name), hints))
        elif value in (")", "]", "}") and value:
            if value in [_OPENING.get(each.bracket) for each in open_calls]:
                while _OPENING[(closed := open_calls.pop()).bracket] != value:
                    pass
                if closed.keyword is not None:
                    hints = closed.hints or comments.for_translators()
                    found += _message(closed, closed.keyword, path, language, hints)
                elif not closed.named and len(closed.arguments) == 1 and closed.bracket == "(":
                    _hand_over(closed.arguments[0], open_calls[-1].arguments[-1])
                else:
                    open_calls[-1].arguments[-1].open = False
        elif value == ",":
            call.arguments.append(_Argument())
        else:
            call.arguments[-1].take(token, order)
        name = token.value if token.kind == "name" else ""
    return [message for _, message in sorted(found, key=lambda pair: pair[0])]


def _hand_over(inner: _Argument, outer: _Argument) -> None:
    """Take the text in brackets for the argument that they are."""
    if inner.text is not None and inner.open and outer.open:
        outer.take(Token("text", inner.text, inner.line), inner.order)
    else:
        outer.open = False


def _message(
    call: _Call, spec: Keyword, path: str, language: str, hints: Iterable[str]
) -> Iterator[tuple[int, Message]]:
    text, context = call.text(spec.message), call.text(spec.context)
    if text is None or (spec.context and context is None):
        return
    plural = call.text(spec.plural)
    argument = call.arguments[spec.message - 1]
    flags = dict.fromkeys(
        flag for each in (text, plural) if each for flag in _directives.flags(each, language)
    )
    yield (
        argument.order,
        Message(
            text,
            plural=plural,
            context=context,
            texts=[""] if plural is None else ["", ""],
            hints=list(hints),
            places=[_place(path, argument.line)],
            flags=list(flags),
        ),
    )


def _place(path: str, line: int) -> str:
    return f"\u2068{path}\u2069:{line}" if " " in path else f"{path}:{line}"
