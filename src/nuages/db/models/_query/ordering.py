"""What an ordering says: whether it is total, and by what to order for the first or last object."""

from __future__ import annotations

from typing import Any

from nuages.core.exceptions import FieldDoesNotExist
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import F, OrderBy


def is_total(queryset: Any) -> bool:
    """Whether the order of a QuerySet is deterministic."""
    query = queryset.query
    if not queryset.ordered:
        return False
    options = query.get_meta()
    ordering = query.order_by or (
        options.ordering if query.default_ordering and not query.group_by else ()
    )
    if not ordering:
        return False
    names: set[str] = set()
    for item in ordering:
        name = _field_name(item)
        if name == "pk":
            return True
        if name is not None:
            names.add(name)
    local = set()
    for name in names:
        field = _local_field(options, name)
        if field is None:
            continue
        if field.unique and not field.null:
            return True
        if not field.null:
            local.add(field.attname)
    together = [
        *options.unique_together,
        *(constraint.fields for constraint in options.total_unique_constraints),
    ]
    if len(options.pk_fields) > 1:
        together.append([field.name for field in options.pk_fields])
    return any({options.get_field(name).attname for name in group} <= local for group in together)


def _field_name(item: Any) -> str | None:
    """The field that an item of an ordering names; ``None`` for an expression."""
    if isinstance(item, str):
        return None if item == "?" else item.lstrip("-+")
    if isinstance(item, OrderBy):
        item = item.expression
    return item.name if isinstance(item, F) else None


def _local_field(options: Any, name: str) -> Any:
    """The field of the model that a name means, if it is one with a column, reached by no join."""
    # "author__pk" and the like would take a join, unless they end where the key is.
    if LOOKUP_SEP in name:
        return None
    try:
        field = options.get_field(name)
    except FieldDoesNotExist:
        return next((f for f in options.concrete_fields if f.attname == name), None)
    # A relation is ordered by what the related model is ordered by, its column by the column.
    by_model = field.is_relation and name != getattr(field, "attname", None)
    return field if getattr(field, "concrete", False) and not by_model else None


def check_first_or_last(queryset: Any, name: str) -> None:
    """Raise ``TypeError`` if the query groups rows by what an automatic ordering would change."""
    query = queryset.query
    if not isinstance(query.group_by, tuple):
        return
    options = queryset.model._meta
    grouped = {getattr(column, "target", column.output_field) for column in query.group_by}
    if options.pk not in grouped and not grouped.issuperset(options.pk_fields):
        raise TypeError(
            f"Cannot use QuerySet.{name}() on an unordered queryset performing aggregation. Add "
            "an ordering with order_by()."
        )
