"""Lookups of several columns at once: composite keys, and relations of several columns.

Each is written as conditions on the single columns, which every database can use an index for; only
``IN`` with a subquery compares rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.core.exceptions import EmptyResultSet
from nuages.db import NotSupportedError
from nuages.db.models.expressions import ColPairs, F, Func, ResolvedOuterRef, Subquery
from nuages.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)
from nuages.db.models.sql.where import AND, OR, WhereNode

__all__ = [
    "Tuple",
    "TupleExact",
    "TupleGreaterThan",
    "TupleGreaterThanOrEqual",
    "TupleIn",
    "TupleIsNull",
    "TupleLessThan",
    "TupleLessThanOrEqual",
]


class Tuple(Func):
    """Several expressions as one value: ``(a, b)``."""

    allows_composite_expressions = True
    function = ""
    output_field = None

    def __len__(self) -> int:
        return len(self.source_expressions)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.source_expressions)


_OPERATORS = {"exact": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def _is_query(value: Any) -> bool:
    from nuages.db.models.sql.query import Query

    return isinstance(value, Query)


class TupleLookupMixin:
    """A comparison of several columns with as many values."""

    allows_composite_expressions = True

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(Tuple(*lhs) if isinstance(lhs, tuple | list) else lhs, rhs)  # type: ignore[call-arg]

    # What it is given

    @property
    def _left(self: Any) -> str:
        """The left-hand side, for messages."""
        lhs = self.lhs
        if isinstance(lhs, ColPairs):
            return repr(lhs.output_field.name)
        if isinstance(lhs, F):
            return repr(lhs.name)
        return f"({', '.join(repr(each.name) for each in lhs)})"

    @property
    def _size(self: Any) -> int | None:
        return None if isinstance(self.lhs, F) else len(self.lhs)

    def get_prep_lookup(self: Any) -> Any:
        rhs = self.rhs
        if self.rhs_is_direct_value():
            self._check_direct(rhs)
        elif _is_query(rhs):
            if self.lookup_name not in ("exact", "in"):
                raise ValueError(f"{self.lookup_name!r} doesn't support multi-column subqueries.")
            self._check_query(rhs)
        elif not isinstance(rhs, Subquery | F | ColPairs | Tuple):
            raise ValueError(
                f"{self.lookup_name!r} subquery lookup of {self._left} only supports OuterRef and "
                f"QuerySet objects (received {type(rhs).__name__!r})"
            )
        return self.rhs

    def _check_direct(self: Any, rhs: Any) -> None:
        if not isinstance(rhs, tuple | list):
            raise ValueError(
                f"{self.lookup_name!r} lookup of {self._left} must be a tuple or a list"
            )
        if self._size is not None and len(rhs) != self._size:
            raise ValueError(
                f"{self.lookup_name!r} lookup of {self._left} must have {self._size} elements"
            )

    def _check_query(self: Any, query: Any) -> None:
        if not query.has_select_fields:
            query.clear_select_clause()
            query.add_fields(["pk"])
        columns = (*query.select, *query.annotation_select.values())
        selected = len(query.extra_select) + sum(
            len(each) if isinstance(each, ColPairs | Tuple) else 1 for each in columns
        )
        if self._size is not None and selected != self._size:
            name = self.lookup_name if self.lookup_name == "exact" else repr(self.lookup_name)
            raise ValueError(
                f"The QuerySet value for the {name} lookup must have {self._size} selected "
                f"fields (received {selected})"
            )

    # SQL

    def _columns(self: Any) -> list[Any]:
        return list(self.lhs.get_cols() if isinstance(self.lhs, ColPairs) else self.lhs)

    def _values(self: Any, compiler: Any) -> list[Any]:
        rhs = self.rhs
        if isinstance(rhs, ColPairs):
            return rhs.get_cols()
        if isinstance(rhs, Tuple | tuple | list):
            return list(rhs)
        # A reference that is not resolved says so itself.
        compiler.compile(rhs)
        raise ValueError("Composite field lookups only work with composite expressions.")

    def _rows_sql(self: Any, operator: str, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Compare the columns with the rows of a subquery."""
        sides = [compiler.compile(column) for column in self._columns()]
        sql, params = compiler.compile(self.rhs)
        columns = ", ".join(side for side, _params in sides)
        inner = sql if sql.startswith("(") else f"({sql})"
        own = [param for _side, side_params in sides for param in side_params]
        return f"({columns}) {operator} {inner}", (*own, *params)

    def conditions(self, columns: list[Any], values: list[Any]) -> WhereNode:
        """Return the comparison as conditions on single columns."""
        raise NotImplementedError

    def as_sql(self: Any, compiler: Any, connection: Any) -> tuple[str, Any]:
        if _is_query(self.rhs) or isinstance(self.rhs, Subquery):
            comparable = connection.features.supports_tuple_comparison_against_subquery
            if self.lookup_name != "exact" and not comparable:
                raise NotSupportedError(
                    f'"{self.lookup_name}" cannot be used to target composite fields through '
                    "subqueries on this backend"
                )
            return self._rows_sql(_OPERATORS[self.lookup_name], compiler, connection)
        node = self.conditions(self._columns(), self._values(compiler))
        return compiler.compile(node)


