"""Two expressions joined by an operator, and what type comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import NoneType
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models import fields
from nuages.db.models.expressions._core import Combinable, Expression, Params
from nuages.db.utils import DatabaseError
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated


@unannotated
class SQLiteNumericMixin:
    """For expressions whose decimal results SQLite would give as text: they are cast."""

    as_sql: Callable[..., tuple[str, Params]]
    output_field: Any

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Params]:
        """Give the SQL of ``as_sql()``, cast to a number if the result is a decimal."""
        sql, params = self.as_sql(compiler, connection, **extra_context)
        try:
            decimal = self.output_field.get_internal_type() == "DecimalField"
        except FieldError:
            decimal = False
        return (f"(CAST({sql} AS NUMERIC))" if decimal else sql), params

    _cast_on_sqlite = as_sqlite


_PLAIN = (Combinable.ADD, Combinable.SUB, Combinable.MUL, Combinable.DIV, Combinable.MOD)
_BITS = (
    Combinable.BITAND,
    Combinable.BITOR,
    Combinable.BITLEFTSHIFT,
    Combinable.BITRIGHTSHIFT,
    Combinable.BITXOR,
)


def _rules() -> Iterator[tuple[tuple[str, ...], type, type, type]]:
    """Yield ``(connectors, left, right, result)``; the first rule that fits counts."""
    integer, real, decimal = fields.IntegerField, fields.FloatField, fields.DecimalField
    natural = fields.PositiveIntegerField
    date, moment, time = fields.DateField, fields.DateTimeField, fields.TimeField
    span = fields.DurationField
    add, sub = (Combinable.ADD,), (Combinable.SUB,)
    powered = (*_PLAIN, Combinable.POW)

    yield tuple(sign for sign in powered if sign != Combinable.SUB), natural, natural, natural
    for number in (integer, real, decimal):
        yield powered, number, number, number
    for wider in (decimal, real):
        yield _PLAIN, integer, wider, wider
        yield _PLAIN, wider, integer, wider
    yield _BITS, integer, integer, integer
    for number in (integer, real, decimal):
        yield powered, number, NoneType, number
        yield powered, NoneType, number, number
    # A moment plus a span is a moment; DateTimeField comes after DateField, its base class.
    for point, result in ((date, moment), (moment, moment), (time, time)):
        yield add, point, span, result
        yield add, span, point, result
        yield sub, point, span, result
    yield add, span, span, span
    for each in (date, moment, time, span):
        yield sub, each, each, span


_rules_by_connector: dict[str, list[tuple[type, type, type]]] = {}
for _connectors, _left, _right, _result in _rules():
    for _sign in _connectors:
        _rules_by_connector.setdefault(_sign, []).append((_left, _right, _result))


def register_combinable_fields(lhs: type, connector: str, rhs: type, result: type) -> None:
    """Say that ``lhs connector rhs`` (field classes) gives ``result``."""
    _rules_by_connector.setdefault(connector, []).append((lhs, rhs, result))
    _resolve_combined_type.cache_clear()


def _combined_type(connector: str, lhs_type: type, rhs_type: type) -> type | None:
    for left, right, result in _rules_by_connector.get(connector, ()):
        if issubclass(lhs_type, left) and issubclass(rhs_type, right):
            return result
    return None


class _Memo(dict[tuple[str, type, type], "type | None"]):
    """Resolved combinations, looked up by calling."""

    def __call__(self, connector: str, lhs_type: type, rhs_type: type) -> type | None:
        return self[connector, lhs_type, rhs_type]

    def __missing__(self, key: tuple[str, type, type]) -> type | None:
        self[key] = found = _combined_type(*key)
        return found

    def cache_clear(self) -> None:
        self.clear()


_resolve_combined_type = _Memo()

_POINTS_IN_TIME = frozenset({"DateField", "DateTimeField", "TimeField"})


def _internal_type(expression: Any) -> str | None:
    try:
        return expression.output_field.get_internal_type()
    except (AttributeError, FieldError):
        return None


class CombinedExpression(SQLiteNumericMixin, Expression):
    """``lhs connector rhs``."""

    _parts = ("lhs", "rhs")

    def __init__(self, lhs: Any, connector: str, rhs: Any, output_field: Any = None) -> None:
        self.lhs, self.connector, self.rhs = lhs, connector, rhs
        super().__init__(output_field=output_field)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def __str__(self) -> str:
        return f"{self.lhs} {self.connector} {self.rhs}"

    def _resolve_output_field(self) -> Any:
        kinds = [type(side._output_field_or_none) for side in (self.lhs, self.rhs)]
        result = _resolve_combined_type(self.connector, *kinds)
        if result is None:
            names = ", ".join(kind.__name__ for kind in kinds)
            raise FieldError(
                f"Cannot infer type of {self.connector!r} expression involving these types: {names}. "
                "You must set output_field."
            )
        return result()

    @cached_property
    def allowed_default(self) -> bool:
        """Both sides must be allowed."""
        return self.lhs.allowed_default and self.rhs.allowed_default

    def _side_sql(self, side: Any, compiler: Any, connection: Any) -> tuple[str, Params]:
        return compiler.compile(side)

    def _combined_sql(self, connection: Any, sides: list[str]) -> str:
        return connection.ops.combine_expression(self.connector, sides)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        (lhs, lhs_params), (rhs, rhs_params) = (
            self._side_sql(side, compiler, connection) for side in (self.lhs, self.rhs)
        )
        # Parentheses keep the order in which Python combined.
        return f"({self._combined_sql(connection, [lhs, rhs])})", (*lhs_params, *rhs_params)

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        if not isinstance(self, (DurationExpression, TemporalSubtraction)):
            kinds = _internal_type(resolved.lhs), _internal_type(resolved.rhs)
            special: Any = None
            if "DurationField" in kinds and kinds[0] != kinds[1]:
                special = DurationExpression(resolved.lhs, resolved.connector, resolved.rhs)
            elif (
                self.connector == self.SUB and kinds[0] == kinds[1] and kinds[0] in _POINTS_IN_TIME
            ):
                special = TemporalSubtraction(resolved.lhs, resolved.rhs)
            if special is not None:
                if "output_field" in self.__dict__:
                    special.output_field = self.output_field
                special.is_summary = summarize
                return special
        return resolved


class DurationExpression(CombinedExpression):
    """Arithmetic between a duration and something else."""

    def _side_sql(self, side: Any, compiler: Any, connection: Any) -> tuple[str, Params]:
        sql, params = compiler.compile(side)
        if (
            not connection.features.has_native_duration_field
            and _internal_type(side) == "DurationField"
        ):
            sql = connection.ops.format_for_duration_arithmetic(sql)
        return sql, params

    def _combined_sql(self, connection: Any, sides: list[str]) -> str:
        if connection.features.has_native_duration_field:
            return super()._combined_sql(connection, sides)
        return connection.ops.combine_duration_expression(self.connector, sides)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        return super().as_sql(compiler, connection)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, Params]:
        sql = super().as_sqlite(compiler, connection, **extra_context)
        if self.connector in (Combinable.MUL, Combinable.DIV):
            kinds = {_internal_type(self.lhs), _internal_type(self.rhs)}
            if not kinds <= {"DecimalField", "DurationField", "FloatField", "IntegerField"}:
                raise DatabaseError(f"Invalid arguments for operator {self.connector}.")
        return sql


class TemporalSubtraction(CombinedExpression):
    """The duration between two dates, times or moments."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(lhs, self.SUB, rhs, output_field=fields.DurationField())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Params]:
        connection.ops.check_expression_support(self)
        sides = [compiler.compile(side) for side in (self.lhs, self.rhs)]
        return connection.ops.subtract_temporals(self.lhs.output_field.get_internal_type(), *sides)
