"""Aggregates over pairs of numbers."""

from __future__ import annotations

from typing import Any

from nuages.db.models import Aggregate, FloatField, IntegerField

__all__ = [
    "Corr",
    "CovarPop",
    "RegrAvgX",
    "RegrAvgY",
    "RegrCount",
    "RegrIntercept",
    "RegrR2",
    "RegrSXX",
    "RegrSXY",
    "RegrSYY",
    "RegrSlope",
    "StatAggregate",
]


class StatAggregate(Aggregate):
    """The base: a dependent variable first, the independent one second."""

    output_field: Any = FloatField()

    def __init__(self, y: Any, x: Any, **extra: Any) -> None:
        if not x or not y:
            raise ValueError("Both y and x must be provided.")
        super().__init__(y, x, **extra)


class Corr(StatAggregate, sql="CORR", name="Corr"):
    """The coefficient of correlation."""


class CovarPop(StatAggregate, name="CovarPop"):
    """The covariance: of the population, or of a sample."""

    def __init__(self, y: Any, x: Any, sample: bool = False, **extra: Any) -> None:
        self.function = f"COVAR_{'SAMP' if sample else 'POP'}"
        super().__init__(y, x, **extra)


class RegrAvgX(StatAggregate, sql="REGR_AVGX", name="RegrAvgX"):
    """The mean of x."""


class RegrAvgY(StatAggregate, sql="REGR_AVGY", name="RegrAvgY"):
    """The mean of y."""


class RegrCount(StatAggregate, sql="REGR_COUNT", name="RegrCount"):
    """The number of pairs without a null."""

    output_field = IntegerField()
    empty_result_set_value: Any = 0


class RegrIntercept(StatAggregate, sql="REGR_INTERCEPT", name="RegrIntercept"):
    """Where the fitted line meets the y axis."""


class RegrR2(StatAggregate, sql="REGR_R2", name="RegrR2"):
    """The square of the correlation."""


class RegrSlope(StatAggregate, sql="REGR_SLOPE", name="RegrSlope"):
    """The slope of the fitted line."""


class RegrSXX(StatAggregate, sql="REGR_SXX", name="RegrSXX"):
    """The sum of squares of x, about the mean."""


class RegrSXY(StatAggregate, sql="REGR_SXY", name="RegrSXY"):
    """The sum of products of x and y, about the means."""


class RegrSYY(StatAggregate, sql="REGR_SYY", name="RegrSYY"):
    """The sum of squares of y, about the mean."""
