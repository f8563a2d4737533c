"""What all caches have in common.

A backend defines the primitives (`add`, `get`, `set`, `touch`, `delete`, `clear`). What is
made of them is written once, as generators that yield calls of primitives, and driven by a
synchronous and an asynchronous method.
"""

import functools
import re
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils.concurrency import sync_to_async
from nuages.utils.module_loading import import_string

# Says "the timeout of this cache", since None says "for ever".
DEFAULT_TIMEOUT = object()

MEMCACHE_MAX_KEY_LENGTH = 250
_unfit_for_memcached = re.compile(r"[\x00-\x20\x7f]")

# A call that a composite operation asks for: the primitive's name and its arguments.
type Ask = tuple[str, tuple[Any, ...], dict[str, Any]]
type Steps = Generator[Ask, Any, Any]


class InvalidCacheBackendError(ImproperlyConfigured):
    """There is no such cache, or its class cannot be imported."""


class CacheKeyWarning(RuntimeWarning):
    """The key would not do for memcached."""


class InvalidCacheKey(ValueError):
    """The key does not do for this cache."""


def default_key_func(key: Any, key_prefix: str, version: Any) -> str:
    """Return ``prefix:version:key``."""
    return f"{key_prefix}:{version}:{key}"


def get_key_func(key_func: Callable[..., str] | str | None) -> Callable[..., str]:
    """Return the function that makes keys: the one given, or imported, or the default."""
    if key_func is None:
        return default_key_func
    return key_func if callable(key_func) else import_string(key_func)


def memcache_key_warnings(key: str) -> Iterator[str]:
    """Yield what memcached would object to in ``key``."""
    if len(key) > MEMCACHE_MAX_KEY_LENGTH:
        yield (
            "Cache key will cause errors if used with memcached: "
            f"{key!r} (longer than {MEMCACHE_MAX_KEY_LENGTH})"
        )
    if _unfit_for_memcached.search(key):
        yield (
            f"Cache key contains characters that will cause errors if used with memcached: {key!r}"
        )


def _ask(name: str, *args: Any, **kwargs: Any) -> Ask:
    return name, args, kwargs


