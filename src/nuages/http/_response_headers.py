"""The headers of responses."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from email.header import Header
from typing import Any

from nuages.utils.datastructures import CaseInsensitiveMapping


class BadHeaderError(ValueError):
    """A header's name or value cannot be sent as it is."""


def _header_text(value: Any, charset: str, mime_encode: bool = False) -> str:
    """Return a header's name or value as text that ``charset`` can encode."""
    if isinstance(value, bytes):
        text = value.decode(charset) if _decodes(value, charset) else _mimed(value, mime_encode)
    else:
        text = value if type(value) is str else str(value)
        if not text.isascii() and not _encodes(text, charset):
            refuse_newlines(text, value)
            if not mime_encode:
                text.encode(charset)
            text = Header(text, "utf-8", maxlinelen=sys.maxsize).encode()
    refuse_newlines(text, value)
    return text


def _mimed(value: bytes, mime_encode: bool) -> str:
    refuse_newlines(value.decode("latin-1"), value)
    if not mime_encode:
        value.decode("ascii")
    return Header(value, "utf-8", maxlinelen=sys.maxsize).encode()


def refuse_newlines(text: str, original: Any) -> None:
    if "\n" in text or "\r" in text:
        raise BadHeaderError(f"Header values can't contain newlines (got {original!r})")


def _encodes(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeError:
        return False
    return True


def _decodes(value: bytes, charset: str) -> bool:
    try:
        value.decode(charset)
    except UnicodeError:
        return False
    return True


class ResponseHeaders(CaseInsensitiveMapping):
    """A response's headers: a dictionary that ignores the case of its keys."""

    def __init__(self, data: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._store: dict[str, tuple[str, str]] = {}
        if data:
            for name, value in data.items() if isinstance(data, Mapping) else data:
                self[name] = value

    def __setitem__(self, key: str | bytes, value: Any) -> None:
        # Printable ASCII needs neither encoding nor a closer look.
        if (
            type(key) is type(value) is str
            and key.isascii()
            and key.isprintable()
            and value.isascii()
            and value.isprintable()
        ):
            self._store[key.lower()] = key, value
            return
        name = _header_text(key, "ascii")
        self._store[name.lower()] = name, _header_text(value, "latin-1", mime_encode=True)

    def __getitem__(self, key: str) -> str:
        return self._store[key.lower()][1]

    def __delitem__(self, key: str) -> None:
        self._store.pop(key.lower(), None)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._store

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._store.values())

    def __len__(self) -> int:
        return len(self._store)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a header, or ``default``."""
        found = self._store.get(key.lower())
        return default if found is None else found[1]

    def items(self) -> Any:
        """Return the pairs of name and value."""
        return self._store.values()

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove a header; return its name and value, or ``default``."""
        return self._store.pop(key.lower(), default)

    def setdefault(self, key: str, value: Any) -> None:
        """Set a header unless there is one of that name."""
        if key.lower() not in self._store:
            self[key] = value

    def __copy__(self) -> ResponseHeaders:
        return self.copy()

    def copy(self) -> ResponseHeaders:
        """Return headers of the same contents that can be changed on their own."""
        twin = type(self)()
        twin._store = self._store.copy()
        return twin


# Cached responses are pickled: under the names that others know.
for _public in (BadHeaderError, ResponseHeaders):
    _public.__module__ = "django.http.response"
