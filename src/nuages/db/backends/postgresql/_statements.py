"""Statements that come again: straight on the protocol, prepared by the server, answered in its binary form.

The plain twin is psycopg's ``RawCursor``. Values whose types are known travel as text (``_values.py``); all others are left
to the driver's dumpers. What comes back is made by the driver's loaders, which are looked up once per statement.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import adapt, errors, generators, postgres, waiting
from psycopg.adapt import PyFormat
from psycopg.pq import ExecStatus, Format, TransactionStatus

from nuages.db.backends.postgresql._values import KINDS, oid_of, writer, written
from nuages.utils.bridge import bridge_here

if TYPE_CHECKING:
    from nuages.db.backends.postgresql._driver import Connection

#: So many statements are remembered per connection, prepared or not.
MOST_STATEMENTS = 600
#: So often a wait is looked after, as the driver does, in milliseconds.
_WAKE_UP = 100
#: Rows from which on the memory of a result is given back at once.
_LARGE = 100

_TUPLES, _DONE, _ERROR = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK, ExecStatus.FATAL_ERROR
_IDLE, _FAILED = TransactionStatus.IDLE, TransactionStatus.INERROR
#: Types whose binary form gives the same values as their text does.
_BINARY = (
    "bool bytea bpchar date float8 int2 int4 int8 numeric oid text time timestamp uuid varchar"
).split()


@cache
def _pristine() -> Any:
    known = adapt.AdaptersMap(types=postgres.types)

    class Context:
        adapters = known
        connection = None

    postgres.register_default_adapters(Context)
    return known


class Statement:
    """What is known of a statement on one connection."""

    __slots__ = ("format", "loads", "name", "runs")

    def __init__(self) -> None:
        #: How often it came, lately.
        self.runs = 0
        #: What the server calls it, once it is prepared.
        self.name: bytes | None = None
        self.format = Format.TEXT
        #: Makes rows of results.
        self.loads: Any = None


class _Interrupted:
    """A generator of the driver's, at a place where its wait was interrupted."""

    def __init__(self, generator: Any, interruption: BaseException) -> None:
        self._generator = generator
        self._interruption: BaseException | None = interruption

    def __iter__(self) -> _Interrupted:
        return self

    def __next__(self) -> Any:
        interruption, self._interruption = self._interruption, None
        if interruption is not None:
            raise interruption
        return next(self._generator)

    def send(self, ready: Any) -> Any:
        """Go on, as the socket is ready."""
        return self._generator.send(ready)


def _poller(handle: Connection) -> Callable[[int], Any] | None:
    """Return the function that waits so many milliseconds for the server; ``None`` if the driver has to do that."""
    if getattr(waiting, "wait_c", None) is not waiting.wait or not hasattr(select, "poll"):
        # Somebody has chosen another way, or the machine has none.
        return None
    asked = select.poll()
    asked.register(handle.pgconn.socket, select.POLLIN)
    return asked.poll