def _equal(columns: Iterable[Any], values: Iterable[Any]) -> WhereNode:
    pairs = zip(columns, values, strict=True)
    return WhereNode([Exact(column, value) for column, value in pairs], connector=AND)


class TupleExact(TupleLookupMixin, Exact):
    """All columns are equal."""

    def conditions(self, columns: list[Any], values: list[Any]) -> WhereNode:
        return _equal(columns, values)


class _Ordered(TupleLookupMixin):
    """The first columns that differ decide."""

    #: Comparison of a column that decides, and of the last one.
    strict: type
    last: type

    def conditions(self, columns: list[Any], values: list[Any]) -> WhereNode:
        cases = []
        for place, (column, value) in enumerate(zip(columns, values, strict=True)):
            compare = self.last if place == len(columns) - 1 else self.strict
            same = _equal(columns[:place], values[:place]).children
            cases.append(WhereNode([*same, compare(column, value)], connector=AND))
        return WhereNode(cases, connector=OR)


class TupleGreaterThan(_Ordered, GreaterThan):
    """After the values, in the order of the columns."""

    strict = last = GreaterThan


class TupleGreaterThanOrEqual(_Ordered, GreaterThanOrEqual):
    """Not before the values, in the order of the columns."""

    strict, last = GreaterThan, GreaterThanOrEqual


class TupleLessThan(_Ordered, LessThan):
    """Before the values, in the order of the columns."""

    strict = last = LessThan


class TupleLessThanOrEqual(_Ordered, LessThanOrEqual):
    """Not after the values, in the order of the columns."""

    strict, last = LessThan, LessThanOrEqual


class TupleIsNull(TupleLookupMixin, IsNull):
    """One of the columns is null (or none is)."""

    def get_prep_lookup(self) -> Any:
        if _is_query(self.rhs):
            raise ValueError(f"{self.lookup_name!r} doesn't support multi-column subqueries.")
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        tests = [IsNull(column, self.rhs) for column in self._columns()]
        return compiler.compile(WhereNode(tests, connector=OR if self.rhs else AND))


class TupleIn(TupleLookupMixin, In):
    """Equal to one of several rows of values, or a row of a query."""

    def get_prep_lookup(self) -> Any:
        rhs = self.rhs
        if self.rhs_is_direct_value():
            self._check_direct(rhs)
        elif _is_query(rhs):
            rhs.clear_ordering(clear_default=True)
            self._check_query(rhs)
        elif not isinstance(rhs, ResolvedOuterRef | Subquery):
            raise ValueError(
                f"{self.lookup_name!r} subquery lookup of {self._left} must be a Query object "
                f"(received {type(rhs).__name__!r})"
            )
        return rhs

    def _check_direct(self, rhs: Any) -> None:
        what = f"{self.lookup_name!r} lookup of {self._left} must"
        if not isinstance(rhs, tuple | list):
            raise ValueError(f"{what} be a tuple or a list")
        if not all(isinstance(row, tuple | list) for row in rhs):
            raise ValueError(f"{what} be a collection of tuples or lists")
        if self._size is not None and any(len(row) != self._size for row in rhs):
            raise ValueError(f"{what} have {self._size} elements each")

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not self.rhs_is_direct_value():
            return self._rows_sql("IN", compiler, connection)
        # Nulls are equal to nothing.
        rows = [row for row in self.rhs if None not in row]
        if not rows:
            raise EmptyResultSet
        columns = self._columns()
        node = WhereNode([_equal(columns, row) for row in rows], connector=OR)
        return compiler.compile(node)
