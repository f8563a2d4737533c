"""How a list page is sorted: by its columns, and so that pages never overlap.

Manual: "ModelAdmin.ordering", "ModelAdmin.sortable_by", "The display decorator".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from nuages.core.exceptions import FieldDoesNotExist
from nuages.db.models import F, OrderBy
from nuages.db.models.constants import LOOKUP_SEP


class Chosen(NamedTuple):
    """A column in the parameter that says how the list is sorted."""

    column: int
    descending: bool


def parse(parameter: str) -> Iterator[Chosen]:
    """Yield the columns that ``o=1.-3`` names; nonsense is skipped."""
    for part in parameter.split("."):
        number = part.removeprefix("-")
        if number.isdecimal():
            yield Chosen(int(number), part.startswith("-"))


def write(chosen: Iterable[Chosen]) -> str:
    """Return the parameter for columns."""
    return ".".join(f"{'-' if descending else ''}{column}" for column, descending in chosen)


def column_order(name: Any, model: Any, model_admin: Any) -> Any:
    """Return what a column is sorted by: a field's name, a path, an expression, or ``None``.

    Args:
        name: in ``list_display``.
        model: the model.
        model_admin: whose attributes the name may mean.

    Raises:
        AttributeError: the name means nothing.
    """
    try:
        return model._meta.get_field(name).name
    except FieldDoesNotExist:
        pass
    if callable(name):
        target = name
    elif hasattr(model_admin, name):
        target = getattr(model_admin, name)
    elif LOOKUP_SEP in name and not hasattr(model, name):
        return name
    else:
        target = getattr(model, name)
    if isinstance(target, property):
        target = target.fget
    return getattr(target, "admin_order_field", None)


def directed(order: Any, descending: bool) -> Any:
    """Return an order, or its reverse."""
    if isinstance(order, str):
        if not descending:
            return order
        return order[1:] if order.startswith("-") else f"-{order}"
    if isinstance(order, OrderBy):
        if descending:
            order = order.copy()
            order.reverse_ordering()
        return order
    return order.desc() if descending else order.asc()


def named(order: Any) -> tuple[str | None, bool]:
    """Return which field an order is by, if it is by a plain one, and whether it is descending."""
    if isinstance(order, str):
        return order.lstrip("-+"), order.startswith("-")
    descending = False
    if isinstance(order, OrderBy):
        order, descending = order.expression, order.descending
    return (order.name if isinstance(order, F) else None), descending


def is_total(opts: Any, ordering: Iterable[Any]) -> bool:
    """Whether no two objects are equal in an ordering."""
    fixed = set()
    for order in ordering:
        name, _ = named(order)
        if name == "pk":
            return True
        try:
            field = opts.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.is_relation and name == field.name:
            # This follows the order of the related model.
            continue
        if field.null:
            continue
        if field.unique:
            return True
        fixed.add(field.attname)
    groups = [*opts.unique_together]
    groups += (constraint.fields for constraint in opts.total_unique_constraints)
    return any(fixed.issuperset(opts.get_field(name).attname for name in group) for group in groups)
