"""Queries inside queries, and windows over rows."""

from __future__ import annotations

from enum import Enum
from typing import Any, Self

from nuages.core.exceptions import EmptyResultSet
from nuages.db.models import fields
from nuages.db.models.expressions._arithmetic import SQLiteNumericMixin
from nuages.db.models.expressions._core import BaseExpression, Combinable, Expression, Params
from nuages.db.models.expressions._leaves import Value
from nuages.db.models.expressions._wrappers import ExpressionList, OrderByList, boolean_in_select
from nuages.db.utils import NotSupportedError


class Subquery(BaseExpression, Combinable):
    """A query as a value. Manual: "Subquery() expressions"."""

    _parts = ("query",)
    subquery = True
    contains_aggregate = False
    template = "(%(subquery)s)"
    empty_result_set_value: bool | None = None

    def __init__(self, queryset: Any, output_field: Any = None, **extra: Any) -> None:
        # A queryset, or the query of one.
        self.query = getattr(queryset, "query", queryset).clone()
        self.query.subquery = True
        self.extra = extra
        super().__init__(output_field)

    def copy(self) -> Self:
        twin = super().copy()
        twin.query = twin.query.clone()
        return twin

    @property
    def external_aliases(self) -> dict[str, bool]:
        """The aliases of outer queries that it refers to."""
        return self.query.external_aliases

    def get_external_cols(self) -> list[Any]:
        """Return the columns of outer queries that it refers to."""
        return self.query.get_external_cols()

    def _resolve_output_field(self) -> Any:
        return self.query.output_field

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        template: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        sql, params = self.query.as_sql(compiler, connection)
        # The query brings parentheses of its own.
        context = {**self.extra, **extra_context, "subquery": sql[1:-1]}
        return (template or context.get("template", self.template)) % context, tuple(params)

    def get_group_by_cols(self) -> list[Any]:
        return self.query.get_group_by_cols(wrapper=self)


class Exists(Subquery):
    """Whether a query has rows. Manual: "Exists() subqueries"."""

    empty_result_set_value = False
    output_field = fields.BooleanField()
    template = "EXISTS(%(subquery)s)"

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(queryset, **kwargs)
        self.query = self.query.exists()

    def select_format(self, compiler: Any, sql: str, params: Params) -> tuple[str, Params]:
        return boolean_in_select(self, compiler.connection, sql), params

    def as_sql(
        self, compiler: Any, connection: Any, *args: Any, **kwargs: Any
    ) -> tuple[str, Params]:
        try:
            return super().as_sql(compiler, connection, *args, **kwargs)
        except EmptyResultSet:
            if connection.features.supports_boolean_expr_in_select_clause:
                return compiler.compile(Value(False))
            return "1=0", ()


class Window(SQLiteNumericMixin, Expression):
    """A function over the rows around each row. Manual: "Window functions"."""

    _parts = ("source_expression", "partition_by", "order_by", "frame")
    template = "%(expression)s OVER (%(window)s)"
    # The aggregate in it is not one of the query's.
    contains_aggregate = False
    contains_over_clause = True

    def __init__(
        self,
        expression: Any,
        partition_by: Any = None,
        order_by: Any = None,
        frame: WindowFrame | None = None,
        output_field: Any = None,
    ) -> None:
        if not getattr(expression, "window_compatible", False):
            raise ValueError(
                f"Expression '{type(expression).__name__}' isn't compatible with OVER clauses."
            )
        if partition_by is not None:
            several = partition_by if isinstance(partition_by, (tuple, list)) else (partition_by,)
            partition_by = ExpressionList(*several)
        super().__init__(output_field=output_field)
        self.partition_by = partition_by
        self.order_by = OrderByList.from_param("Window.order_by", order_by)
        self.frame = frame
        self.source_expression = self._parse(expression)

    @staticmethod
    def _parse(expression: Any) -> Any:
        from nuages.db.models.expressions._core import as_expression

        return as_expression(expression)

    def _resolve_output_field(self) -> Any:
        return self.source_expression.output_field

    def as_sql(
        self, compiler: Any, connection: Any, template: str | None = None
    ) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        if not connection.features.supports_over_clause:
            raise NotSupportedError("This backend does not support window expressions.")
        expression, params = compiler.compile(self.source_expression)
        clauses: list[str] = []
        all_params = [*params]
        for part, keywords in (
            (self.partition_by, {"template": "PARTITION BY %(expressions)s"}),
            (self.order_by, {}),
            (self.frame, {}),
        ):
            if part is None:
                continue
            if keywords:
                sql, params = part.as_sql(compiler, connection, **keywords)
            else:
                sql, params = compiler.compile(part)
            clauses.append(sql)
            all_params += params
        context = {"expression": expression, "window": " ".join(clauses).strip()}
        return (template or self.template) % context, tuple(all_params)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Params]:
        if not isinstance(self.output_field, fields.DecimalField):
            return self.as_sql(compiler, connection, **extra_context)
        # The cast belongs around the whole window, not around the function in it.
        twin = self.copy()
        twin.source_expression = self.source_expression.copy()
        twin.source_expression.output_field = fields.FloatField()
        twin.output_field = self.output_field
        return super(Window, twin).as_sqlite(compiler, connection, **extra_context)

    def __str__(self) -> str:
        partition = "" if self.partition_by is None else f"PARTITION BY {self.partition_by}"
        order = "" if self.order_by is None else str(self.order_by)
        return f"{self.source_expression} OVER ({partition}{order}{self.frame or ''})"

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def get_group_by_cols(self) -> list[Any]:
        return [
            column
            for part in (self.partition_by, self.order_by)
            if part is not None
            for column in part.get_group_by_cols()
        ]


