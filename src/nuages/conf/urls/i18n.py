"""URL patterns behind the language's prefix. Manual: "Language prefix in URL patterns"."""

from __future__ import annotations

import functools
from typing import Any

from nuages.conf import settings
from nuages.urls import LocalePrefixPattern, URLResolver, get_resolver, path


def i18n_patterns(*urls: Any, prefix_default_language: bool = True) -> list[Any]:
    """Return ``urls`` behind the prefix of the active language.

    Args:
        prefix_default_language: whether the default language has a prefix too.
    """
    if not settings.USE_I18N:
        return list(urls)
    prefix = LocalePrefixPattern(prefix_default_language=prefix_default_language)
    return [URLResolver(prefix, list(urls))]


@functools.cache
def is_language_prefix_patterns_used(urlconf: Any) -> tuple[bool, bool]:
    """Return whether a URLconf has such patterns, and whether they prefix the default language."""
    prefixes = (
        entry.pattern
        for entry in get_resolver(urlconf).url_patterns
        if isinstance(entry.pattern, LocalePrefixPattern)
    )
    first = next(prefixes, None)
    return (False, False) if first is None else (True, first.prefix_default_language)


def _patterns() -> list[Any]:
    from nuages.views.i18n import set_language

    return [path("setlang/", set_language, name="set_language")]


def __getattr__(name: str) -> Any:
    # The view is imported by those who include this URLconf, not by every LocaleMiddleware.
    if name == "urlpatterns":
        globals()[name] = _patterns()
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
