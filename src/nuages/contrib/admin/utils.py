"""Small helpers of the admin that packages use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_ESCAPED = {ord(sign): f"_{ord(sign):02X}" for sign in ':/_#?;@&=+$,"[]<>%\n\\'}
_UNESCAPED = {code: chr(number) for number, code in _ESCAPED.items()}


def quote(s: Any) -> Any:
    """Return a primary key in a form that may stand in a path; unquote() undoes it."""
    return s.translate(_ESCAPED) if isinstance(s, str) else s


def unquote(s: str) -> str:
    """Return what was quoted."""
    first, *rest = s.split("_")
    parts = [first]
    for part in rest:
        sign = _UNESCAPED.get(f"_{part[:2]}")
        parts.append(f"_{part}" if sign is None else f"{sign}{part[2:]}")
    return "".join(parts)


def flatten(fields: Iterable[Any]) -> list[Any]:
    """Return names and groups of names as one list of names."""
    return [
        name
        for entry in fields
        for name in (entry if isinstance(entry, (list, tuple)) else (entry,))
    ]


def flatten_fieldsets(fieldsets: Iterable[tuple[Any, dict[str, Any]]]) -> list[Any]:
    """Return the names of all fields in fieldsets."""
    return [name for _, options in fieldsets for name in flatten(options["fields"])]
