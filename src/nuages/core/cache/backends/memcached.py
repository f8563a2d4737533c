"""A cache in memcached. Manual: topics/cache, "Memcached"."""

import pickle
import re
import time
from functools import cached_property
from typing import Any

from nuages.core.cache.backends.base import (
    DEFAULT_TIMEOUT,
    BaseCache,
    InvalidCacheKey,
    memcache_key_warnings,
)

# memcached takes a longer timeout for a point in time.
_LONGEST_RELATIVE_TIMEOUT = 30 * 24 * 60 * 60


class BaseMemcachedCache(BaseCache):
    """Base of the bindings: a client library, and how it says that a key is missing."""

    def __init__(
        self,
        server: str | list[str],
        params: dict[str, Any],
        library: Any,
        value_not_found_exception: Any,
    ) -> None:
        super().__init__(params)
        self._servers = re.split("[;,]", server) if isinstance(server, str) else server
        self._lib = library
        self._class = library.Client
        self.LibraryValueNotFoundException = value_not_found_exception
        self._options = params.get("OPTIONS") or {}

    @property
    def client_servers(self) -> list[str]:
        """The servers as the library wants them."""
        return self._servers

    @cached_property
    def _cache(self) -> Any:
        return self._class(self.client_servers, **self._options)

    def validate_key(self, key: str) -> None:
        """Raise `InvalidCacheKey` for a key that memcached refuses."""
        for objection in memcache_key_warnings(key):
            raise InvalidCacheKey(objection)

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int:
        """Return the timeout as memcached has it: 0 for never, negative for at once."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return 0
        if seconds > _LONGEST_RELATIVE_TIMEOUT:
            seconds += int(time.time())
        return int(seconds) or -1

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return self._cache.get(self.make_and_validate_key(key, version), default)

    def get_many(self, keys: Any, version: Any = None) -> dict[Any, Any]:
        """Return a dictionary of the keys that have values."""
        made = {self.make_and_validate_key(key, version): key for key in keys}
        return {made[key]: value for key, value in self._cache.get_multi(made.keys()).items()}

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store ``value``; one that is refused, being too long, leaves no older one behind."""
        made = self.make_and_validate_key(key, version)
        if not self._cache.set(made, value, self.get_backend_timeout(timeout)):
            self._cache.delete(made)

    def set_many(
        self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> list[Any]:
        """Store several values; return the keys for which that failed."""
        made = {self.make_and_validate_key(key, version): key for key in data}
        values = {safe: data[key] for safe, key in made.items()}
        failed = self._cache.set_multi(values, self.get_backend_timeout(timeout))
        return [made[key] for key in failed]

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store ``value`` unless there is one; return whether it was stored."""
        made = self.make_and_validate_key(key, version)
        return self._cache.add(made, value, self.get_backend_timeout(timeout))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        made = self.make_and_validate_key(key, version)
        return bool(self._cache.touch(made, self.get_backend_timeout(timeout)))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """Add ``delta`` to a number, on the server; raises ``ValueError`` if there is none."""
        made = self.make_and_validate_key(key, version)
        # The protocol has no negative amounts.
        change = self._cache.incr if delta >= 0 else self._cache.decr
        try:
            value = change(made, abs(delta))
        except self.LibraryValueNotFoundException:
            value = None
        if value is None:
            raise ValueError(f"Key '{key}' not found")
        return value

    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a value."""
        return bool(self._cache.delete(self.make_and_validate_key(key, version)))

    def delete_many(self, keys: Any, version: Any = None) -> None:
        """Forget several keys."""
        self._cache.delete_multi([self.make_and_validate_key(key, version) for key in keys])

    def clear(self) -> None:
        """Forget everything on all servers."""
        self._cache.flush_all()

    def close(self, **kwargs: Any) -> None:
        """Give up the connections; they are opened again when needed."""
        self._cache.disconnect_all()


class PyLibMCCache(BaseMemcachedCache):
    """The binding by pylibmc, which keeps its connections."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        import pylibmc

        super().__init__(server, params, pylibmc, pylibmc.NotFound)

    @property
    def client_servers(self) -> list[str]:
        """The servers, sockets without the prefix that others want."""
        return [server.removeprefix("unix:") for server in self._servers]

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout, which pylibmc does not set to zero; return whether it had one."""
        made = self.make_and_validate_key(key, version)
        if timeout == 0:
            return bool(self._cache.delete(made))
        return bool(self._cache.touch(made, self.get_backend_timeout(timeout)))

    def close(self, **kwargs: Any) -> None:
        """Do nothing: libmemcached looks after its connections."""


class PyMemcacheCache(BaseMemcachedCache):
    """The binding by pymemcache."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        import pymemcache
        from pymemcache.client.hash import HashClient
        from pymemcache.serde import PickleSerde

        super().__init__(server, params, pymemcache, KeyError)
        self._class = HashClient
        self._options = {
            "allow_unicode_keys": True,
            "default_noreply": False,
            "serde": PickleSerde(pickle_version=pickle.HIGHEST_PROTOCOL),
            **self._options,
        }
