"""The directives in messages (``%s``, ``%(name)s``, ``{name}``), and whether translations agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

from nuages.utils.translation._pofile import Message

_percent = re.compile(
    r"%(?:\((?P<name>[^()]*)\))?[#0\- +]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[hlL]?"
    r"(?P<kind>[diouxXeEfFgGcrsa%])"
)
# What can be exchanged without an error: whole numbers, other numbers, and what becomes text.
_KINDS = {
    **dict.fromkeys("diouxX", "d"),
    **dict.fromkeys("eEfFgG", "f"),
    **dict.fromkeys("rsa", "s"),
}
_field = re.compile(r"[A-Za-z_0-9][\w.\[\]]*", re.ASCII)

PYTHON, BRACES, JAVASCRIPT = "python-format", "python-brace-format", "javascript-format"


def percents(text: str) -> list[tuple[str | None, str]] | None:
    """Return (name, kind) of each directive, or ``None`` where a percent sign begins none."""
    found = list(_percent.finditer(text))
    if sum(each[0].count("%") for each in found) != text.count("%"):
        return None
    return [(each["name"], _KINDS.get(each["kind"], each["kind"])) for each in found]


def braces(text: str) -> list[str]:
    """Return the names of the fields in braces.

    Raises:
        ValueError: something in braces is no field with a name.
    """
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    for name in names:
        if not _field.fullmatch(name):
            raise ValueError(f"'{name[:1]}' cannot start a field name")
    return names


def flags(text: str, language: str) -> Iterator[str]:
    """Give the flags of a message for what it seems to be, in Python or JavaScript."""
    if language == "JavaScript":
        directives = percents(text)
        if directives and all(name is None for name, _ in directives):
            yield JAVASCRIPT
        return
    if percents(text):
        yield PYTHON
    try:
        if braces(text):
            yield BRACES
    except ValueError:
        pass  # Braces that mean nothing.


def unnamed(text: str) -> int:
    """Return how many arguments a message takes by their order."""
    return sum(name is None and kind != "%" for name, kind in percents(text) or ())


def disagreements(message: Message) -> Iterator[str]:
    """Give what is wrong with the directives of a translation, and its ends of lines."""
    original = message.id if message.plural is None else message.plural
    label = "msgid" if message.plural is None else "msgid_plural"
    for number, text in enumerate(message.texts):
        if not text or message.is_header:
            continue
        name = "msgstr" if message.plural is None else f"msgstr[{number}]"
        for method, verb in (("startswith", "begin"), ("endswith", "end")):
            if getattr(original, method)("\n") != getattr(text, method)("\n"):
                yield f"'{label}' and '{name}' entries do not both {verb} with '\\n'"
        if PYTHON in message.flags and (wanted := percents(original)) is not None:
            yield from _percents_differ(wanted, text, label, name, message.plural is not None)
        if BRACES in message.flags:
            yield from _braces_differ(original, text, label, name, message.plural is not None)


def _percents_differ(
    wanted: list[tuple[str | None, str]], text: str, label: str, name: str, lenient: bool
) -> Iterator[str]:
    got = percents(text)
    if got is None:
        yield f"'{name}' is not a valid Python format string, unlike '{label}'"
        return
    mine, theirs = ([each for each in side if each[1] != "%"] for side in (wanted, got))
    if any(argument is None for argument, _ in mine):
        if mine != theirs and not (lenient and not theirs):
            yield f"format specifications in '{label}' and '{name}' are not the same"
        return
    kinds = dict(mine)
    for argument, kind in theirs:
        if argument not in kinds:
            yield f"a format specification for argument '{argument}' doesn't exist in '{label}'"
        elif kinds[argument] != kind:
            yield (
                f"format specifications in '{label}' and '{name}' for argument '{argument}' are "
                "not the same"
            )
    if not lenient:
        for argument in kinds.keys() - dict(theirs).keys():
            yield f"a format specification for argument '{argument}' doesn't exist in '{name}'"


def _braces_differ(original: str, text: str, label: str, name: str, lenient: bool) -> Iterator[str]:
    try:
        wanted = set(braces(original))
    except ValueError:
        return
    try:
        got = set(braces(text))
    except ValueError as error:
        yield f"'{name}' is not a valid Python brace format string, unlike '{label}': {error}"
        return
    for field in sorted(got - wanted):
        yield f"a format specification for argument '{field}' doesn't exist in '{label}'"
    for field in sorted(wanted - got) if not lenient else ():
        yield f"a format specification for argument '{field}' doesn't exist in '{name}'"
