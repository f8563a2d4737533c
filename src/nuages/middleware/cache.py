"""Whole pages from the cache. Manual: "The per-site cache"."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from nuages.conf import settings
from nuages.core.cache import DEFAULT_CACHE_ALIAS, caches
from nuages.utils.cache import (
    get_cache_key,
    get_max_age,
    has_vary_header,
    learn_cache_key,
    patch_response_headers,
    patch_vary_headers,
)
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.http import parse_http_date_safe, split_header_value

_OPTIONS = {"cache_timeout": "SECONDS", "cache_alias": "ALIAS", "key_prefix": "KEY_PREFIX"}


class _CacheOptions(MiddlewareMixin):
    """Where pages are kept and for how long: as the settings say."""

    page_timeout: float | None = None
    cache_timeout: float | None
    cache_alias: str
    key_prefix: str

    def __init__(self, get_response: Callable[..., Any]) -> None:
        super().__init__(get_response)
        for attribute, setting in _OPTIONS.items():
            setattr(self, attribute, getattr(settings, f"CACHE_MIDDLEWARE_{setting}"))

    cache = property(lambda self: caches[self.cache_alias], doc="The cache that holds the pages.")


class UpdateCacheMiddleware(_CacheOptions):
    """Stores pages. Must come first in ``MIDDLEWARE``, so that its way out is the last."""

    def _should_update_cache(self, request: Any, response: Any) -> bool:
        return getattr(request, "_cache_update_cache", False)

    def process_response(self, request: Any, response: Any) -> Any:
        """Store the page, where it may be shown to others too."""
        if (
            not self._should_update_cache(request, response)
            or response.streaming
            or response.status_code not in (200, 304)
            # A cookie that this answer sets is its reader's alone.
            or (response.cookies and has_vary_header(response, "Cookie"))
            or has_vary_header(response, "*")
            or not _UNSHARED.isdisjoint(directives := _directives_of(response))
        ):
            return response
        timeout = self._timeout_of(response)
        if timeout == 0:
            return response
        patch_response_headers(response, timeout)
        if request.META.get("HTTP_AUTHORIZATION") and "public" not in directives:
            patch_vary_headers(response, ("Authorization",))
        if timeout and response.status_code == 200:
            key = learn_cache_key(request, response, timeout, self.key_prefix, cache=self.cache)

            def store(final: Any) -> None:
                self.cache.set(key, final, timeout)

            if callable(getattr(response, "render", None)):
                response.add_post_render_callback(store)
            else:
                store(response)
        return response

    def _timeout_of(self, response: Any) -> float | None:
        """The decorator's timeout, else the response's own ``max-age``, else the setting's."""
        if self.page_timeout is not None:
            return self.page_timeout
        own = get_max_age(response)
        return self.cache_timeout if own is None else own


# Directives of Cache-Control that keep an answer from being given to others.
_UNSHARED = frozenset(("private", "no-cache", "no-store"))


def _directives_of(response: Any) -> set[str]:
    """Return the names of the directives of ``Cache-Control``, qualified by fields or not."""
    parts = split_header_value(response.get("Cache-Control", ""))
    return {part.partition("=")[0].strip().lower() for part in parts}


class FetchFromCacheMiddleware(_CacheOptions):
    """Answers from the cache. Must come last in ``MIDDLEWARE``."""

    def process_request(self, request: Any) -> Any:
        """Return the stored page, if there is one; note whether the answer is to be stored."""
        request._cache_update_cache = False
        if request.method not in ("GET", "HEAD"):
            return None
        page = self._stored(request, "GET")
        if page is None and request.method == "HEAD":
            page = self._stored(request, "HEAD")
        if page is None:
            request._cache_update_cache = True
            return None
        _set_age(page)
        return page

    def _stored(self, request: Any, method: str) -> Any:
        key = get_cache_key(request, self.key_prefix, method, cache=self.cache)
        return None if key is None else self.cache.get(key)


def _set_age(page: Any) -> None:
    """Tell how old a stored page is: its lifetime without what is left of it."""
    lifetime = get_max_age(page)
    expires = parse_http_date_safe(page["Expires"]) if "Expires" in page else None
    if lifetime is not None and expires is not None:
        left = expires - int(time.time())
        page["Age"] = max(0, lifetime - left)


class CacheMiddleware(UpdateCacheMiddleware, FetchFromCacheMiddleware):
    """Both at once: what ``cache_page()`` puts around a view.

    Args:
        cache_timeout, key_prefix, cache_alias: where given, they replace the settings'.
        page_timeout: the same as ``cache_timeout``, and stronger than the response's own.
    """

    def __init__(
        self,
        get_response: Callable[..., Any],
        cache_timeout: float | None = None,
        page_timeout: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(get_response)
        if "key_prefix" in kwargs:
            self.key_prefix = kwargs["key_prefix"] or ""
        if "cache_alias" in kwargs:
            self.cache_alias = kwargs["cache_alias"] or DEFAULT_CACHE_ALIAS
        if cache_timeout is not None:
            self.cache_timeout = cache_timeout
        self.page_timeout = page_timeout
