"""Primary keys as text: in addresses, in the log, and in the boxes of list pages.

The text of a composite key is that of its parts with a comma between them, each part quoted, so
that no part has a comma of its own.
"""

from __future__ import annotations

from typing import Any

_ESCAPED = {ord(sign): f"_{ord(sign):02X}" for sign in ':/_#?;@&=+$,"[]<>%\n\\'}
_UNESCAPED = {code: chr(number) for number, code in _ESCAPED.items()}


def quote(s: Any) -> Any:
    """Return a primary key in a form that may stand in a path; unquote() undoes it."""
    if isinstance(s, tuple):
        s = key_text(s)
    return s.translate(_ESCAPED) if isinstance(s, str) else s


def unquote(s: str) -> str:
    """Return what was quoted; of a composite key its text (see :func:`key_text`)."""
    first, *rest = s.split("_")
    parts = [first]
    for part in rest:
        sign = _UNESCAPED.get(f"_{part[:2]}")
        parts.append(f"_{part}" if sign is None else f"{sign}{part[2:]}")
    return "".join(parts)


def key_text(pk: Any) -> str:
    """Return a primary key as text."""
    if isinstance(pk, tuple):
        return ",".join(str(part).translate(_ESCAPED) for part in pk)
    return str(pk)


def key_value(model: Any, text: Any) -> Any:
    """Return the primary key that a text stands for.

    Args:
        model: the model.
        text: from :func:`key_text`. Other values are given back.

    Raises:
        ValidationError, ValueError: it is no key of that model.
    """
    options = model._meta
    if not isinstance(text, str) or not options.is_composite_pk:
        return options.pk.to_python(text)
    parts = text.split(",")
    if len(parts) != len(options.pk_fields):
        raise ValueError(f"{text!r} is no primary key of {options.label}.")
    return tuple(
        field.to_python(unquote(part)) for field, part in zip(options.pk_fields, parts, strict=True)
    )
