"""A cache in Redis. Manual: topics/cache, "Redis"."""

import pickle
import random
import re
from functools import cached_property
from typing import Any

from nuages.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from nuages.utils.module_loading import import_string


class RedisSerializer:
    """Pickles everything but integers, which Redis itself can add to."""

    def __init__(self, protocol: int | None = None) -> None:
        self.protocol = pickle.HIGHEST_PROTOCOL if protocol is None else protocol

    def dumps(self, obj: Any) -> Any:
        """Return what is sent to Redis."""
        return obj if type(obj) is int else pickle.dumps(obj, self.protocol)

    def loads(self, data: bytes) -> Any:
        """Return what came from Redis, as it was."""
        try:
            return int(data)
        except ValueError:
            return pickle.loads(data)


def _resolved(value: Any, default: Any) -> Any:
    """Return a class or function that may be given by its path."""
    return import_string(value) if isinstance(value, str) else value or default


class RedisCacheClient:
    """Talks to one or more Redis servers: writes go to the first, reads to any other."""

    def __init__(
        self,
        servers: list[str],
        serializer: Any = None,
        pool_class: Any = None,
        parser_class: Any = None,
        **options: Any,
    ) -> None:
        import redis

        self._lib = redis
        self._servers = servers
        self._client = redis.Redis
        self._pools: dict[int, Any] = {}
        self._clients: dict[int, Any] = {}
        self._pool_class = _resolved(pool_class, redis.ConnectionPool)
        parser = _resolved(parser_class, redis.connection.DefaultParser)
        make_serializer = _resolved(serializer, RedisSerializer)
        self._serializer = make_serializer() if callable(make_serializer) else make_serializer
        self._pool_options = {"parser_class": parser, **self._client_name(), **options}

    def _client_name(self) -> dict[str, Any]:
        from nuages.utils.version import get_version

        try:
            from redis import DriverInfo
        except ImportError:
            return {}
        return {"driver_info": DriverInfo().add_upstream_driver("django", get_version())}

    def _get_connection_pool_index(self, write: bool) -> int:
        replicas = range(1, len(self._servers))
        return random.choice(replicas) if replicas and not write else 0

    def _get_connection_pool(self, write: bool) -> Any:
        server = self._servers[index := self._get_connection_pool_index(write)]
        pool = self._pools.get(index)
        if pool is None:
            pool = self._pools[index] = self._pool_class.from_url(server, **self._pool_options)
        return pool

    def get_client(self, key: str | None = None, *, write: bool = False) -> Any:
        """Return a client of a server that may be written to, or of one for reading."""
        pool = self._get_connection_pool(write)
        # A client has no state but its pool: one for all threads is enough.
        client = self._clients.get(id(pool))
        if client is None:
            client = self._clients[id(pool)] = self._client(connection_pool=pool)
        return client

    def get(self, key: str, default: Any) -> Any:
        """Return the value of a made key, or ``default``."""
        data = self.get_client(key).get(key)
        return default if data is None else self._serializer.loads(data)

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        """Return the values that are there."""
        answers = zip(keys, self.get_client(None).mget(keys), strict=True)
        return {key: self._serializer.loads(data) for key, data in answers if data is not None}

    def has_key(self, key: str) -> bool:
        """Say whether there is a value."""
        return bool(self.get_client(key).exists(key))

    def set(self, key: str, value: Any, timeout: int | None) -> None:
        """Store a value; a timeout of zero deletes it."""
        client = self.get_client(key, write=True)
        if timeout == 0:
            client.delete(key)
        else:
            client.set(key, self._serializer.dumps(value), ex=timeout)

    def set_many(self, data: dict[str, Any], timeout: int | None) -> None:
        """Store several values."""
        pipeline = self.get_client(None, write=True).pipeline()
        pipeline.mset({key: self._serializer.dumps(value) for key, value in data.items()})
        if timeout is not None:
            for key in data:
                pipeline.expire(key, timeout)
        pipeline.execute()

    def add(self, key: str, value: Any, timeout: int | None) -> bool:
        """Store a value unless there is one; return whether it was stored."""
        client = self.get_client(key, write=True)
        packed = self._serializer.dumps(value)
        if timeout != 0:
            return bool(client.set(key, packed, ex=timeout, nx=True))
        added = bool(client.set(key, packed, nx=True))
        if added:
            client.delete(key)
        return added

    def touch(self, key: str, timeout: int | None) -> bool:
        """Give a key another timeout; return whether there was a value."""
        client = self.get_client(key, write=True)
        if timeout is None:
            # persist() does not count a key that had no timeout.
            return bool(client.persist(key) or client.exists(key))
        return bool(client.expire(key, timeout))

    def incr(self, key: str, delta: int) -> int:
        """Add to a number; raises ``ValueError`` if there is none."""
        client = self.get_client(key, write=True)
        if not client.exists(key):
            raise ValueError(f"Key '{key}' not found.")
        return client.incr(key, delta)

    def delete(self, key: str) -> bool:
        """Forget a key; return whether there was a value."""
        return bool(self.get_client(key, write=True).delete(key))

    def delete_many(self, keys: list[str]) -> None:
        """Forget several keys."""
        self.get_client(None, write=True).delete(*keys)

    def clear(self) -> bool:
        """Forget the whole database."""
        return bool(self.get_client(None, write=True).flushdb())


class RedisCache(BaseCache):
    """Keeps values in Redis; ``LOCATION`` is a URL or several, the first one for writing."""

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(params)
        self._servers = re.split("[;,]", server) if isinstance(server, str) else server
        self._options, self._class = params.get("OPTIONS", {}), RedisCacheClient

    @cached_property
    def _cache(self) -> RedisCacheClient:
        return self._class(self._servers, **self._options)

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int | None:
        """Return the timeout in whole seconds; ``None`` for never."""
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        # Redis takes a negative timeout for an error.
        return None if seconds is None else max(0, int(seconds))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        return self._cache.get(self.make_and_validate_key(key, version), default)

    def get_many(self, keys: Any, version: Any = None) -> dict[Any, Any]:
        """Return a dictionary of the keys that have values."""
        made = {self.make_and_validate_key(key, version): key for key in keys}
        if not made:
            return {}
        return {made[key]: value for key, value in self._cache.get_many(list(made)).items()}

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Say whether ``key`` has a value."""
        return self._cache.has_key(self.make_and_validate_key(key, version))

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store ``value``."""
        made = self.make_and_validate_key(key, version)
        self._cache.set(made, value, self.get_backend_timeout(timeout))

    def set_many(
        self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> list[Any]:
        """Store several values; return no keys: it fails as a whole or not at all."""
        made = {self.make_and_validate_key(key, version): value for key, value in data.items()}
        if made:
            self._cache.set_many(made, self.get_backend_timeout(timeout))
        return []

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store ``value`` unless there is one; return whether it was stored."""
        made = self.make_and_validate_key(key, version)
        return self._cache.add(made, value, self.get_backend_timeout(timeout))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        made = self.make_and_validate_key(key, version)
        return self._cache.touch(made, self.get_backend_timeout(timeout))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        """Add ``delta`` to a number, on the server."""
        return self._cache.incr(self.make_and_validate_key(key, version), delta)

    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a value."""
        return self._cache.delete(self.make_and_validate_key(key, version))

    def delete_many(self, keys: Any, version: Any = None) -> None:
        """Forget several keys."""
        made = [self.make_and_validate_key(key, version) for key in keys]
        if made:
            self._cache.delete_many(made)

    def clear(self) -> bool:
        """Forget the whole database."""
        return self._cache.clear()
