"""Aggregates. Manual: "Aggregation functions", "Aggregate() expressions"."""

from __future__ import annotations

from contextlib import suppress
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


class AggregateFilter(Func, takes=1):
    """The ``FILTER (WHERE …)`` of an aggregate."""

    template = " FILTER (WHERE %(expressions)s)"

    @property
    def condition(self) -> Any:
        """The condition."""
        return self.source_expressions[0]

    def __str__(self) -> str:
        return str(self.condition)

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
        if not connection.features.supports_aggregate_filter_clause:
            raise NotSupportedError(
                "Aggregate filter clauses are not supported on this database backend."
            )
        with suppress(FullResultSet):
            return super().as_sql(compiler, connection, **extra_context)
        # It lets all rows through.
        return "", ()


class AggregateOrderBy(OrderByList):
    """The ``ORDER BY`` inside an aggregate."""

    template = " ORDER BY %(expressions)s"

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
        if connection.features.supports_aggregate_order_by_clause:
            return super().as_sql(compiler, connection, **extra_context)
        raise NotSupportedError(
            "This database backend does not support specifying an order on aggregates."
        )


class Aggregate(Func):
    """A function over the rows of a group. Manual: "Aggregate() expressions".

    Subclasses may be declared in their class statement (see ``Func.__init_subclass__``); ``distinct=True``
    and ``ordered=True`` say what else they allow.
    """

    _parts = ("*source_expressions", "filter", "order_by")
    _named_as = "name"

    #: ``<field>__<name>`` is the name of its column if the user gives none.
    name: str | None = None
    template = "%(function)s(%(distinct)s%(expressions)s%(order_by)s)%(filter)s"
    contains_aggregate = window_compatible = True
    allow_distinct = allow_order_by = False
    empty_result_set_value: Any = None

    def __init_subclass__(
        cls, *, distinct: bool | None = None, ordered: bool | None = None, **declared: Any
    ) -> None:
        if distinct is not None:
            cls.allow_distinct = distinct
        if ordered is not None:
            cls.allow_order_by = ordered
        super().__init_subclass__(**declared)

    def __init__(
        self,
        *expressions: Any,
        distinct: bool = False,
        filter: Any = None,
        default: Any = None,
        order_by: Any = None,
        **extra: Any,
    ) -> None:
        own_name = type(self).__name__
        for option, asked, allowed in (
            ("distinct", distinct, self.allow_distinct),
            ("order_by", order_by, self.allow_order_by),
            ("default", default is not None, self.empty_result_set_value is None),
        ):
            if asked and not allowed:
                raise TypeError(f"{own_name} does not allow {option}.")
        super().__init__(*expressions, **extra)
        self.distinct, self.default = distinct, default
        self.order_by = AggregateOrderBy.from_param(f"{own_name}.order_by", order_by)
        self.filter: Any = AggregateFilter(filter) if filter is not None else None

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
        elif type(default) is Value and default._output_field_or_none is None:
            # Where no row is asked for, the default stands alone, and needs its type.
            default = Value(default.value, resolved._output_field_or_none)
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

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
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
        condition, twin.filter = self.filter.condition, None
        first, *others = twin.source_expressions
        if isinstance(first, Star):
            first = Value(1)
        case = Case(When(condition, then=first), default=None)
        twin.source_expressions = [case, *others]
        return twin

    def _get_repr_options(self) -> dict[str, Any]:
        shown = {"distinct": self.distinct, "filter": self.filter, "order_by": self.order_by}
        return super()._get_repr_options() | {
            option: value for option, value in shown.items() if value
        }


class _IfSupported(Aggregate):
    """An aggregate that not all databases have: ``_feature`` names the flag."""

    _feature = ""
    _refusal = ""

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
        if getattr(connection.features, self._feature):
            return super().as_sql(compiler, connection, **extra_context)
        raise NotSupportedError(
            self._refusal.format(function=self.function, name=self.name, vendor=connection.vendor)
        )


class AnyValue(_IfSupported, sql="ANY_VALUE", name="AnyValue", takes=1):
    """Some value of the group."""

    window_compatible = False
    _feature = "supports_any_value"
    _refusal = "{function} is not supported on this database backend."


