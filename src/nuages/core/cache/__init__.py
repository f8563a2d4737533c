"""Caches. ``caches[alias]`` gives one, ``cache`` is the one under ``default``.

Manual: topics/cache.
"""

from typing import Any

from nuages.core import signals
from nuages.core.cache.backends.base import (
    BaseCache,
    CacheKeyWarning,
    InvalidCacheBackendError,
    InvalidCacheKey,
)
from nuages.utils.connection import BaseConnectionHandler, ConnectionProxy
from nuages.utils.module_loading import import_string

__all__ = [
    "DEFAULT_CACHE_ALIAS",
    "BaseCache",
    "CacheKeyWarning",
    "InvalidCacheBackendError",
    "InvalidCacheKey",
    "cache",
    "caches",
]

DEFAULT_CACHE_ALIAS = "default"


class CacheHandler(BaseConnectionHandler):
    """Makes each cache of `CACHES` at its first use in a thread or task."""

    settings_name = "CACHES"
    exception_class = InvalidCacheBackendError

    def create_connection(self, alias: str) -> BaseCache:
        """Make the cache that `CACHES` defines under ``alias``.

        Raises `InvalidCacheBackendError` if its class cannot be imported.
        """
        options = dict(self.settings[alias])
        path, location = options.pop("BACKEND"), options.pop("LOCATION", "")
        try:
            backend = import_string(path)
        except ImportError as error:
            raise InvalidCacheBackendError(f"Could not find backend '{path}': {error}") from error
        return backend(location, options)


caches = CacheHandler()
cache = ConnectionProxy(caches, DEFAULT_CACHE_ALIAS)


def close_caches(**kwargs: Any) -> None:
    """Close the caches that were used here: some backends hold connections."""
    for used in caches.all(initialized_only=True):
        used.close()


signals.request_finished.connect(close_caches)
