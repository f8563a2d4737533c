"""Statements that come again: straight on the protocol, prepared by the server, answered in its binary form.

The plain twin is psycopg's ``RawCursor``. Values whose types are known travel as text that is written here; all others are left
to the driver's dumpers. What comes back is made by the driver's loaders, which are looked up once per statement.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import adapt, errors, generators, postgres
from psycopg.adapt import PyFormat
from psycopg.pq import ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from nuages.db.backends.postgresql._driver import Connection

#: So many statements are remembered per connection, prepared or not.
MOST_STATEMENTS = 600
#: Rows from which on the memory of a result is given back at once.
_LARGE = 100

_TUPLES, _DONE = ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK
_IDLE, _FAILED = TransactionStatus.IDLE, TransactionStatus.INERROR
#: Types whose binary form gives the same values as their text does.
_BINARY = (
    "bool bytea bpchar date float8 int2 int4 int8 numeric oid text time timestamp uuid varchar"
).split()


def _oid(name: str) -> int:
    return postgres.types[name].oid


_INT4, _INT8 = _oid("int4"), _oid("int8")
_INT4S, _INT8S, _TEXTS = (postgres.types[name].array_oid for name in ("int4", "int8", "text"))
_LEAST, _MOST = -(2**31), 2**31 - 1
_LEAST_8, _MOST_8 = -(2**63), 2**63 - 1


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


class Statements:
    """The statements of one connection."""

    def __init__(self, handle: Connection) -> None:
        self._handle = handle
        self._known: dict[tuple[str, tuple[int, ...]], Statement] = {}
        self._named = 0
        #: The driver's own way for values; it keeps dumpers by type.
        self._dumps = adapt.Transformer(handle)
        adapters, pristine = handle.adapters, _pristine()
        self._writes = all(
            adapters.get_dumper(kind, PyFormat.AUTO) is pristine.get_dumper(kind, PyFormat.AUTO)
            for kind in (int, str, list, *_WRITERS)
        )

    def forget(self) -> None:
        """Forget all statements; the server has forgotten them."""
        self._known.clear()

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
            handle.wait(handle._start_query())

    def _run(self, sql: str, params: Any) -> tuple[Statement, Any]:
        values: Any = None
        formats: Any = None
        types: tuple[int, ...] = ()
        if params:
            try:
                if self._writes:
                    values, types = _written(params)
            except KeyError:
                pass
            if values is None:
                values = self._dumps.dump_sequence(params, [PyFormat.AUTO] * len(params))
                types, formats = self._dumps.types or (), self._dumps.formats
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
        self._known.clear()
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
        handle = self._handle
        result = handle.wait(generators.execute(handle.pgconn))[-1]
        if (status := result.status) != _TUPLES and status != _DONE:
            raise errors.error_from_result(result, "utf-8")
        return result

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
        for each in self._known.values():
            each.runs //= 2
        if names:
            self._handle.pgconn.send_query(b";".join(b"DEALLOCATE " + name for name in names))
            self._answer()


@cache
def _safe_oids() -> frozenset[int]:
    return frozenset(map(_oid, _BINARY))


# -- values --------------------------------------------------------------------------------------


def _moment(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise KeyError
    return value.isoformat(" ")


#: For a type: the name that the server has for it, and the function that writes a value.
_SIMPLE: dict[type, tuple[str, Any]] = {
    bool: ("bool", {True: "t", False: "f"}.__getitem__),
    float: ("float8", repr),
    decimal.Decimal: ("numeric", str),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.datetime: ("timestamptz", _moment),
    uuid.UUID: ("uuid", str),
}
_WRITERS = {
    kind: (write, _oid(name), postgres.types[name].array_oid)
    for kind, (name, write) in _SIMPLE.items()
}


def _written(params: Any) -> tuple[list[bytes | None], tuple[int, ...]]:
    """Return values as text, and the types they are declared to be of.

    Raises ``KeyError`` if one is of a type, or has a content, that is the driver's business.
    """
    values: list[bytes | None] = []
    types: list[int] = []
    for value in params:
        kind = type(value)
        if kind is int:
            values.append(b"%d" % value)
            if _LEAST <= value <= _MOST:
                types.append(_INT4)
            elif _LEAST_8 <= value <= _MOST_8:
                types.append(_INT8)
            else:
                raise KeyError
        elif kind is str:
            if "\0" in value:
                raise KeyError
            values.append(value.encode())
            types.append(0)
        elif value is None:
            values.append(None)
            types.append(0)
        elif kind is list:
            text, oid = _written_list(value)
            values.append(text.encode())
            types.append(oid)
        else:
            write, oid, _ = _WRITERS[kind]
            values.append(write(value).encode())
            types.append(oid)
    return values, tuple(types)


def _written_list(items: list[Any]) -> tuple[str, int]:
    """Return the text of an array of values of one type, and the array's type."""
    kinds = set(map(type, items))
    kinds.discard(_NONE)
    if len(kinds) != 1:
        raise KeyError
    kind = kinds.pop()
    given = [each for each in items if each is not None]
    has_nulls = len(given) != len(items)
    if kind is int:
        least, most = min(given), max(given)
        if least < _LEAST_8 or most > _MOST_8:
            raise KeyError
        oid = _INT4S if _LEAST <= least and most <= _MOST else _INT8S
        texts: Any = map(str, given)
    elif kind is str:
        # Nothing else is in need of quotes, and no text that the server takes has such a character.
        whole = "\0".join(given)
        if whole.count("\0") != len(given) - 1:
            raise KeyError
        whole = whole.replace("\\", "\\\\").replace('"', '\\"')
        if not has_nulls:
            return '{"%s"}' % whole.replace("\0", '","'), _TEXTS
        oid, texts = _TEXTS, [f'"{each}"' for each in whole.split("\0")]
    else:
        write, _, oid = _WRITERS[kind]
        texts = [f'"{each}"' for each in map(write, given)]
    if has_nulls:
        place = iter(texts)
        texts = ["NULL" if each is None else next(place) for each in items]
    return f"{{{','.join(texts)}}}", oid


_NONE = type(None)
