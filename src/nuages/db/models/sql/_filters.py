"""Conditions: how ``Q`` objects and keyword lookups become a WHERE tree.

Each condition is judged in its surroundings (``Scope``: below how many negations, may joins be used again,
…) and comes back with the joins that have to have a partner for it to hold. Which joins are inner and which
outer is decided afterwards, for a whole level of AND or OR at a time (``JoinPromoter``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from nuages.core.exceptions import FieldError
from nuages.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import (
    BaseExpression,
    Col,
    ColPairs,
    Exists,
    F,
    OuterRef,
    Ref,
    ResolvedOuterRef,
)
from nuages.db.models.lookups import Lookup
from nuages.db.models.query_utils import Q, check_rel_lookup_compatibility, refs_expression
from nuages.db.models.sql._selection import SelectionRoom
from nuages.db.models.sql.constants import INNER, LOUTER
from nuages.db.models.sql.datastructures import Join, MultiJoin
from nuages.db.models.sql.slots import LeavesTrail, Slot, holds_slot
from nuages.db.models.sql.where import AND, OR, WhereNode


class Scope(NamedTuple):
    """Where a condition stands."""

    #: Whether an odd number of negations is around the level / whether any negation is.
    negated: bool = False
    branch_negated: bool = False
    allow_joins: bool = True
    #: Whether a negated condition on many rows becomes a subquery.
    split_subq: bool = True
    check_filterable: bool = True
    summarize: bool = False
    update_join_types: bool = True


class JoinPromoter:
    """Decides for the conditions of one level which joins are inner and which outer.

    Each child votes for the joins that it cannot do without. Under AND one vote makes a join inner; under
    OR a join stays outer unless all children vote for it.
    """

    def __init__(self, connector: str, num_children: int, negated: bool) -> None:
        self.connector, self.num_children, self.negated = connector, num_children, negated
        self.votes: Counter[str] = Counter()

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(connector={self.connector!r}, "
            f"num_children={self.num_children!r}, negated={self.negated!r})"
        )

    @property
    def effective_connector(self) -> str:
        """The connector, seen from outside a negation."""
        if self.negated:
            return {AND: OR, OR: AND}.get(self.connector, self.connector)
        return self.connector

    def add_votes(self, votes: Iterable[str]) -> None:
        """Count one child's needs."""
        self.votes.update(votes)

    def update_join_types(self, query: Any) -> set[str]:
        """Set the types of the joins voted for; return those that are inner."""
        connector = self.effective_connector
        unanimous = {alias for alias, votes in self.votes.items() if votes == self.num_children}
        if connector == AND:
            inner = set(self.votes)
        elif connector == OR:
            inner = unanimous
            query.promote_joins(set(self.votes) - unanimous)
        else:
            inner = set()
        query.demote_joins(inner)
        return inner


def get_children_from_q(q: Q) -> Iterator[Any]:
    """Yield the pairs and expressions in ``q``, at any depth."""
    for child in q.children:
        if isinstance(child, Q):
            yield from get_children_from_q(child)
        else:
            yield child


def _lists_null(lookup: Any) -> bool:
    """Say whether a lookup in several values has ``None`` among them."""
    return (
        lookup.lookup_name == "in"
        and isinstance(lookup.rhs, (list, tuple))
        and any(item is None for item in lookup.rhs)
    )


def rename_prefix_from_q(prefix: str, replacement: str, q: Q) -> Q:
    """Return ``q`` with names that begin with ``prefix`` beginning with ``replacement``."""
    start = prefix + LOOKUP_SEP

    def renamed(item: Any) -> Any:
        match item:
            case Q():
                return Q.create(
                    [renamed(child) for child in item.children], item.connector, item.negated
                )
            case (str() as lookup, value):
                if lookup.startswith(start):
                    lookup = replacement + lookup.removeprefix(prefix)
                return lookup, renamed(value)
            case F(name=str() as name) if name.startswith(start):
                twin = item.copy()
                twin.name = replacement + name.removeprefix(prefix)
                return twin
            case BaseExpression() if not isinstance(item, FilterRoom):
                return item._mapped(renamed)
        return item

    return renamed(q)


