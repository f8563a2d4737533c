"""How a database writes its SQL and its values, where that differs between databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from nuages.db import transaction
from nuages.db.backends.base.values import ValueAdapters
from nuages.db.utils import NotSupportedError
from nuages.utils.encoding import force_str


def _maybe_required(name: str) -> NotImplementedError:
    return NotImplementedError(
        f"subclasses of BaseDatabaseOperations may require a {name}() method"
    )


def _signed(bits: int) -> tuple[int, int]:
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _positive(bits: int) -> tuple[int, int]:
    return 0, 2 ** (bits - 1) - 1


class BaseDatabaseOperations(ValueAdapters):
    """The dialect of a database: a backend overrides what it writes differently."""

    compiler_module = "django.db.models.sql.compiler"

    #: Smallest and largest value per internal type of an integer field.
    integer_field_ranges: dict[str, tuple[int, int]] = {
        "SmallIntegerField": _signed(16),
        "IntegerField": _signed(32),
        "BigIntegerField": _signed(64),
        "PositiveBigIntegerField": _positive(64),
        "PositiveSmallIntegerField": _positive(16),
        "PositiveIntegerField": _positive(32),
        "SmallAutoField": _signed(16),
        "AutoField": _signed(32),
        "BigAutoField": _signed(64),
    }
    set_operators = {"union": "UNION", "intersection": "INTERSECT", "difference": "EXCEPT"}
    #: Type for ``CAST``, where it is not the column type.
    cast_data_types: dict[str, str] = {}
    cast_char_field_without_max_length: str | None = None

    # The bounds of a window's frame.
    PRECEDING = "PRECEDING"
    FOLLOWING = "FOLLOWING"
    UNBOUNDED_PRECEDING = f"UNBOUNDED {PRECEDING}"
    UNBOUNDED_FOLLOWING = f"UNBOUNDED {FOLLOWING}"
    CURRENT_ROW = "CURRENT ROW"

    #: What stands before a query to have it explained; ``None`` if nothing can.
    explain_prefix: str | None = None

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._cache: Any = None

    # -- names and statements ----------------------------------------------------------------

    def compiler(self, compiler_name: str) -> type:
        """Return the compiler class of that name in ``compiler_module``."""
        if self._cache is None:
            self._cache = import_module(self.compiler_module)
        return getattr(self._cache, compiler_name)

    def quote_name(self, name: str) -> str:
        """Return the name in quotes; a name in quotes stays as it is."""
        raise _maybe_required("quote_name")

    def max_name_length(self) -> int | None:
        """Return the longest name of a table or column, ``None`` for no limit."""
        return None

    def autoinc_sql(self, table: str, column: str) -> Any:
        """Return statements that make a column count up by itself, if it takes some."""
        return None

    def bulk_batch_size(self, fields: Sequence[Any], objs: Sequence[Any]) -> int:
        """Return how many of ``objs`` one INSERT of ``fields`` can take."""
        limit = self.connection.features.max_query_params
        columns = sum(len(getattr(field, "fields", None) or (field,)) for field in fields)
        if not limit or not columns:
            return len(objs)
        return max(limit // columns, 1)

    def bulk_insert_sql(self, fields: Sequence[Any], placeholder_rows: Iterable[Any]) -> str:
        """Return the VALUES clause of an INSERT of several rows."""
        return "VALUES " + ", ".join(f"({', '.join(row)})" for row in placeholder_rows)

    def values_as_arrays(self, fields: Sequence[Any]) -> str | None:
        """Return what stands for VALUES where each column of the rows is one array; ``None`` if that
        cannot be."""
        return None

    def insert_statement(self, on_conflict: Any = None) -> str:
        """Return how an INSERT begins."""
        return "INSERT INTO"

    def on_conflict_suffix_sql(
        self,
        fields: Sequence[Any],
        on_conflict: Any,
        update_fields: Iterable[str],
        unique_fields: Iterable[str],
    ) -> str:
        """Return what stands at the end of an INSERT that may meet rows that are there."""
        return ""

    def modify_insert_params(self, placeholder: str, params: Any) -> Any:
        """Return the parameters of one value of an INSERT, changed if the database needs it."""
        return params

    def pk_default_value(self) -> str:
        """Return what an INSERT gives for a primary key that the database makes."""
        return "DEFAULT"

    def last_insert_id(self, cursor: Any, table_name: str, pk_name: str) -> Any:
        """Return the primary key that the last INSERT of the cursor made."""
        return cursor.lastrowid

    def returning_columns(self, fields: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
        """Return the RETURNING clause for fields, and its parameters."""
        if not fields:
            return "", ()
        quote = self.quote_name
        columns = (f"{quote(field.model._meta.db_table)}.{quote(field.column)}" for field in fields)
        return "RETURNING " + ", ".join(columns), ()

    def fetch_returned_rows(self, cursor: Any, returning_params: Any) -> list[Any]:
        """Return the rows of a RETURNING clause."""
        return cursor.fetchall()

    def distinct_sql(self, fields: Sequence[str], params: Any) -> tuple[list[str], list[Any]]:
        """Return DISTINCT and its parameters. Raises where columns are asked for in vain."""
        if fields:
            raise NotSupportedError("DISTINCT ON fields is not supported by this database backend")
        return ["DISTINCT"], []

    def for_update_sql(
        self,
        nowait: bool = False,
        skip_locked: bool = False,
        of: Sequence[str] = (),
        no_key: bool = False,
    ) -> str:
        """Return the FOR UPDATE clause of a SELECT."""
        parts = ["FOR NO KEY UPDATE" if no_key else "FOR UPDATE"]
        if of:
            parts.append("OF " + ", ".join(of))
        if nowait or skip_locked:
            parts.append("NOWAIT" if nowait else "SKIP LOCKED")
        return " ".join(parts)

    def no_limit_value(self) -> int | None:
        """Return the LIMIT that means none, for an OFFSET that needs one."""
        raise _maybe_required("no_limit_value")

    def _get_limit_offset_params(
        self, low_mark: int | None, high_mark: int | None
    ) -> tuple[int | None, int]:
        offset = low_mark or 0
        if high_mark is not None:
            return high_mark - offset, offset
        return (self.no_limit_value() if offset else None), offset

    def limit_offset_sql(self, low_mark: int | None, high_mark: int | None) -> str:
        """Return the LIMIT and OFFSET for the rows from ``low_mark`` to below ``high_mark``."""
        limit, offset = self._get_limit_offset_params(low_mark, high_mark)
        clauses = []
        if limit:
            clauses.append(f"LIMIT {limit:d}")
        if offset:
            clauses.append(f"OFFSET {offset:d}")
        return " ".join(clauses)

    def force_group_by(self) -> list[str]:
        """Return what to group by where a GROUP BY is needed without columns of its own."""
        return []

    def force_no_ordering(self) -> list[Any]:
        """Return an ORDER BY that means none."""
        return []

    def explain_query_prefix(self, format: str | None = None, **options: Any) -> str:
        """Return what stands before a query to explain it. Raises for what is not supported."""
        features = self.connection.features
        if not features.supports_explaining_query_execution:
            raise NotSupportedError("This backend does not support explaining query execution.")
        if format:
            supported = features.supported_explain_formats
            if format.upper() not in supported:
                hint = (
                    f" Allowed formats: {', '.join(sorted(supported))}"
                    if supported
                    else f" {self.connection.display_name} does not support any formats."
                )
                raise ValueError(f"{format.upper()} is not a recognized format.{hint}")
        if options:
            raise ValueError(f"Unknown options: {', '.join(sorted(options))}")
        return self.explain_prefix or ""

    def format_debug_sql(self, sql: str) -> str:
        """Return SQL laid out for reading."""
        import sqlparse

        return sqlparse.format(sql, reindent=True, keyword_case="upper")

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """Return the statement with its parameters filled in, for the log; not for running."""
        if isinstance(params, dict):
            shown: Any = {force_str(k): _for_the_log(v) for k, v in params.items()}
        else:
            shown = tuple(_for_the_log(value) for value in params or ())
        return f"QUERY = {sql!r} - PARAMS = {shown!r}"

    def prepare_sql_script(self, sql: str) -> list[str]:
        """Split a script into its statements, without comments."""
        import sqlparse

        stripped = (
            sqlparse.format(statement, strip_comments=True) for statement in sqlparse.split(sql)
        )
        return [statement for statement in stripped if statement]

    def compose_sql(self, sql: str, params: Any) -> str:
        """Return the statement with its parameters filled in by the driver."""
        raise _maybe_required("compose_sql")

    # -- transactions and tables -------------------------------------------------------------

    def start_transaction_sql(self) -> str:
        """Return the statement that begins a transaction."""
        return "BEGIN;"

    def end_transaction_sql(self, success: bool = True) -> str:
        """Return the statement that ends a transaction."""
        return "COMMIT;" if success else "ROLLBACK;"

    def savepoint_create_sql(self, sid: str) -> str:
        """Return the statement that makes a savepoint."""
        return f"SAVEPOINT {self.quote_name(sid)}"

    def savepoint_commit_sql(self, sid: str) -> str:
        """Return the statement that releases a savepoint."""
        return f"RELEASE SAVEPOINT {self.quote_name(sid)}"

    def savepoint_rollback_sql(self, sid: str) -> str:
        """Return the statement that rolls back to a savepoint."""
        return f"ROLLBACK TO SAVEPOINT {self.quote_name(sid)}"

    def deferrable_sql(self) -> str:
        """Return what makes a constraint wait for the end of the transaction."""
        return ""

    def fk_on_delete_sql(self, operation: str) -> str:
        """Return the ON DELETE clause of a foreign key: CASCADE, SET NULL or SET DEFAULT."""
        if operation in ("CASCADE", "SET NULL", "SET DEFAULT"):
            return f" ON DELETE {operation}"
        if operation == "":
            return ""
        raise NotImplementedError(f"ON DELETE {operation} is not supported.")

    def tablespace_sql(self, tablespace: str | None, inline: bool = False) -> str:
        """Return the clause that puts a table or index into a tablespace."""
        return ""

    def set_time_zone_sql(self) -> str:
        """Return the statement that sets the connection's time zone."""
        return ""

    def sql_flush(
        self,
        style: Any,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        """Return the statements that empty the tables."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseOperations must provide an sql_flush() method"
        )

    def execute_sql_flush(self, sql_list: Sequence[str]) -> None:
        """Run the statements of ``sql_flush`` in one transaction."""
        can_roll_back = self.connection.features.can_rollback_ddl
        with (
            transaction.atomic(using=self.connection.alias, savepoint=can_roll_back),
            self.connection.cursor() as cursor,
        ):
            for sql in sql_list:
                cursor.execute(sql)

    def sequence_reset_by_name_sql(self, style: Any, sequences: Sequence[Any]) -> list[str]:
        """Return the statements that set sequences back to their start."""
        return []

    def sequence_reset_sql(self, style: Any, model_list: Sequence[Any]) -> list[str]:
        """Return the statements that set the sequences of models behind their last key."""
        return []

    def cache_key_culling_sql(self) -> str:
        """Return the query for the first key to keep when the cache table is culled."""
        key = self.quote_name("cache_key")
        return f"SELECT {key} FROM %s ORDER BY {key} LIMIT 1 OFFSET %%s"

    # -- expressions -------------------------------------------------------------------------

    def unification_cast_sql(self, output_field: Any) -> str:
        """Return a template that casts an expression so that the sides of a UNION agree."""
        return "%s"

    def date_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        """Return SQL for a part of a date, such as ``year``, ``week_day``."""
        raise _maybe_required("date_extract_sql")

    def date_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        """Return SQL for a date cut off at a unit, such as ``month``."""
        raise _maybe_required("date_trunc_sql")

    def datetime_cast_date_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        """Return SQL for the date of a datetime."""
        raise _maybe_required("datetime_cast_date_sql")

    def datetime_cast_time_sql(self, sql: str, params: Any, tzname: str | None) -> tuple[str, Any]:
        """Return SQL for the time of a datetime."""
        raise _maybe_required("datetime_cast_time_sql")

    def datetime_extract_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        """Return SQL for a part of a datetime."""
        raise _maybe_required("datetime_extract_sql")

    def datetime_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None
    ) -> tuple[str, Any]:
        """Return SQL for a datetime cut off at a unit."""
        raise _maybe_required("datetime_trunc_sql")

    def time_trunc_sql(
        self, lookup_type: str, sql: str, params: Any, tzname: str | None = None
    ) -> tuple[str, Any]:
        """Return SQL for a time cut off at a unit."""
        raise _maybe_required("time_trunc_sql")

    def time_extract_sql(self, lookup_type: str, sql: str, params: Any) -> tuple[str, Any]:
        """Return SQL for a part of a time."""
        return self.date_extract_sql(lookup_type, sql, params)

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """Return a template that casts the left side of a lookup."""
        return "%s"

    def compile_json_path(self, keys: Any, include_root: bool = True) -> str:
        """Return the path to a value in a JSON document."""
        path = ["$"] if include_root else []
        for key in keys:
            try:
                index = int(key)
            except ValueError:
                path.append(f".{json.dumps(key)}")
            else:
                path.append(self.format_json_path_numeric_index(index))
        return "".join(path)

    def format_json_path_numeric_index(self, num: int) -> str:
        """Return the step of a JSON path to an item of an array."""
        return f"[{num}]"

    def regex_lookup(self, lookup_type: str) -> str:
        """Return a template for ``regex`` and ``iregex``."""
        raise _maybe_required("regex_lookup")

    def max_in_list_size(self) -> int | None:
        """Return the most values in one IN list, ``None`` for no limit."""
        return None

    def prepare_join_on_clause(
        self, local_table: str, local_field: Any, remote_table: str, remote_field: Any
    ) -> tuple[Any, Any]:
        """Return the two columns that a join compares."""
        from nuages.db.models.expressions import Col

        return Col(local_table, local_field), Col(remote_table, remote_field)

    def prep_for_like_query(self, x: Any) -> str:
        """Return text with what has a meaning in LIKE patterns escaped."""
        return str(x).replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")

    prep_for_iexact_query = prep_for_like_query

    def check_expression_support(self, expression: Any) -> None:
        """Raise ``NotSupportedError`` for an expression that the database cannot run."""

    def conditional_expression_supported_in_where_clause(self, expression: Any) -> bool:
        """Return whether a condition may stand alone in WHERE, without ``= TRUE``."""
        return True

    @staticmethod
    def is_predicate(expression: Any) -> bool:
        """Return whether an expression is a condition by what it is, not as a column of booleans."""
        from nuages.db.models.expressions import Exists, ExpressionWrapper, RawSQL
        from nuages.db.models.lookups import Lookup
        from nuages.db.models.sql.where import WhereNode

        while isinstance(expression, ExpressionWrapper):
            expression = expression.expression
        if isinstance(expression, (Exists, Lookup, RawSQL, WhereNode)):
            return True
        return not getattr(expression, "conditional", False)

    def combine_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        """Return two expressions combined by an operator."""
        return f" {connector} ".join(sub_expressions)

    def combine_duration_expression(self, connector: str, sub_expressions: Sequence[str]) -> str:
        """Return two expressions combined by an operator, one of them a duration."""
        return self.combine_expression(connector, sub_expressions)

    def format_for_duration_arithmetic(self, sql: str) -> str:
        """Return a duration's SQL as date arithmetic takes it."""
        raise _maybe_required("format_for_duration_arithmetic")

    def subtract_temporals(self, internal_type: str, lhs: Any, rhs: Any) -> tuple[str, Any]:
        """Return SQL for the duration between two dates, times or datetimes."""
        if not self.connection.features.supports_temporal_subtraction:
            raise NotSupportedError(f"This backend does not support {internal_type} subtraction.")
        (lhs_sql, lhs_params), (rhs_sql, rhs_params) = lhs, rhs
        return f"({lhs_sql} - {rhs_sql})", (*lhs_params, *rhs_params)

    def window_frame_value(self, value: int | None) -> str | None:
        """Return the SQL for a bound of a window's frame: an offset from the current row."""
        if not isinstance(value, int):
            return None
        if value == 0:
            return self.CURRENT_ROW
        return f"{abs(value):d} {self.PRECEDING if value < 0 else self.FOLLOWING}"

    def _check_bound(self, which: str, value: Any, sign: int = 0) -> None:
        """Raise ``ValueError`` unless ``value`` is ``None`` or an integer (of this sign, or zero)."""
        if value is None or (isinstance(value, int) and value * sign >= 0):
            return
        wanted = {-1: "a negative integer", 0: "an integer", 1: "a positive integer"}[sign]
        raise ValueError(f"{which} argument must be {wanted}, zero, or None, but got '{value}'.")

    def _frame(self, start: int | None, end: int | None) -> tuple[str, str]:
        return (
            self.window_frame_value(start) or self.UNBOUNDED_PRECEDING,
            self.window_frame_value(end) or self.UNBOUNDED_FOLLOWING,
        )

    def window_frame_rows_start_end(
        self, start: int | None = None, end: int | None = None
    ) -> tuple[str, str]:
        """Return the two bounds of a ROWS frame; ``None`` means unbounded."""
        if isinstance(start, int) and isinstance(end, int) and start > end:
            raise ValueError("start cannot be greater than end.")
        self._check_bound("start", start)
        self._check_bound("end", end)
        return self._frame(start, end)

    def window_frame_range_start_end(
        self, start: int | None = None, end: int | None = None
    ) -> tuple[str, str]:
        """Return the two bounds of a RANGE frame; ``None`` means unbounded."""
        self._check_bound("start", start, -1)
        self._check_bound("end", end, 1)
        features = self.connection.features
        if not features.supports_frame_range_fixed_distance:
            if isinstance(start, int) and start < 0 or isinstance(end, int) and end > 0:
                vendor = self.connection.display_name
                raise NotSupportedError(
                    f"{vendor} only supports UNBOUNDED together with PRECEDING and FOLLOWING."
                    if features.only_supports_unbounded_with_preceding_and_following
                    else f"{vendor} does not support frame ranges with a fixed distance."
                )
        bounds = self._frame(start, end)
        if features.only_supports_unbounded_with_preceding_and_following and (
            (start and start < 0) or (end and end > 0)
        ):
            raise NotSupportedError(
                f"{self.connection.display_name} only supports UNBOUNDED together with "
                "PRECEDING and FOLLOWING."
            )
        return bounds

    def binary_placeholder_sql(self, value: Any, compiler: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the placeholder for a binary value, and its parameters."""
        if hasattr(value, "as_sql"):
            return compiler.compile(value)
        return "%s", (value,)

    def get_db_converters(self, expression: Any) -> list[Callable[..., Any]]:
        """Return functions that turn what the driver gives for an expression into its value."""
        return []

    def integer_field_range(self, internal_type: str) -> tuple[int | None, int | None]:
        """Return the smallest and the largest value of an integer field's column."""
        return self.integer_field_ranges[internal_type]

    def process_clob(self, value: Any) -> Any:
        """Return the text of a CLOB column."""
        return value


def _for_the_log(value: Any) -> str:
    return force_str(value, strings_only=False, errors="replace")
