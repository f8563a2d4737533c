"""Column writers: the ``INSERT`` and the ``UPDATE`` of one row, made once for a model and its columns.

The plain twin is the syntax tree (``Manager._insert``, ``QuerySet._update``). A writer is used where nobody
stands between: the base manager is plain, the compilers are ours, and no value is an expression.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from nuages.conf import switches
from nuages.db import connections
from nuages.db.engine import Execute, Fetch, Steps
from nuages.db.models._compiled import shelf

if TYPE_CHECKING:
    from nuages.db.models.base import Model

#: The folder of the models' source.
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep

#: Types of values that cannot be expressions.
PLAIN = frozenset(
    {str, int, float, bool, type(None), bytes, Decimal, UUID, date, datetime, time, timedelta}
)


class Writer(NamedTuple):
    """A statement, and the fields whose values are its parameters, in order."""

    sql: str
    fields: tuple[Any, ...]

    def params(self, values: Iterable[Any], connection: Any) -> list[Any]:
        """Return the values as the database takes them."""
        return [
            field.get_db_prep_save(value, connection)
            for field, value in zip(self.fields, values, strict=True)
        ]


def all_plain(values: Iterable[Any]) -> bool:
    """Whether none of the values is an expression, or an object that stands for one."""
    return all(
        type(each) in PLAIN
        or not (hasattr(each, "as_sql") or hasattr(each, "prepare_database_save"))
        for each in values
    )


def _is_ours(model: type[Model], connection: Any, kind: str) -> bool:
    """Whether writing goes through nothing but our own code."""
    from nuages.db.models.manager import Manager

    queryset, compiler = Manager._queryset_class, connection.ops.compiler(kind)
    return type(model._base_manager) is Manager and all(
        function in _known_ours or _was_written_here(function)
        for function in (queryset._insert, queryset._update, compiler.execute_sql, compiler.as_sql)
    )


#: Functions that were looked at, and found to be as they were written.
_known_ours: set[Any] = set()


def _was_written_here(function: Any) -> bool:
    """Whether a function is of this package's source, and not something put in its place.

    Names and ``__module__`` do not tell: wrappers copy them.
    """
    code = getattr(function, "__code__", None)
    ours = code is not None and code.co_filename.startswith(_HERE)
    if ours:
        _known_ours.add(function)
    return ours


def _writable(fields: Iterable[Any]) -> bool:
    return not any(hasattr(field, "get_placeholder_sql") for field in fields)


def update_writer(model: type[Model], using: str, fields: Sequence[Any]) -> Writer | None:
    """Return the writer of ``fields``, then of the key; ``None`` if the plain road must be taken."""
    return _writer(model, using, "SQLUpdateCompiler", fields, ())


def insert_writer(
    model: type[Model], using: str, fields: Sequence[Any], returning: Sequence[Any]
) -> Writer | None:
    """Return the writer of a new row; ``None`` if the plain road must be taken."""
    return _writer(model, using, "SQLInsertCompiler", fields, returning)


def _writer(
    model: type[Model], using: str, kind: str, fields: Sequence[Any], returning: Sequence[Any]
) -> Writer | None:
    connection = connections[using]
    if not (fields and switches.enabled("COMPILED_MODELS") and _is_ours(model, connection, kind)):
        return None
    names = tuple([field.attname for field in fields])
    back = tuple([field.attname for field in returning])
    kept, key = shelf(model), (kind, using, type(connection.ops), names, back)
    if key not in kept:
        make = _make_update if kind == "SQLUpdateCompiler" else _make_insert
        kept[key] = make(model, connection, tuple(fields), tuple(returning))
    return kept[key]


def _make_update(
    model: type[Model], connection: Any, fields: tuple[Any, ...], returning: tuple[Any, ...]
) -> Writer | None:
    options, quote = model._meta, connection.ops.quote_name
    if options.is_composite_pk or not _writable((*fields, options.pk)):
        return None
    table = quote(options.db_table)
    sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    where = f"{table}.{quote(options.pk.column)} = %s"
    return Writer(f"UPDATE {table} SET {sets} WHERE {where}", (*fields, options.pk))


def _make_insert(
    model: type[Model], connection: Any, fields: tuple[Any, ...], returning: tuple[Any, ...]
) -> Writer | None:
    options, ops = model._meta, connection.ops
    can_return = connection.features.can_return_columns_from_insert
    converted = any(
        field.get_db_converters(connection) or ops.get_db_converters(field.cached_col)
        for field in returning
    )
    if not (returning and can_return) or converted or not _writable(fields):
        return None
    clause, params = ops.returning_columns(returning)
    if params:
        return None
    columns = ", ".join(ops.quote_name(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    into = f"{ops.insert_statement()} {ops.quote_name(options.db_table)}"
    return Writer(f"{into} ({columns}) VALUES ({places}) {clause}", fields)


def update_row(writer: Writer, using: str, values: Sequence[Any], key: Any) -> Steps[bool]:
    """Run an update writer; return whether there was a row."""
    params = writer.params((*values, key), connections[using])
    return (yield Execute(using, writer.sql, params)).rowcount > 0


def insert_row(writer: Writer, using: str, values: Sequence[Any]) -> Steps[Any]:
    """Run an insert writer; return the rows of returned values."""
    return (yield Fetch(using, writer.sql, writer.params(values, connections[using])))