class Statements:
    """The statements of one connection."""

    def __init__(self, handle: Connection) -> None:
        self._handle = handle
        self._poll = _poller(handle)
        self._known: dict[tuple[str, tuple[int, ...]], Statement] = {}
        #: What writes the parameters of a prepared statement, and the types that it writes.
        self._recipes: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {}
        self._named = 0
        #: The driver's own way for values; it keeps dumpers by type.
        self._dumps = adapt.Transformer(handle)
        adapters, pristine = handle.adapters, _pristine()
        self._writes = all(
            adapters.get_dumper(kind, PyFormat.AUTO) is pristine.get_dumper(kind, PyFormat.AUTO)
            for kind in KINDS
        )

    def forget(self) -> None:
        """Forget all statements; the server has forgotten them."""
        self._known.clear()
        self._recipes.clear()

    def rows(self, sql: str, params: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows. ``sql`` names its parameters ``$1``, ``$2`` …"""
        with self._handle.lock:
            statement, result = self._run(sql, params)
            if result.status != _TUPLES:
                return []
            loads = statement.loads
            if loads is None:
                loads = self._first_result(statement, result)
            else:
                loads.set_pgresult(result, set_loaders=False)
            count = result.ntuples
            rows = loads.load_rows(0, count, tuple)
            if count > _LARGE:
                loads.set_pgresult(None, set_loaders=False)
            return rows

    def count(self, sql: str, params: Any) -> int:
        """Run a statement and return how many rows it had to do with."""
        with self._handle.lock:
            tuples = self._run(sql, params)[1].command_tuples
            return -1 if tuples is None else tuples

    def end(self, command: bytes) -> None:
        """End the transaction that is open."""
        self._handle.pgconn.send_query(command)
        self._answer()

    def tell(self, sql: str) -> None:
        """Run a statement that has no parameters, and is not worth remembering."""
        handle = self._handle
        with handle.lock:
            self._begin()
            handle.pgconn.send_query(sql.encode())
            self._answer()

    def _begin(self) -> None:
        """Open a transaction, unless there is one, or none is wanted."""
        handle = self._handle
        if not handle._autocommit and handle.pgconn.transaction_status == _IDLE:
            handle.pgconn.send_query(handle._get_tx_start_command())
            self._answer()

    def _run(self, sql: str, params: Any) -> tuple[Statement, Any]:
        values: Any = None
        formats: Any = None
        types: tuple[int, ...] = ()
        if params:
            recipe = self._recipes.get(sql)
            if recipe is not None and (values := recipe[0](params)) is not None:
                types = recipe[1]
            else:
                try:
                    if self._writes:
                        values, types = written(params)
                except KeyError:
                    pass
                if values is None:
                    values = self._dumps.dump_sequence(params, [PyFormat.AUTO] * len(params))
                    types, formats = self._dumps.types or (), self._dumps.formats
                elif recipe is None and (known := self._known.get((sql, types))) and known.name:
                    if (write := writer(params, types)) is not None:
                        self._recipes[sql] = write, types
        self._begin()
        handle = self._handle
        if handle.has_stale_plans and not self._renew():
            # They are until the transaction is over.
            handle.pgconn.send_query_params(sql.encode(), values, types or None, formats)
            return Statement(), self._answer()
        try:
            return self._send(sql, values, types, formats)
        except (errors.FeatureNotSupported, errors.InvalidSqlStatementName):
            # A column has got another type since it was prepared; or somebody had the server forget it.
            if self._known[sql, types].name is None:
                raise
            handle.has_stale_plans = True
            if handle.pgconn.transaction_status == _FAILED:
                raise
            self._renew()
            return self._send(sql, values, types, formats)

    def _renew(self) -> bool:
        """Forget all statements; return whether that can be done now."""
        handle = self._handle
        if handle.pgconn.transaction_status != _IDLE:
            return False
        self.forget()
        handle.pgconn.send_query(b"DEALLOCATE ALL")
        self._answer()
        handle.has_stale_plans = False
        return True

    def _send(self, sql: str, values: Any, types: Any, formats: Any) -> tuple[Statement, Any]:
        statement = self._known.get((sql, types))
        if statement is None:
            if len(self._known) >= MOST_STATEMENTS:
                self._forget_some()
            statement = self._known[sql, types] = Statement()
        statement.runs += 1
        server = self._handle.pgconn
        if statement.name is None:
            threshold = self._handle.prepare_threshold
            if threshold is None or statement.runs <= threshold:
                server.send_query_params(sql.encode(), values, types or None, formats)
                return statement, self._answer()
            self._prepare(statement, sql, types)
        server.send_query_prepared(statement.name, values, formats, statement.format)  # type: ignore[arg-type]
        return statement, self._answer()

    def _answer(self) -> Any:
        """Return the last result of what was sent. Raises what the server has to say against it.

        Mostly that is one result, which comes as a whole; else the driver's generator sees to it.
        """
        handle = self._handle
        server = handle.pgconn
        if (poll := self._poll) is None or bridge_here() is not None or server.flush():
            result = handle.wait(generators.execute(server))[-1]
        else:
            try:
                while not poll(_WAKE_UP):
                    # Signals are looked at, and whether somebody has closed the connection.
                    pass
            except (KeyboardInterrupt, SystemExit) as interruption:
                # The driver has the server stop, and raises it.
                handle.wait(_Interrupted(generators.execute(server), interruption))
            server.consume_input()
            if server.is_busy():
                result = handle.wait(generators.execute(server))[-1]
            else:
                while (told := server.notifies()) is not None:
                    server.notify_handler(told)  # type: ignore[misc]
                result = server.get_result()
                if server.is_busy():
                    result = self._last(result)
                elif (more := server.get_result()) is not None:
                    result = self._last(more)
        if (status := result.status) != _TUPLES and status != _DONE:
            raise errors.error_from_result(result, "utf-8")
        return result

    def _last(self, result: Any) -> Any:
        """Return the last of several results, ``result`` being what came so far."""
        try:
            more = self._handle.wait(generators.execute(self._handle.pgconn))
        except errors.DatabaseError:
            # The server said why before it hung up.
            if result.status == _ERROR:
                return result
            raise
        return more[-1] if more else result

    def _prepare(self, statement: Statement, sql: str, types: tuple[int, ...]) -> None:
        self._named += 1
        name = b"nuages_%d" % self._named
        self._handle.pgconn.send_prepare(name, sql.encode(), types or None)
        self._answer()
        statement.name = name

    def _first_result(self, statement: Statement, result: Any) -> Any:
        """Choose how the results of a statement are made into rows; return that for the first one."""
        handle = self._handle
        loads = adapt.Transformer(handle)
        loads.set_pgresult(result)
        if statement.name is None:
            # Tables may change until it is prepared.
            return loads
        adapters, pristine = handle.adapters, _pristine()
        oids = [result.ftype(place) for place in range(result.nfields)]
        if statement.format == Format.TEXT and all(
            oid in _safe_oids()
            and all(
                adapters.get_loader(oid, form) is pristine.get_loader(oid, form)
                for form in (Format.TEXT, Format.BINARY)
            )
            for oid in oids
        ):
            statement.format = Format.BINARY
            statement.loads = adapt.Transformer(handle)
            statement.loads.set_loader_types(oids, Format.BINARY)
        return loads

    def _forget_some(self) -> None:
        """Forget the half that came least, and have the server forget them."""
        order = sorted(self._known.items(), key=lambda item: item[1].runs)
        leaving = order[: len(order) // 2]
        names = [each.name for _, each in leaving if each.name is not None]
        for key, _ in leaving:
            del self._known[key]
            self._recipes.pop(key[0], None)
        for each in self._known.values():
            each.runs //= 2
        if names:
            self._handle.pgconn.send_query(b";".join(b"DEALLOCATE " + name for name in names))
            self._answer()


@cache
def _safe_oids() -> frozenset[int]:
    return frozenset(map(oid_of, _BINARY))
