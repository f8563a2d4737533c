"""Lookups (``field__lookup=value``) and transforms. Manual: "Lookup API reference", "Field lookups".

The base classes stand in ``_lookup_base``; here are the lookups that every field has, and those of numbers,
years and UUIDs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db.models._lookup_base import (
    BuiltinLookup as BuiltinLookup,
)
from nuages.db.models._lookup_base import (
    FieldGetDbPrepValueIterableMixin,
    Params,
    _is_query,
)
from nuages.db.models._lookup_base import (
    FieldGetDbPrepValueMixin as FieldGetDbPrepValueMixin,
)
from nuages.db.models._lookup_base import (
    Lookup as Lookup,
)
from nuages.db.models._lookup_base import (
    PostgresOperatorLookup as PostgresOperatorLookup,
)
from nuages.db.models._lookup_base import (
    Transform as Transform,
)
from nuages.db.models.expressions import Value
from nuages.db.models.fields import (
    CharField,
    DateTimeField,
    Field,
    IntegerField,
    UUIDField,
)
from nuages.db.models.query_utils import RegisterLookupMixin
from nuages.db.models.sql.slots import LeavesTrail, Slot, SlotParam
from nuages.utils.datastructures import OrderedSet

# Documented here, used elsewhere.
_DOORS = (PostgresOperatorLookup, RegisterLookupMixin, Transform)


def _one_column_of(query: Any, name: str) -> None:
    """Let ``query`` select its primary key if nothing else; raise ``ValueError`` for several columns."""
    if not query.has_select_fields:
        query.clear_select_clause()
        query.add_fields(["pk"])
    if (received := query._subquery_fields_len) != 1:
        raise ValueError(
            f"The QuerySet value for the {name} lookup must have 1 selected fields (received {received})"
        )


@Field.register_lookup
class Exact(FieldGetDbPrepValueMixin, BuiltinLookup):
    """``=``. Manual: "exact"."""

    lookup_name = "exact"
    trail_safe = True

    def get_prep_lookup(self) -> Any:
        if _is_query(self.rhs):
            if not self.rhs.has_limit_one():
                raise ValueError(
                    "The QuerySet value for an exact lookup must be limited to one result using slicing."
                )
            if not getattr(self.lhs, "is_composite", False):
                _one_column_of(self.rhs, "exact")
        return super().get_prep_lookup()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        # A condition compared with a constant is the condition itself, or its negation.
        if (
            isinstance(self.rhs, bool)
            and getattr(self.lhs, "conditional", False)
            and connection.ops.conditional_expression_supported_in_where_clause(self.lhs)
        ):
            sql, params = self.process_lhs(compiler, connection)
            return (sql if self.rhs else f"NOT {sql}"), tuple(params)
        return super().as_sql(compiler, connection)


@Field.register_lookup
class IExact(BuiltinLookup):
    """Equal but for case. Manual: "iexact"."""

    lookup_name = "iexact"
    prepare_rhs = False
    trail_safe = True

    def _shape_param(self, param: Any, connection: Any) -> Any:
        return connection.ops.prep_for_iexact_query(param)

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        sql, params = super().process_rhs(compiler, connection)
        if params and not isinstance(params[0], SlotParam):
            params[0] = self._shape_param(params[0], connection)
        return sql, params


@Field.register_lookup
class GreaterThan(FieldGetDbPrepValueMixin, BuiltinLookup):
    """``>``. Manual: "gt"."""

    lookup_name = "gt"
    trail_safe = True


@Field.register_lookup
class GreaterThanOrEqual(FieldGetDbPrepValueMixin, BuiltinLookup):
    """``>=``. Manual: "gte"."""

    lookup_name = "gte"
    trail_safe = True


@Field.register_lookup
class LessThan(FieldGetDbPrepValueMixin, BuiltinLookup):
    """``<``. Manual: "lt"."""

    lookup_name = "lt"
    trail_safe = True


@Field.register_lookup
class LessThanOrEqual(FieldGetDbPrepValueMixin, BuiltinLookup):
    """``<=``. Manual: "lte"."""

    lookup_name = "lte"
    trail_safe = True


class IntegerFieldOverflow(Lookup):
    """For integers that the column cannot hold: the comparison is decided without the database."""

    underflow_exception: type[Exception] = EmptyResultSet
    overflow_exception: type[Exception] = EmptyResultSet

    def _verdict(self, value: Any, connection: Any) -> type[Exception] | None:
        if not isinstance(value, int):
            return None
        low, high = connection.ops.integer_field_range(self.lhs.output_field.get_internal_type())
        if low is not None and value < low:
            return self.underflow_exception
        if high is not None and value > high:
            return self.overflow_exception
        return None

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        if (verdict := self._verdict(self.rhs, connection)) is not None:
            raise verdict
        return super().process_rhs(compiler, connection)

    def _slot_param(self, slot: Slot, connection: Any) -> SlotParam:
        low, high = connection.ops.integer_field_range(self.lhs.output_field.get_internal_type())
        param = super()._slot_param(slot, connection)
        adapt = param.adapt
        assert adapt is not None
        as_it_is = low is not None and high is not None and int in getattr(adapt, "kept", ())

        def checked(value: Any) -> Any:
            if as_it_is and type(value) is int and low <= value <= high:
                return value
            made = adapt(value)
            if isinstance(made, int) and (
                (low is not None and made < low) or (high is not None and made > high)
            ):
                raise LeavesTrail
            return made

        return SlotParam(param.index, checked)


class IntegerFieldFloatRounding(Lookup):
    """For integers compared with fractions: ``>= 1.5`` is ``>= 2``."""

    def _prep_value(self, value: Any) -> Any:
        return super()._prep_value(math.ceil(value) if isinstance(value, float) else value)


@IntegerField.register_lookup
class IntegerFieldExact(IntegerFieldOverflow, Exact):
    """``exact`` for integers."""

    trail_safe = True


@IntegerField.register_lookup
class IntegerGreaterThan(IntegerFieldOverflow, GreaterThan):
    """``gt`` for integers."""

    underflow_exception = FullResultSet
    trail_safe = True


@IntegerField.register_lookup
class IntegerGreaterThanOrEqual(
    IntegerFieldOverflow, IntegerFieldFloatRounding, GreaterThanOrEqual
):
    """``gte`` for integers."""

    underflow_exception = FullResultSet
    trail_safe = True


@IntegerField.register_lookup
class IntegerLessThan(IntegerFieldOverflow, IntegerFieldFloatRounding, LessThan):
    """``lt`` for integers."""

    overflow_exception = FullResultSet
    trail_safe = True


@IntegerField.register_lookup
class IntegerLessThanOrEqual(IntegerFieldOverflow, LessThanOrEqual):
    """``lte`` for integers."""

    overflow_exception = FullResultSet
    trail_safe = True


@Field.register_lookup
class In(FieldGetDbPrepValueIterableMixin, BuiltinLookup):
    """One of several values, or a row of a query. Manual: "in"."""

    lookup_name = "in"
    trail_safe = True

    def get_prep_lookup(self) -> Any:
        if _is_query(self.rhs):
            for query in (self.rhs, *self.rhs.combined_queries):
                # The order of rows that are only searched does not matter.
                query.clear_ordering(clear_default=True)
            if not getattr(self.lhs, "is_composite", False):
                _one_column_of(self.rhs, "'in'")
        return super().get_prep_lookup()

    def get_refs(self) -> set[str]:
        refs = super().get_refs()
        if self.rhs_is_direct_value():
            refs |= set().union(
                *(item.get_refs() for item in self.rhs if hasattr(item, "get_refs"))
            )
        return refs

    def _distinct_values(self) -> Any:
        """Return the distinct values; NULL is never equal to anything."""
        try:
            distinct = OrderedSet(self.rhs)
        except TypeError:
            return [item for item in self.rhs if item is not None]
        distinct.discard(None)
        return distinct

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[Any, Params]:
        elsewhere = getattr(self.rhs, "_db", None)
        if elsewhere is not None and elsewhere != connection.alias:
            raise ValueError(
                "Subqueries aren't allowed across different databases. Force the inner query to be "
                "evaluated using `list(inner_query)`."
            )
        if not self.rhs_is_direct_value():
            return super().process_rhs(compiler, connection)
        values = self._distinct_values()
        if not values:
            raise EmptyResultSet
        sqls, params = self.batch_process_rhs(compiler, connection, values)
        return f"({', '.join(sqls)})", params

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        return f"IN {rhs}"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        limit = connection.ops.max_in_list_size()
        if not limit or not self.rhs_is_direct_value() or len(self.rhs) <= limit:
            return super().as_sql(compiler, connection)
        return self._in_chunks(compiler, connection, limit)

    def _in_chunks(self, compiler: Any, connection: Any, limit: int) -> tuple[str, Any]:
        """Split a list that is longer than the database takes."""
        lhs, lhs_params = self.process_lhs(compiler, connection)
        sqls, params = self.batch_process_rhs(compiler, connection)
        groups: list[str] = []
        all_params: Params = []
        for pairs in itertools.batched(zip(sqls, params), limit):
            groups.append(f"{lhs} IN ({', '.join(sql for sql, _ in pairs)})")
            all_params += [*lhs_params, *(param for _, param in pairs)]
        return f"({' OR '.join(groups)})", tuple(all_params)


class PatternLookup(BuiltinLookup):
    """A lookup by LIKE."""

    #: Where the text stands between wildcards.
    param_pattern = "%%%s%%"
    prepare_rhs = False

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        # The wildcards of a text that the database computes are added by the database.
        if hasattr(self.rhs, "as_sql") or self.bilateral_transforms:
            pattern = connection.pattern_ops[self.lookup_name].format(connection.pattern_esc)
            return pattern.format(rhs)
        return super().get_rhs_op(connection, rhs)

    def _shape_param(self, param: Any, connection: Any) -> Any:
        return self.param_pattern % connection.ops.prep_for_like_query(param)

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        sql, params = super().process_rhs(compiler, connection)
        literal = self.rhs_is_direct_value() and not isinstance(self.rhs, Slot)
        if literal and params and not self.bilateral_transforms:
            params[0] = self._shape_param(params[0], connection)
        return sql, params


@Field.register_lookup
class Contains(PatternLookup):
    """The text stands in it. Manual: "contains"."""

    lookup_name = "contains"
    trail_safe = True


@Field.register_lookup
class IContains(Contains):
    """The same, whatever the case. Manual: "icontains"."""

    lookup_name = "icontains"
    trail_safe = True


@Field.register_lookup
class StartsWith(PatternLookup):
    """It begins with the text. Manual: "startswith"."""

    lookup_name = "startswith"
    param_pattern = "%s%%"
    trail_safe = True


@Field.register_lookup
class IStartsWith(StartsWith):
    """The same, whatever the case. Manual: "istartswith"."""

    lookup_name = "istartswith"
    trail_safe = True


@Field.register_lookup
class EndsWith(PatternLookup):
    """It ends with the text. Manual: "endswith"."""

    lookup_name = "endswith"
    param_pattern = "%%%s"
    trail_safe = True


@Field.register_lookup
class IEndsWith(EndsWith):
    """The same, whatever the case. Manual: "iendswith"."""

    lookup_name = "iendswith"
    trail_safe = True


@Field.register_lookup
class Range(FieldGetDbPrepValueIterableMixin, BuiltinLookup):
    """Between two values, both included. Manual: "range"."""

    lookup_name = "range"
    trail_safe = True

    def get_rhs_op(self, connection: Any, rhs: Any) -> str:
        low, high = rhs[0], rhs[1]
        return f"BETWEEN {low} AND {high}"


@Field.register_lookup
class IsNull(BuiltinLookup):
    """NULL or not. Manual: "isnull"."""

    lookup_name = "isnull"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not isinstance(self.rhs, bool):
            raise ValueError("The QuerySet value for an isnull lookup must be True or False.")
        if isinstance(self.lhs, Value):
            constant = self.lhs.value
            null = constant is None or (
                constant == "" and connection.features.interprets_empty_strings_as_nulls
            )
            raise FullResultSet if null is self.rhs else EmptyResultSet
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} {'IS NULL' if self.rhs else 'IS NOT NULL'}", tuple(params)


@Field.register_lookup
class Regex(BuiltinLookup):
    """It matches a regular expression. Manual: "regex"."""

    lookup_name = "regex"
    prepare_rhs = False
    trail_safe = True

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if self.lookup_name in connection.operators:
            return super().as_sql(compiler, connection)
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        template = connection.ops.regex_lookup(self.lookup_name)
        return template % (lhs, rhs), (*lhs_params, *rhs_params)


@Field.register_lookup
class IRegex(Regex):
    """The same, whatever the case. Manual: "iregex"."""

    lookup_name = "iregex"
    trail_safe = True


class YearLookup(Lookup):
    """A comparison of the year, done on the date itself so that an index helps."""

    def year_lookup_bounds(self, connection: Any, year: int) -> tuple[Any, Any]:
        """Return the first and the last moment of the year."""
        from nuages.db.models.functions import ExtractIsoYear

        of_moment = isinstance(self.lhs.lhs.output_field, DateTimeField)
        kind = "datetime" if of_moment else "date"
        bounds = getattr(connection.ops, f"year_lookup_bounds_for_{kind}_field")
        return bounds(year, iso_year=isinstance(self.lhs, ExtractIsoYear))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        if not self.rhs_is_direct_value():
            return super().as_sql(compiler, connection)
        lhs, params = self.process_lhs(compiler, connection, self.lhs.lhs)
        rhs, _ = self.process_rhs(compiler, connection)
        sql = f"{lhs} {self.get_direct_rhs_sql(connection, rhs)}"
        if isinstance(self.rhs, Slot):
            return sql, (*params, *self._slot_bounds(self.rhs, connection))
        start, finish = self.year_lookup_bounds(connection, self.rhs)
        return sql, (*params, *self.get_bound_params(start, finish))

    def _slot_bounds(self, slot: Slot, connection: Any) -> list[SlotParam]:
        prepare = self._prep_value

        def bound(number: int) -> Callable[[Any], Any]:
            def adapt(value: Any) -> Any:
                ends = self.year_lookup_bounds(connection, prepare(value))
                return self.get_bound_params(*ends)[number]

            return adapt

        return [
            SlotParam(slot.index, bound(n)) for n in range(len(self.get_bound_params(None, None)))
        ]

    def get_direct_rhs_sql(self, connection: Any, rhs: str) -> str:
        """Return operator and right-hand side."""
        return connection.operators[self.lookup_name] % rhs

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        """Return which of the year's ends are compared with."""
        raise NotImplementedError(
            "subclasses of YearLookup must provide a get_bound_params() method"
        )