class WindowFrameExclusion(Enum):
    """Which rows a frame leaves out."""

    NO_OTHERS = "NO OTHERS"
    CURRENT_ROW = "CURRENT ROW"
    TIES, GROUP = "TIES", "GROUP"

    def __repr__(self) -> str:
        return str(self)


class WindowFrame(Expression):
    """Which rows around the present one a window sees. Manual: "Frames"."""

    _parts = ("start", "end")
    template = "%(frame_type)s BETWEEN %(start)s AND %(end)s%(exclude)s"
    frame_type = ""

    def __init__(
        self,
        start: int | None = None,
        end: int | None = None,
        exclusion: WindowFrameExclusion | None = None,
    ) -> None:
        super().__init__()
        self.start = Value(start)
        self.end = Value(end)
        if not isinstance(exclusion, (type(None), WindowFrameExclusion)):
            raise TypeError(
                f"{type(self).__qualname__}.exclusion must be a WindowFrameExclusion instance."
            )
        self.exclusion = exclusion

    def window_frame_start_end(
        self, connection: Any, start: int | None, end: int | None
    ) -> tuple[str, str]:
        """Return the SQL of both ends."""
        raise NotImplementedError("Subclasses must implement window_frame_start_end().")

    def get_exclusion(self) -> str:
        """Return the EXCLUDE clause, with a space in front, or nothing."""
        return "" if self.exclusion is None else f" EXCLUDE {self.exclusion.value}"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        if self.exclusion and not connection.features.supports_frame_exclusion:
            raise NotSupportedError("This backend does not support window frame exclusions.")
        start, end = self.window_frame_start_end(connection, self.start.value, self.end.value)
        return self._filled(start, end), ()

    def _filled(self, start: str, end: str) -> str:
        return self.template % {
            "frame_type": self.frame_type,
            "start": start,
            "end": end,
            "exclude": self.get_exclusion(),
        }

    def get_group_by_cols(self) -> list[Any]:
        return []

    def __str__(self) -> str:
        from nuages.db import connection

        start, end = self.start.value, self.end.value
        words = connection.ops

        def bound(offset: int | None, unbounded: str) -> str:
            if offset is None:
                return unbounded
            if offset == 0:
                return words.CURRENT_ROW
            return f"{abs(offset)} {words.PRECEDING if offset < 0 else words.FOLLOWING}"

        return self._filled(
            bound(start, words.UNBOUNDED_PRECEDING), bound(end, words.UNBOUNDED_FOLLOWING)
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"


class RowRange(WindowFrame):
    """A frame counted in rows."""

    frame_type = "ROWS"

    def window_frame_start_end(
        self, connection: Any, start: int | None, end: int | None
    ) -> tuple[str, str]:
        return connection.ops.window_frame_rows_start_end(start, end)


class ValueRange(WindowFrame):
    """A frame of rows whose ordering value is near."""

    frame_type = "RANGE"

    def window_frame_start_end(
        self, connection: Any, start: int | None, end: int | None
    ) -> tuple[str, str]:
        return connection.ops.window_frame_range_start_end(start, end)
