"""A cache in the memory of the process. Manual: topics/cache, "Local-memory caching"."""

import pickle
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from nuages.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache


@dataclass
class _Store:
    """What the caches of one name share: pickled values, the least recently used one last."""

    values: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    expiry: dict[str, float | None] = field(default_factory=dict)
    lock: Any = field(default_factory=Lock)


_stores: defaultdict[str, _Store] = defaultdict(_Store)


class LocMemCache(BaseCache):
    """Keeps the values used last, up to a number of them. Safe for threads."""

    blocking = False
    pickle_protocol = pickle.HIGHEST_PROTOCOL

    def __init__(self, name: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        store = _stores[name]
        self._cache = store.values
        self._expire_info = store.expiry
        self._lock = store.lock

    # What follows up to the public methods is called with the lock held.

    def _fresh(self, key: str) -> bool:
        """Say whether there is a value that has not expired; drop one that has."""
        if key not in self._cache:
            return False
        expires = self._expire_info.get(key, -1)
        if expires is None or expires > time.time():
            return True
        self._drop(key)
        return False

    def _drop(self, key: str) -> bool:
        self._expire_info.pop(key, None)
        return self._cache.pop(key, None) is not None

    def _put(self, key: str, pickled: bytes, timeout: Any) -> None:
        cache = self._cache
        if len(cache) >= (self._max_entries or 0) and key not in cache:
            self._make_room()
        cache[key] = pickled
        cache.move_to_end(key, last=False)
        self._expire_info[key] = self.get_backend_timeout(timeout)

    def _make_room(self) -> None:
        frequency = self._cull_frequency
        if not frequency:
            self._cache.clear()
            self._expire_info.clear()
            return
        for _ in range(len(self._cache) // frequency):
            key, _pickled = self._cache.popitem()
            self._expire_info.pop(key, None)

    # Values are pickled before the lock is taken, and unpickled after: that is user code.

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return a copy of the value of ``key``, or ``default``."""
        made = self.make_and_validate_key(key, version)
        with self._lock:
            pickled = self._cache.get(made)
            if pickled is None:
                return default
            expires = self._expire_info.get(made, -1)
            if expires is not None and expires <= time.time():
                self._drop(made)
                return default
            self._cache.move_to_end(made, last=False)
        return pickle.loads(pickled)

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store a copy of ``value``."""
        made = self.make_and_validate_key(key, version)
        pickled = pickle.dumps(value, self.pickle_protocol)
        with self._lock:
            self._put(made, pickled, timeout)

    def get_many(self, keys: Iterable[Any], version: Any = None) -> dict[Any, Any]:
        """Return a dictionary of the keys that have values."""
        missing = self._missing_key
        found = ((key, self.get(key, missing, version=version)) for key in keys)
        return {key: value for key, value in found if value is not missing}

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store a copy of ``value`` unless there is one; return whether it was stored."""
        made = self.make_and_validate_key(key, version)
        pickled = pickle.dumps(value, self.pickle_protocol)
        with self._lock:
            vacant = not self._fresh(made)
            if vacant:
                self._put(made, pickled, timeout)
        return vacant

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Say whether ``key`` has a value."""
        made = self.make_and_validate_key(key, version)
        with self._lock:
            return self._fresh(made)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        made = self.make_and_validate_key(key, version)
        with self._lock:
            alive = self._fresh(made)
            if alive:
                self._expire_info[made] = self.get_backend_timeout(timeout)
        return alive

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Any:
        """Add ``delta`` to a number and return it; its timeout stays. Raises ``ValueError``."""
        made = self.make_and_validate_key(key, version)
        with self._lock:
            if not self._fresh(made):
                raise ValueError(f"Key '{key}' not found")
            total = pickle.loads(self._cache[made]) + delta
            self._cache[made] = pickle.dumps(total, self.pickle_protocol)
            self._cache.move_to_end(made, last=False)
        return total

    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a value."""
        made = self.make_and_validate_key(key, version)
        with self._lock:
            return self._drop(made)

    def clear(self) -> None:
        """Forget everything that the caches of this name hold."""
        with self._lock:
            self._cache.clear()
            self._expire_info.clear()
