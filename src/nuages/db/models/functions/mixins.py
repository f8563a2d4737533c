"""What several database functions share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nuages.db.models.fields import DecimalField, FloatField, IntegerField
from nuages.db.models.functions.comparison import Cast

if TYPE_CHECKING:
    from nuages.db.models.expressions import Func
else:
    Func = object


def _decimal_among(expressions: Any) -> bool:
    return any(isinstance(source.output_field, DecimalField) for source in expressions)


class FixDecimalInputMixin(Func):
    """Casts floats among the arguments where PostgreSQL would not mix them with decimals."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Give the function over decimals."""
        field = DecimalField(decimal_places=sys.float_info.dig, max_digits=1000)
        twin = self._mapped(
            lambda source: (
                Cast(source, field) if isinstance(source.output_field, FloatField) else source
            )
        )
        return twin.as_sql(compiler, connection, **extra_context)


class FixDurationInputMixin(Func):
    """Aggregates durations where the database stores them as numbers."""

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Sum seconds as decimals."""
        sql, params = super().as_sql(compiler, connection, **extra_context)
        if self.output_field.get_internal_type() == "DurationField":
            sql = f"CAST({sql} AS SIGNED)"
        return sql, params

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Sum seconds, then make an interval of them."""
        if self.output_field.get_internal_type() != "DurationField":
            return super().as_sql(compiler, connection, **extra_context)
        from nuages.db.backends.oracle.functions import IntervalToSeconds, SecondsToInterval

        twin = self._mapped(
            lambda source: (
                IntervalToSeconds(source)
                if source.output_field.get_internal_type() == "DurationField"
                else source
            )
        )
        return compiler.compile(SecondsToInterval(twin))


class NumericOutputFieldMixin(Func):
    """Results are fractions: a decimal if a decimal goes in, otherwise a float."""

    def _resolve_output_field(self) -> Any:
        sources = [source for source in self.get_source_expressions() if source is not None]
        if _decimal_among(sources):
            return DecimalField()
        if any(isinstance(source.output_field, IntegerField) for source in sources):
            return FloatField()
        return super()._resolve_output_field() if sources else FloatField()
