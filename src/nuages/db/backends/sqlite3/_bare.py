"""Columns read as bare expressions, past the converters of the driver.

With ``detect_types`` the driver looks up a converter for each column of each statement by the column's
declared type, and has it make a value of bytes. An expression has no declared type: ``+"book"."title"`` is
the same value, as it is stored. What a converter of ours would make of it, the function that is generated
for the rows makes itself, by the same means.

Which types the columns are declared with is read once per connection, and again after a statement that
may have changed it. Where a converter is not ours, columns are read as ever.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from sqlite3 import dbapi2 as Database
from typing import Any
from weakref import ref

from nuages.conf import settings
from nuages.db.backends.sqlite3.operations import DatabaseOperations
from nuages.utils.codegen import compile_function
from nuages.utils.dateparse import parse_date, parse_datetime, parse_time

#: The driver's table of converters, by type in capitals.
CONVERTERS: dict[str, Any] = vars(Database)["converters"]

_MAKERS: dict[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
    "DATE": (datetime.date.fromisoformat, parse_date),
    "TIME": (datetime.time.fromisoformat, parse_time),
    "DATETIME": (datetime.datetime.fromisoformat, parse_datetime),
    "TIMESTAMP": (datetime.datetime.fromisoformat, parse_datetime),
}
_BOOL = "BOOL"
#: Methods of the operations that have nothing to do after a converter of this kind …
_DATETIMES = DatabaseOperations.convert_datetimefield_value
_NEEDLESS = {
    _BOOL: DatabaseOperations.convert_booleanfield_value,
    "DATE": DatabaseOperations.convert_datefield_value,
    "TIME": DatabaseOperations.convert_timefield_value,
    # … but for the time zone.
    "DATETIME": _DATETIMES,
    "TIMESTAMP": _DATETIMES,
}


def _reader(fast: Callable[[str], Any], careful: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """A converter for columns of a temporal type: ISO texts at once, others as well as can be."""

    def read(raw: bytes) -> Any:
        text = raw.decode()
        try:
            return fast(text)
        except ValueError:
            return careful(text)

    return read


#: Our converters.
OURS: dict[str, Callable[[bytes], Any]] = {
    _BOOL: b"1".__eq__,
    **{kind: _reader(*makers) for kind, makers in _MAKERS.items()},
}
for _kind, _convert in OURS.items():
    Database.register_converter(_kind, _convert)


def _as_bytes(value: Any) -> bytes:
    """Return what the driver would give a converter for a value that is not null."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float):
        # As SQLite writes numbers.
        calculator = Database.connect(":memory:")
        value = calculator.execute("SELECT CAST(? AS TEXT)", (value,)).fetchone()[0]
        calculator.close()
    return str(value).encode()


def _unusual(kind: str) -> Callable[[Any], Any]:
    """Return the function that makes the value of what is not stored as it should be."""
    convert = OURS[kind]

    def read(value: Any) -> Any:
        raw = _as_bytes(value)
        # Where there are no bytes the driver asks no converter.
        return convert(raw) if raw else None

    return read


def zone_of(connection: Any) -> datetime.tzinfo | None:
    """Return the time zone that datetimes without one are given; ``None`` if they stay without."""
    zone: datetime.tzinfo = connection.timezone
    return zone if settings.USE_TZ else None


@lru_cache
def _still_ours(kinds: frozenset[str], number: int) -> Callable[[], bool]:
    """Return the function that says whether nobody has registered a converter since, of ``number``."""
    links = "".join(f" and C[{kind!r}] is {kind}" for kind in sorted(kinds))
    return compile_function(
        f"def check(): return len(C) == {number}{links}\n",
        "check",
        {"C": CONVERTERS, **OURS},
        "converters of SQLite",
    )


class Bare:
    """Columns that may be read as bare expressions.

    Args:
        kinds: the type that stands for a converter of ours, or ``None``, by the place of the column.
        sources: table, column and kind of each.
    """

    __slots__ = ("kinds", "needs_zone", "number", "sources", "unreplaced")
    _numbers = count()
    zone_of = staticmethod(zone_of)

    def __init__(self, kinds: dict[int, str | None], sources: frozenset[Any]) -> None:
        self.kinds, self.sources = kinds, sources
        used = frozenset(kind for kind in kinds.values() if kind is not None)
        #: Whether ``lines()`` may need the time zone.
        self.needs_zone = not used.isdisjoint(("DATETIME", "TIMESTAMP"))
        self.unreplaced = _still_ours(used, len(CONVERTERS))
        self.number = next(Bare._numbers)

    def lines(
        self, place: int, name: str, functions: list[Any], scope: dict[str, Any]
    ) -> tuple[list[str], list[Any]]:
        """Return source that converts the variable ``name``, and the converters that still have to run.

        Args:
            functions: the converters of the column's field.
            scope: gets what the source needs; but ``zone``, which is ``zone_of(connection)``.
        """
        kind = self.kinds.get(place)
        if kind is None:
            return [], functions
        method = getattr(functions[0], "__func__", None) if functions else None
        needless = method is _NEEDLESS[kind]
        scope[f"odd_{kind}"] = _unusual(kind)
        if kind == _BOOL:
            lines = [
                f"if {name}.__class__ is int: {name} = {name} == 1",
                f"elif {name} is not None: {name} = odd_{kind}({name})",
            ]
            return lines, functions[needless:]
        scope[f"read_{kind}"] = _MAKERS[kind][0]
        lines = [
            f"if {name} is not None:",
            f"    try: {name} = read_{kind}({name})",
            f"    except (TypeError, ValueError): {name} = odd_{kind}({name})",
        ]
        if needless and method is _DATETIMES:
            lines += [
                f"    if zone is not None and {name} is not None and {name}.tzinfo is None:",
                f"        {name} = {name}.replace(tzinfo=zone)",
            ]
        return lines, functions[needless:]


