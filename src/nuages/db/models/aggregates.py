"""Aggregates. Manual: "Aggregation functions", "Aggregate() expressions"."""

from __future__ import annotations

from typing import Any

from nuages.core.exceptions import FieldError, FullResultSet
from nuages.db.models.expressions import Case, ColPairs, Func, OrderByList, Star, Value, When
from nuages.db.models.fields import IntegerField, TextField
from nuages.db.models.functions import Cast, Coalesce
from nuages.db.models.functions.mixins import FixDurationInputMixin, NumericOutputFieldMixin
from nuages.db.utils import NotSupportedError

__all__ = [
    "Aggregate",
    "AnyValue",
    "Avg",
    "BitAnd",
    "BitOr",
    "BitXor",
    "Count",
    "Max",
    "Min",
    "StdDev",
    "StringAgg",
    "Sum",
    "Variance",
]


class AggregateFilter(Func):
    """The ``FILTER (WHERE …)`` of an aggregate."""

    arity = 1
    template = " FILTER (WHERE %(expressions)s)"

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_aggregate_filter_clause:
            raise NotSupportedError(
                "Aggregate filter clauses are not supported on this database backend."
            )
        try:
            return super().as_sql(compiler, connection, **extra_context)
        except FullResultSet:
            return "", ()

    @property
    def condition(self) -> Any:
        """The condition."""
        return self.source_expressions[0]

    def __str__(self) -> str:
        return str(self.condition)


class AggregateOrderBy(OrderByList):
    """The ``ORDER BY`` inside an aggregate."""

    template = " ORDER BY %(expressions)s"

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_aggregate_order_by_clause:
            raise NotSupportedError(
                "This database backend does not support specifying an order on aggregates."
            )
        return super().as_sql(compiler, connection, **extra_context)


class Aggregate(Func):
    """A function over the rows of a group."""

    _parts = ("*source_expressions", "filter", "order_by")

    template = "%(function)s(%(distinct)s%(expressions)s%(order_by)s)%(filter)s"
    contains_aggregate = True
    #: The name of its column if the user gives none: ``<field>__<name>``.
    name: str | None = None
    window_compatible = True
    allow_distinct = False
    allow_order_by = False
    empty_result_set_value = None

    def __init__(
        self,
        *expressions: Any,
        distinct: bool = False,
        filter: Any = None,
        default: Any = None,
        order_by: Any = None,
        **extra: Any,
    ) -> None:
        cls = type(self)
        if distinct and not self.allow_distinct:
            raise TypeError(f"{cls.__name__} does not allow distinct.")
        if order_by and not self.allow_order_by:
            raise TypeError(f"{cls.__name__} does not allow order_by.")
        if default is not None and self.empty_result_set_value is not None:
            raise TypeError(f"{cls.__name__} does not allow default.")
        self.distinct = distinct
        self.filter = None if filter is None else AggregateFilter(filter)
        self.default = default
        self.order_by = AggregateOrderBy.from_param(f"{cls.__name__}.order_by", order_by)
        super().__init__(*expressions, **extra)

    def get_source_fields(self) -> list[Any]:
        # Filter and order do not give it its type.
        return [source._output_field_or_none for source in self.source_expressions]

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save=False)
        if summarize:
            # A window's column can be aggregated only by an outer query, which sees a reference to it.
            self._check_summary(resolved, query)
        elif not self.is_summary:
            self._check_nesting(resolved)
        if resolved.default is None:
            return resolved
        if hasattr(resolved.default, "resolve_expression"):
            resolved.default = resolved.default.resolve_expression(
                query, allow_joins, reuse, summarize
            )
        return self._with_default(resolved)

    @staticmethod
    def _check_summary(resolved: Aggregate, query: Any) -> None:
        for refs in (
            source.get_refs() for source in resolved.get_source_expressions() if source is not None
        ):
            for name in refs:
                annotation = query.annotations.get(name) if query is not None else None
                if (
                    annotation is not None
                    and annotation.contains_aggregate
                    and annotation.is_summary
                ):
                    raise FieldError(
                        f"Cannot compute {resolved.name or type(resolved).__name__}('{name}'): "
                        f"'{name}' is an aggregate"
                    )

    def _check_nesting(self, resolved: Aggregate) -> None:
        given = self.get_source_expressions()
        for position, source in enumerate(resolved.get_source_expressions()):
            if source is None:
                continue
            if source.contains_aggregate:
                before = given[position]
                shown = before.name if hasattr(before, "name") else repr(before)
                raise FieldError(
                    f"Cannot compute {self.name}('{shown}'): '{shown}' is an aggregate"
                )
            if source.contains_over_clause:
                before = given[position]
                shown = before.name if hasattr(before, "name") else repr(before)
                raise FieldError(
                    f"Cannot compute {self.name}('{shown}'): '{shown}' is a window function"
                )

    @staticmethod
    def _with_default(resolved: Aggregate) -> Any:
        default = resolved.default
        if not hasattr(default, "resolve_expression"):
            default = Value(default, resolved._output_field_or_none)
        plain = resolved.copy()
        plain.default = None
        whole = Coalesce(plain, default, output_field=resolved._output_field_or_none)
        whole.is_summary = resolved.is_summary
        return whole

    @property
    def default_alias(self) -> str:
        """The name of the result if none is given."""
        named = [source for source in self.source_expressions if hasattr(source, "name")]
        if len(named) != 1 or len(self.source_expressions) != 1 or not self.name:
            raise TypeError("Complex expressions require an alias")
        return f"{named[0].name}__{self.name.lower()}"

    def get_group_by_cols(self) -> list[Any]:
        return []

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        if self.distinct and not connection.features.supports_aggregate_distinct_multiple_argument:
            if len(self.source_expressions) > 1:
                raise NotSupportedError(
                    f"{type(self).__name__} does not support distinct with multiple expressions on this "
                    "database backend."
                )
        order_sql, order_params = "", ()
        if self.order_by is not None:
            order_sql, order_params = compiler.compile(self.order_by)
        filter_sql, filter_params = "", ()
        if self.filter is not None:
            try:
                filter_sql, filter_params = self.filter.as_sql(compiler, connection)
            except NotSupportedError:
                return self._as_case().as_sql(compiler, connection, **extra_context)
        plain = self
        context = {
            "distinct": "DISTINCT " if self.distinct else "",
            "filter": filter_sql,
            "order_by": order_sql,
            **extra_context,
        }
        sql, params = Func.as_sql(plain, compiler, connection, **context)
        return sql, (*params, *order_params, *filter_params)

    def _as_case(self) -> Aggregate:
        """Return the same without FILTER: what the filter leaves out is NULL, which aggregates skip."""
        twin = self.copy()
        twin.filter = None
        first, *others = twin.source_expressions
        if isinstance(first, Star):
            first = Value(1)
        case = Case(When(self.filter.condition, then=first), default=None)
        twin.source_expressions = [case, *others]
        return twin

    def _get_repr_options(self) -> dict[str, Any]:
        options = super()._get_repr_options()
        if self.distinct:
            options["distinct"] = self.distinct
        if self.filter is not None:
            options["filter"] = self.filter
        if self.order_by is not None:
            options["order_by"] = self.order_by
        return options


