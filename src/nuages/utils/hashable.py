"""Hashable twins of nested containers."""

from collections.abc import Iterable
from typing import Any


def make_hashable(value: Any) -> Any:
    """Return ``value`` with lists, dictionaries and sets turned into tuples.

    Equal containers give equal results. Raises ``TypeError`` for what can be neither hashed
    nor iterated over.
    """
    if isinstance(value, dict):
        return tuple((key, make_hashable(item)) for key, item in sorted(value.items()))
    try:
        hash(value)
    except TypeError:
        if not isinstance(value, Iterable):
            raise
        return tuple(map(make_hashable, value))
    return value
