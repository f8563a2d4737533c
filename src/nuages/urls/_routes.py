"""Routes such as ``"articles/<int:year>/"`` taken apart."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from functools import lru_cache

from nuages.core.exceptions import ImproperlyConfigured
from nuages.urls.converters import Converter, get_converters

_PATH_PARAMETER_COMPONENT_RE = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<parameter>[^>]+)>")
_WHITESPACE = frozenset(string.whitespace)


@dataclass(frozen=True, slots=True)
class Parameter:
    """``<converter:name>`` in a route."""

    name: str
    converter: Converter


Token = str | Parameter


@lru_cache(maxsize=4096)
def parse_route(route: str, generation: int = 0) -> tuple[Token, ...]:
    """Return the literal texts and parameters of ``route`` in their order.

    Args:
        generation: the number of registered converters, so that new ones are seen.

    Raises:
        ImproperlyConfigured: a parameter has whitespace in it, an unknown converter, or a name
            that is no identifier or used twice.
    """
    tokens: list[Token] = []
    names: set[str] = set()
    converters = get_converters()
    end = 0
    for found in _PATH_PARAMETER_COMPONENT_RE.finditer(route):
        if not _WHITESPACE.isdisjoint(found[0]):
            raise ImproperlyConfigured(
                f"URL route {route!r} cannot contain whitespace in angle brackets <…>."
            )
        name = found["parameter"]
        if not name.isidentifier():
            raise ImproperlyConfigured(
                f"URL route {route!r} uses parameter name {name!r} which isn't a valid Python "
                "identifier."
            )
        if name in names:
            raise ImproperlyConfigured(
                f"URL route {route!r} uses parameter name {name!r} more than once."
            )
        kind = found["converter"] or "str"
        if kind not in converters:
            raise ImproperlyConfigured(f"URL route {route!r} uses invalid converter {kind!r}.")
        if found.start() > end:
            tokens.append(route[end : found.start()])
        tokens.append(Parameter(name, converters[kind]))
        names.add(name)
        end = found.end()
    if end < len(route):
        tokens.append(route[end:])
    return tuple(tokens)


def route_regex(tokens: tuple[Token, ...], is_endpoint: bool) -> str:
    """Return the regular expression that matches what ``tokens`` describe."""
    body = "".join(
        re.escape(token) if isinstance(token, str) else f"(?P<{token.name}>{token.converter.regex})"
        for token in tokens
    )
    return f"^{body}{chr(92) + 'Z' if is_endpoint else ''}"


def route_form(tokens: tuple[Token, ...]) -> tuple[str, list[str]]:
    """Return a ``%`` format for the path of ``tokens``, and the names that it needs."""
    names = [token.name for token in tokens if isinstance(token, Parameter)]
    form = "".join(
        token.replace("%", "%%") if isinstance(token, str) else f"%({token.name})s"
        for token in tokens
    )
    return form, names
