"""Math functions. Manual: "Math functions". See ``Func.__init_subclass__`` for the class keywords."""

from __future__ import annotations

import math
from typing import Any

from nuages.db.models.expressions import Func, Value
from nuages.db.models.fields import FloatField, IntegerField
from nuages.db.models.functions.comparison import Cast
from nuages.db.models.functions.mixins import FixDecimalInputMixin, NumericOutputFieldMixin
from nuages.db.models.lookups import Transform


class _Real(NumericOutputFieldMixin, Transform):
    """A function of one number whose results are fractions."""


class _RealPair(NumericOutputFieldMixin, Func):
    """A function of two numbers whose results are fractions."""

    arity = 2

    def _swapped(self) -> Any:
        """Return a copy with the arguments in the other order, which is SpatiaLite's."""
        twin = self.copy()
        twin.source_expressions.reverse()
        return twin


# -- whole numbers -------------------------------------------------------------------------------


class Abs(Transform, sql="ABS", name="abs"):
    """The absolute value."""


class Sign(Transform, sql="SIGN", name="sign"):
    """-1, 0 or 1."""


class Ceil(Transform, sql="CEILING", name="ceil", oracle="CEIL"):
    """The next whole number above."""


class Floor(Transform, sql="FLOOR", name="floor"):
    """The next whole number below."""


class Round(FixDecimalInputMixin, Transform, sql="ROUND", name="round"):
    """Rounded to ``precision`` decimal places."""

    # A lookup gives one argument, a call may give two.
    arity: Any = None

    def __init__(self, expression: Any, precision: Any = 0, **extra: Any) -> None:
        super().__init__(expression, precision, **extra)

    def _resolve_output_field(self) -> Any:
        return self.lhs.output_field

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SQLite rounds behind the point only."""
        match self.source_expressions[1]:
            case Value(value=int(places)) if places < 0:
                raise ValueError("SQLite does not support negative precision.")
        return super().as_sqlite(compiler, connection, **extra_context)


# -- angles --------------------------------------------------------------------------------------


class Sin(_Real, sql="SIN", name="sin"):
    """The sine."""


class ASin(_Real, sql="ASIN", name="asin"):
    """The arcsine."""


class Cos(_Real, sql="COS", name="cos"):
    """The cosine."""


class ACos(_Real, sql="ACOS", name="acos"):
    """The arccosine."""


class Tan(_Real, sql="TAN", name="tan"):
    """The tangent."""


class ATan(_Real, sql="ATAN", name="atan"):
    """The arctangent."""


class ATan2(_RealPair, sql="ATAN2"):
    """The arctangent of a quotient."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SpatiaLite's own ATAN2 takes floats only, the other way round."""
        own = getattr(connection.ops, "spatialite", False) and connection.ops.spatial_version >= (
            5,
            0,
            0,
        )
        if not own:
            return super().as_sqlite(compiler, connection, **extra_context)

        def real(source: Any) -> Any:
            return (
                Cast(source, FloatField())
                if isinstance(source.output_field, IntegerField)
                else source
            )

        return self._swapped()._mapped(real).as_sql(compiler, connection, **extra_context)


class Cot(_Real, sql="COT", name="cot", oracle="(1 / TAN(%(expressions)s))"):
    """The cotangent."""


class Degrees(
    _Real, sql="DEGREES", name="degrees", oracle=f"((%(expressions)s) * 180 / {math.pi})"
):
    """Radians as degrees."""


class Radians(
    _Real, sql="RADIANS", name="radians", oracle=f"((%(expressions)s) * {math.pi} / 180)"
):
    """Degrees as radians."""


class Pi(NumericOutputFieldMixin, Func, sql="PI", takes=0, oracle={"template": str(math.pi)}):
    """The number pi."""


# -- powers --------------------------------------------------------------------------------------


class Exp(_Real, sql="EXP", name="exp"):
    """e to the power of it."""


class Ln(_Real, sql="LN", name="ln"):
    """The natural logarithm."""


class Log(FixDecimalInputMixin, _RealPair, sql="LOG"):
    """The logarithm; the base comes first."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        """SpatiaLite takes the base last."""
        if getattr(connection.ops, "spatialite", False):
            return self._swapped().as_sql(compiler, connection, **extra_context)
        return super().as_sqlite(compiler, connection, **extra_context)


class Mod(FixDecimalInputMixin, _RealPair, sql="MOD"):
    """The rest of a division."""


class Power(_RealPair, sql="POWER"):
    """The first argument to the power of the second."""


class Sqrt(_Real, sql="SQRT", name="sqrt"):
    """The square root."""


# -- chance --------------------------------------------------------------------------------------


class Random(
    NumericOutputFieldMixin,
    Func,
    sql="RANDOM",
    takes=0,
    # SQLite's RANDOM gives integers.
    sqlite="RAND",
    mysql="RAND",
    oracle="DBMS_RANDOM.VALUE",
):
    """A random number from 0.0 up to, not including, 1.0."""

    def get_group_by_cols(self) -> list[Any]:
        return []
