"""How MariaDB and MySQL write their SQL and their values."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from nuages.conf import settings
from nuages.db.backends.base.operations import BaseDatabaseOperations
from nuages.db.backends.utils import split_tzname_delta
from nuages.utils import timezone
from nuages.utils.encoding import force_str

_UNSIGNED = {
    f"Positive{size}IntegerField": (0, 2**bits - 1)
    for size, bits in (("Small", 16), ("", 32), ("Big", 64))
}
_PART = re.compile(r"[A-Z_]+")

#: Parts of a date that EXTRACT does not know; ``{}`` is the date.
_DATE_PARTS = {
    # From Sunday, 1.
    "week_day": "DAYOFWEEK({})",
    # From Monday, 1.
    "iso_week_day": "WEEKDAY({}) + 1",
    # In mode 3 weeks are those of ISO 8601.
    "week": "WEEK({}, 3)",
    "iso_year": "FLOOR(YEARWEEK({}, 3) / 100)",
}
#: The first moment of a unit, as DATE_FORMAT writes it; what comes before a unit is kept.
_FORMATS = {
    "year": "%%Y-01-01 00:00:00",
    "month": "%%Y-%%m-01 00:00:00",
    "day": "%%Y-%%m-%%d 00:00:00",
    "hour": "%%Y-%%m-%%d %%H:00:00",
    "minute": "%%Y-%%m-%%d %%H:%%i:00",
    "second": "%%Y-%%m-%%d %%H:%%i:%%s",
}
#: Units that formats do not know, as a date.
_COUNTED = {
    "quarter": "MAKEDATE(YEAR({0}), 1) + INTERVAL (QUARTER({0}) - 1) QUARTER",
    "week": "DATE({0}) - INTERVAL WEEKDAY({0}) DAY",
}
#: Operators between numbers that have another name, or none.
_OPERATORS = {
    "^": "POW({}, {})",
    # The bit operators give unsigned numbers.
    "&": "CONVERT({} & {}, SIGNED)",
    "|": "CONVERT({} | {}, SIGNED)",
    "<<": "CONVERT({} << {}, SIGNED)",
    "#": "CONVERT({} ^ {}, SIGNED)",
    ">>": "FLOOR({} / POW(2, {}))",
}


def _filled(template: str, sql: str, params: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """Put SQL into a template, and repeat its parameters as often as it stands there."""
    times = len(re.findall(r"\{0?\}", template))
    return template.format(*[sql] * max(times, 1)), (*params,) * times


class DatabaseOperations(BaseDatabaseOperations):
    """The dialect that both servers speak."""

    compiler_module = "django.db.backends.mysql.compiler"
    integer_field_ranges = {**BaseDatabaseOperations.integer_field_ranges, **_UNSIGNED}
    cast_data_types = {
        **dict.fromkeys(
            (
                "AutoField",
                "BigAutoField",
                "SmallAutoField",
                "IntegerField",
                "BigIntegerField",
                "SmallIntegerField",
                "DurationField",
            ),
            "signed integer",
        ),
        **dict.fromkeys(_UNSIGNED, "unsigned integer"),
        "CharField": "char(%(max_length)s)",
        "TextField": "char",
        "DecimalField": "decimal(%(max_digits)s, %(decimal_places)s)",
        "BinaryField": "binary",
        "JSONField": "json",
    }
    cast_char_field_without_max_length = "char"
    explain_prefix = "EXPLAIN"

    # -- names and statements ----------------------------------------------------------------

    def quote_name(self, name: str) -> str:
        return name if name[:1] == name[-1:] == "`" else f"`{name}`"

    def max_name_length(self) -> int:
        return 64

    def insert_statement(self, on_conflict: Any = None) -> str:
        from nuages.db.models.constants import OnConflict

        return "INSERT IGNORE INTO" if on_conflict is OnConflict.IGNORE else "INSERT INTO"

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Any, unique_fields: Any
    ) -> str:
        from nuages.db.models.constants import OnConflict

        if on_conflict is not OnConflict.UPDATE:
            return ""
        alias, new = (
            ("", "VALUES({})") if self.connection.mysql_is_mariadb else ("AS new ", "new.{}")
        )
        columns = map(self.quote_name, update_fields)
        changes = ", ".join(f"{column} = {new.format(column)}" for column in columns)
        return f"{alias}ON DUPLICATE KEY UPDATE {changes}"

    def pk_default_value(self) -> str:
        return "NULL"

    def no_limit_value(self) -> int:
        # The manual of MySQL advises to say the largest number there is.
        return 2**64 - 1

    def force_no_ordering(self) -> list[Any]:
        """``ORDER BY NULL`` saves a sort that GROUP BY would do."""
        return [(None, ("NULL", [], False))]

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> Any:
        """Return the statement that the driver has sent, its parameters written out."""
        return force_str(getattr(cursor, "_executed", None), errors="replace")

    def sql_flush(
        self,
        style: Any,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        if not tables:
            return []
        # Emptying small tables is quicker row by row, but only TRUNCATE starts counting anew.
        how = (
            style.SQL_KEYWORD("TRUNCATE")
            if reset_sequences
            else f"{style.SQL_KEYWORD('DELETE')} {style.SQL_KEYWORD('FROM')}"
        )
        return [
            "SET FOREIGN_KEY_CHECKS = 0;",
            *(f"{how} {style.SQL_FIELD(self.quote_name(table))};" for table in tables),
            "SET FOREIGN_KEY_CHECKS = 1;",
        ]

    def sequence_reset_by_name_sql(self, style: Any, sequences: Sequence[Any]) -> list[str]:
        words = style.SQL_KEYWORD("ALTER"), style.SQL_KEYWORD("TABLE")
        return [
            f"{' '.join(words)} {style.SQL_FIELD(self.quote_name(sequence['table']))} "
            "AUTO_INCREMENT = 1;"
            for sequence in sequences
        ]

    def explain_query_prefix(self, format: str | None = None, **options: Any) -> str:
        analyze = options.pop("analyze", False)
        chosen = "TRADITIONAL" if format and format.upper() == "TEXT" else format
        if not chosen and "TREE" in self.connection.features.supported_explain_formats:
            # What MySQL's own client shows for EXPLAIN ANALYZE.
            chosen = "TREE" if analyze else None
        prefix = super().explain_query_prefix(chosen, **options)
        if analyze:
            prefix = "ANALYZE" if self.connection.mysql_is_mariadb else f"{prefix} ANALYZE"
        if chosen and not (analyze and not self.connection.mysql_is_mariadb):
            prefix += f" FORMAT={chosen.upper()}"
        return prefix

    # -- dates and times ---------------------------------------------------------------------

    def _extracted(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        if template := _DATE_PARTS.get(lookup_type):
            return _filled(template, sql, params)
        part = lookup_type.upper()
        if not _PART.fullmatch(part):
            raise ValueError(f"Invalid lookup type: {lookup_type!r}")
        return f"EXTRACT({part} FROM {sql})", params

    def date_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        return self._extracted(lookup_type, sql, params)

    def datetime_extract_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        return self._extracted(lookup_type, *self._in_zone(sql, params, tzname))

    def _offset(self, tzname: str) -> str:
        """Return a zone as the server names it: one that is an offset has its sign turned."""
        name, sign, offset = split_tzname_delta(tzname)
        return f"{sign}{offset}" if offset else name

    def _in_zone(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        """Return a stored moment in a time zone."""
        stored = self.connection.timezone_name
        if not tzname or not settings.USE_TZ or tzname == stored:
            return sql, params
        zones = self._offset(stored), self._offset(tzname)
        return f"CONVERT_TZ({sql}, %s, %s)", (*params, *zones)

    def date_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        sql, params = self._in_zone(sql, params, tzname)
        if template := _COUNTED.get(lookup_type):
            return _filled(template, sql, params)
        if lookup_type in ("year", "month"):
            day = _FORMATS[lookup_type].partition(" ")[0]
            return f"CAST(DATE_FORMAT({sql}, '{day}') AS DATE)", params
        return f"DATE({sql})", params

    def datetime_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        sql, params = self._in_zone(sql, params, tzname)
        if template := _COUNTED.get(lookup_type):
            sql, params = _filled(template, sql, params)
            return f"CAST({sql} AS DATETIME)", params
        pattern = _FORMATS.get(lookup_type)
        if pattern is None:
            return sql, params
        return f"CAST(DATE_FORMAT({sql}, '{pattern}') AS DATETIME)", params

    def time_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        sql, params = self._in_zone(sql, params, tzname)
        if lookup_type in ("hour", "minute", "second"):
            clock = _FORMATS[lookup_type].partition(" ")[2]
            return f"CAST(DATE_FORMAT({sql}, '{clock}') AS TIME)", params
        return f"TIME({sql})", params

    def datetime_cast_date_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        sql, params = self._in_zone(sql, params, tzname)
        return f"DATE({sql})", params

    def datetime_cast_time_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        sql, params = self._in_zone(sql, params, tzname)
        return f"TIME({sql})", params

    def format_for_duration_arithmetic(self, sql: str) -> str:
        return f"INTERVAL {sql} MICROSECOND"

    def subtract_temporals(self, internal_type: str, lhs: Any, rhs: Any) -> tuple[str, Any]:
        (left, left_params), (right, right_params) = lhs, rhs
        if internal_type != "TimeField":
            params = (*right_params, *left_params)
            return f"TIMESTAMPDIFF(MICROSECOND, {right}, {left})", params
        sides = [
            f"(CAST(TIME_TO_SEC({side}) AS SIGNED) * 1000000 + MICROSECOND({side}))"
            for side in (left, right)
        ]
        return f"({' - '.join(sides)})", (*left_params, *left_params, *right_params, *right_params)

    # -- expressions and lookups -------------------------------------------------------------

    def combine_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        if (template := _OPERATORS.get(connector)) is None:
            return super().combine_expression(connector, sub_expressions)
        result, *others = sub_expressions
        for other in others:
            result = template.format(result, other)
        return result

    def conditional_expression_supported_in_where_clause(self, expression: Any) -> bool:
        """A bare column would not be looked up in an index: it is compared with a literal."""
        return self.is_predicate(expression)

    def regex_lookup(self, lookup_type: str) -> str:
        sensitive = lookup_type == "regex"
        if self.connection.mysql_is_mariadb:
            # A binary pattern makes the comparison binary.
            return "%s REGEXP BINARY %s" if sensitive else "%s REGEXP %s"
        return f"REGEXP_LIKE(%s, %s, '{'c' if sensitive else 'i'}')"

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        if internal_type == "JSONField":
            text = lookup_type in ("iexact", "contains", "icontains", "startswith", "istartswith")
            text = text or lookup_type in ("endswith", "iendswith", "regex", "iregex")
            if text or self.connection.mysql_is_mariadb:
                return "JSON_UNQUOTE(%s)"
        return "%s"

    def binary_placeholder_sql(self, value: Any, compiler: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().binary_placeholder_sql(value, compiler)
        plain = value is not None and not hasattr(value, "as_sql")
        return (f"_binary {sql}" if plain else sql), params

    def format_json_path_numeric_index(self, num: int) -> str:
        """Return the step of a JSON path to an item of an array.

        Raises:
            NotSupportedError: it counts from the end.
        """
        if num < 0:
            from nuages.db.utils import NotSupportedError

            raise NotSupportedError(
                "Using negative JSON array indices is not supported on this database backend."
            )
        return f"[{num}]"

    # -- values ------------------------------------------------------------------------------

    def validate_autopk_value(self, value: Any) -> Any:
        if value == 0 and not self.connection.features.allows_auto_pk_0:
            raise ValueError("The database backend does not accept 0 as a value for AutoField.")
        return value

    def adapt_datetimefield_value(self, value: Any) -> Any:
        return self._without_zone(value, "MySQL")

    def adapt_timefield_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if timezone.is_aware(value):
            raise ValueError("MySQL backend does not support timezone-aware times.")
        return value.isoformat(timespec="microseconds")

    def get_db_converters(self, expression: Any) -> list[Callable[..., Any]]:
        converters = super().get_db_converters(expression)
        match expression.output_field.get_internal_type():
            case "BooleanField":
                converters.append(_to_boolean)
            case "DateTimeField" if settings.USE_TZ:
                converters.append(_to_aware)
            case "UUIDField":
                converters.append(_to_uuid)
        return converters


def _to_boolean(value: Any, expression: Any, connection: Any) -> Any:
    return value == 1 if value in (0, 1) else value


def _to_aware(value: Any, expression: Any, connection: Any) -> Any:
    return None if value is None else timezone.make_aware(value, connection.timezone)


def _to_uuid(value: Any, expression: Any, connection: Any) -> uuid.UUID | None:
    return None if value is None else uuid.UUID(value)