class FilterRoom(SelectionRoom):
    """The part of a query that builds conditions."""

    # -- entrances -----------------------------------------------------------------------------

    def add_filter(self, filter_lhs: str, filter_rhs: Any) -> None:
        """AND one lookup."""
        self.add_q(Q((filter_lhs, filter_rhs)))

    def add_q(self, q_object: Q, reuse_all: bool = False) -> None:
        """AND a condition. Its joins to many rows are shared within it, not with other conditions."""
        # An outer join that the condition makes inner before it is ORed must not stay so; what was inner
        # before is inner after.
        inner = [alias for alias, join in self.alias_map.items() if join.join_type == INNER]
        present = set(self.alias_map) if reuse_all else self.used_aliases
        reuse = present | self.used_aliases
        clause, _ = self._add_q(q_object, reuse)
        # What it joined may be used by the next condition, if that belongs to this one.
        self.used_aliases |= reuse - present
        if clause:
            self.where.add(clause, AND)
        self.demote_joins(inner)

    def build_where(self, filter_expr: Any) -> WhereNode:
        """Return a condition on this table alone, for constraints and indexes."""
        return self.build_filter(filter_expr, allow_joins=False)[0]

    def resolve_condition(
        self, q: Q, reuse: set[str] | None, *, allow_joins: bool, summarize: bool
    ) -> WhereNode:
        """Return the WHERE tree of a ``Q`` that is used as an expression."""
        clause, joins = self._add_q(
            q,
            reuse,
            allow_joins=allow_joins,
            split_subq=False,
            check_filterable=False,
            summarize=summarize,
        )
        # Whatever it is used for, it must not take rows away.
        self.promote_joins(joins)
        return clause

    def _add_q(
        self,
        q_object: Q,
        used_aliases: set[str] | None,
        branch_negated: bool = False,
        current_negated: bool = False,
        allow_joins: bool = True,
        split_subq: bool = True,
        check_filterable: bool = True,
        summarize: bool = False,
        update_join_types: bool = True,
    ) -> tuple[WhereNode, set[str]]:
        scope = Scope(
            current_negated,
            branch_negated,
            allow_joins,
            split_subq,
            check_filterable,
            summarize,
            update_join_types,
        )
        return self._level(q_object, used_aliases, scope)

    def build_filter(
        self,
        filter_expr: Any,
        branch_negated: bool = False,
        current_negated: bool = False,
        can_reuse: set[str] | None = None,
        allow_joins: bool = True,
        split_subq: bool = True,
        check_filterable: bool = True,
        summarize: bool = False,
        update_join_types: bool = True,
    ) -> tuple[WhereNode, Iterable[str]]:
        """Return a WHERE node, and the joins that need a partner for it to hold.

        ``filter_expr`` is a pair ``(lookup, value)``, a ``Q`` or an expression.
        """
        scope = Scope(
            current_negated,
            branch_negated,
            allow_joins,
            split_subq,
            check_filterable,
            summarize,
            update_join_types,
        )
        return self._condition(filter_expr, can_reuse, scope)

    # -- levels --------------------------------------------------------------------------------

    def _level(self, q: Q, reuse: set[str] | None, outer: Scope) -> tuple[WhereNode, set[str]]:
        scope = outer._replace(
            negated=outer.negated is not q.negated,
            branch_negated=outer.branch_negated or q.negated,
        )
        promoter = JoinPromoter(q.connector, len(q.children), scope.negated)
        node = WhereNode(connector=q.connector, negated=q.negated)
        for child in q.children:
            clause, needed = self._condition(child, reuse, scope)
            promoter.add_votes(needed)
            if clause:
                node.add(clause, q.connector)
        inner = promoter.update_join_types(self) if scope.update_join_types else set()
        return node, inner

    def _condition(
        self, condition: Any, reuse: set[str] | None, scope: Scope
    ) -> tuple[WhereNode, Iterable[str]]:
        match condition:
            case dict():
                raise FieldError("Cannot parse keyword query as dict")
            case Q():
                return self._level(condition, reuse, scope)
            case (str() as lookup, value):
                if not lookup:
                    raise FieldError(f"Cannot parse keyword query {lookup!r}")
                return self._lookup_condition(lookup, value, reuse, scope)
        if hasattr(condition, "resolve_expression"):
            return self._expression_condition(condition, reuse, scope)
        raise FieldError(f"Cannot parse keyword query {condition!r}")

    def _expression_condition(
        self, expression: Any, reuse: set[str] | None, scope: Scope
    ) -> tuple[WhereNode, Iterable[str]]:
        if not getattr(expression, "conditional", False):
            raise TypeError("Cannot filter against a non-conditional expression.")
        resolved = expression.resolve_expression(
            self, allow_joins=scope.allow_joins, reuse=reuse, summarize=scope.summarize
        )
        if not isinstance(resolved, (Lookup, WhereNode)):
            resolved = self.build_lookup(["exact"], resolved, True)
        return WhereNode([resolved], connector=AND), ()

    def _lookup_condition(
        self, name: str, value: Any, reuse: set[str] | None, scope: Scope
    ) -> tuple[WhereNode, Iterable[str]]:
        lookups, parts, annotation = self.solve_lookup_type(name, scope.summarize)
        if scope.check_filterable:
            self.check_filterable(annotation)
        if not scope.allow_joins and len(parts) > 1:
            raise FieldError("Joined field references are not permitted in this query")
        before = self.alias_refcount.copy()
        if isinstance(value, Iterator):
            # It is walked several times from here on.
            value = list(value)
        given = value
        value = self.resolve_lookup_value(value, reuse, scope.allow_joins, scope.summarize)
        needed = {
            alias for alias, uses in self.alias_refcount.items() if uses > before.get(alias, 0)
        }
        if scope.check_filterable:
            self.check_filterable(value)
        if annotation is not False:
            return WhereNode([self.build_lookup(lookups, annotation, value)], connector=AND), ()

        may_fan_out = not (scope.branch_negated and scope.split_subq)
        try:
            info = self.setup_joins(
                parts,
                self.get_meta(),
                self.get_initial_alias(),
                can_reuse=reuse,
                allow_many=may_fan_out,
            )
            self.check_related_objects(info.final_field, value, info.opts)
            self._lookup_joins = info.joins
        except MultiJoin as stop:
            return self.split_exclude((name, given), reuse, stop.names_with_path)

        needed.update(info.joins)
        targets, alias, joins = self.trim_joins(info.targets, info.joins, info.path)
        if reuse is not None:
            reuse.update(joins)
        lookup = self.build_lookup(lookups, self._subject(info, targets, alias), value)
        clause = WhereNode([lookup], connector=AND)
        needs_rows = self._guard_nulls(clause, lookup, info, targets, alias, joins, value, scope)
        return clause, () if needs_rows else needed

    def _subject(self, info: Any, targets: Sequence[Any], alias: str) -> Any:
        final = info.final_field
        if final.is_relation and len(targets) > 1:
            return ColPairs(alias if self.alias_cols else None, targets, info.targets, final)
        return self._get_col(targets[0], final, alias)

    def _guard_nulls(
        self,
        clause: WhereNode,
        lookup: Any,
        info: Any,
        targets: Sequence[Any],
        alias: str,
        joins: Sequence[str],
        value: Any,
        scope: Scope,
    ) -> bool:
        """Add what makes NOT treat NULL as "does not match"; return whether rows without a partner count.

        SQL's NOT of an unknown is unknown, so ``exclude(a=1)`` would lose the rows where ``a`` is NULL:
        NOT (a = 1 AND a IS NOT NULL) keeps them.
        """
        is_null_test = lookup.lookup_name == "isnull"
        if not scope.negated:
            return is_null_test and lookup.rhs is True
        if lookup.rhs is None or (is_null_test and lookup.rhs is not False):
            return False
        if is_null_test:
            return True
        if self.is_nullable(targets[0]) or self.alias_map[joins[-1]].join_type == LOUTER:
            column = self._get_col(targets[0], info.targets[0], alias)
            test = targets[0].get_lookup("isnull")
            if _lists_null(lookup):
                # Excluding NULL with others excludes it, too.
                clause.add(test(column, True), OR)
            else:
                clause.add(test(column, False), AND)
        if isinstance(value, Col) and self.is_nullable(value.target):
            clause.add(value.target.get_lookup("isnull")(value, False), AND)
        return True

    def _get_col(self, target: Any, field: Any, alias: str | None) -> Any:
        return target.get_col(alias if self.alias_cols else None, field)

    # -- the two sides -------------------------------------------------------------------------

    def solve_lookup_type(
        self, lookup: str, summarize: bool = False
    ) -> tuple[Sequence[str], Sequence[str], Any]:
        """Split a keyword into lookups, names of fields, and the annotation it begins with (or ``False``)."""
        names = lookup.split(LOOKUP_SEP)
        if self.annotations:
            annotation, rest = refs_expression(names, self.annotations)
            if annotation:
                expression = self.annotations[annotation]
                return rest, (), Ref(annotation, expression) if summarize else expression
        *_, lookups = self.names_to_path(names, self.get_meta())
        fields = names[: len(names) - len(lookups)]
        if len(lookups) > 1 and not fields:
            raise FieldError(
                f'Invalid lookup "{lookup}" for model {self.get_meta().model.__name__}".'
            )
        return lookups, fields, False

    def resolve_lookup_value(
        self, value: Any, can_reuse: set[str] | None, allow_joins: bool, summarize: bool = False
    ) -> Any:
        """Resolve the right-hand side, or the expressions in it."""
        if hasattr(value, "resolve_expression"):
            return value.resolve_expression(
                self, reuse=can_reuse, allow_joins=allow_joins, summarize=summarize
            )
        if isinstance(value, (list, tuple)):
            items = [
                self.resolve_lookup_value(item, can_reuse, allow_joins, summarize) for item in value
            ]
            cls = type(value)
            return cls(*items) if hasattr(cls, "_make") else cls(items)
        return value

    def build_lookup(self, lookups: Sequence[str], lhs: Any, rhs: Any) -> Any:
        """Return the lookup object for ``lhs__lookups=rhs``."""
        pending = list(lookups) or ["exact"]
        while len(pending) > 1:
            lhs = self.try_transform(lhs, pending[0], pending)
            del pending[0]
        name = pending[0]
        cls = lhs.get_lookup(name)
        if cls is None:
            # The last name may be a transform, too; then equality is meant.
            lhs = self.try_transform(lhs, name, pending)
            name = "exact"
            if (cls := lhs.get_lookup(name)) is None:
                return None
        if getattr(rhs, "is_composite", False) and not getattr(lhs, "is_composite", False):
            kind = type(rhs.output_field).__name__
            raise ValueError(f"{kind} cannot be used as a lookup value.")
        lookup = cls(lhs, rhs)
        if lookup.rhs is None and not lookup.can_use_none_as_rhs:
            if name not in ("exact", "iexact"):
                raise ValueError("Cannot use None as a query value")
            return lhs.get_lookup("isnull")(lhs, True)
        if (
            name == "exact"
            and lookup.rhs == ""
            and connections[DEFAULT_DB_ALIAS].features.interprets_empty_strings_as_nulls
        ):
            return lhs.get_lookup("isnull")(lhs, True)
        return lookup

    def try_transform(self, lhs: Any, name: str, lookups: Sequence[str] | None = None) -> Any:
        """Return the transform ``name`` of ``lhs``; ``lookups`` is what is left of the keyword."""
        if cls := lhs.get_transform(name):
            return cls(lhs)
        output_field = lhs.output_field
        import difflib

        close = difflib.get_close_matches(name, output_field.get_lookups())
        hint = f", perhaps you meant {' or '.join(close)}?" if close else "."
        shown = LOOKUP_SEP.join(lookups or [name])
        raise FieldError(
            f"Unsupported lookup '{shown}' for {type(output_field).__name__} or join on the field not "
            f"permitted{hint}"
        )

    # -- checks --------------------------------------------------------------------------------

    def check_query_object_type(self, value: Any, opts: Any, field: Any) -> None:
        """Raise ``ValueError`` if ``value`` is an object of a model that the relation does not lead to."""
        if hasattr(value, "_meta") and not check_rel_lookup_compatibility(
            value._meta.model, opts, field
        ):
            raise ValueError(f'Cannot query "{value}": Must be "{opts.object_name}" instance.')

    def check_related_objects(self, field: Any, value: Any, opts: Any) -> None:
        """Raise ``ValueError`` if a relation is compared with objects of another model."""
        if not field.is_relation:
            return
        if isinstance(value, FilterRoom):
            if not value.has_select_fields and not check_rel_lookup_compatibility(
                value.model, opts, field
            ):
                raise ValueError(
                    f'Cannot use QuerySet for "{value.model._meta.object_name}": Use a QuerySet for '
                    f'"{opts.object_name}".'
                )
        elif hasattr(value, "_meta"):
            self.check_query_object_type(value, opts, field)
        elif isinstance(value, Iterable):
            for item in value:
                self.check_query_object_type(item, opts, field)

    def check_filterable(self, expression: Any) -> None:
        """Raise ``NotSupportedError`` if something in it may not be filtered by."""
        if hasattr(expression, "resolve_expression") and not getattr(
            expression, "filterable", True
        ):
            raise NotSupportedError(
                f"{type(expression).__name__} is disallowed in the filter clause."
            )
        if hasattr(expression, "get_source_expressions"):
            for child in expression.get_source_expressions():
                self.check_filterable(child)

    def is_nullable(self, field: Any) -> bool:
        """Say whether the column may hold NULL (on Oracle, an empty text is one)."""
        return field.null or (
            field.empty_strings_allowed
            and connections[DEFAULT_DB_ALIAS].features.interprets_empty_strings_as_nulls
        )

    # -- negated conditions on many rows -------------------------------------------------------

    def split_exclude(
        self, filter_expr: tuple[str, Any], can_reuse: set[str] | None, names_with_path: Any
    ) -> tuple[WhereNode, Iterable[str]]:
        """Return the condition as EXISTS: ``exclude(tag__name=x)`` leaves out what has any such tag."""
        name, value = filter_expr
        if holds_slot(value) and not isinstance(value, (Slot, list, tuple)):
            raise LeavesTrail
        match value:
            # What the condition refers to is now one query further out.
            case OuterRef():
                value = OuterRef(value)
            case F():
                value = OuterRef(value.name)
        inner = type(self)(self.model)
        inner._filtered_relations = self._filtered_relations
        inner.add_filter(name, value)
        inner.clear_ordering(force=True)
        prefix, left_out_outer = inner.trim_start(names_with_path)

        column = inner.select[0]
        exact = column.target.get_lookup("exact")
        if column.alias in (can_reuse or ()):
            # Conditions on the outer query's join have to count for the subquery as well.
            pk = column.target.model._meta.pk
            outer_alias = column.alias
            inner.bump_prefix(self)
            inner.where.add(exact(pk.get_col(inner.select[0].alias), pk.get_col(outer_alias)), AND)
            inner.external_aliases[outer_alias] = True
        else:
            inner.where.add(exact(column, ResolvedOuterRef(prefix)), AND)
        condition, needed = self.build_filter(Exists(inner), can_reuse=can_reuse)
        if left_out_outer:
            # Rows that have nothing at the start of the way do not match, so the exclusion keeps them.
            nothing, _ = self.build_filter(
                (f"{prefix}__isnull", True),
                current_negated=True,
                branch_negated=True,
                can_reuse=can_reuse,
            )
            condition.add(nothing, OR)
        return condition, needed

    # -- filtered relations --------------------------------------------------------------------

    def add_filtered_relation(self, filtered_relation: Any, alias: str) -> None:
        """Register a relation with a condition under ``alias``."""
        self.check_alias(alias)
        if "." in alias:
            raise ValueError(
                f"FilteredRelation doesn't support aliases with periods (got {alias!r})."
            )
        filtered_relation = filtered_relation.clone()
        filtered_relation.alias = alias
        way = filtered_relation.relation_name
        lookups, relation, _ = self.solve_lookup_type(way)
        if lookups:
            raise ValueError(
                f"FilteredRelation's relation_name cannot contain lookups (got {way!r})."
            )
        for child in get_children_from_q(filtered_relation.condition):
            if not isinstance(child, tuple):
                continue
            lookup = child[0]
            lookups, fields, _ = self.solve_lookup_type(lookup)
            # The last name is a column of what the others lead to.
            inner = fields[:-1]
            if isinstance(child[1], FilterRoom) or isinstance(
                getattr(child[1], "query", None), FilterRoom
            ):
                raise ValueError("Passing a QuerySet within a FilteredRelation is not supported.")
            for own, given in zip(relation, inner if lookups else inner[:-1]):
                if own != given:
                    raise ValueError(
                        "FilteredRelation's condition doesn't support relations outside the "
                        f"{way!r} (got {lookup!r})."
                    )
            if len(inner) > len(relation):
                raise ValueError(
                    "FilteredRelation's condition doesn't support nested relations deeper than the "
                    f"relation_name (got {lookup!r} for {way!r})."
                )
        filtered_relation.condition = rename_prefix_from_q(way, alias, filtered_relation.condition)
        self._filtered_relations[alias] = filtered_relation

    # -- references ----------------------------------------------------------------------------

    def resolve_ref(
        self,
        name: str,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
    ) -> Any:
        """Return what ``F(name)`` is here: an annotation, a reference to one, or a column."""
        annotation = self.annotations.get(name)
        if annotation is not None:
            return self._annotation_ref(name, annotation, allow_joins, summarize)
        names = name.split(LOOKUP_SEP)
        annotation = self.annotations.get(names[0])
        if annotation is not None:
            result = self._annotation_ref(names[0], annotation, allow_joins, summarize)
            for transform in names[1:]:
                result = self.try_transform(result, transform)
            return result
        info = self.setup_joins(names, self.get_meta(), self.get_initial_alias(), can_reuse=reuse)
        targets, alias, joins = self.trim_joins(info.targets, info.joins, info.path)
        for refused, reason in (
            (
                not allow_joins and len(joins) > 1,
                "Joined field references are not permitted in this query",
            ),
            (len(targets) > 1, "Referencing multicolumn fields with F() objects isn't supported"),
        ):
            if refused:
                raise FieldError(reason)
        if reuse is not None:
            reuse |= set(joins)
        # Raises ``FieldError`` if a name is neither a field nor a transform.
        return info.transform_function(targets[0], alias)

    def _annotation_ref(
        self, name: str, annotation: Any, allow_joins: bool, summarize: bool
    ) -> Any:
        if not allow_joins and any(
            isinstance(self.alias_map.get(alias or ""), Join)
            for alias in self._gen_col_aliases([annotation])
        ):
            raise FieldError("Joined field references are not permitted in this query")
        if not summarize:
            return annotation
        # A summary is computed around this query, from its columns.
        if name not in self.annotation_select:
            raise FieldError(
                f"Cannot aggregate over the '{name}' alias. Use annotate() to promote it."
            )
        return Ref(name, self.annotation_select[name])