class AnyValue(Aggregate):
    """Some value of the group."""

    function = "ANY_VALUE"
    name = "AnyValue"
    arity = 1
    window_compatible = False

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_any_value:
            raise NotSupportedError("ANY_VALUE is not supported on this database backend.")
        return super().as_sql(compiler, connection, **extra_context)


class Avg(FixDurationInputMixin, NumericOutputFieldMixin, Aggregate):
    """The mean."""

    function = "AVG"
    name = "Avg"
    allow_distinct = True
    arity = 1


class _Bitwise(Aggregate):
    """An aggregate of integers, bit by bit."""

    arity = 1

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        if not connection.features.supports_bit_aggregations:
            raise NotSupportedError(
                f"{type(self).__name__} is not supported on {connection.vendor}."
            )
        if (
            self.extra.get("default")
            and not connection.features.supports_default_in_bit_aggregations
        ):
            raise NotSupportedError(
                f"{type(self).__name__} with default is not supported on {connection.vendor}."
            )
        return super().as_sql(compiler, connection, **extra_context)


class BitAnd(_Bitwise):
    """AND of all values."""

    function = "BIT_AND"
    name = "BitAnd"


class BitOr(_Bitwise):
    """OR of all values."""

    function = "BIT_OR"
    name = "BitOr"


class BitXor(_Bitwise):
    """XOR of all values."""

    function = "BIT_XOR"
    name = "BitXor"


class Count(Aggregate):
    """The number of rows with a value, or of rows."""

    function = "COUNT"
    name = "Count"
    output_field = IntegerField()
    allow_distinct = True
    empty_result_set_value = 0
    arity = 1
    allows_composite_expressions = True

    def __init__(self, expression: Any, filter: Any = None, **extra: Any) -> None:
        if expression == "*":
            expression = Star()
        if isinstance(expression, Star) and filter is not None:
            raise ValueError("Star cannot be used with filter. Please specify a field.")
        super().__init__(expression, filter=filter, **extra)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        resolved = super().resolve_expression(*args, **kwargs)
        source = resolved.get_source_expressions()[0]
        if not isinstance(source, ColPairs):
            return resolved
        # Any column of a composite key tells whether the row is there; distinct keys need all of them.
        if resolved.distinct:
            return resolved
        resolved = resolved.copy()
        resolved.set_source_expressions([source.get_cols()[0], resolved.filter, resolved.order_by])
        return resolved


