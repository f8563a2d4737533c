"""Cookies that a response sets, written without a jar as long as nobody asks for it.

``http.cookies`` makes a dictionary with nine entries for each cookie, and sorts them to write it. What
:meth:`HttpResponseBase.set_cookie` is given most often needs none of that. The plain twin is the jar:
``Morsel.OutputString()`` of each entry; :func:`filled` makes it of what was noted here.
"""

from __future__ import annotations

import re
from http.cookies import Morsel
from operator import attrgetter
from typing import NamedTuple

from nuages.http.cookie import SimpleCookie

# What the standard library neither refuses nor quotes, as a name or as a value.
_is_bare = re.compile(r"[\w!#$%&'*+\-.^`|~:]+", re.ASCII).fullmatch
# Names of attributes cannot be names of cookies.
_RESERVED = frozenset(Morsel._reserved)  # type: ignore[attr-defined]
_links_of = attrgetter("OutputString", "set", "__setitem__")
_OWN_MORSEL, _own_encode = _links_of(Morsel), SimpleCookie.value_encode


class Noted(NamedTuple):
    """The arguments for a cookie; what is unset is an empty text."""

    value: str
    expires: str
    max_age: int | str
    path: str
    domain: str
    secure: object
    httponly: object
    samesite: str


def _cannot_end(text: str) -> bool:
    """Return whether an attribute holds nothing that would end it, or the header."""
    return text.isascii() and text.isprintable() and ";" not in text


def can_note(key: object, facts: Noted) -> bool:
    """Return whether :func:`line` can write a cookie: there is nothing to refuse, and nothing to quote."""
    value, expires, max_age, path, domain, _, _, samesite = facts
    return (
        key.__class__ is value.__class__ is expires.__class__ is samesite.__class__ is str
        and _is_bare(key) is not None
        and _is_bare(value) is not None
        and key.lower() not in _RESERVED
        and (max_age == "" or max_age.__class__ is int)
        and (path == "/" or (path.__class__ is str and _cannot_end(path)))
        and (not expires or _cannot_end(expires))
        and (not domain or (domain.__class__ is str and _cannot_end(domain)))
        and _links_of(Morsel) == _OWN_MORSEL
        and SimpleCookie.value_encode is _own_encode
    )


def line(key: str, facts: Noted) -> str:
    """Return what ``Set-Cookie`` says: the attributes are in the order that the standard library has."""
    value, expires, max_age, path, domain, secure, httponly, samesite = facts
    text = f"{key}={value}"
    if domain:
        text += f"; Domain={domain}"
    if expires:
        text += f"; expires={expires}"
    if httponly:
        text += "; HttpOnly"
    if max_age != "":
        text += f"; Max-Age={max_age}"
    if path:
        text += f"; Path={path}"
    if samesite:
        text += f"; SameSite={samesite}"
    return f"{text}; Secure" if secure else text


def filled(noted: dict[str, Noted]) -> SimpleCookie:
    """Return the jar with the cookies that were noted."""
    jar = SimpleCookie()
    for key, facts in noted.items():
        jar[key] = facts.value
        morsel = jar[key]
        for name, setting in zip(_NAMES, facts[1:], strict=True):
            morsel[name] = setting
    return jar


_NAMES = ("expires", "max-age", "path", "domain", "secure", "httponly", "samesite")