class YearExact(YearLookup, Exact):
    """Within the year."""

    trail_safe = True

    def get_direct_rhs_sql(self, connection: Any, rhs: str) -> str:
        return "BETWEEN %s AND %s"

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        return start, finish


class YearGt(YearLookup, GreaterThan):
    """After the year."""

    trail_safe = True

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        return (finish,)


class YearGte(YearLookup, GreaterThanOrEqual):
    """In the year or after."""

    trail_safe = True

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        return (start,)


class YearLt(YearLookup, LessThan):
    """Before the year."""

    trail_safe = True

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        return (start,)


class YearLte(YearLookup, LessThanOrEqual):
    """In the year or before."""

    trail_safe = True

    def get_bound_params(self, start: Any, finish: Any) -> tuple[Any, ...]:
        return (finish,)


class UUIDTextMixin(Lookup):
    """Text lookups on UUIDs: without a native type they are stored without hyphens."""

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        if not connection.features.has_native_uuid_field:
            from nuages.db.models.functions import Replace

            if self.rhs_is_direct_value():
                self.rhs = Value(self.rhs)
            self.rhs = Replace(self.rhs, Value("-"), Value(""), output_field=CharField())
        return super().process_rhs(compiler, connection)


for _lookup in (IExact, Contains, IContains, StartsWith, IStartsWith, EndsWith, IEndsWith):
    _name = f"UUID{_lookup.__name__}"
    globals()[_name] = UUIDField.register_lookup(
        type(
            _name,
            (UUIDTextMixin, _lookup),
            {"__module__": __name__, "__doc__": f"``{_lookup.lookup_name}`` for UUIDs."},
        )
    )
del _lookup, _name
