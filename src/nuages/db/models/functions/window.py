"""Window functions. Manual: "Window functions"."""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Func
from nuages.db.models.fields import FloatField, IntegerField


class CumeDist(Func):
    """The share of rows up to the present one."""

    function = "CUME_DIST"
    output_field = FloatField()
    window_compatible = True


class DenseRank(Func):
    """The rank, without gaps."""

    function = "DENSE_RANK"
    output_field = IntegerField()
    window_compatible = True


class FirstValue(Func):
    """The value in the first row of the frame."""

    arity = 1
    function = "FIRST_VALUE"
    window_compatible = True


class LagLeadFunction(Func):
    """The value some rows away."""

    window_compatible = True

    def __init__(self, expression: Any, offset: int = 1, default: Any = None, **extra: Any) -> None:
        name = type(self).__name__
        if expression is None:
            raise ValueError(f"{name} requires a non-null source expression.")
        if offset is None or offset <= 0:
            raise ValueError(f"{name} requires a positive integer for the offset.")
        further = () if default is None else (default,)
        super().__init__(expression, offset, *further, **extra)

    def _resolve_output_field(self) -> Any:
        return self.get_source_expressions()[0].output_field


class Lag(LagLeadFunction):
    """The value some rows before."""

    function = "LAG"


class LastValue(Func):
    """The value in the last row of the frame."""

    arity = 1
    function = "LAST_VALUE"
    window_compatible = True


class Lead(LagLeadFunction):
    """The value some rows after."""

    function = "LEAD"


class NthValue(Func):
    """The value in the n-th row of the frame."""

    function = "NTH_VALUE"
    window_compatible = True

    def __init__(self, expression: Any, nth: int = 1, **extra: Any) -> None:
        name = type(self).__name__
        if expression is None:
            raise ValueError(f"{name} requires a non-null source expression.")
        if nth is None or nth <= 0:
            raise ValueError(f"{name} requires a positive integer as for nth.")
        super().__init__(expression, nth, **extra)

    def _resolve_output_field(self) -> Any:
        return self.get_source_expressions()[0].output_field


class Ntile(Func):
    """Which of ``num_buckets`` equal parts the row is in."""

    function = "NTILE"
    output_field = IntegerField()
    window_compatible = True

    def __init__(self, num_buckets: int = 1, **extra: Any) -> None:
        if num_buckets <= 0:
            raise ValueError("num_buckets must be greater than 0.")
        super().__init__(num_buckets, **extra)


class PercentRank(Func):
    """The rank as a share of the rows."""

    function = "PERCENT_RANK"
    output_field = FloatField()
    window_compatible = True


class Rank(Func):
    """The rank, with gaps after ties."""

    function = "RANK"
    output_field = IntegerField()
    window_compatible = True


class RowNumber(Func):
    """The number of the row, from 1."""

    function = "ROW_NUMBER"
    output_field = IntegerField()
    window_compatible = True
