"""Connections that async code takes and gives back. One pool per alias, for all threads of the process.

It holds ``DatabaseWrapper`` objects: they are expensive to make, and keep their connection. A connection belongs to no
event loop, so neither does the pool. Nothing runs in the background: what is too old is closed when it comes by.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from nuages.db.utils import OperationalError, load_backend

#: How many connections there may be, unless ``OPTIONS["pool"]`` says so.
MAX_SIZE = 10

_pools: dict[tuple[str, Any], Pool] = {}


def pool_of(handler: Any, alias: str) -> Pool:
    """Return the pool of a database of the project."""
    conf = handler.settings[alias]
    key = (alias, conf["NAME"])
    pool = _pools.get(key)
    if pool is None:
        pool = _pools.setdefault(key, Pool(conf, alias))
    return pool


def close_pools(alias: str) -> None:
    """Close the connections that are not in use, and do not take back those that are."""
    for key in [key for key in _pools if key[0] == alias]:
        _pools.pop(key).close()


def _forget_all() -> None:
    # The connections are the parent's.
    _pools.clear()


os.register_at_fork(after_in_child=_forget_all)


class Pool:
    """Connections to one database, and those who wait for one, first come, first served.

    Args:
        conf: the settings of the database. Of ``OPTIONS["pool"]`` it obeys ``max_size``, ``timeout``,
            ``max_waiting``, ``max_lifetime`` and ``max_idle``, which mean what they mean to psycopg's own pool.
        alias: its alias.
    """

    def __init__(self, conf: dict[str, Any], alias: str) -> None:
        given = conf["OPTIONS"].get("pool")
        options: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
        least = options.get("min_size", 4) if given else MAX_SIZE
        self.conf, self.alias = conf, alias
        self.max_size = options.get("max_size") or least
        self.timeout = options.get("timeout", 30.0)
        self.max_waiting = options.get("max_waiting", 0)
        self.max_idle = options.get("max_idle", 600.0)
        self.max_lifetime = options.get("max_lifetime", conf["CONN_MAX_AGE"] or 3600.0)
        self.checks = conf["CONN_HEALTH_CHECKS"]
        self.size = 0
        self._lock = threading.Lock()
        self._idle: list[Any] = []
        self._waiting: deque[tuple[Any, Any]] = deque()
        self._closed = False
        # Connections that were last used before this moment may have gone with another one.
        self._suspect = 0.0

    def stats(self) -> dict[str, int]:
        """Return how many connections there are, how many of them idle, and how many wait."""
        return {"size": self.size, "idle": len(self._idle), "waiting": len(self._waiting)}

    def at_once(self) -> Any:
        """Return a connection if there is one to spare, else ``None``."""
        with self._lock:
            if self._idle:
                connection = self._idle.pop()
            elif self.size < self.max_size:
                self.size += 1
                connection = None
            else:
                return None
        return self._new() if connection is None else self._ready(connection)

    async def awaited(self) -> Any:
        """Return a connection as soon as there is one. Raises ``OperationalError`` after ``timeout``."""
        import asyncio

        future = asyncio.get_running_loop().create_future()
        entry = (future.get_loop(), future)
        with self._lock:
            if self.max_waiting and len(self._waiting) >= self.max_waiting:
                raise OperationalError(
                    f"The pool of the database '{self.alias}' has {len(self._waiting)} waiting for "
                    "a connection already (max_waiting)."
                )
            self._waiting.append(entry)
        # One may have come back in between.
        if (connection := self.at_once()) is not None:
            self.give(connection)
        try:
            async with asyncio.timeout(self.timeout):
                return self._ready(await future)
        except BaseException as error:
            with self._lock:
                if entry in self._waiting:
                    self._waiting.remove(entry)
            if future.done() and not future.cancelled():
                # It came too late to be used.
                self.give(future.result())
            if isinstance(error, TimeoutError):
                raise OperationalError(
                    f"No connection to the database '{self.alias}' was free for {self.timeout} "
                    f"seconds; its pool has {self.max_size}."
                ) from error
            raise

    def _new(self) -> Any:
        connection = load_backend(self.conf["ENGINE"]).DatabaseWrapper(self.conf, self.alias)
        connection.of_async_pool = True
        connection.inc_thread_sharing()
        connection._thread_ident = threading.get_ident()
        return connection

    def _ready(self, connection: Any) -> Any:
        """Prepare an idle connection for its next user."""
        now = time.monotonic()
        connection._thread_ident = threading.get_ident()
        if connection.connection is not None:
            used = connection.last_use
            if now - used > self.max_idle or now > connection.opened + self.max_lifetime:
                connection.discard()
            else:
                doubtful = self.checks or used < self._suspect or connection.hears_something()
                connection.health_check_enabled = doubtful
                connection.health_check_done = not doubtful
        return connection

    def give(self, connection: Any) -> None:
        """Take a connection back, and hand it on to the one who has waited longest."""
        connection.last_use = time.monotonic()
        if not connection.is_reusable():
            if connection.connection is not None and connection.connection.broken:
                self._suspect = time.monotonic()
            connection.discard()
        with self._lock:
            if self._closed:
                self.size -= 1
            else:
                while self._waiting:
                    loop, future = self._waiting.popleft()
                    try:
                        loop.call_soon_threadsafe(_settle, self, future, connection)
                    except RuntimeError:
                        # That loop is closed.
                        continue
                    return
                self._idle.append(connection)
                return
        connection.discard()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self.size -= len(idle)
        for connection in idle:
            connection.discard()


def _settle(pool: Pool, future: Any, connection: Any) -> None:
    if future.done():
        # Whoever waited has given up.
        pool.give(connection)
    else:
        future.set_result(connection)
