"""What the arguments of a call say about the path that it takes, and which of them are its values.

A value that is a parameter is named in the key by its type alone. A list is one value, whatever its length.
An object stands for its key, which the path's pickers read. Expressions take part if they are names and
constants, put together by arithmetic.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from nuages.db.models.expressions import CombinedExpression, F, Star, Value
from nuages.db.models.sql.slots import LeavesTrail, Slot, SlotParam, Slots

#: Types whose values are parameters: nothing but the value itself depends on the value.
SLOTTABLE = frozenset(
    {
        int,
        str,
        float,
        decimal.Decimal,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        uuid.UUID,
    }
)
#: The longest list that an ``__in`` condition may have on a trail.
LONGEST_LIST = 2000

_LISTS = frozenset({list, tuple, set, frozenset})


def _is_model(kind: type) -> bool:
    from nuages.db.models.base import ModelBase

    return isinstance(kind, ModelBase)


def read(arguments: Iterable[tuple[str, Any]]) -> tuple[list[Any], list[Any]] | None:
    """Return the parts of a key and the values of keyword arguments; ``None`` if there is no key."""
    parts: list[Any] = []
    values: list[Any] = []
    for keyword, value in arguments:
        kind: type = type(value)
        if kind in SLOTTABLE:
            parts += (keyword, kind)
            values.append(value)
        elif value is None or kind is bool:
            parts += (keyword, kind, value)
        elif kind in _LISTS:
            if not keyword.endswith("__in") or not 0 < len(value) <= LONGEST_LIST:
                return None
            kinds = set(map(type, value))
            item = kinds.pop()
            if kinds:
                return None
            if item in SLOTTABLE:
                # Equal values would be given once.
                value = tuple(dict.fromkeys(value))
            elif not _is_model(item):
                return None
            parts += (keyword, list, item)
            values.append(value)
        elif _is_model(kind):
            parts += (keyword, kind)
            values.append(value)
        else:
            return None
    return parts, values


def slots_for(
    arguments: Mapping[str, Any], place: int
) -> tuple[list[tuple[str, Any]], list[Slot], list[type]]:
    """Return the arguments with slots for values, those slots, and the types of what they stand for."""
    template: list[tuple[str, Any]] = []
    slots: list[Slot] = []
    types: list[type] = []
    for keyword, value in arguments.items():
        if value is None or isinstance(value, bool):
            template.append((keyword, value))
            continue
        many = type(value) in _LISTS
        slot = (Slots if many else Slot)(place + len(slots))
        slots.append(slot)
        types.append(type(next(iter(value))) if many else type(value))
        template.append((keyword, [slot] if many else slot))
    return template, slots, types


def fill(item: Any, values: Any) -> Any:
    """Return an argument of a template with the values (or slots) in the place of its slots."""
    if isinstance(item, Slot):
        return values[item.index]
    if type(item) is list and len(item) == 1 and type(item[0]) is Slots:
        value = values[item[0].index]
        return [value] if isinstance(value, Slot) else list(value)
    return item


# -- objects that stand for their keys -------------------------------------------------------------

type Picker = Callable[[Any], Any]


def picker(
    lookup: Any, model: Any, natural: Callable[[Any], frozenset[type]], many: bool
) -> Picker:
    """Return the function from objects of ``model`` to what ``lookup`` compares with.

    It gives ``None`` for an object whose key is not as keys are.

    Raises:
        LeavesTrail: the objects do not stand for their primary key.
    """
    from nuages.db.models.fields.related_lookups import RelatedLookupMixin, _is_of, _key_paths

    if not isinstance(lookup, RelatedLookupMixin) or lookup._composite:
        raise LeavesTrail
    relation: Any = lookup.lhs  # type: ignore[attr-defined]
    targets = relation.output_field.path_infos[-1].target_fields
    sources = list(_key_paths(targets, model))
    if len(sources) != 1 or not _is_of(model, sources[0]) or not sources[0].primary_key:
        raise LeavesTrail
    name, kinds = sources[0].attname, natural(sources[0])
    if model._meta.pk.attname != name:
        raise LeavesTrail

    def one(instance: Any) -> Any:
        key = instance.__dict__.get(name)
        return key if type(key) in kinds else None

    def several(instances: Any) -> Any:
        keys = dict.fromkeys([instance.__dict__.get(name) for instance in instances])
        return tuple(keys) if kinds.issuperset(map(type, keys)) else None

    return several if many else one


# -- expressions -----------------------------------------------------------------------------------


class SlotValue(Value):
    """A constant whose value comes when the statement is run; the one it has says its type."""

    def __init__(self, value: Any, slot: Slot) -> None:
        super().__init__(value)
        self.slot = slot

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        field = self._output_field_or_none
        if field is None:
            return "%s", [SlotParam(self.slot.index)]
        if hasattr(field, "get_placeholder_sql") or hasattr(field, "get_placeholder"):
            raise LeavesTrail
        prepare = field.get_db_prep_save if self.for_save else field.get_db_prep_value
        # (It needs this module. A path holds for one type of value.)
        from nuages.db.models._quick import taken_as_they_are

        if self.for_save and type(self.value) in taken_as_they_are(field, connection):
            return "%s", [SlotParam(self.slot.index)]
        return "%s", [
            SlotParam(self.slot.index, lambda value: prepare(value, connection=connection))
        ]


def read_expression(expression: Any, values: list[Any]) -> Any:
    """Return the key of an expression of names, constants and arithmetic, and add its values.

    ``None`` if it is another one.
    """
    kind = type(expression)
    if kind is F:
        return F, expression.name
    if kind is Value:
        value = expression.value
        if expression.__dict__.get("output_field") is not None or type(value) not in SLOTTABLE:
            return None
        values.append(value)
        return Value, type(value)
    if kind is CombinedExpression:
        if expression.__dict__.get("output_field") is not None:
            return None
        left = read_expression(expression.lhs, values)
        right = left and read_expression(expression.rhs, values)
        return right and (expression.connector, left, right)
    return None


def with_slots(expression: Any, places: Iterator[int]) -> Any:
    """Return a copy of such an expression with slots for its constants, in the order they are read."""
    if type(expression) is Value:
        return SlotValue(expression.value, Slot(next(places)))
    if type(expression) is CombinedExpression:
        left = with_slots(expression.lhs, places)
        return CombinedExpression(left, expression.connector, with_slots(expression.rhs, places))
    return expression


def read_aggregate(expression: Any) -> Any:
    """Return the key of an aggregate of columns; ``None`` if there is more to it."""
    from nuages.db.models import aggregates

    kind = type(expression)
    if kind.__module__ != aggregates.__name__ or expression.filter or expression.order_by:
        return None
    if expression.default is not None or expression.extra:
        return None
    if expression.__dict__.get("output_field") is not None:
        return None
    sources: list[Any] = []
    for source in expression.source_expressions:
        if type(source) is F:
            sources.append(source.name)
        elif type(source) is Star:
            sources.append(Star)
        else:
            return None
    # (StdDev and Variance are other functions for a sample.)
    return kind, expression.function, expression.distinct, tuple(sources)
