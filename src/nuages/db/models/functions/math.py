"""Math functions. Manual: "Math functions"."""

from __future__ import annotations

import math
from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import FloatField, IntegerField
from nuages.db.models.functions.comparison import Cast
from nuages.db.models.functions.mixins import (
    FixDecimalInputMixin,
    NumericOutputFieldMixin,
)
from nuages.db.models.lookups import Transform


class _Oracle:
    """Gives ``as_oracle`` by another template."""

    oracle_template = ""

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """Spell the function out."""
        return super().as_sql(compiler, connection, template=self.oracle_template, **extra_context)


class Abs(Transform):
    """The absolute value."""

    function = "ABS"
    lookup_name = "abs"


class ACos(NumericOutputFieldMixin, Transform):
    """The arccosine."""

    function = "ACOS"
    lookup_name = "acos"


class ASin(NumericOutputFieldMixin, Transform):
    """The arcsine."""

    function = "ASIN"
    lookup_name = "asin"


class ATan(NumericOutputFieldMixin, Transform):
    """The arctangent."""

    function = "ATAN"
    lookup_name = "atan"


class ATan2(NumericOutputFieldMixin, Func):
    """The arctangent of a quotient."""

    function = "ATAN2"
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SpatiaLite's own ATAN2 takes floats only."""
        if not getattr(connection.ops, "spatialite", False) or connection.ops.spatial_version < (5, 0, 0):
            return super().as_sqlite(compiler, connection, **extra_context)
        twin = self.copy()
        twin.set_source_expressions(
            [
                Cast(source, FloatField()) if isinstance(source.output_field, IntegerField) else source
                for source in self.get_source_expressions()[::-1]
            ]
        )
        return twin.as_sql(compiler, connection, **extra_context)


class Ceil(Transform):
    """The next whole number above."""

    function = "CEILING"
    lookup_name = "ceil"

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """CEIL."""
        return super().as_sql(compiler, connection, function="CEIL", **extra_context)


class Cos(NumericOutputFieldMixin, Transform):
    """The cosine."""

    function = "COS"
    lookup_name = "cos"


class Cot(_Oracle, NumericOutputFieldMixin, Transform):
    """The cotangent."""

    function = "COT"
    lookup_name = "cot"
    oracle_template = "(1 / TAN(%(expressions)s))"


class Degrees(_Oracle, NumericOutputFieldMixin, Transform):
    """Radians as degrees."""

    function = "DEGREES"
    lookup_name = "degrees"
    oracle_template = f"((%(expressions)s) * 180 / {math.pi!s})"


class Exp(NumericOutputFieldMixin, Transform):
    """e to the power of it."""

    function = "EXP"
    lookup_name = "exp"


class Floor(Transform):
    """The next whole number below."""

    function = "FLOOR"
    lookup_name = "floor"


class Ln(NumericOutputFieldMixin, Transform):
    """The natural logarithm."""

    function = "LN"
    lookup_name = "ln"


class Log(FixDecimalInputMixin, NumericOutputFieldMixin, Func):
    """The logarithm; the base comes first."""

    function = "LOG"
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SpatiaLite takes the base last."""
        if not getattr(connection.ops, "spatialite", False):
            return super().as_sqlite(compiler, connection, **extra_context)
        twin = self.copy()
        twin.set_source_expressions(self.get_source_expressions()[::-1])
        return twin.as_sql(compiler, connection, **extra_context)


class Mod(FixDecimalInputMixin, NumericOutputFieldMixin, Func):
    """The rest of a division."""

    function = "MOD"
    arity = 2


class Pi(NumericOutputFieldMixin, _Oracle, Func):
    """The number pi."""

    function = "PI"
    arity = 0
    oracle_template = str(math.pi)


class Power(NumericOutputFieldMixin, Func):
    """The first argument to the power of the second."""

    function = "POWER"
    arity = 2


class Radians(_Oracle, NumericOutputFieldMixin, Transform):
    """Degrees as radians."""

    function = "RADIANS"
    lookup_name = "radians"
    oracle_template = f"((%(expressions)s) * {math.pi!s} / 180)"


class Random(NumericOutputFieldMixin, Func):
    """A random number from 0.0 up to, not including, 1.0."""

    function = "RANDOM"
    arity = 0

    def as_mysql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """RAND."""
        return super().as_sql(compiler, connection, function="RAND", **extra_context)

    def as_oracle(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """From the package DBMS_RANDOM."""
        return super().as_sql(compiler, connection, function="DBMS_RANDOM.VALUE", **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """RAND: SQLite's RANDOM gives integers."""
        return super().as_sql(compiler, connection, function="RAND", **extra_context)

    def get_group_by_cols(self) -> list[Any]:
        return []


class Round(FixDecimalInputMixin, Transform):
    """Rounded to ``precision`` decimal places."""

    function = "ROUND"
    lookup_name = "round"
    # The number of places may be left out in a lookup.
    arity = None

    def __init__(self, expression: Any, precision: Any = 0, **extra: Any) -> None:
        super().__init__(expression, precision, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SQLite rounds behind the point only."""
        precision = self.get_source_expressions()[1]
        if isinstance(precision, Value) and precision.value < 0:
            raise ValueError("SQLite does not support negative precision.")
        return super().as_sqlite(compiler, connection, **extra_context)

    def _resolve_output_field(self) -> Any:
        return self.get_source_expressions()[0].output_field


class Sign(Transform):
    """-1, 0 or 1."""

    function = "SIGN"
    lookup_name = "sign"


class Sin(NumericOutputFieldMixin, Transform):
    """The sine."""

    function = "SIN"
    lookup_name = "sin"


class Sqrt(NumericOutputFieldMixin, Transform):
    """The square root."""

    function = "SQRT"
    lookup_name = "sqrt"


class Tan(NumericOutputFieldMixin, Transform):
    """The tangent."""

    function = "TAN"
    lookup_name = "tan"
