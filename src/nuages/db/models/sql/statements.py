"""A statement that was compiled with slots, ready to be run with values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nuages.db.models.sql.slots import LeavesTrail, SlotParam

__all__ = ["Statement"]

#: So many texts of a statement, for so many lengths of its lists, are kept.
_TEXTS = 64
_NOTHING: frozenset[type] = frozenset()
_PLACEHOLDER = re.compile(r"(%%|%s)")


class Statement:
    """SQL and the makers of its parameters.

    A parameter that stands for a list (``SlotParam.many``) has a placeholder for each item; the SQL is put
    together for each length that occurs.

    Args:
        text: SQL with ``%s`` for each of ``params``.
        params: literal values, and ``SlotParam`` objects.
        driver_sql: the connection's function that gives the driver's own placeholders.
    """

    __slots__ = (
        "_adapts",
        "_driver_sql",
        "_many",
        "_only",
        "_pieces",
        "_texts",
        "makers",
        "sql",
        "template",
    )

    def __init__(self, text: str, params: Sequence[Any], driver_sql: Callable[[str], str]) -> None:
        self.sql = driver_sql(text)
        self.template = [None if isinstance(each, SlotParam) else each for each in params]
        #: Place of the parameter, place of the value, and the function between them.
        self.makers = [
            (place, each.index, each.adapt)
            for place, each in enumerate(params)
            if isinstance(each, SlotParam) and not each.many
        ]
        self._many = [
            (place, each.index, each.adapt)
            for place, each in enumerate(params)
            if isinstance(each, SlotParam) and each.many
        ]
        self._only = self.makers[0][1:] if len(self.makers) == len(params) == 1 else None
        self._driver_sql = driver_sql
        self._pieces: list[str] = []
        self._texts: dict[tuple[int, ...], str] = {}
        if self._many:
            self._pieces = _split(text, len(params), {place for place, _, _ in self._many})

    def bind(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the driver's SQL and parameters.

        Raises:
            LeavesTrail: the statement cannot hold one of the values.
        """
        if self._only is not None:
            # One value, and nothing else: most statements are like that.
            index, adapt = self._only
            value = values[index]
            return self.sql, [value if adapt is None else adapt(value)]
        params = self.template.copy()
        for place, index, adapt in self.makers:
            value = values[index]
            params[place] = value if adapt is None else adapt(value)
        if not self._many:
            return self.sql, params
        return self._with_lists(params, values)

    def _with_lists(self, params: list[Any], values: Sequence[Any]) -> tuple[str, list[Any]]:
        sizes = tuple([len(values[index]) for _, index, _ in self._many])
        for place, index, adapt in reversed(self._many):
            items = values[index]
            if adapt is not None and not getattr(adapt, "kept", _NOTHING).issuperset(
                map(type, items)
            ):
                items = map(adapt, items)
            params[place : place + 1] = items
        text = self._texts.get(sizes)
        if text is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            parts = [self._pieces[0]]
            for size, piece in zip(sizes, self._pieces[1:], strict=True):
                parts += (", ".join(["%s"] * size), piece)
            text = self._texts[sizes] = self._driver_sql("".join(parts))
        return text, params


def _split(text: str, count: int, places: Iterable[int]) -> list[str]:
    """Return the pieces of a text before, between and after the placeholders at ``places``."""
    pieces, current, number = [], "", 0
    for token in _PLACEHOLDER.split(text):
        if token == "%s":
            number += 1
            if number - 1 in places:
                pieces.append(current)
                current = ""
                continue
        current += token
    if number != count:
        raise LeavesTrail
    return [*pieces, current]
