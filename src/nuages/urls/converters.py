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

    def to_url(self, value: Any) -> Any:
        """Return the value."""
        return value


class IntConverter:
    """``int``: digits."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: Any) -> str:
        """Return the number's digits."""
        return str(value)


class UUIDConverter:
    """``uuid``: a UUID in lower case with its hyphens."""

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

    def to_python(self, value: str) -> uuid.UUID:
        """Return the UUID."""
        return uuid.UUID(value)

    def to_url(self, value: Any) -> str:
        """Return the UUID's text."""
        return str(value)


class SlugConverter(StringConverter):
    """``slug``: ASCII letters, digits, hyphens and underscores."""

    regex = "[-a-zA-Z0-9_]+"


class PathConverter(StringConverter):
    """``path``: anything, slashes too."""

    regex = ".+"


DEFAULT_CONVERTERS: dict[str, Converter] = {
    "int": IntConverter(),
    "path": PathConverter(),
    "slug": SlugConverter(),
    "str": StringConverter(),
    "uuid": UUIDConverter(),
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
