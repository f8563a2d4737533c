"""Reading and writing cookies."""

from __future__ import annotations

from http import cookies

SimpleCookie = cookies.SimpleCookie


def parse_cookie(cookie: str) -> dict[str, str]:
    """Return the names and values in a ``Cookie`` header, read as browsers write them.

    Never raises: a piece without ``=`` is the value of the unnamed cookie, and of two cookies with
    one name the last stays.
    """
    jar: dict[str, str] = {}
    for piece in cookie.split(";"):
        left, equals, right = piece.partition("=")
        name, value = (left.strip(), right.strip()) if equals else ("", left.strip())
        if not name and not value:
            continue
        # Only a quoted value can hold escapes, so the rest skips the unquoting.
        jar[name] = cookies._unquote(value) if value[:1] == '"' else value
    return jar
