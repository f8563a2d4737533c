"""Request headers: WSGI's environment seen as a case-insensitive mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.utils.datastructures import CaseInsensitiveMapping

_PREFIX = "HTTP_"
_BARE = ("CONTENT_TYPE", "CONTENT_LENGTH")


class HttpHeaders(CaseInsensitiveMapping):
    """The headers in ``request.META``, by their HTTP names.

    Look-ups ignore case, and read underscores as hyphens so that templates can say
    ``request.headers.user_agent``. Manual: "HttpRequest.headers".
    """

    HTTP_PREFIX = _PREFIX
    UNPREFIXED_HEADERS = frozenset(_BARE)

    @classmethod
    def parse_header_name(cls, header: str) -> str | None:
        """Return the HTTP name of a key of ``META``, or ``None`` where it is not a header."""
        bare = header.removeprefix(cls.HTTP_PREFIX)
        if bare == header and header not in cls.UNPREFIXED_HEADERS:
            return None
        return bare.replace("_", "-").title()

    def __init__(self, environ: Mapping[str, Any]) -> None:
        named = ((self.parse_header_name(key), value) for key, value in environ.items())
        super().__init__({name: value for name, value in named if name})

    def __getitem__(self, key: str) -> str:
        found: str = super().__getitem__(key.replace("_", "-"))
        return found

    @classmethod
    def to_wsgi_name(cls, header: str) -> str:
        """Return the key of ``META`` for a header's HTTP name."""
        key = header.replace("-", "_").upper()
        return key if key in cls.UNPREFIXED_HEADERS else cls.HTTP_PREFIX + key

    @classmethod
    def to_asgi_name(cls, header: str) -> str:
        """Return a header's name as ASGI scopes spell it."""
        return header.replace("-", "_").upper()

    @classmethod
    def to_wsgi_names(cls, headers: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``headers`` under their keys in ``META``."""
        return {cls.to_wsgi_name(name): value for name, value in headers.items()}

    @classmethod
    def to_asgi_names(cls, headers: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``headers`` under the names that ASGI scopes use."""
        return {cls.to_asgi_name(name): value for name, value in headers.items()}


# Where the manual has them.
HttpHeaders.__module__ = "django.http.request"
