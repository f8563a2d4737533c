"""What we add to psycopg: a connection that can be awaited, cursors, and how values travel.

psycopg writes its protocol as generators, and lets the connection say who waits for the socket
(``Connection.wait``). Ours blocks the thread, or, inside an operation of async code, hands the wait to the event
loop: see ``nuages.utils.bridge``.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cache, cached_property
from typing import Any

import psycopg
from psycopg import adapt, waiting
from psycopg._conninfo_attempts_async import conninfo_attempts_async
from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.string import StrDumper, TextLoader

from nuages.db.backends.postgresql._statements import Statements
from nuages.utils.bridge import bridge_here

#: How long we wait for the server to confirm that a statement was cancelled, in seconds.
CANCEL_TIMEOUT = 5.0
_WAKE_UP = 0.1


class Connection(psycopg.Connection[Any]):
    """A connection whose waits are awaited by the event loop, where async code is at work."""

    #: The time zone that moments are given in; ``None`` for naive ones.
    zone: datetime.tzinfo | None = None
    #: The role that was taken on, if any.
    role: str | None = None

    #: Prepared statements may no longer fit the tables.
    has_stale_plans = False

    @cached_property
    def statements(self) -> Statements:
        """The statements that go straight to the server."""
        return Statements(self)

    def note(self, status: str | None, several: bool) -> None:
        """Take down what a statement that did not go through ``statements`` has done to the prepared ones."""
        if several or (status is not None and status.startswith(_TOUCHES_PLANS)):
            if not several and status in _DEALLOCATED:
                self.statements.forget()
            else:
                self.has_stale_plans = True

    def commit(self) -> None:
        """Commit the transaction that is open, if any."""
        with self.lock:
            if self.pgconn.transaction_status == TransactionStatus.INTRANS and not (
                self._num_transactions or self._tpc or self._pipeline
            ):
                self.statements.end(b"COMMIT")
                return
        super().commit()

    def _deallocate(self, name: bytes | None) -> Any:
        # The driver tidies up all there are.
        if name is None:
            self.statements.forget()
        return super()._deallocate(name)

    def wait(self, gen: Any, interval: float = _WAKE_UP, timeout: float | None = None) -> Any:
        """Run one of psycopg's generators to its end and return its result."""
        bridge = bridge_here()
        if bridge is None:
            return super().wait(gen, interval, timeout)
        return bridge.wait_for(self._awaited(gen, timeout))

    async def _awaited(self, gen: Any, timeout: float | None) -> Any:
        fileno = self.pgconn.socket
        try:
            return await waiting.wait_async(gen, fileno, interval=_WAKE_UP, timeout=timeout)
        except BaseException:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._stop_statement(gen, fileno)
            raise

    async def _stop_statement(self, gen: Any, fileno: int) -> None:
        """Ask the server to cancel what it does, and hear it out; close if it does not answer."""
        try:
            await waiting.wait_conn_async(
                self._cancel_gen(), interval=_WAKE_UP, timeout=CANCEL_TIMEOUT
            )
            await waiting.wait_async(gen, fileno, interval=_WAKE_UP, timeout=CANCEL_TIMEOUT)
        except psycopg.errors.QueryCanceled:
            return
        except BaseException:
            self._closed = True
            self.pgconn.finish()
            raise

    @classmethod
    def open(cls, params: dict[str, Any]) -> Connection:
        """Connect, with the arguments of ``psycopg.connect``; waits as ``wait`` does."""
        bridge = bridge_here()
        if bridge is None:
            return cls.connect(**params)
        return bridge.wait_for(cls._open_awaited(dict(params)))

    @classmethod
    async def _open_awaited(cls, params: dict[str, Any]) -> Connection:
        own = {name: params.pop(name) for name in _OF_CONNECTION if name in params}
        conninfo = cls._get_connection_params("", **params)
        failure: psycopg.Error | None = None
        for attempt in await conninfo_attempts_async(conninfo):
            try:
                conn = await waiting.wait_conn_async(
                    cls._connect_gen(make_conninfo("", **attempt)),
                    interval=_WAKE_UP,
                    timeout=timeout_from_conninfo(conninfo),
                )
            except psycopg.Error as error:
                failure = error
                continue
            return conn._with(own)
        if failure is None:
            raise psycopg.OperationalError("No host to connect to.")
        raise failure

    def _with(self, own: dict[str, Any]) -> Connection:
        for name, value in own.items():
            if name == "context":
                self._adapters = adapt.AdaptersMap(value.adapters)
            else:
                setattr(self, "_autocommit" if name == "autocommit" else name, value)
        return self


#: What a statement's status begins with that may change what prepared statements give.
_TOUCHES_PLANS = ("ALTER", "DROP", "DISCARD", "DEALLOCATE")
_DEALLOCATED = ("DISCARD ALL", "DEALLOCATE ALL")
_OF_CONNECTION = ("autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory")


# -- cursors -------------------------------------------------------------------------------------


class _Ours:
    """Adds what PEP 249 calls ``callproc``, and watches for what prepared statements do not survive."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        super().execute(query, params, **kwargs)  # type: ignore[misc]
        self._conn.note(self.statusmessage, len(self._results) > 1)  # type: ignore[attr-defined]
        return self

    def callproc(self, name: str, args: Iterable[Any] = ()) -> Any:
        """Call a function of the database; its result is what the cursor then gives."""
        values = list(args or ())
        statement = psycopg.sql.SQL("SELECT * FROM {}({})").format(
            psycopg.sql.Identifier(*name.split(".")),
            psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(values)),
        )
        self.execute(statement, values)
        return args


class Cursor(_Ours, psycopg.ClientCursor[Any]):
    """The usual cursor: it writes parameters into the statement."""


class ServerBindingCursor(_Ours, psycopg.Cursor[Any]):
    """For ``OPTIONS["server_side_binding"]``: parameters go beside the statement."""


class StreamCursor(psycopg.ServerCursor[Any]):
    """A cursor that lives on the server, for statements with their parameters written in."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        if params is not None:
            query = psycopg.ClientCursor(self.connection).mogrify(query, params)
        return super().execute(query, None, **kwargs)


# -- values --------------------------------------------------------------------------------------


class Inet(str):
    """An address on its way into an ``inet`` column."""

    __slots__ = ()


class _InetDumper(StrDumper):
    oid = psycopg.postgres.types["inet"].oid


class _MomentLoader(TimestamptzLoader):
    """A moment in the zone of the connection, or without one."""

    def load(self, data: Any) -> Any:
        # The server's session has the same zone, so this moves nothing.
        zone = self.connection.zone  # type: ignore[union-attr]
        return super().load(data).replace(tzinfo=zone)


@cache
def adaptation() -> Any:
    """Return the context that our connections are made with: how values travel both ways."""

    class Context:
        adapters = adapt.AdaptersMap(psycopg.adapters)
        connection = None

    known = Context.adapters
    known.register_dumper(Inet, _InetDumper)
    known.register_loader("timestamptz", _MomentLoader)
    # Fields have decoders of their own for documents, and want addresses as text.
    for name in ("jsonb", "inet", "cidr"):
        known.register_loader(name, TextLoader)
    return Context
