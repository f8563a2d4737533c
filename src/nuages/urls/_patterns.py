"""What one URL pattern matches: routes, regular expressions, the language prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Warning
from nuages.core.exceptions import ImproperlyConfigured
from nuages.urls._routes import _PATH_PARAMETER_COMPONENT_RE, Token, parse_route, route_regex
from nuages.urls.converters import REGISTERED_CONVERTERS, Converter
from nuages.utils.functional import cached_property

#: The rest of the path, positional arguments, keyword arguments; or no match.
Matched = tuple[str, tuple[Any, ...], dict[str, Any]] | None


class LocaleRegexDescriptor:
    """The compiled ``regex`` of a pattern: one, or one per language where the text is lazy."""

    source = "_regex"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        text = getattr(instance, self.source)
        if isinstance(text, str):
            compiled = self._compile(instance, text)
            instance.__dict__["regex"] = compiled  # Found before this descriptor from now on.
            return compiled
        from nuages.utils.translation import get_language

        language = get_language()
        per_language = instance._regex_dict
        if language not in per_language:
            per_language[language] = self._compile(instance, str(text))
        return per_language[language]

    def _compile(self, instance: Any, text: str) -> re.Pattern[str]:
        try:
            return re.compile(text)
        except re.error as error:
            raise ImproperlyConfigured(
                f'"{text}" is not a valid regular expression: {error}'
            ) from error


class LocaleRegexRouteDescriptor(LocaleRegexDescriptor):
    """The same for routes."""

    source = "_route"

    def _compile(self, instance: Any, text: str) -> re.Pattern[str]:
        return re.compile(_route_to_regex(text, instance._is_endpoint)[0])


class CheckURLMixin:
    """What both kinds of patterns share, and what the system checks say about them."""

    regex: Any

    def __init__(self, name: str | None = None, is_endpoint: bool = False) -> None:
        self.name, self._is_endpoint = name, is_endpoint
        self.converters: dict[str, Converter] = {}
        self._regex_dict: dict[str | None, re.Pattern[str]] = {}

    def describe(self) -> str:
        """Return the pattern as messages show it."""
        shown = f"'{self}'"
        return f"{shown} [name='{self.name}']" if self.name else shown

    def _check_pattern_startswith_slash(self) -> list[Any]:
        text = self.regex.pattern
        # With APPEND_SLASH off, a slash between two parts may well stand before the second.
        if not settings.APPEND_SLASH or not text.startswith(("/", "^/", "^\\/")):
            return []
        if text.endswith("/"):
            return []
        return [
            Warning(
                f"Your URL pattern {self.describe()} has a route beginning with a '/'. Remove this "
                "slash as it is unnecessary. If this pattern is targeted in an include(), ensure "
                "the include() pattern has a trailing '/'.",
                id="urls.W002",
            )
        ]


class RegexPattern(CheckURLMixin):
    """A regular expression, as ``re_path()`` takes it."""

    regex = LocaleRegexDescriptor()

    def __init__(self, regex: Any, name: str | None = None, is_endpoint: bool = False) -> None:
        super().__init__(name, is_endpoint)
        self._regex = regex

    def match(self, path: str) -> Matched:
        """Return what of ``path`` is left and what was captured, or ``None``.

        An expression that ends a route with ``$`` must match the whole path.
        """
        regex = self.regex
        whole = self._is_endpoint and regex.pattern.endswith("$")
        found = regex.fullmatch(path) if whole else regex.search(path)
        if found is None:
            return None
        # Unnamed groups count only where there are no named ones.
        if regex.groupindex:
            named = {name: value for name, value in found.groupdict().items() if value is not None}
            return path[found.end() :], (), named
        return path[found.end() :], found.groups(), {}

    def check(self) -> list[Any]:
        """Return warnings about the expression."""
        warnings = self._check_pattern_startswith_slash()
        if not self._is_endpoint:
            warnings += self._check_include_trailing_dollar()
        return warnings

    def _check_include_trailing_dollar(self) -> list[Any]:
        text = self.regex.pattern
        if not text.endswith("$") or text.endswith(r"\$"):
            return []
        return [
            Warning(
                f"Your URL pattern {self.describe()} uses include with a route ending with a '$'. "
                "Remove the dollar from the route to avoid problems including URLs.",
                id="urls.W001",
            )
        ]

    def __str__(self) -> str:
        return str(self._regex)


@lru_cache(maxsize=4096)
def _route_to_regex(route: str, is_endpoint: bool = False) -> tuple[str, dict[str, Converter]]:
    """Return a route's regular expression and its converters by parameter name."""
    tokens = _tokens(route)
    converters = {token.name: token.converter for token in tokens if not isinstance(token, str)}
    return route_regex(tokens, is_endpoint), converters


