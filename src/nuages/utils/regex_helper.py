"""Regular expressions turned back into strings that they match, for ``reverse()``.

`normalize()` gives, for a pattern, every form of string that it can match, as ``%``-format
strings with the names of their parameters. Character classes, repetitions and the like are
represented by one string each; what has no finite form is an error.
"""

import re
from typing import Any

from nuages.utils.functional import SimpleLazyObject

# What stands for an escaped class of characters; None: it matches the empty string.
ESCAPE_MAPPINGS: dict[str, str | None] = {
    "A": None,
    "b": None,
    "B": None,
    "d": "0",
    "D": "x",
    "s": " ",
    "S": "x",
    "w": "x",
    "W": "!",
    "Z": None,
}


class Choice(list[Any]):
    """Alternatives, one of which stands at this place."""


class Group(list[Any]):
    """A capturing group: its name, then what it holds."""


class NonCapture(list[Any]):
    """A group that does not capture."""


class _Parser:
    """Reads one pattern into a sequence of literals, groups and choices."""

    _quantity = re.compile(r"\{\s*(\d*)\s*(?:,[^}]*)?\}")
    _group_head = re.compile(r"\?(?:P<(?P<name>\w+)>|P=(?P<back>\w+)\)|(?P<kind>[:=!#]|<[=!]))")
    _flags = re.compile(r"\?[aiLmsux]+\)")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.numbered = 0
        self.names = False

    def parse(self, closing: bool = False) -> list[Any]:
        """Return the items up to the end, or to the closing parenthesis."""
        items: list[Any] = []
        text = self.pattern
        while self.at < len(text):
            char = text[self.at]
            self.at += 1
            match char:
                case ")" if closing:
                    return items
                case "|":
                    raise NotImplementedError("Awaiting Implementation")
                case "^" | "$":
                    pass
                case ".":
                    self.repeated(items, ".")
                case "\\":
                    self.escape(items)
                case "[":
                    self.repeated(items, self.character_class())
                case "(":
                    item = self.group()
                    if item is not None:
                        self.repeated(items, item)
                case "*" | "?" | "+" | "{":
                    # A quantifier of something that left nothing behind ("^*").
                    self.at -= 1
                    self.quantifier()
                case _:
                    self.repeated(items, char)
        if closing:
            raise ValueError(f"unbalanced parenthesis in {text!r}")
        return items

    def escape(self, items: list[Any]) -> None:
        char = self.pattern[self.at]
        self.at += 1
        stands_for = ESCAPE_MAPPINGS.get(char, char)
        if stands_for is not None:
            self.repeated(items, stands_for)

    def character_class(self) -> str:
        """Return the first character of the class."""
        text = self.pattern
        if text[self.at] == "^":
            self.at += 1
        first = text[self.at]
        self.at += 1
        if first == "\\":
            first = ESCAPE_MAPPINGS.get(text[self.at], text[self.at]) or ""
            self.at += 1
        while text[self.at] != "]":
            self.at += 2 if text[self.at] == "\\" else 1
        self.at += 1
        return first

    def group(self) -> Any:
        """Return what the group contributes; ``None`` for nothing."""
        if not self.pattern.startswith("?", self.at):
            name = f"_{self.numbered}"
            self.numbered += 1
            self.skip_group()
            return Group([f"%({name})s", name])
        if flags := self._flags.match(self.pattern, self.at):
            self.at = flags.end()
            return None
        head = self._group_head.match(self.pattern, self.at)
        if head is None:
            raise ValueError(f"Non-reversible reg-exp portion: '(?{self.pattern[self.at + 1]}'")
        self.at = head.end()
        if back := head["back"]:
            return Group([f"%({back})s", None])
        if name := head["name"]:
            self.skip_group()
            return Group([f"%({name})s", name])
        match head["kind"]:
            case ":":
                return NonCapture(self.parse(closing=True))
            case _:
                # Comments and assertions take no room in the string.
                self.skip_group()
                return None

    def skip_group(self) -> None:
        """Move behind the parenthesis that closes the group here."""
        text, depth, in_class = self.pattern, 1, False
        while depth:
            match text[self.at]:
                case "\\":
                    self.at += 1
                case "[" if not in_class:
                    in_class = True
                    # A "]" in the first place is a member of the class.
                    self.at += text.startswith("^", self.at + 1)
                    self.at += text.startswith("]", self.at + 1)
                case "]":
                    in_class = False
                case "(" if not in_class:
                    depth += 1
                case ")" if not in_class:
                    depth -= 1
            self.at += 1

    def quantifier(self) -> int | None:
        """Return the least number of repetitions that follows here; ``None`` if none does."""
        text = self.pattern
        if self.at >= len(text):
            return None
        match text[self.at]:
            case "*" | "?":
                least = 0
                self.at += 1
            case "+":
                least = 1
                self.at += 1
            case "{":
                found = self._quantity.match(text, self.at)
                if found is None:
                    return None
                least = int(found[1] or 0)
                self.at = found.end()
            case _:
                return None
        if self.at < len(text) and text[self.at] in "?+":
            self.at += 1
        return least

    def repeated(self, items: list[Any], item: Any) -> None:
        least = self.quantifier()
        if least == 0:
            # Zero times is always a way; with parameters in it, so is once.
            if contains(item, Group):
                items.append(Choice([None, item]))
            return
        items.extend([item] * (1 if least is None else least))


def normalize(pattern: str) -> list[tuple[str, list[str]]]:
    """Return (format string, parameter names) for each form that ``pattern`` can match.

    A pattern with alternatives (``|``) gives one empty form: it cannot be reversed.
    """
    try:
        items = _Parser(pattern).parse()
    except NotImplementedError:
        return [("", [])]
    except IndexError:  # The pattern ends inside a construct.
        return [("", [])]
    return list(zip(*flatten_result(items), strict=True))


def contains(source: Any, inst: type) -> bool:
    """Say whether ``source`` is, or holds at any depth, an instance of ``inst``."""
    if isinstance(source, inst):
        return True
    return isinstance(source, NonCapture | Choice) and any(contains(e, inst) for e in source)


def flatten_result(source: Any) -> tuple[list[str], list[list[str]]]:
    """Return the format strings of ``source``, and for each the list of its parameters."""
    forms: list[tuple[str, list[str]]] = [("", [])]
    for item in source if isinstance(source, list) and not isinstance(source, Group) else [source]:
        forms = [
            (text + more, [*names, *more_names])
            for text, names in forms
            for more, more_names in _forms(item)
        ]
    return [text for text, _ in forms], [names for _, names in forms]


def _forms(item: Any) -> list[tuple[str, list[str]]]:
    match item:
        case None:
            return [("", [])]
        case str():
            return [(item, [])]
        case Group():
            return [(item[0], [] if item[1] is None else [item[1]])]
        case Choice():
            return [form for alternative in item for form in _forms(alternative)]
    return list(zip(*flatten_result(item), strict=True))


def _lazy_re_compile(regex: str | bytes | re.Pattern[Any], flags: int = 0) -> Any:
    """Return a stand-in for the compiled ``regex`` that compiles it at first use."""

    def compiled() -> re.Pattern[Any]:
        if isinstance(regex, str | bytes):
            return re.compile(regex, flags)
        assert not flags, "flags must be empty if regex is passed pre-compiled"
        return regex

    return SimpleLazyObject(compiled)