class _primitive:
    """Gives a backend's primitive its asynchronous twin, which runs it in a thread.

    A backend that never waits says ``blocking = False`` and is called directly.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __set_name__(self, owner: type, name: str) -> None:
        @functools.wraps(self.function)
        async def twin(cache: Any, *args: Any, **kwargs: Any) -> Any:
            method = getattr(cache, name)
            if not cache.blocking:
                return method(*args, **kwargs)
            return await sync_to_async(method, thread_sensitive=True)(*args, **kwargs)

        twin.__name__ = f"a{name}"
        setattr(owner, name, self.function)
        setattr(owner, f"a{name}", twin)

    if TYPE_CHECKING:

        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]: ...


class _composite:
    """Makes two methods of a generator: ``name()``, and ``aname()`` of awaited primitives.

    Where a backend has its own synchronous method only, the asynchronous one runs that.
    """

    def __init__(self, steps: Callable[..., Steps]) -> None:
        self.steps = steps

    def __set_name__(self, owner: type, name: str) -> None:
        steps = self.steps

        @functools.wraps(steps)
        def blocking(cache: Any, *args: Any, **kwargs: Any) -> Any:
            work = steps(cache, *args, **kwargs)
            answer = None
            while True:
                try:
                    method, call_args, call_kwargs = work.send(answer)
                except StopIteration as finished:
                    return finished.value
                answer = getattr(cache, method)(*call_args, **call_kwargs)

        @functools.wraps(steps)
        async def awaiting(cache: Any, *args: Any, **kwargs: Any) -> Any:
            own = getattr(cache, name)
            if getattr(own, "__func__", own) is not blocking:
                if not cache.blocking:
                    return own(*args, **kwargs)
                return await sync_to_async(own, thread_sensitive=True)(*args, **kwargs)
            work = steps(cache, *args, **kwargs)
            answer = None
            while True:
                try:
                    method, call_args, call_kwargs = work.send(answer)
                except StopIteration as finished:
                    return finished.value
                answer = await getattr(cache, f"a{method}")(*call_args, **call_kwargs)

        awaiting.__name__ = f"a{name}"
        setattr(owner, name, blocking)
        setattr(owner, f"a{name}", awaiting)

    if TYPE_CHECKING:
        # Both names are plain functions by the time that anybody asks for them.
        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]: ...


class BaseCache:
    """Base of cache backends; ``params`` is the definition in `CACHES`."""

    # Whether operations may wait for something, and so must not run in an event loop.
    blocking = True

    _missing_key = object()

    def __init__(self, params: dict[str, Any]) -> None:
        options = params.get("OPTIONS", {})

        def number(name: str, default: int | None) -> int | None:
            value = params.get(name.lower(), params.get(name, options.get(name, default)))
            try:
                return None if value is None else int(value)
            except (TypeError, ValueError):
                return default

        self.default_timeout = number("TIMEOUT", 300)
        self._max_entries = number("MAX_ENTRIES", 300)
        self._cull_frequency = number("CULL_FREQUENCY", 3)
        self.version = params.get("VERSION", 1)
        self.key_prefix = params.get("KEY_PREFIX", "")
        self.key_func = get_key_func(params.get("KEY_FUNCTION"))

    # Keys and timeouts.

    def make_key(self, key: Any, version: Any = None) -> str:
        """Return the key as the store gets it: with prefix and version."""
        return self.key_func(key, self.key_prefix, self.version if version is None else version)

    def validate_key(self, key: str) -> None:
        """Warn of a key that would not do for memcached."""
        for objection in memcache_key_warnings(key):
            warnings.warn(objection, CacheKeyWarning, stacklevel=2)

    def make_and_validate_key(self, key: Any, version: Any = None) -> str:
        """Return the result of `make_key()` after `validate_key()`."""
        made = self.make_key(key, version=version)
        # Most keys are plainly good; whoever validates otherwise is asked.
        if (
            len(made) > MEMCACHE_MAX_KEY_LENGTH
            or _unfit_for_memcached.search(made)
            or getattr(self.validate_key, "__func__", None) is not _VALIDATE
        ):
            self.validate_key(made)
        return made

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> float | None:
        """Return when an entry expires, in seconds since the epoch; ``None`` for never."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        if seconds is None:
            return None
        # A timeout of zero is over, even for a clock that does not move.
        return time.time() + seconds if seconds else -1.0

    # Primitives.

    @_primitive
    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        raise self._not_provided("a get()")

    @_primitive
    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store ``value``."""
        raise self._not_provided("a set()")

    @_primitive
    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store ``value`` unless there is one; return whether it was stored."""
        raise self._not_provided("an add()")

    @_primitive
    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a value."""
        raise self._not_provided("a delete()")

    @_primitive
    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        raise self._not_provided("a touch()")

    @_primitive
    def clear(self) -> None:
        """Forget everything."""
        raise self._not_provided("a clear()")

    @_primitive
    def close(self, **kwargs: Any) -> None:
        """Give up connections; called after each request."""

    def _not_provided(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"subclasses of BaseCache must provide {method} method")

    # What is made of them.

    @_composite
    def get_many(self, keys: Iterable[Any], version: Any = None) -> Steps:
        """Return a dictionary of the keys that have values."""
        found = {}
        for key in keys:
            value = yield _ask("get", key, self._missing_key, version=version)
            if value is not self._missing_key:
                found[key] = value
        return found

    @_composite
    def set_many(
        self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> Steps:
        """Store several values; return the keys for which that failed."""
        for key, value in data.items():
            yield _ask("set", key, value, timeout=timeout, version=version)
        return []

    @_composite
    def delete_many(self, keys: Iterable[Any], version: Any = None) -> Steps:
        """Forget several keys."""
        for key in keys:
            yield _ask("delete", key, version=version)

    @_composite
    def has_key(self, key: Any, version: Any = None) -> Steps:
        """Say whether ``key`` has a value."""
        value = yield _ask("get", key, self._missing_key, version=version)
        return value is not self._missing_key

    @_composite
    def get_or_set(
        self, key: Any, default: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> Steps:
        """Return the value of ``key``, stored first if there is none: ``default``, or its call."""
        value = yield _ask("get", key, self._missing_key, version=version)
        if value is not self._missing_key:
            return value
        fresh = default() if callable(default) else default
        yield _ask("add", key, fresh, timeout=timeout, version=version)
        # Somebody else may have been faster: then theirs is the value.
        return (yield _ask("get", key, fresh, version=version))

    @_composite
    def incr(self, key: Any, delta: int = 1, version: Any = None) -> Steps:
        """Add ``delta`` to a number and return it; ``ValueError`` if there is none."""
        value = yield _ask("get", key, self._missing_key, version=version)
        if value is self._missing_key:
            raise ValueError(f"Key '{key}' not found")
        yield _ask("set", key, value + delta, version=version)
        return value + delta

    @_composite
    def decr(self, key: Any, delta: int = 1, version: Any = None) -> Steps:
        """Subtract ``delta`` from a number and return it; ``ValueError`` if there is none."""
        return (yield _ask("incr", key, -delta, version=version))

    @_composite
    def incr_version(self, key: Any, delta: int = 1, version: Any = None) -> Steps:
        """Move a value ``delta`` versions up; return that version. Raises ``ValueError``."""
        old = self.version if version is None else version
        value = yield _ask("get", key, self._missing_key, version=old)
        if value is self._missing_key:
            raise ValueError(f"Key '{key}' not found")
        yield _ask("set", key, value, version=old + delta)
        yield _ask("delete", key, version=old)
        return old + delta

    @_composite
    def decr_version(self, key: Any, delta: int = 1, version: Any = None) -> Steps:
        """Move a value ``delta`` versions down; return that version. Raises ``ValueError``."""
        return (yield _ask("incr_version", key, -delta, version))

    def __contains__(self, key: Any) -> bool:
        return bool(self.has_key(key))


_VALIDATE = BaseCache.validate_key
