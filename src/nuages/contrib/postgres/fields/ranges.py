"""Ranges of numbers, dates and moments. Manual: "Range Fields"."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from nuages.contrib.postgres import forms, lookups
from nuages.contrib.postgres.fields.utils import OfBaseField
from nuages.contrib.postgres.utils import NeedsApp
from nuages.db import models
from nuages.db.backends.postgresql.psycopg_any import (
    DateRange,
    DateTimeTZRange,
    NumericRange,
    Range,
)
from nuages.db.models.functions import Cast
from nuages.db.models.lookups import PostgresOperatorLookup

__all__ = [
    "BigIntegerRangeField",
    "DateRangeField",
    "DateTimeRangeField",
    "DecimalRangeField",
    "IntegerRangeField",
    "RangeBoundary",
    "RangeField",
    "RangeOperators",
]

#: How the database gives ranges of types whose values can be counted.
CANONICAL_RANGE_BOUNDS = "[)"
_BOUNDS = ("[)", "(]", "()", "[]")


class RangeBoundary(models.Expression):
    """The bounds of a range, as functions that make ranges take them. Manual: "RangeBoundary"."""

    def __init__(self, inclusive_lower: bool = True, inclusive_upper: bool = False) -> None:
        super().__init__()
        self.lower = "[" if inclusive_lower else "("
        self.upper = "]" if inclusive_upper else ")"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return f"'{self.lower}{self.upper}'", ()


class RangeOperators:
    """The operators of ranges, by the names of lookups. Manual: "Range operators"."""

    EQUAL, NOT_EQUAL = "=", "<>"
    CONTAINS, CONTAINED_BY, OVERLAPS = "@>", "<@", "&&"
    FULLY_LT, FULLY_GT = "<<", ">>"
    NOT_LT, NOT_GT = "&>", "&<"
    ADJACENT_TO = "-|-"


class RangeField(OfBaseField, NeedsApp, models.Field):
    """The base of fields of ranges.

    Subclasses say ``base_field``, ``range_type`` and ``form_field``.
    """

    empty_strings_allowed = False
    base_field: ClassVar[Any]  # type: ignore[misc]
    range_type: ClassVar[Any]
    form_field: ClassVar[Any]
    #: The column's type.
    column_type = ""

    def __init_subclass__(cls, column: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if column:
            cls.column_type = column

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "default_bounds" in kwargs:
            raise TypeError(f"Cannot use 'default_bounds' with {type(self).__name__}.")
        # The class becomes a field: each range has a base of its own. (RangeField itself has none.)
        if isinstance(getattr(self, "base_field", None), type):
            self.base_field = self.base_field()  # type: ignore[misc]
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return self.column_type

    def _of_pair(self, pair: Any) -> Any:
        return self.range_type(pair[0], pair[1])

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Range):
            return value
        return self._of_pair(value) if isinstance(value, list | tuple) else value

    def get_placeholder_sql(self, value: Any, compiler: Any, connection: Any) -> Any:
        """Return the placeholder, which says the type: a range of None has none."""
        if hasattr(value, "as_sql"):
            return compiler.compile(value)
        return f"%s::{self.db_type(connection)}", (value,)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            # As ``value_to_string`` has written it.
            parts = json.loads(value)
            for bound in ("lower", "upper"):
                if bound in parts:
                    parts[bound] = self.base_field.to_python(parts[bound])
            return self.range_type(**parts)
        return self._of_pair(value) if isinstance(value, list | tuple) else value

    def value_to_string(self, obj: Any) -> Any:
        found = self.value_from_object(obj)
        if found is None:
            return None
        parts: dict[str, Any] = {"empty": True}
        if not found.isempty:
            parts = {bound: self.as_text(getattr(found, bound)) for bound in ("lower", "upper")}
            parts["bounds"] = found._bounds
        return json.dumps(parts)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": self.form_field, **kwargs})


class ContinuousRangeField(RangeField):
    """A range whose values cannot be counted: its bounds are kept as they were given.

    Args:
        default_bounds: the bounds of lists and tuples.
    """

    _keywords = (models.fields._base.keyword("default_bounds", CANONICAL_RANGE_BOUNDS),)

    def __init__(
        self, *args: Any, default_bounds: str = CANONICAL_RANGE_BOUNDS, **kwargs: Any
    ) -> None:
        if default_bounds not in _BOUNDS:
            raise ValueError("default_bounds must be one of '[)', '(]', '()', or '[]'.")
        self.default_bounds = default_bounds
        super().__init__(*args, **kwargs)

    def _of_pair(self, pair: Any) -> Any:
        return self.range_type(pair[0], pair[1], self.default_bounds)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"default_bounds": self.default_bounds, **kwargs})


class IntegerRangeField(RangeField, column="int4range"):
    """A range of integers."""

    base_field, range_type = models.IntegerField, NumericRange  # type: ignore[misc]
    form_field = forms.IntegerRangeField


class BigIntegerRangeField(RangeField, column="int8range"):
    """A range of large integers."""

    base_field, range_type = models.BigIntegerField, NumericRange  # type: ignore[misc]
    form_field = forms.IntegerRangeField


class DecimalRangeField(ContinuousRangeField, column="numrange"):
    """A range of decimals."""

    base_field, range_type = models.DecimalField, NumericRange  # type: ignore[misc]
    form_field = forms.DecimalRangeField


class DateTimeRangeField(ContinuousRangeField, column="tstzrange"):
    """A range of moments."""

    base_field, range_type = models.DateTimeField, DateTimeTZRange  # type: ignore[misc]
    form_field = forms.DateTimeRangeField


class DateRangeField(RangeField, column="daterange"):
    """A range of dates."""

    base_field, range_type = models.DateField, DateRange  # type: ignore[misc]
    form_field = forms.DateRangeField


class _Between(PostgresOperatorLookup):
    """A comparison of ranges, declared by name and operator."""

    def __init_subclass__(cls, name: str = "", sql: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name:
            cls.lookup_name, cls.postgres_operator = name, sql
            RangeField.register_lookup(cls)


for _lookup in (lookups.ContainedBy, lookups.Overlap):
    RangeField.register_lookup(_lookup)


class FullyLessThan(_Between, name="fully_lt", sql=RangeOperators.FULLY_LT):
    """The range ends before the other begins."""


class FullGreaterThan(_Between, name="fully_gt", sql=RangeOperators.FULLY_GT):
    """The range begins after the end of the other."""


class NotLessThan(_Between, name="not_lt", sql=RangeOperators.NOT_LT):
    """Nothing of the range is before the other."""


class NotGreaterThan(_Between, name="not_gt", sql=RangeOperators.NOT_GT):
    """Nothing of the range is after the other."""


class AdjacentToLookup(_Between, name="adjacent_to", sql=RangeOperators.ADJACENT_TO):
    """One range begins where the other ends."""


@RangeField.register_lookup
class RangeContains(PostgresOperatorLookup):
    """A range has another range, or a single value, in it."""

    lookup_name, postgres_operator = "contains", RangeOperators.CONTAINS

    def get_prep_lookup(self) -> Any:
        return self.lhs.output_field.get_prep_value(self.rhs)

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().as_postgresql(compiler, connection)
        single = not isinstance(self.rhs, Range) and not isinstance(
            getattr(self.rhs, "output_field", None), RangeField
        )
        # The driver does not know that a number is meant as a decimal, a moment as a date.
        return (f"{sql}::{_POINTS[self.lhs.output_field.column_type]}" if single else sql), params


#: The type of single values, per type of range.
_POINTS = {
    "int4range": "integer",
    "int8range": "bigint",
    "numrange": "numeric",
    "daterange": "date",
    "tstzrange": "timestamp with time zone",
}


class RangeContainedBy(PostgresOperatorLookup):
    """A single value is within a range."""

    lookup_name, postgres_operator = "contained_by", RangeOperators.CONTAINED_BY
    #: The type of range that values of a column's type are compared with.
    type_mapping = {
        **dict.fromkeys(("smallint", "integer"), "int4range"),
        "bigint": "int8range",
        "double precision": "numrange",
        "numeric": "numrange",
        "date": "daterange",
        "timestamp with time zone": "tstzrange",
    }

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        sql, params = super().process_rhs(compiler, connection)
        # Without a length or a precision.
        column = self.lhs.output_field.db_type(connection).partition("(")[0]
        return f"{sql}::{self.type_mapping[column]}", params

    def process_lhs(self, compiler: Any, connection: Any) -> Any:  # type: ignore[override]
        sql, params = super().process_lhs(compiler, connection)
        casts = {
            "FloatField": "numeric",
            "SmallIntegerField": "integer",
            "SmallAutoField": "integer",
        }
        cast = casts.get(self.lhs.output_field.get_internal_type())
        return (f"{sql}::{cast}" if cast else sql), params

    def get_prep_lookup(self) -> Any:
        return RangeField.get_prep_value(_ANY_RANGE, self.rhs)


_ANY_RANGE: Any = RangeField.__new__(IntegerRangeField)

for _field in (
    models.DateField,
    models.DateTimeField,
    models.IntegerField,
    models.FloatField,
    models.DecimalField,
    models.AutoField,
    models.BigAutoField,
    models.SmallAutoField,
):
    _field.register_lookup(RangeContainedBy)


class _Bound(models.Transform):
    """One end of a range: a value of the base field's type."""

    @property
    def output_field(self) -> Any:
        """The base field."""
        return self.lhs.output_field.base_field


class _OfRange(models.Transform):
    """Something that is true of a range or is not."""

    output_field = models.BooleanField()


def _transform(base: type, lookup: str, function: str, says: str) -> type:
    name = "".join(part.title() for part in lookup.split("_"))
    body = {
        "lookup_name": lookup,
        "function": function,
        "__doc__": says,
        "__module__": __name__,
    }
    return RangeField.register_lookup(type(f"Range{name}", (base,), body))


RangeStartsWith = _transform(_Bound, "startswith", "lower", "The lower bound.")
RangeEndsWith = _transform(_Bound, "endswith", "upper", "The upper bound.")
IsEmpty = _transform(_OfRange, "isempty", "isempty", "Nothing is in the range.")
LowerInclusive = _transform(_OfRange, "lower_inc", "LOWER_INC", "The lower bound is in the range.")
LowerInfinite = _transform(_OfRange, "lower_inf", "LOWER_INF", "There is no lower bound.")
UpperInclusive = _transform(_OfRange, "upper_inc", "UPPER_INC", "The upper bound is in the range.")
UpperInfinite = _transform(_OfRange, "upper_inf", "UPPER_INF", "There is no upper bound.")

_DOORS = (Cast,)
