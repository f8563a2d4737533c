"""URL patterns and resolvers: the tree that a URLconf makes. Manual: "URL dispatcher"."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nuages.conf import settings, switches
from nuages.core.checks import Error, Warning
from nuages.core.checks.urls import check_resolver
from nuages.core.exceptions import ImproperlyConfigured
from nuages.urls._compiled import Matcher
from nuages.urls._matching import ResolverMatch, plain_match, view_path
from nuages.urls._patterns import (
    CheckURLMixin,
    LocalePrefixPattern,
    LocaleRegexDescriptor,
    LocaleRegexRouteDescriptor,
    RegexPattern,
    RoutePattern,
    _route_to_regex,
)
from nuages.urls._reversing import (
    Index,
    Road,
    build_index,
    no_match_message,
    roads,
    speaks_languages,
)
from nuages.urls._routes import _PATH_PARAMETER_COMPONENT_RE
from nuages.urls.exceptions import NoReverseMatch, Resolver404
from nuages.urls.utils import get_callable
from nuages.utils.datastructures import MultiValueDict
from nuages.utils.functional import cached_property
from nuages.utils.http import RFC3986_SUBDELIMS
from nuages.utils.translation import get_language

__all__ = [
    "CheckURLMixin",
    "LocalePrefixPattern",
    "LocaleRegexDescriptor",
    "LocaleRegexRouteDescriptor",
    "NoReverseMatch",
    "RFC3986_SUBDELIMS",
    "RegexPattern",
    "Resolver404",
    "ResolverMatch",
    "RoutePattern",
    "URLPattern",
    "URLResolver",
    "_PATH_PARAMETER_COMPONENT_RE",
    "_route_to_regex",
    "get_ns_resolver",
    "get_resolver",
    "re",
]


@functools.cache
def _get_cached_resolver(urlconf: Any = None) -> URLResolver:
    return _at_root(urlconf)


def _at_root(urlconf: Any) -> URLResolver:
    return URLResolver(RegexPattern(r"^/"), urlconf)


def get_resolver(urlconf: Any = None) -> URLResolver:
    """Return the resolver of a URLconf, by default of ``ROOT_URLCONF``."""
    return _get_cached_resolver(settings.ROOT_URLCONF if urlconf is None else urlconf)


@functools.cache
def get_ns_resolver(
    ns_pattern: str, resolver: URLResolver, converters: tuple[tuple[str, Any], ...]
) -> URLResolver:
    """Return a resolver that reverses the names of ``resolver`` behind a prefix.

    Args:
        ns_pattern: the expression of the prefix, which may capture arguments.
        converters: those of the prefix, by parameter.
    """
    lead = RegexPattern(ns_pattern)
    lead.converters.update(converters)
    return _at_root([URLResolver(lead, resolver.url_patterns)])


@dataclass(eq=False, repr=False)
class URLPattern:
    """A pattern and the view it leads to: what ``path()`` and ``re_path()`` return."""

    pattern: Any
    callback: Callable[..., Any]
    default_args: dict[str, Any] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        self.default_args = self.default_args or {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.pattern.describe()}>"

    def resolve(self, path: str) -> ResolverMatch | None:
        """Return the match for ``path``, or ``None``."""
        found = self.pattern.match(path)
        if not found:
            return None
        _, args, captured = found
        return ResolverMatch(
            self.callback,
            args,
            {**captured, **(self.default_args or {})},
            self.pattern.name,
            route=str(self.pattern),
            captured_kwargs=captured,
            extra_kwargs=self.default_args,
        )

    @cached_property
    def lookup_str(self) -> str:
        """The dotted path of the view."""
        return view_path(self.callback)

    def check(self) -> list[Any]:
        """Return warnings about the name, the pattern and the view."""
        return [*self._check_pattern_name(), *self.pattern.check(), *self._check_callback()]

    def _check_pattern_name(self) -> list[Any]:
        if self.pattern.name is None or ":" not in self.pattern.name:
            return []
        return [
            Warning(
                f"Your URL pattern {self.pattern.describe()} has a name including a ':'. Remove "
                "the colon, to avoid ambiguous namespace references.",
                id="urls.W003",
            )
        ]

    def _check_callback(self) -> list[Any]:
        from nuages.views import View

        view = self.callback
        if not (isinstance(view, type) and issubclass(view, View)):
            return []
        return [
            Error(
                f"Your URL pattern {self.pattern.describe()} has an invalid view, pass "
                f"{view.__name__}.as_view() instead of {view.__name__}.",
                id="urls.E009",
            )
        ]


class URLResolver:
    """A pattern and the URLconf that goes on behind it: what ``include()`` makes of ``path()``."""

    def __init__(
        self,
        pattern: Any,
        urlconf_name: Any,
        default_kwargs: dict[str, Any] | None = None,
        app_name: str | None = None,
        namespace: str | None = None,
    ) -> None:
        self.pattern = pattern
        self.urlconf_name = urlconf_name
        self.default_kwargs = default_kwargs or {}
        self.app_name = app_name
        self.namespace = namespace
        #: Per language: what can be reversed, and the formats of the names asked for so far.
        self._indexes: dict[str | None, Index] = {}
        self._roads: dict[tuple[str | None, Any], list[Road]] = {}
        self._local = threading.local()

    def __repr__(self) -> str:
        shown = self.urlconf_name
        if isinstance(shown, list) and shown:
            shown = f"<{type(shown[0]).__name__} list>"
        names = f"({self.app_name}:{self.namespace})"
        return f"<{type(self).__name__} {shown} {names} {self.pattern.describe()}>"

    # -- the URLconf --------------------------------------------------------------------------

    @cached_property
    def urlconf_module(self) -> Any:
        """The module of the URLconf, or what stands in its place."""
        if isinstance(self.urlconf_name, str):
            return import_module(self.urlconf_name)
        return self.urlconf_name

    @cached_property
    def url_patterns(self) -> list[Any]:
        """The entries of the URLconf.

        Raises:
            ImproperlyConfigured: it has none.
        """
        patterns = getattr(self.urlconf_module, "urlpatterns", self.urlconf_module)
        try:
            iter(patterns)
        except TypeError as error:
            raise ImproperlyConfigured(
                f"The included URLconf '{self.urlconf_name}' does not appear to have any patterns "
                "in it. If you see the 'urlpatterns' variable with valid patterns in the file then "
                "the issue is probably caused by a circular import."
            ) from error
        return patterns

    def resolve_error_handler(self, view_type: int) -> Callable[..., Any]:
        """Return the view for errors of status ``view_type``: the project's, or the default."""
        handler = getattr(self.urlconf_module, f"handler{view_type}", None)
        if not handler:
            from nuages.conf import urls

            handler = getattr(urls, f"handler{view_type}")
        return get_callable(handler)

    def check(self) -> list[Any]:
        """Return warnings about all entries, or else about the pattern before them."""
        messages = [message for entry in self.url_patterns for message in check_resolver(entry)]
        return messages or self.pattern.check()

    # -- from a path to a view ------------------------------------------------------------------

    def resolve(self, path: Any) -> ResolverMatch:
        """Return the match for ``path``.

        Raises:
            Resolver404: there is none.
        """
        path = str(path)  # It may be lazy.
        matcher = self._matcher
        if matcher is None:
            found: Any = None
        elif matcher.from_root:
            # What the expression of the root would say, sooner.
            found = (path[1:], (), {}) if path.startswith("/") else None
        else:
            found = self.pattern.match(path)
        if found and matcher is not None:
            rest, args, kwargs = found
            match = matcher.find(rest, args, kwargs)
            if match is not None:
                vars(match)["_origin"] = (self, path)
                return match
        # Also the way to fail: it tells what was tried.
        return plain_match(self, path)

    @cached_property
    def _matcher(self) -> Matcher | None:
        return Matcher(self) if switches.enabled("COMPILED_URLS") else None

    # -- from a view to a path ------------------------------------------------------------------

    def _populate(self) -> None:
        """Collect what can be reversed, for the active language."""
        # A URLconf that includes itself comes by here again, in the same thread.
        if getattr(self._local, "populating", False):
            return
        self._local.populating = True
        try:
            self._indexes[get_language()] = build_index(self)
        finally:
            self._local.populating = False

    @property
    def _index(self) -> Index:
        language = get_language()
        if language not in self._indexes:
            self._populate()
        return self._indexes.get(language) or Index()

    @property
    def _reverse_dict(self) -> dict[str | None, MultiValueDict]:
        return {language: index.entries for language, index in self._indexes.items()}

    @property
    def reverse_dict(self) -> MultiValueDict:
        """View or name → list of (formats, expression, default arguments, converters)."""
        return self._index.entries

    @property
    def namespace_dict(self) -> dict[str, tuple[str, URLResolver]]:
        """Namespace → (expression of its prefix, resolver)."""
        return {name: found[:2] for name, found in self._index.namespaces.items()}

    @property
    def app_dict(self) -> dict[str, list[str]]:
        """Application namespace → the instance namespaces."""
        return self._index.apps

    @property
    def _callback_strs(self) -> set[str]:
        return self._index.callbacks

    def _is_callback(self, name: str) -> bool:
        return name in self._callback_strs

    def reverse(self, lookup_view: Any, *args: Any, **kwargs: Any) -> str:
        """Return the path of a view, without a prefix."""
        return self._reverse_with_prefix(lookup_view, "", *args, **kwargs)

    def _reverse_with_prefix(
        self, lookup_view: Any, _prefix: str, *args: Any, **kwargs: Any
    ) -> str:
        if args and kwargs:
            raise ValueError("Don't mix *args and **kwargs in call to reverse()!")
        for candidate in self._roads_to(lookup_view):
            url = candidate.write(_prefix, args, kwargs)
            if url is not None:
                return url
        entries = self.reverse_dict.getlist(lookup_view)
        raise NoReverseMatch(no_match_message(lookup_view, entries, args, kwargs))

    def _roads_to(self, lookup_view: Any) -> list[Road]:
        """Return the ways to write the path of a view, in the current language."""
        key = (get_language() if self._speaks_languages else None, lookup_view)
        try:
            return self._roads[key]
        except KeyError:
            found = roads(self.reverse_dict.getlist(lookup_view))
            if found:
                self._roads[key] = found
            return found

    @cached_property
    def _speaks_languages(self) -> bool:
        return speaks_languages(self)


_PATTERN_RESOLVE = URLPattern.resolve
_RESOLVER_RESOLVE = URLResolver.resolve


def is_plain_pattern(entry: Any) -> bool:
    """Whether a URL pattern resolves as this module does it, unchanged."""
    return (
        isinstance(entry, URLPattern)
        and type(entry).resolve is _PATTERN_RESOLVE
        and "resolve" not in vars(entry)
    )


def is_plain_resolver(entry: Any) -> bool:
    """Whether a URL resolver resolves as this module does it, unchanged."""
    return (
        isinstance(entry, URLResolver)
        and type(entry).resolve is _RESOLVER_RESOLVE
        and "resolve" not in vars(entry)
    )
