"""How SQLite writes its SQL and its values."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import FieldError
from nuages.db.backends.base.operations import BaseDatabaseOperations
from nuages.db.utils import DatabaseError, NotSupportedError
from nuages.utils import timezone
from nuages.utils.dateparse import parse_date, parse_datetime, parse_time


class DatabaseOperations(BaseDatabaseOperations):
    """The dialect of SQLite; dates and times are text, worked on by functions of ours."""

    cast_char_field_without_max_length = "text"
    cast_data_types = {"DateField": "TEXT", "DateTimeField": "TEXT"}
    explain_prefix = "EXPLAIN QUERY PLAN"
    #: What JSON_TYPE says of values that SQL has no literal for.
    jsonfield_datatype_values = frozenset({"null", "false", "true"})

    # -- names and statements ----------------------------------------------------------------

    def quote_name(self, name: str) -> str:
        return name if name[:1] == name[-1:] == '"' else f'"{name}"'

    def insert_statement(self, on_conflict: Any = None) -> str:
        from nuages.db.models.constants import OnConflict

        return "INSERT OR IGNORE INTO" if on_conflict is OnConflict.IGNORE else "INSERT INTO"

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Any, unique_fields: Any
    ) -> str:
        from nuages.db.models.constants import OnConflict

        if on_conflict is not OnConflict.UPDATE:
            return ""
        quote = self.quote_name
        target = ", ".join(map(quote, unique_fields))
        changes = ", ".join(f"{quote(name)} = EXCLUDED.{quote(name)}" for name in update_fields)
        return f"ON CONFLICT({target}) DO UPDATE SET {changes}"

    def pk_default_value(self) -> str:
        return "NULL"

    def no_limit_value(self) -> int:
        return -1

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return the statement as SQLite would see it with its parameters written out."""
        if not params:
            return sql
        if isinstance(params, dict):
            quoted = self._quote_for_the_log(list(params.values()))
            return sql % dict(zip(params, quoted, strict=True))
        return sql % tuple(self._quote_for_the_log(params))

    def _quote_for_the_log(self, params: Sequence[Any]) -> list[str]:
        import sqlite3

        handle = self.connection.connection
        most = min(
            handle.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER),
            handle.getlimit(sqlite3.SQLITE_LIMIT_COLUMN),
        )
        quoted: list[str] = []
        for start in range(0, len(params), most):
            part = params[start : start + most]
            sql = "SELECT " + ", ".join(["QUOTE(?)"] * len(part))
            # The driver's own cursor, so that the query about the query is not logged.
            quoted.extend(handle.execute(sql, part).fetchone())
        return quoted

    def _references(self, table_name: str) -> list[str]:
        """The table and all that refer to it, directly or not."""
        sql = """
            WITH RECURSIVE related(name) AS (
                SELECT %s
                UNION
                SELECT main.name FROM sqlite_master AS main, related
                WHERE main.type = 'table' AND EXISTS (
                    SELECT 1 FROM pragma_foreign_key_list(main.name) AS key
                    WHERE key."table" = related.name COLLATE NOCASE
                )
            )
            SELECT name FROM related
        """
        with self.connection.cursor() as cursor:
            return [name for (name,) in cursor.execute(sql, (table_name,)).fetchall()]

    def sql_flush(
        self,
        style: Any,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        names: Any = tables
        if tables and allow_cascade:
            names = set(chain.from_iterable(map(self._references, tables)))
        delete, from_ = style.SQL_KEYWORD("DELETE"), style.SQL_KEYWORD("FROM")
        statements = [
            f"{delete} {from_} {style.SQL_FIELD(self.quote_name(name))};" for name in names
        ]
        if reset_sequences:
            statements += self.sequence_reset_by_name_sql(style, [{"table": n} for n in names])
        return statements

    def sequence_reset_by_name_sql(self, style: Any, sequences: Sequence[Any]) -> list[str]:
        if not sequences:
            return []
        word, table, field = style.SQL_KEYWORD, style.SQL_TABLE, style.SQL_FIELD
        quote = self.quote_name
        names = ", ".join(f"'{sequence['table']}'" for sequence in sequences)
        return [
            f"{word('UPDATE')} {table(quote('sqlite_sequence'))} {word('SET')} "
            f"{field(quote('seq'))} = 0 {word('WHERE')} {field(quote('name'))} {word('IN')} "
            f"({names});"
        ]

    # -- expressions -------------------------------------------------------------------------

    def check_expression_support(self, expression: Any) -> None:
        from nuages.db import models
        from nuages.db.models import aggregates

        if isinstance(
            expression, (aggregates.Sum, aggregates.Avg, aggregates.Variance, aggregates.StdDev)
        ):
            temporal = (models.DateField, models.DateTimeField, models.TimeField)
            for source in expression.get_source_expressions():
                try:
                    output_field = source.output_field
                except (AttributeError, FieldError):
                    # Not every source has a type; the database will say if that matters.
                    continue
                if isinstance(output_field, temporal):
                    name = type(expression).__name__
                    raise NotSupportedError(
                        f"SQLite does not support {name} on date or time fields, because they "
                        "are stored as text."
                    )
        if (
            isinstance(expression, aggregates.Aggregate)
            and expression.distinct
            and len(expression.source_expressions) > 1
        ):
            raise NotSupportedError(
                "SQLite doesn't support DISTINCT on aggregate functions accepting multiple "
                "arguments."
            )

    def _zones(self, tzname: str | None) -> tuple[str | None, str | None]:
        if tzname is None or not settings.USE_TZ:
            return None, None
        return tzname, self.connection.timezone_name

    def _convert_tznames_to_sql(self, tzname: str | None) -> tuple[str, str]:
        """Return SQL literals: the zone wanted, and the connection's."""
        wanted, stored = self._zones(tzname)
        return (f"'{wanted}'", f"'{stored}'") if wanted else ("NULL", "NULL")

    def date_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        return f"django_date_extract(%s, {sql})", (lookup_type.lower(), *params)

    def time_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        return f"django_time_extract(%s, {sql})", (lookup_type.lower(), *params)

    def datetime_extract_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        return (
            f"django_datetime_extract(%s, {sql}, %s, %s)",
            (lookup_type.lower(), *params, *self._zones(tzname)),
        )

    def date_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        return (
            f"django_date_trunc(%s, {sql}, %s, %s)",
            (lookup_type.lower(), *params, *self._zones(tzname)),
        )

    def time_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        return (
            f"django_time_trunc(%s, {sql}, %s, %s)",
            (lookup_type.lower(), *params, *self._zones(tzname)),
        )

    def datetime_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        return (
            f"django_datetime_trunc(%s, {sql}, %s, %s)",
            (lookup_type.lower(), *params, *self._zones(tzname)),
        )

    def datetime_cast_date_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        return f"django_datetime_cast_date({sql}, %s, %s)", (*params, *self._zones(tzname))

    def datetime_cast_time_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        return f"django_datetime_cast_time({sql}, %s, %s)", (*params, *self._zones(tzname))

    def format_for_duration_arithmetic(self, sql: str) -> str:
        """Durations are numbers of microseconds; our functions take them as they are."""
        return sql

    def combine_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        # SQLite has neither operator.
        function = {"^": "POWER", "#": "BITXOR"}.get(connector)
        if function:
            return f"{function}({','.join(sub_expressions)})"
        return super().combine_expression(connector, sub_expressions)

    def conditional_expression_supported_in_where_clause(self, expression: Any) -> bool:
        """A bare column would not be looked up in an index: it is compared with a literal."""
        return self.is_predicate(expression)

    def combine_duration_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        if connector not in ("+", "-", "*", "/"):
            raise DatabaseError(f"Invalid connector for timedelta: {connector}.")
        return f"django_format_dtdelta({', '.join([f"'{connector}'", *sub_expressions])})"

    def subtract_temporals(self, internal_type: str, lhs: Any, rhs: Any) -> tuple[str, Any]:
        (lhs_sql, lhs_params), (rhs_sql, rhs_params) = lhs, rhs
        function = "django_time_diff" if internal_type == "TimeField" else "django_timestamp_diff"
        return f"{function}({lhs_sql}, {rhs_sql})", (*lhs_params, *rhs_params)

    def integer_field_range(self, internal_type: str) -> tuple[int | None, int | None]:
        """SQLite's integers have 64 bits, whatever the column's type says."""
        low, high = super().integer_field_range("BigIntegerField")
        return (0 if internal_type.startswith("Positive") else low), high

    # -- values ------------------------------------------------------------------------------

    def adapt_datetimefield_value(self, value: Any) -> Any:
        return self._without_zone(value, "SQLite")

    def adapt_timefield_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if timezone.is_aware(value):
            raise ValueError("SQLite backend does not support timezone-aware times.")
        return str(value)

    def get_db_converters(self, expression: Any) -> list[Callable[..., Any]]:
        converters = super().get_db_converters(expression)
        name = expression.output_field.get_internal_type()
        converter = _CONVERTERS.get(name)
        if converter is not None:
            converters.append(getattr(self, converter))
        elif name == "DecimalField":
            converters.append(self.get_decimalfield_converter(expression))
        return converters

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the datetime, aware if ``USE_TZ`` says so."""
        if value.__class__ is datetime.datetime and value.tzinfo is None and settings.USE_TZ:
            # Most are of this kind, and there may be thousands: as make_aware() does.
            return value.replace(tzinfo=self.connection.timezone)
        moment = parse_datetime(value) if isinstance(value, str) else value
        if moment is None or not settings.USE_TZ or timezone.is_aware(moment):
            return moment
        return timezone.make_aware(moment, self.connection.timezone)

    def convert_datefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the date."""
        if value is None or isinstance(value, datetime.date):
            return value
        return parse_date(value)

    def convert_timefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the time."""
        if value is None or isinstance(value, datetime.time):
            return value
        return parse_time(value)

    def convert_uuidfield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the UUID for its 32 digits."""
        return None if value is None else uuid.UUID(value)

    def convert_booleanfield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the boolean for 0 and 1."""
        return bool(value) if value in (0, 1) else value

    # Values of this type need no conversion.
    convert_booleanfield_value.keeps = bool  # type: ignore[attr-defined]

    def get_decimalfield_converter(self, expression: Any) -> Callable[..., Any]:
        """Return a function that makes of SQLite's float the decimal that was stored."""
        # A float holds 15 significant digits for certain.
        of_float = decimal.Context(prec=15).create_decimal_from_float

        def to_decimal(value: Any) -> decimal.Decimal:
            # Whole numbers are stored as such, and exact.
            return of_float(value) if isinstance(value, float) else decimal.Decimal(value)

        from nuages.db.models.expressions import Col

        places = getattr(expression.output_field, "decimal_places", None)
        if not isinstance(expression, Col) or places is None:
            return lambda value, expression, connection: (
                None if value is None else to_decimal(value)
            )
        quantum = decimal.Decimal(1).scaleb(-places)
        context = expression.output_field.context
        return lambda value, expression, connection: (
            None if value is None else to_decimal(value).quantize(quantum, context=context)
        )

    # -- JSON --------------------------------------------------------------------------------

    def format_json_path_numeric_index(self, num: int) -> str:
        """Return the step of a JSON path to an item; negative numbers count from the end."""
        return f"[#{num}]" if num < 0 else f"[{num}]"


_CONVERTERS = {
    "DateTimeField": "convert_datetimefield_value",
    "DateField": "convert_datefield_value",
    "TimeField": "convert_timefield_value",
    "UUIDField": "convert_uuidfield_value",
    "BooleanField": "convert_booleanfield_value",
}