# What columns are declared as.


class Declared:
    """What a connection's columns are declared as, as far as somebody asked; part of its handle."""

    __slots__ = ("epoch", "fits", "types")

    def __init__(self) -> None:
        self.epoch: object = None
        #: The numbers of those ``Bare`` that hold here.
        self.fits: set[int] = set()
        #: Column → type, in small letters and capitals, by table.
        self.types: dict[str, dict[str, str]] = {}


class _Now:
    """What changes with each statement that may change a schema."""

    epoch = object()
    #: Connections with such a statement in a transaction that may be open.
    changing: list[ref[Any]] = []


def schema_changes(handle: Any) -> None:
    """Take down that what columns are declared as may be something else from now on."""
    changing = _Now.changing
    if not changing or changing[-1]() is not handle:
        changing.append(ref(handle))
    _Now.epoch = object()


def is_settled() -> bool:
    """Whether no transaction is open that may have changed a schema, and may not have in the end."""
    if not _Now.changing:
        return True
    handles = [reference() for reference in _Now.changing]
    if any(handle is not None and _in_transaction(handle) for handle in handles):
        return False
    del _Now.changing[: len(handles)]
    _Now.epoch = object()
    return True


def _in_transaction(handle: Any) -> bool:
    try:
        return bool(handle.in_transaction)
    except Database.ProgrammingError:
        # It is closed.
        return False


def _types_of(handle: Any, declared: Declared, table: str) -> dict[str, str] | None:
    """Return what the columns of a table are declared as; nothing of views and the like.

    ``None`` if there is no such table.
    """
    types = declared.types.get(table)
    if types is None:
        cursor = handle.cursor()
        cursor.row_factory = None
        found = cursor.execute(
            "SELECT type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' FROM main.sqlite_master"
            " WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')"
            " UNION ALL SELECT 0 FROM temp.sqlite_master WHERE name = ?1 COLLATE NOCASE",
            (table,),
        ).fetchall()
        if not found:
            return None
        types = {}
        if all(plain for (plain,) in found):
            quoted = table.replace('"', '""')
            for column in cursor.execute(f'PRAGMA main.table_xinfo("{quoted}")').fetchall():
                # As the driver cuts it.
                kind = column[2].partition("(")[0].partition(" ")[0]
                types[column[1].lower()] = kind.upper()
        declared.types[table] = types
    return types


def bare_columns(handle: Any, columns: Mapping[int, tuple[str, str]]) -> Bare | None:
    """Return which of these columns of tables, by place, may be read bare; ``None`` if that is open now."""
    declared = getattr(handle, "declared", None)
    if declared is None or handle.text_factory is not str or handle.row_factory is not None:
        return Bare({}, frozenset())
    if not is_settled():
        return None
    if declared.epoch is not _Now.epoch:
        declared.epoch = _Now.epoch
        declared.fits, declared.types = set(), {}
    kinds: dict[int, str | None] = {}
    sources = set()
    try:
        for place, (table, column) in columns.items():
            types = _types_of(handle, declared, table)
            if types is None:
                return None
            if (kind := types.get(column.lower())) is None:
                continue
            if kind not in CONVERTERS:
                kind = None
            elif CONVERTERS[kind] is not OURS.get(kind):
                continue
            kinds[place] = kind
            sources.add((table, column, kind))
    except Database.Error:
        # The statement itself will say what is wrong with the database.
        return None
    bare = Bare(kinds, frozenset(sources))
    declared.fits.add(bare.number)
    return bare


def holds(handle: Any, bare: Bare) -> bool:
    """Whether what was found, on this or another connection, is so on this one now."""
    declared = getattr(handle, "declared", None)
    if declared is None or not bare.unreplaced():
        return False
    if declared.epoch is _Now.epoch and bare.number in declared.fits:
        return True
    found = bare_columns(handle, dict(enumerate([source[:2] for source in bare.sources])))
    if found is None or found.sources != bare.sources:
        return False
    declared.fits.add(bare.number)
    return True
