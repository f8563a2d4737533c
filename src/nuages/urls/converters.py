"""Path converters: ``<int:year>`` in a route. Manual: "Path converters"."""

from __future__ import annotations

import functools
import uuid
from typing import Any, Protocol


class Converter(Protocol):
    """What a converter class must have."""

    regex: str

    def to_python(self, value: str) -> Any:
        """Return the view's argument; raise ``ValueError`` for "no match"."""

    def to_url(self, value: Any) -> str:
        """Return the text for a URL; raise ``ValueError`` for "no match"."""


class StringConverter:
    """``str``: anything without a slash."""

    regex = "[^/]+"

    def to_python(self, value: str) -> Any:
        """Return the text."""
        return value

    to_url = to_python


class PathConverter(StringConverter):
    """``path``: anything, slashes too."""

    regex = ".+"


class SlugConverter(StringConverter):
    """``slug``: ASCII letters, digits, hyphens and underscores."""

    regex = "[-a-zA-Z0-9_]+"


class _Typed:
    """Converts to a type that reads its own text."""

    kind: Any

    def to_url(self, value: Any) -> str:
        """Return the value's text."""
        return str(value)

    def to_python(self, value: str) -> Any:
        """Return the value; ``ValueError`` where the text means none."""
        return self.kind(value)


class IntConverter(_Typed):
    """``int``: digits."""

    kind, regex = int, "[0-9]+"


class UUIDConverter(_Typed):
    """``uuid``: a UUID in lower case with its hyphens."""

    kind = uuid.UUID
    regex = "-".join(f"[0-9a-f]{{{length}}}" for length in (8, 4, 4, 4, 12))


DEFAULT_CONVERTERS: dict[str, Converter] = {
    name: converter()
    for name, converter in (
        ("int", IntConverter),
        ("path", PathConverter),
        ("slug", SlugConverter),
        ("str", StringConverter),
        ("uuid", UUIDConverter),
    )
}
REGISTERED_CONVERTERS: dict[str, Converter] = {}


def register_converter(converter: type[Converter], type_name: str) -> None:
    """Make ``converter`` usable in routes as ``<type_name:...>``.

    Raises:
        ValueError: the name is taken.
    """
    if type_name in get_converters():
        raise ValueError(f"Converter {type_name!r} is already registered.")
    REGISTERED_CONVERTERS[type_name] = converter()
    get_converters.cache_clear()
    from nuages.urls.resolvers import _route_to_regex

    _route_to_regex.cache_clear()


@functools.cache
def get_converters() -> dict[str, Converter]:
    """Return all converters by name."""
    return {**DEFAULT_CONVERTERS, **REGISTERED_CONVERTERS}
