"""Merging two queries into one: ``qs1 & qs2``, ``qs1 | qs2``."""

from __future__ import annotations

from typing import Any

from nuages.db.models.sql._filters import JoinPromoter
from nuages.db.models.sql.constants import INNER
from nuages.db.models.sql.where import AND, OR


def _refuse_unlike(lhs: Any, rhs: Any) -> None:
    """Raise ``TypeError`` if one query cannot stand for both."""
    obstacles = (
        (lhs.model is not rhs.model, "Cannot combine queries on two different base models."),
        (lhs.is_sliced or rhs.is_sliced, "Cannot combine queries once a slice has been taken."),
        (lhs.distinct != rhs.distinct, "Cannot combine a unique query with a non-unique query."),
        (
            lhs.distinct_fields != rhs.distinct_fields,
            "Cannot combine queries with different distinct fields.",
        ),
    )
    for there, message in obstacles:
        if there:
            raise TypeError(message)


def merge(lhs: Any, rhs: Any, connector: str) -> None:
    """Add the conditions of ``rhs`` to ``lhs``, with AND, OR or XOR. Columns and order come from ``rhs``."""
    _refuse_unlike(lhs, rhs)
    # The names of both queries' joins must not meet halfway (T4 to T5, T5 to T6); the first table is common.
    base = lhs.get_initial_alias()
    rhs = rhs.clone()
    rhs.bump_prefix(lhs, exclude={base})

    both = connector == AND
    # Two ANDed conditions on many rows may mean different rows, so each keeps its joins.
    reusable = set() if both else set(lhs.alias_map)
    promoter = JoinPromoter(connector, 2, False)
    promoter.add_votes(alias for alias, join in lhs.alias_map.items() if join.join_type == INNER)

    renamed: dict[str, str] = {}
    needed: set[str] = set()
    for alias, join in list(rhs.alias_map.items())[1:]:
        here = lhs.join(join.relabeled_clone(renamed), reuse=reusable)
        if join.join_type == INNER:
            needed.add(here)
        # One of our joins stands for at most one of theirs.
        reusable.discard(here)
        if here != alias:
            renamed[alias] = here
        if not rhs.alias_refcount[alias]:
            lhs.unref_alias(here)
    promoter.add_votes(needed)
    promoter.update_join_types(lhs)
    lhs.subq_aliases = lhs.subq_aliases | rhs.subq_aliases

    where = rhs.where.clone()
    where.relabel_aliases(renamed)
    lhs.where.add(where, connector)

    if rhs.select:
        lhs.set_select([column.relabeled_clone(renamed) for column in rhs.select])
    else:
        lhs.select = ()
    if connector == OR and lhs.extra and rhs.extra:
        raise ValueError(
            "When merging querysets using 'or', you cannot have extra(select=...) on both sides."
        )
    lhs.extra.update(rhs.extra)
    masks = [query.extra_select_mask for query in (lhs, rhs) if query.extra_select_mask]
    if masks:
        lhs.set_extra_mask(set().union(*masks))
    lhs.extra_tables += rhs.extra_tables
    lhs.order_by = rhs.order_by or lhs.order_by
    lhs.extra_order_by = rhs.extra_order_by or lhs.extra_order_by
