"""Terminal questions: aggregates over a whole query, counting, existence.

A summary is computed in one of two ways. If nothing in the query depends on rows being counted once, the
query itself selects the aggregates instead of its columns. Otherwise it becomes the FROM of a query around
it, and what the aggregates read is handed through under names of our own.
"""

from __future__ import annotations

from typing import Any

from nuages.db.models.expressions import Ref, Value
from nuages.db.models.sql.constants import SINGLE


def resolve_aggregates(query: Any, aggregate_exprs: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Resolve the aggregates asked for, each of which may refer to those before it.

    Returns them, and whether any needs the query inside another one.
    """
    mask = query.annotation_select_mask
    earlier: dict[Any, Any] = {}
    needs_outer = False
    resolved: dict[str, Any] = {}
    present = dict(query.annotations)
    for alias, expression in aggregate_exprs.items():
        query.check_alias(alias)
        aggregate = expression.resolve_expression(
            query, allow_joins=True, reuse=None, summarize=True
        )
        if not aggregate.contains_aggregate:
            raise TypeError(f"{alias} is not an aggregate expression")
        # An earlier one stays visible for those after it.
        query.append_annotation_mask([alias])
        for name in aggregate.get_refs():
            referred = present.get(name)
            if referred is not None and (
                getattr(referred, "contains_aggregate", False)
                or getattr(referred, "contains_subquery", False)
                or getattr(referred, "subquery", False)
                or getattr(referred, "contains_over_clause", False)
            ):
                needs_outer = True
        aggregate = aggregate.replace_expressions(earlier)
        query.annotations[alias] = resolved[alias] = aggregate
        query._annotation_select_cache = None
        earlier[Ref(alias, aggregate)] = aggregate
    for alias in resolved:
        del query.annotations[alias]
    query.annotations.update({name: item for name, item in present.items() if name in resolved})
    query.annotation_select_mask = mask
    query._annotation_select_cache = None
    return resolved, needs_outer


def summary_query(query: Any, aggregates: dict[str, Any], needs_outer: bool) -> Any:
    """Return the query whose annotations are the aggregates. ``query`` may be used up."""
    _, having, qualify = query.where.split_having_qualify(must_group_by=query.group_by is not None)
    aggregates_already = having is not None or any(
        getattr(item, "contains_aggregate", True) for item in query.annotations.values()
    )
    spawns_rows = any(
        item.set_returning for item in query.annotations.values() if hasattr(item, "set_returning")
    )
    if (
        needs_outer
        or aggregates_already
        or spawns_rows
        or qualify is not None
        or isinstance(query.group_by, tuple)
        or query.is_sliced
        or query.distinct
        or query.combinator
    ):
        outer = _around(
            query,
            aggregates,
            aggregates_already,
            keep_all=bool(qualify or query.combinator or spawns_rows),
        )
    else:
        outer = _inline(query, aggregates)
    outer.clear_ordering(force=True)
    outer.clear_limits()
    outer.select_for_update = False
    outer.select_related = False
    return outer


def _inline(query: Any, aggregates: dict[str, Any]) -> Any:
    """Select the aggregates in the place of the query's columns."""
    # Annotations that they refer to are spelled out in them.
    spelled = {Ref(name, item): item for name, item in query.annotations.items()}
    query.clear_select_fields()
    query.default_cols = False
    query.extra = {}
    query.annotations = {
        alias: aggregate.replace_expressions(spelled) for alias, aggregate in aggregates.items()
    }
    query.set_annotation_mask(aggregates)
    return query


def _around(
    query: Any, aggregates: dict[str, Any], aggregates_already: bool, keep_all: bool
) -> Any:
    """Select the aggregates from the query."""
    from nuages.db.models.sql.subqueries import AggregateQuery

    inner = query.clone()
    inner.subquery = True
    inner.select_for_update = False
    inner.select_related = False
    inner.set_annotation_mask(query.annotation_select)
    # The order matters only to which rows are taken, and to groups: what is sorted by is grouped by.
    if not isinstance(inner.group_by, tuple):
        inner.clear_ordering(force=False)
    if not inner.distinct:
        if inner.default_cols and aggregates_already:
            inner.group_by = (inner.model._meta.pk.get_col(inner.get_initial_alias()),)
        inner.default_cols = False
        if not keep_all:
            inner.set_annotation_mask(_names_needed(query, aggregates))
    outer = AggregateQuery(query.model, inner)
    handed: dict[Any, Ref] = {}
    for alias, aggregate in aggregates.items():
        repointed = {}
        for column in query._gen_cols([aggregate], resolve_refs=False):
            if column not in handed:
                name = f"__col{len(handed) + 1}"
                handed[column] = Ref(name, column)
                inner.add_annotation(column, name)
            repointed[column] = handed[column]
        outer.annotations[alias] = aggregate.replace_expressions(repointed)
    outer._annotation_select_cache = None
    if inner.select == () and not inner.default_cols and not inner.annotation_select_mask:
        # A SELECT has to have something in it.
        inner.select = (inner.model._meta.pk.get_col(inner.get_initial_alias()),)
    return outer


def _names_needed(query: Any, aggregates: dict[str, Any]) -> set[str]:
    """Return the annotations that the inner query has to select."""
    needed: set[str] = set()
    if isinstance(query.group_by, tuple):
        for item in query.group_by:
            needed |= item.get_refs()
    for aggregate in aggregates.values():
        needed |= aggregate.get_refs()
    # Those that group would change the groups if they were gone.
    needed |= {name for name, item in query.annotation_select.items() if item.get_group_by_cols()}
    return needed


def aggregation(query: Any, using: str, aggregate_exprs: dict[str, Any]) -> dict[str, Any]:
    """Run the aggregates over ``query`` and return their values by name."""
    if not aggregate_exprs:
        return {}
    aggregates, needs_outer = resolve_aggregates(query, aggregate_exprs)
    outer = summary_query(query, aggregates, needs_outer)
    selected = outer.annotation_select
    over_nothing = [item.empty_result_set_value for item in selected.values()]
    # If all values over no rows are known, a query without rows need not be run.
    known = all(value is not NotImplemented for value in over_nothing)
    compiler = outer.get_compiler(using, elide_empty=known)
    row = compiler.execute_sql(SINGLE)
    if row is None:
        row = over_nothing
    else:
        converters = compiler.get_converters(selected.values())
        row = next(iter(compiler.apply_converters((row,), converters)))
    return dict(zip(selected, row))


def exists_query(query: Any, limit: bool = True) -> Any:
    """Return the query that has a row, ``1``, if ``query`` has any."""
    twin = query.clone()
    if not (twin.distinct and twin.is_sliced):
        if twin.group_by is True:
            twin.add_fields((field.attname for field in twin.model._meta.concrete_fields), False)
            # Aliases of columns that are not selected cannot be grouped by.
            twin.set_group_by(allow_aliases=False)
        twin.clear_select_clause()
    if twin.combinator == "union" and twin.combined_queries:
        # Not every database takes a limit within a union.
        twin.combined_queries = tuple(
            exists_query(part, limit=False) for part in twin.combined_queries
        )
    twin.clear_ordering(force=True)
    if limit:
        twin.set_limits(high=1)
    twin.add_annotation(Value(1), "a")
    return twin