class _Bitwise(_IfSupported, takes=1):
    """An aggregate of integers, bit by bit."""

    _feature = "supports_bit_aggregations"
    _refusal = "{name} is not supported on {vendor}."
    #: Whether ``default`` was given: it is outside, in a COALESCE, once the names are resolved.
    _has_default = False

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        resolved = super().resolve_expression(*args, **kwargs)
        if self.default is not None:
            resolved.get_source_expressions()[0]._has_default = True
        return resolved

    def as_sql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:  # type: ignore[override]
        if self._has_default and not connection.features.supports_default_in_bit_aggregations:
            raise NotSupportedError(
                f"{self.name} does not support the default parameter on {connection.vendor}."
            )
        return super().as_sql(compiler, connection, **extra_context)


class BitAnd(_Bitwise, sql="BIT_AND", name="BitAnd"):
    """AND of all values."""


class BitOr(_Bitwise, sql="BIT_OR", name="BitOr"):
    """OR of all values."""


class BitXor(_Bitwise, sql="BIT_XOR", name="BitXor"):
    """XOR of all values."""


class Max(Aggregate, sql="MAX", name="Max", takes=1):
    """The largest value."""


class Min(Aggregate, sql="MIN", name="Min", takes=1):
    """The smallest value."""


class Sum(FixDurationInputMixin, Aggregate, sql="SUM", name="Sum", takes=1, distinct=True):
    """The sum."""


class Avg(
    FixDurationInputMixin,
    NumericOutputFieldMixin,
    Aggregate,
    sql="AVG",
    name="Avg",
    takes=1,
    distinct=True,
):
    """The mean."""


class Count(Aggregate, sql="COUNT", name="Count", takes=1, gives=IntegerField, distinct=True):
    """The number of rows with a value, or of rows."""

    allows_composite_expressions = True
    empty_result_set_value = 0

    def __init__(self, expression: Any, filter: Any = None, **extra: Any) -> None:
        counted = Star() if isinstance(expression, str) and expression == "*" else expression
        if filter is not None and isinstance(counted, Star):
            raise ValueError("Star cannot be used with filter. Please specify a field.")
        super().__init__(counted, filter=filter, **extra)

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        resolved = super().resolve_expression(*args, **kwargs)
        (counted, *_) = resolved.source_expressions
        if not isinstance(counted, ColPairs):
            return resolved
        if resolved.distinct:
            raise ValueError("COUNT(DISTINCT) doesn't support composite primary keys")
        # Any column of a composite key tells whether the row is there.
        resolved = resolved.copy()
        resolved.source_expressions = counted.get_cols()[:1]
        return resolved


def _over_sample(stem: str) -> Any:
    """Make the constructor of a function that has a form for populations and one for samples."""

    def __init__(self: Any, expression: Any, sample: bool = False, **extra: Any) -> None:
        self._sample, self.function = sample, f"{stem}_{'SAMP' if sample else 'POP'}"
        Aggregate.__init__(self, expression, **extra)

    return __init__


class _Spread(NumericOutputFieldMixin, Aggregate):
    """How far values are from their mean, in the population or in a sample of it."""

    _sample: bool

    def _get_repr_options(self) -> dict[str, Any]:
        return super()._get_repr_options() | {"sample": self._sample}


class StdDev(_Spread, name="StdDev", takes=1):
    """The standard deviation."""

    __init__ = _over_sample("STDDEV")


class Variance(_Spread, name="Variance", takes=1):
    """The variance."""

    __init__ = _over_sample("VAR")


class StringAggDelimiter(Func, takes=1, mysql=" SEPARATOR %(expressions)s"):
    """The second argument of STRING_AGG; on MySQL a keyword stands before it instead of a comma."""

    template = "%(expressions)s"


class StringAgg(
    Aggregate, sql="STRING_AGG", name="StringAgg", gives=TextField, distinct=True, ordered=True
):
    """All values as one text, with a delimiter between. Manual: "StringAgg"."""

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
            template="%(function)s(%(distinct)s%(expressions)s%(order_by)s"
            f"{separator.replace('%', '%%')})%(filter)s",
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
