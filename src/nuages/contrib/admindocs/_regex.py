"""Regular expressions of URLs, in a form for people."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Backslashes and the sign that they stand before.
_PIECE = re.compile(r"(\\*)(.?)", re.DOTALL)
_GROUP = re.compile(r"\((?:\?P<(?P<name>\w+)>|(?P<other>\?))?")
_INNER = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]", re.DOTALL)

#: Signs with a meaning of their own, and letters that have one behind a backslash.
_SIGNS, _LETTERS = frozenset("^$?*+"), frozenset("AZbB")


def _end_of_group(pattern: str, start: int) -> int:
    """Return the place behind the bracket that closes the one at ``start``."""
    depth = 0
    for found in _INNER.finditer(pattern, start):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if depth == 0:
            return found.end()
    return len(pattern)


def _pieces(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        found = _PIECE.match(pattern, place)
        slashes, sign = found.groups()  # type: ignore[union-attr]
        place = found.end()  # type: ignore[union-attr]
        quoted = len(slashes) % 2 == 1
        if sign == "(" and not quoted:
            yield slashes
            start = place - 1
            group = _GROUP.match(pattern, start)
            place = _end_of_group(pattern, start)
            if group and group["name"]:
                yield f"<{group['name']}>"
            elif not (group and group["other"]):
                yield "<var>"
        elif sign in _SIGNS or (quoted and sign in ("(", ")")):
            yield slashes[1:] + sign if quoted else slashes
        elif sign in _LETTERS and slashes:
            # An escaped backslash before such a letter gives up one of the two.
            yield slashes[1:] + ("" if quoted else sign)
        else:
            yield slashes + sign


def simplify_regex(pattern: str) -> str:
    r"""Return a pattern as a path.

    Groups become ``<name>`` or ``<var>``, those that capture nothing and signs with a meaning are
    left out: ``^(?P<sport>\w+)/(\w+)/$`` gives ``/<sport>/<var>/``.
    """
    path = "".join(_pieces(pattern))
    return path if path.startswith("/") else f"/{path}"
