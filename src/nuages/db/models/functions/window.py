"""Window functions. Manual: "Window functions"."""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Func
from nuages.db.models.fields import FloatField, IntegerField


class _Windowed(Func):
    """A function over the rows of a window."""

    window_compatible = True


class _FromOtherRow(_Windowed):
    """The value of the first argument, in another row of the window."""

    def __init__(self, expression: Any, *numbers: Any, **extra: Any) -> None:
        if expression is None:
            raise ValueError(f"{type(self).__name__} requires a non-null source expression.")
        super().__init__(expression, *numbers, **extra)

    def _resolve_output_field(self) -> Any:
        return self.source_expressions[0].output_field

    def _positive(self, number: Any, what: str) -> Any:
        if number is None or number <= 0:
            raise ValueError(f"{type(self).__name__} requires a positive integer {what}.")
        return number


class LagLeadFunction(_FromOtherRow):
    """The value some rows away."""

    def __init__(self, expression: Any, offset: int = 1, default: Any = None, **extra: Any) -> None:
        numbers = [default] if default is not None else []
        if expression is not None:
            self._positive(offset, "for the offset")
        super().__init__(expression, offset, *numbers, **extra)


class Lag(LagLeadFunction, sql="LAG"):
    """The value some rows before."""


class Lead(LagLeadFunction, sql="LEAD"):
    """The value some rows after."""


class FirstValue(_Windowed, sql="FIRST_VALUE", takes=1):
    """The value in the first row of the frame."""


class LastValue(_Windowed, sql="LAST_VALUE", takes=1):
    """The value in the last row of the frame."""


class NthValue(_FromOtherRow, sql="NTH_VALUE"):
    """The value in the n-th row of the frame."""

    def __init__(self, expression: Any, nth: int = 1, **extra: Any) -> None:
        if expression is not None:
            self._positive(nth, "as for nth")
        super().__init__(expression, nth, **extra)


class RowNumber(_Windowed, sql="ROW_NUMBER", gives=IntegerField):
    """The number of the row, from 1."""


class Rank(_Windowed, sql="RANK", gives=IntegerField):
    """The rank, with gaps after ties."""


class DenseRank(_Windowed, sql="DENSE_RANK", gives=IntegerField):
    """The rank, without gaps."""


class PercentRank(_Windowed, sql="PERCENT_RANK", gives=FloatField):
    """The rank as a share of the rows."""


class CumeDist(_Windowed, sql="CUME_DIST", gives=FloatField):
    """The share of rows up to the present one."""


class Ntile(_Windowed, sql="NTILE", gives=IntegerField):
    """Which of ``num_buckets`` equal parts the row is in."""

    def __init__(self, num_buckets: int = 1, **extra: Any) -> None:
        if not num_buckets > 0:
            raise ValueError("num_buckets must be greater than 0.")
        super().__init__(num_buckets, **extra)
