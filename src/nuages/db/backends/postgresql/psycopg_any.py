"""The names of psycopg 3 that projects and packages import from here.

Manual: ref/databases, "Isolation level"; ref/contrib/postgres/fields, "Range Fields". Nuages works with
psycopg 3 only; ``is_psycopg3`` is there for those who ask.
"""

from __future__ import annotations

from typing import Any

from psycopg import ClientCursor, IsolationLevel, adapt, adapters, errors, postgres, sql
from psycopg.types.json import Jsonb
from psycopg.types.range import Range, RangeDumper

from nuages.db.backends.postgresql._driver import Inet

__all__ = [
    "ClientCursor",
    "DateRange",
    "DateTimeRange",
    "DateTimeTZRange",
    "Inet",
    "IsolationLevel",
    "Jsonb",
    "NumericRange",
    "RANGE_TYPES",
    "Range",
    "TSTZRANGE_OID",
    "TSRANGE_OID",
    "adapters",
    "errors",
    "is_psycopg3",
    "mogrify",
    "postgres",
    "sql",
]

is_psycopg3 = True

TSRANGE_OID, TSTZRANGE_OID = (postgres.types[name].oid for name in ("tsrange", "tstzrange"))


class NumericRange(Range[Any]):
    """A range of numbers."""


class DateRange(Range[Any]):
    """A range of dates."""


class DateTimeRange(Range[Any]):
    """A range of datetimes without a time zone."""


class DateTimeTZRange(Range[Any]):
    """A range of datetimes in a time zone."""


RANGE_TYPES = (DateRange, DateTimeRange, DateTimeTZRange, NumericRange)


class _MomentsDumper(RangeDumper):
    """Leaves open whether moments have a zone: the column that they are meant for knows."""

    def upgrade(self, obj: Range[Any], format: adapt.PyFormat) -> Any:
        dumper = super().upgrade(obj, format)
        if getattr(dumper, "oid", None) in (TSRANGE_OID, TSTZRANGE_OID):
            dumper.oid = 0
        return dumper


adapters.register_dumper(DateTimeTZRange, _MomentsDumper)


def mogrify(query: str, params: Any, connection: Any) -> str:
    """Return a statement with its parameters written out, as the server would read it.

    Args:
        connection: a connection of the driver's, or a ``DatabaseWrapper``.
    """
    return ClientCursor(getattr(connection, "connection", connection)).mogrify(query, params)
