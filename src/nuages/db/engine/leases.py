"""Which connection async code works on.

An *operation* is one awaited call: ``await qs.aget()``, entering or leaving ``async with atomic()``. It runs the blocking code
in a bridge (``nuages.utils.bridge``). While it runs, ``connections`` holds what its task holds, and nothing else.

In autocommit mode an operation takes a connection out of the pool when it first needs one, and gives it back at its
end. What cannot be given back (a transaction is open, a cursor is being read) stays with the task as a *lease*, in a context
variable; tasks that it starts meanwhile share it, one operation at a time. When the lease ends, all who know of it know that.

Where drivers cannot be awaited, and inside a ``TestCase``, whose transaction belongs to its thread, operations hop to
the thread that owns the blocking connections.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from nuages.db.engine.pools import Pool

#: Who wants async code to use the connections of blocking code: open blocks of test cases, recorders of queries.
TESTS: set[Any] = set()

#: By alias, the connections on which blocking code has opened blocks in this context.
_blocking: ContextVar[dict[str, Any]] = ContextVar("nuages.db.blocking", default={})  # noqa: B039

_held: ContextVar[dict[str, Lease]] = ContextVar("nuages.db.leases")
_NOTHING: dict[str, Lease] = {}


class Lease:
    """A connection that a task keeps from one operation to the next."""

    __slots__ = ("_lock", "connection", "pins", "pool")

    def __init__(self, connection: Any, pool: Pool) -> None:
        #: ``None`` when the lease has ended.
        self.connection = connection
        self.pool = pool
        #: Streams that are being read.
        self.pins = 0
        self._lock: Any = None

    @property
    def lock(self) -> Any:
        """Lets one operation at a time use the connection."""
        if self._lock is None:
            import asyncio

            self._lock = asyncio.Lock()
        return self._lock

    @property
    def needed(self) -> bool:
        """Whether the connection is in a state that belongs to the task."""
        connection = self.connection
        return connection is not None and bool(
            self.pins
            or connection.in_atomic_block
            or (connection.connection is not None and not connection.autocommit)
        )

    def end(self) -> None:
        """Give the connection back."""
        connection, self.connection = self.connection, None
        if connection is not None:
            self.pool.give(connection)

    def __del__(self) -> None:
        # Its task has gone, in the middle of a transaction perhaps.
        if self.connection is not None:
            self.end()


class Operation:
    """One awaited call, or several that have to be on the same connections."""

    __slots__ = ("inside", "locked", "outside", "taken")

    def __init__(self) -> None:
        self.locked: list[Lease] = []
        self.taken: dict[str, Lease] = {}
        self.inside: dict[str, Any] = {}
        self.outside: dict[str, Any] = {}

    def enter(self) -> None:
        """Put the connections of this operation in the place of those of the thread."""
        here = connections.of_thread()
        self.outside = here.copy()
        here.clear()
        here.update(self.inside)

    def leave(self) -> None:
        """Do the opposite."""
        here = connections.of_thread()
        self.inside = here.copy()
        here.clear()
        here.update(self.outside)

    async def run[T](self, function: Callable[[], T]) -> T:
        """Call a blocking function and return its result."""
        from nuages.utils.bridge import crossing

        known = _held.get(_NOTHING)
        try:
            for alias, lease in known.items():
                if lease.connection is not None:
                    await lease.lock.acquire()
                    self.locked.append(lease)
                    if lease.connection is not None:
                        self.taken[alias] = lease
                        self.inside[alias] = lease.connection
            return await crossing(function, self)
        finally:
            self._settle(known)
            for lease in self.locked:
                lease.lock.release()

    def _settle(self, known: dict[str, Lease]) -> None:
        """Keep the leases that are needed, end the others."""
        kept = {alias: lease for alias, lease in self.taken.items() if lease.needed}
        for alias, lease in self.taken.items():
            if alias not in kept:
                lease.end()
        if kept != known:
            _held.set(kept)
        self.taken, self.inside = {}, {}

    def take(self, handler: Any, alias: str) -> Any:
        """Return a connection for an alias; called by the blocking code when it asks for one."""
        from nuages.db.engine.pools import pool_of
        from nuages.utils.bridge import bridge_here

        pool = pool_of(handler, alias)
        connection = pool.at_once()
        if connection is None:
            connection = bridge_here().wait_for(pool.awaited())  # type: ignore[union-attr]
        self.taken[alias] = Lease(connection, pool)
        return connection

    async def apart(self, function: Callable[[], Any]) -> Any:
        """Call a function in a thread, which works on the connections of this operation meanwhile."""
        lent = self.inside

        def with_them() -> Any:
            here = connections.of_thread()
            own = {alias: here.pop(alias) for alias in lent if alias in here}
            here.update(lent)
            try:
                return function()
            finally:
                for alias in lent:
                    here.pop(alias, None)
                here.update(own)

        return await sync_to_async(with_them, thread_sensitive=True)()

    async def lend(self, coroutine: Any) -> Any:
        """Await async code whose operations work on the connections of this one."""
        before = _held.get(_NOTHING)
        _held.set({**before, **self.taken})
        for lease in self.taken.values():
            lease.pins += 1
        for lease in self.locked:
            lease.lock.release()
        try:
            return await coroutine
        finally:
            for lease in self.locked:
                await lease.lock.acquire()
            for lease in self.taken.values():
                lease.pins -= 1
            _held.set(before)


def lease_here(handler: Any, alias: str) -> Any:
    """Return the connection of the operation that asks for one."""
    from nuages.utils.bridge import bridge_here

    return bridge_here().owner.take(handler, alias)  # type: ignore[union-attr]


def leased_connection(alias: str) -> Any:
    """Return the connection that the task keeps; ``None`` if it keeps none, or an operation runs."""
    if asyncio.may_block():
        return None
    lease = _held.get(_NOTHING).get(alias)
    return None if lease is None else lease.connection


def awaits() -> bool:
    """Whether operations of async code are awaited, rather than sent to a thread.

    They are sent there where blocking code that waits for the async code has a transaction open: it would not be seen, or
    hold what the async code waits for.
    """
    if TESTS or not connections.can_await:
        return False
    return not any(connection.in_atomic_block for connection in _blocking.get().values())


def note_block(connection: Any) -> None:
    """Remember that blocking code opens a transaction on a connection."""
    known = _blocking.get()
    if known.get(connection.alias) is not connection and not asyncio.may_block():
        _blocking.set({**known, connection.alias: connection})


async def perform[T](function: Callable[[], T]) -> T:
    """Call a blocking function that works with databases from async code; return its result."""
    if awaits():
        return await Operation().run(function)
    return await in_thread(function)


async def perform_apart[T](function: Callable[[], T]) -> T:
    """Do the same with a function of somebody else's, which may block: it runs in a thread."""
    from nuages.utils.bridge import call_apart

    return await perform(lambda: call_apart(function))


class Stretch:
    """A block in which a task keeps its connections, so that a cursor can be read bit by bit."""

    def __init__(self) -> None:
        self._leases: list[Lease] = []

    async def __aenter__(self) -> Self:
        return self

    async def perform[T](self, function: Callable[[], T]) -> T:
        """Call a blocking function and return its result; the connections stay as they are."""
        if not awaits():
            return await in_thread(function)
        operation = Operation()

        def pinning() -> T:
            result = function()
            for lease in operation.taken.values():
                if lease not in self._leases:
                    lease.pins += 1
                    self._leases.append(lease)
            return result

        return await operation.run(pinning)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        leases, self._leases = self._leases, []
        for lease in leases:
            lease.pins -= 1
            if not lease.needed and not lease.lock.locked():
                lease.end()


from nuages.db import connections  # noqa: E402  (nuages.db needs this module's names first)
from nuages.utils import asyncio  # noqa: E402
from nuages.utils.concurrency import in_thread, sync_to_async  # noqa: E402
