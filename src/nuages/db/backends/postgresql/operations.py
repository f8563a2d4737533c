"""How PostgreSQL writes its SQL and its values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

from psycopg import ClientCursor, Error, errors
from psycopg.types.json import Jsonb

from nuages.conf import settings
from nuages.db.backends.base.operations import BaseDatabaseOperations
from nuages.db.backends.postgresql._driver import Inet
from nuages.db.backends.utils import split_tzname_delta
from nuages.db.utils import NotSupportedError

#: Parts of a moment under another name than the lookup's, or that need arithmetic.
_PARTS = {
    "week_day": "EXTRACT(DOW FROM {}) + 1",
    "iso_week_day": "EXTRACT(ISODOW FROM {})",
    "iso_year": "EXTRACT(ISOYEAR FROM {})",
    # Without the fraction.
    "second": "EXTRACT(SECOND FROM DATE_TRUNC(%s, {}))",
}
_TEXT_LOOKUPS = frozenset(
    (
        "iexact",
        "contains",
        "icontains",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "regex",
        "iregex",
    )
)
_UPPER_LOOKUPS = frozenset(("iexact", "icontains", "istartswith", "iendswith"))
_ADDRESSES = frozenset(("IPAddressField", "GenericIPAddressField"))


@lru_cache
def _dumps(encoder: Any) -> Any:
    return json.dumps if encoder is None else partial(json.dumps, cls=encoder)


def _posix_zone(name: str) -> str:
    """The zone as PostgreSQL means it: what follows a name there is counted westwards."""
    zone, sign, offset = split_tzname_delta(name)
    if offset is None and name[0] in "+-":
        # Nothing but an offset, as some zones are called.
        zone, sign, offset = "", name[0], name[1:3] + (":" + name[3:] if name[3:] else "")
    return zone if offset is None else f"{zone}{'-' if sign == '+' else '+'}{offset}"


class DatabaseOperations(BaseDatabaseOperations):
    """The dialect of PostgreSQL."""

    compiler_module = "django.db.backends.postgresql.compiler"
    cast_char_field_without_max_length = "varchar"
    cast_data_types = {
        "AutoField": "integer",
        "BigAutoField": "bigint",
        "SmallAutoField": "smallint",
    }
    explain_prefix = "EXPLAIN"
    #: Options of EXPLAIN that are followed by a word instead of true or false.
    explain_options = frozenset(
        (
            "ANALYZE",
            "BUFFERS",
            "COSTS",
            "GENERIC_PLAN",
            "MEMORY",
            "SERIALIZE",
            "SETTINGS",
            "SUMMARY",
            "TIMING",
            "VERBOSE",
            "WAL",
        )
    )

    # -- names and statements ----------------------------------------------------------------

    def quote_name(self, name: str) -> str:
        return name if name[:1] == name[-1:] == '"' else f'"{name}"'

    def max_name_length(self) -> int:
        """Return the length at which the server cuts names off."""
        return 63

    def no_limit_value(self) -> None:
        return None

    def tablespace_sql(self, tablespace: str | None, inline: bool = False) -> str:
        clause = f"TABLESPACE {self.quote_name(tablespace or '')}"
        return f"USING INDEX {clause}" if inline else clause

    def deferrable_sql(self) -> str:
        return " DEFERRABLE INITIALLY DEFERRED"

    def set_time_zone_sql(self) -> str:
        return "SELECT set_config('TimeZone', %s, false)"

    def distinct_sql(self, fields: Sequence[str], params: Any) -> tuple[list[str], list[Any]]:
        if not fields:
            return super().distinct_sql(fields, params)
        return [f"DISTINCT ON ({', '.join(fields)})"], list(params)

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Any, unique_fields: Any
    ) -> str:
        from nuages.db.models.constants import OnConflict

        quote = self.quote_name
        if on_conflict is OnConflict.IGNORE:
            return "ON CONFLICT DO NOTHING"
        if on_conflict is not OnConflict.UPDATE:
            return ""
        target = ", ".join(map(quote, unique_fields))
        changes = (f"{quote(name)} = EXCLUDED.{quote(name)}" for name in update_fields)
        return f"ON CONFLICT({target}) DO UPDATE SET {', '.join(changes)}"

    #: Types of columns that ``bulk_create`` sends as arrays.
    types_in_arrays = frozenset(
        (
            "bigint",
            "boolean",
            "bytea",
            "date",
            "double precision",
            "inet",
            "integer",
            "interval",
            "jsonb",
            "numeric",
            "smallint",
            "text",
            "time",
            "timestamp with time zone",
            "uuid",
            "varchar",
        )
    )

    def array_types(self, fields: Sequence[Any]) -> list[str] | None:
        """Return the type of each column, without its length, which a cast would cut text to.

        ``None`` if a column is of a type that we cannot say this for.
        """
        names = []
        for each in fields:
            if (
                each is None
                or hasattr(each, "get_placeholder")
                or hasattr(each, "get_placeholder_sql")
            ):
                return None
            name = (each.target_field if each.remote_field else each).db_type(self.connection)
            bare = (name or "").partition("(")[0]
            if bare not in self.types_in_arrays:
                return None
            names.append(bare)
        return names

    def values_as_arrays(self, fields: Sequence[Any]) -> str | None:
        types = self.array_types(fields)
        if types is None:
            return None
        return self.bulk_insert_sql(fields, [f"(%s)::{name}[]" for name in types], arrays=True)

    def bulk_insert_sql(
        self, fields: Sequence[Any], placeholder_rows: Any, arrays: bool = False
    ) -> str:
        from nuages.db.backends.postgresql.compiler import Unnested

        if arrays or isinstance(placeholder_rows, Unnested):
            return f"SELECT * FROM UNNEST({', '.join(placeholder_rows)})"
        return super().bulk_insert_sql(fields, placeholder_rows)

    def explain_query_prefix(self, format: str | None = None, **options: Any) -> str:
        known, words = {}, []
        for name, value in options.items():
            if name.upper() in self.explain_options:
                known[name.upper()] = value
        unknown = {
            name.upper(): value for name, value in options.items() if name.upper() not in known
        }
        prefix = super().explain_query_prefix(format, **unknown)
        for name, value in known.items():
            if not isinstance(value, str):
                value = "true" if value else "false"
            elif not value.isidentifier():
                raise ValueError(f"Invalid value for the EXPLAIN option {name}: {value!r}.")
            words.append(f"{name} {value.upper() if value not in ('true', 'false') else value}")
        if format:
            words.insert(0, f"FORMAT {format.upper()}")
        return f"{prefix} ({', '.join(words)})" if words else prefix

    # -- parameters written into statements --------------------------------------------------

    def compose_sql(self, sql: str, params: Any) -> str:
        self.connection.ensure_connection()
        return self.compose_sql_for(self.connection.connection, sql, params)

    def compose_sql_for(self, handle: Any, sql: str, params: Any) -> str:
        """Do the same with a connection of the driver's."""
        return ClientCursor(handle).mogrify(sql, params)

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        sent = getattr(cursor, "_query", None)
        if isinstance(cursor, ClientCursor) and sent is not None:
            return sent.query.decode(cursor.connection.info.encoding)
        if params is None:
            return sql
        try:
            return self.compose_sql_for(cursor.connection, str(sql), params)
        except (Error, TypeError, ValueError):
            # What cannot be written has not been executed either.
            return super().last_executed_query(cursor, sql, params)

    def prepare_sql_script(self, sql: str) -> list[str]:
        """Return the script as it is: the server takes several statements at once."""
        return [sql]

    # -- tables and sequences ----------------------------------------------------------------

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
        names = ", ".join(style.SQL_FIELD(self.quote_name(table)) for table in tables)
        words = [style.SQL_KEYWORD("TRUNCATE"), names]
        if reset_sequences:
            words.append(style.SQL_KEYWORD("RESTART IDENTITY"))
        if allow_cascade:
            words.append(style.SQL_KEYWORD("CASCADE"))
        return [f"{' '.join(words)};"]

    def sequence_reset_by_name_sql(self, style: Any, sequences: Sequence[Any]) -> list[str]:
        keyword, table, field = style.SQL_KEYWORD, style.SQL_TABLE, style.SQL_FIELD
        return [
            f"{keyword('SELECT')} setval(pg_get_serial_sequence("
            f"'{table(self.quote_name(each['table']))}','{field(each['column'] or 'id')}'), "
            "1, false);"
            for each in sequences
        ]

    def sequence_reset_sql(self, style: Any, model_list: Sequence[Any]) -> list[str]:
        """Return the statements that set the sequences of models behind their last key.

        A sequence of an empty table is set to its start, and told that it has not been used.
        """
        from nuages.db.models import AutoField

        keyword, quote = style.SQL_KEYWORD, self.quote_name
        statements = []
        for model in model_list:
            for each in model._meta.local_fields:
                if not isinstance(each, AutoField):
                    continue
                table = style.SQL_TABLE(quote(model._meta.db_table))
                column = style.SQL_FIELD(quote(each.column or ""))
                statements.append(
                    f"{keyword('SELECT')} setval(pg_get_serial_sequence('{table}',"
                    f"'{style.SQL_FIELD(each.column)}'), coalesce(max({column}), 1), "
                    f"max({column}) {keyword('IS NOT')} null) {keyword('FROM')} {table};"
                )
                # A model has one such field at most.
                break
        return statements

    # -- expressions -------------------------------------------------------------------------

    def unification_cast_sql(self, output_field: Any) -> str:
        kind = output_field.get_internal_type()
        if kind in ("GenericIPAddressField", "IPAddressField", "TimeField", "UUIDField"):
            # A literal is text to the server, and CASE does not guess.
            return f"CAST(%s AS {output_field.db_type(self.connection).split('(')[0]})"
        return "%s"

    def prepare_join_on_clause(
        self, local_table: str, local_field: Any, remote_table: str, remote_field: Any
    ) -> tuple[Any, Any]:
        ours, theirs = super().prepare_join_on_clause(
            local_table, local_field, remote_table, remote_field
        )
        if local_field.db_type(self.connection) != remote_field.db_type(self.connection):
            from nuages.db.models.functions import Cast

            theirs = Cast(theirs, local_field)
        return ours, theirs

    def date_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        if lookup_type == "second":
            return _PARTS["second"].format(sql), ("second", *params)
        if lookup_type in _PARTS:
            return _PARTS[lookup_type].format(sql), params
        part = lookup_type.upper()
        if not part.isidentifier():
            raise ValueError(f"Invalid lookup type: {lookup_type!r}")
        return f"EXTRACT({part} FROM {sql})", params

    def _in_zone(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        if tzname and settings.USE_TZ:
            return f"{sql} AT TIME ZONE %s", (*params, _posix_zone(tzname))
        return sql, params

    def datetime_extract_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        return self.date_extract_sql(lookup_type, *self._in_zone(sql, params, tzname))

    def date_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        moment, values = self._in_zone(sql, params, tzname)
        return f"DATE_TRUNC(%s, {moment})", (lookup_type, *values)

    datetime_trunc_sql = date_trunc_sql

    def time_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        truncated, values = self.date_trunc_sql(lookup_type, sql, params, tzname)
        return f"{truncated}::time", values

    def datetime_cast_date_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        moment, values = self._in_zone(sql, params, tzname)
        return f"({moment})::date", values

    def datetime_cast_time_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        moment, values = self._in_zone(sql, params, tzname)
        return f"({moment})::time", values

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        if lookup_type not in _TEXT_LOOKUPS:
            return "%s"
        # The text of an address is wanted without the network that follows it.
        text = "HOST(%s)" if internal_type in _ADDRESSES else "%s::text"
        return f"UPPER({text})" if lookup_type in _UPPER_LOOKUPS else text

    def prep_for_iexact_query(self, x: Any) -> Any:
        """It is compared, not matched: nothing has to be escaped."""
        return x

    def subtract_temporals(self, internal_type: str, lhs: Any, rhs: Any) -> tuple[str, Any]:
        if internal_type != "DateField":
            return super().subtract_temporals(internal_type, lhs, rhs)
        (lhs_sql, lhs_params), (rhs_sql, rhs_params) = lhs, rhs
        # The difference of dates is a number of days.
        return f"(interval '1 day' * ({lhs_sql} - {rhs_sql}))", (*lhs_params, *rhs_params)

    def window_frame_range_start_end(
        self, start: int | None = None, end: int | None = None
    ) -> tuple[str, str]:
        bounds = super().window_frame_range_start_end(start, end)
        if (start and start < 0) or (end and end > 0):
            raise NotSupportedError(
                "PostgreSQL only supports UNBOUNDED together with PRECEDING and FOLLOWING."
            )
        return bounds

    # -- values ------------------------------------------------------------------------------

    def _unchanged(self, value: Any, *ignored: Any) -> Any:
        """The driver takes the value as it is."""
        return value

    adapt_datefield_value = adapt_datetimefield_value = adapt_timefield_value = _unchanged
    adapt_durationfield_value = _unchanged
    adapt_decimalfield_value: Any = _unchanged

    def adapt_unknown_value(self, value: Any) -> Any:
        return value

    def adapt_ipaddressfield_value(self, value: Any) -> Any:
        return Inet(value) if value else None

    def adapt_json_value(self, value: Any, encoder: Any) -> Any:
        return Jsonb(value, dumps=_dumps(encoder))


__all__ = ["DatabaseOperations", "errors"]
