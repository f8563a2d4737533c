"""Aggregates of any values."""

from __future__ import annotations

import warnings
from typing import Any

from nuages.contrib.postgres.fields import ArrayField
from nuages.db.models import Aggregate, BooleanField, JSONField, Value
from nuages.db.models import BitAnd as _BitAnd
from nuages.db.models import BitOr as _BitOr
from nuages.db.models import BitXor as _BitXor
from nuages.db.models import StringAgg as _StringAgg
from nuages.utils.deprecation import RemovedInDjango2028Warning

__all__ = [
    "ArrayAgg",
    "BitAnd",
    "BitOr",
    "BitXor",
    "BoolAnd",
    "BoolOr",
    "JSONBAgg",
    "StringAgg",
]


class ArrayAgg(Aggregate, sql="ARRAY_AGG", name="ArrayAgg", distinct=True, ordered=True):
    """The values, as a list."""

    @property
    def output_field(self) -> Any:
        """An array of what is aggregated."""
        return ArrayField(self.source_expressions[0].output_field)


class BoolAnd(Aggregate, sql="BOOL_AND", name="BoolAnd"):
    """Whether all are true."""

    output_field = BooleanField()


class BoolOr(Aggregate, sql="BOOL_OR", name="BoolOr"):
    """Whether one is true."""

    output_field = BooleanField()


class JSONBAgg(Aggregate, sql="JSONB_AGG", name="JSONBAgg", distinct=True, ordered=True):
    """The values, as a JSON array."""

    output_field = JSONField()


def _moved(name: str, base: type) -> type:
    """Return an aggregate that warns that it is found elsewhere now."""

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"The PostgreSQL-specific {name} function is deprecated. Use "
            f"django.db.models.aggregates.{name} instead.",
            category=RemovedInDjango2028Warning,
            stacklevel=2,
        )
        base.__init__(self, *args, **kwargs)  # type: ignore[misc]

    body = {"__init__": __init__, "__module__": __name__, "__doc__": base.__doc__}
    return type(name, (base,), body)


BitAnd = _moved("BitAnd", _BitAnd)
BitOr = _moved("BitOr", _BitOr)
BitXor = _moved("BitXor", _BitXor)


class StringAgg(_StringAgg):
    """The values, as one text. Moved to ``django.db.models``."""

    def __init__(self, expression: Any, delimiter: Any, **extra: Any) -> None:
        if isinstance(delimiter, str):
            warnings.warn(
                "delimiter: str will be resolved as a field reference instead of a string literal "
                f"on Django 2028. Pass `delimiter=Value({delimiter!r})` to preserve the previous "
                "behavior.",
                category=RemovedInDjango2028Warning,
                stacklevel=2,
            )
            delimiter = Value(delimiter)
        warnings.warn(
            "The PostgreSQL specific StringAgg function is deprecated. Use "
            "django.db.models.aggregates.StringAgg instead.",
            category=RemovedInDjango2028Warning,
            stacklevel=2,
        )
        super().__init__(expression, delimiter, **extra)