class Max(Aggregate):
    """The largest value."""

    function = "MAX"
    name = "Max"
    arity = 1


class Min(Aggregate):
    """The smallest value."""

    function = "MIN"
    name = "Min"
    arity = 1


class StdDev(NumericOutputFieldMixin, Aggregate):
    """The standard deviation of the population, or of a sample."""

    name = "StdDev"
    arity = 1

    def __init__(self, expression: Any, sample: bool = False, **extra: Any) -> None:
        self.function = "STDDEV_SAMP" if sample else "STDDEV_POP"
        super().__init__(expression, **extra)

    def _get_repr_options(self) -> dict[str, Any]:
        return {**super()._get_repr_options(), "sample": self.function == "STDDEV_SAMP"}


class StringAggDelimiter(Func):
    """The second argument of STRING_AGG."""

    arity = 1
    template = "%(expressions)s"

    def __init__(self, value: Any) -> None:
        self.value = value
        super().__init__(value)

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """MySQL has a keyword instead of a comma, and wants a literal."""
        return self.as_sql(
            compiler, connection, template=" SEPARATOR %(expressions)s", **extra_context
        )


class StringAgg(Aggregate):
    """All values as one text, with a delimiter between. Manual: "StringAgg"."""

    template = "%(function)s(%(distinct)s%(expressions)s%(order_by)s)%(filter)s"
    function = "STRING_AGG"
    name = "StringAgg"
    allow_distinct = True
    allow_order_by = True
    output_field = TextField()

    def __init__(self, expression: Any, delimiter: Any, **extra: Any) -> None:
        # The delimiter is a parameter, never part of the SQL.
        self.delimiter = StringAggDelimiter(delimiter)
        super().__init__(expression, self.delimiter, **extra)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """LISTAGG with its own place for the order."""
        if self.order_by is not None:
            template = (
                "%(function)s(%(distinct)s%(expressions)s) WITHIN GROUP (%(order_by)s)%(filter)s"
            )
        else:
            template = "%(function)s(%(distinct)s%(expressions)s)%(filter)s"
        return self.as_sql(
            compiler, connection, function="LISTAGG", template=template, **extra_context
        )

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """GROUP_CONCAT: the order stands before the separator."""
        twin = self.copy()
        text, delimiter = twin.source_expressions
        separator, separator_params = delimiter.as_mysql(compiler, connection)
        twin.source_expressions = [text]
        sql, params = twin.as_sql(
            compiler,
            connection,
            function="GROUP_CONCAT",
            template=f"%(function)s(%(distinct)s%(expressions)s%(order_by)s{separator})%(filter)s",
            **extra_context,
        )
        return sql, (*params, *separator_params)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """GROUP_CONCAT; with DISTINCT it takes one argument, so only a comma can be the delimiter."""
        if connection.get_database_version() < (3, 44):
            extra_context.setdefault("function", "GROUP_CONCAT")
        if not self.distinct:
            return self.as_sql(compiler, connection, **extra_context)
        text, delimiter = self.source_expressions
        inner = delimiter.source_expressions[0]
        if not (isinstance(inner, Value) and inner.value == ","):
            raise NotSupportedError(
                "StringAgg does not support distinct with multiple expressions on this database backend."
            )
        twin = self.copy()
        twin.source_expressions = [text]
        extra_context["function"] = "GROUP_CONCAT"
        return twin.as_sql(compiler, connection, **extra_context)

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Text is wanted for both arguments."""
        twin = self.copy()
        twin.source_expressions = [
            Cast(source, TextField()) if not isinstance(source.output_field, TextField) else source
            for source in self.source_expressions
        ]
        return twin.as_sql(compiler, connection, **extra_context)


class Sum(FixDurationInputMixin, Aggregate):
    """The sum."""

    function = "SUM"
    name = "Sum"
    allow_distinct = True
    arity = 1


class Variance(NumericOutputFieldMixin, Aggregate):
    """The variance of the population, or of a sample."""

    name = "Variance"
    arity = 1

    def __init__(self, expression: Any, sample: bool = False, **extra: Any) -> None:
        self.function = "VAR_SAMP" if sample else "VAR_POP"
        super().__init__(expression, **extra)

    def _get_repr_options(self) -> dict[str, Any]:
        return {**super()._get_repr_options(), "sample": self.function == "VAR_SAMP"}