def _tokens(route: str) -> tuple[Token, ...]:
    return parse_route(route, len(REGISTERED_CONVERTERS))


class RoutePattern(CheckURLMixin):
    """A route, as ``path()`` takes it."""

    regex = LocaleRegexRouteDescriptor()

    def __init__(self, route: Any, name: str | None = None, is_endpoint: bool = False) -> None:
        super().__init__(name, is_endpoint)
        self._route = route
        # Read at once, so that a mistake shows where the route is written.
        self.converters.update(_route_to_regex(str(route), is_endpoint)[1])

    @property
    def tokens(self) -> tuple[Token, ...]:
        """The literal texts and parameters, in the current language."""
        return self._own_tokens if isinstance(self._route, str) else _tokens(str(self._route))

    @cached_property
    def _own_tokens(self) -> tuple[Token, ...]:
        # Kept as they were when the route was made: a converter's name may be given anew.
        return _tokens(self._route)

    def match(self, path: str) -> Matched:
        """Return what of ``path`` is left and what was captured, or ``None``."""
        if not self.converters:
            route = str(self._route)
            if self._is_endpoint:
                return ("", (), {}) if path == route else None
            return (path[len(route) :], (), {}) if path.startswith(route) else None
        found = self.regex.search(path)
        if found is None:
            return None
        captured = found.groupdict()
        try:
            for name, text in captured.items():
                captured[name] = self.converters[name].to_python(text)
        except ValueError:
            return None
        return path[found.end() :], (), captured

    def check(self) -> list[Any]:
        """Return warnings about the route."""
        warnings = self._check_pattern_startswith_slash()
        warnings += self._check_pattern_unmatched_angle_brackets()
        route = str(self._route)
        if "(?P<" in route or route.startswith("^") or route.endswith("$"):
            warnings.append(
                Warning(
                    f"Your URL pattern {self.describe()} has a route that contains '(?P<', begins "
                    "with a '^', or ends with a '$'. This was likely an oversight when migrating "
                    "to django.urls.path().",
                    id="2_0.W001",
                )
            )
        return warnings

    def _check_pattern_unmatched_angle_brackets(self) -> list[Any]:
        route = str(self._route)
        lone: list[str] = []
        for segment in route.split("/"):
            # Without its parameters, a segment has no brackets left unless they are astray.
            lone += [c for c in _PATH_PARAMETER_COMPONENT_RE.sub("", segment) if c in "<>"]
        return [
            Warning(
                f"Your URL pattern {self.describe()} has an unmatched {bracket!r} bracket.",
                id="urls.W010",
            )
            for bracket in lone
        ]

    def __str__(self) -> str:
        return str(self._route)


@dataclass
class LocalePrefixPattern:
    """The prefix of the active language, as ``i18n_patterns()`` puts it before its patterns."""

    prefix_default_language: bool = True
    converters: dict[str, Converter] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.language_prefix

    @property
    def language_prefix(self) -> str:
        """``"fr/"``, or nothing for the default language where that has no prefix."""
        from nuages.utils.translation import get_language

        language = get_language() or settings.LANGUAGE_CODE
        bare = language == settings.LANGUAGE_CODE and not self.prefix_default_language
        return "" if bare else f"{language}/"

    @property
    def regex(self) -> re.Pattern[str]:
        """The prefix as an expression; the language decides anew each time."""
        return re.compile(re.escape(str(self)))

    def match(self, path: str) -> Matched:
        """Return what follows the prefix, or ``None``."""
        rest = path.removeprefix(prefix := str(self))
        return (rest, (), {}) if len(rest) + len(prefix) == len(path) else None

    def describe(self) -> str:
        """Return the prefix as messages show it."""
        return f"'{self}'"

    def check(self) -> list[Any]:
        """Return nothing: there is nothing to get wrong."""
        return []


__all__ = [
    "CheckURLMixin",
    "Error",
    "LocalePrefixPattern",
    "LocaleRegexDescriptor",
    "LocaleRegexRouteDescriptor",
    "Matched",
    "RegexPattern",
    "RoutePattern",
]


# Where the manual has them.
for _public in (RegexPattern, RoutePattern, LocalePrefixPattern):
    _public.__module__ = "django.urls.resolvers"
