"""Tables in FROM: which aliases there are, what joins what, and how names become joins.

``Route`` is the plan of a name: the hops it takes, the field it ends at, and what is left of it. A route is
worked out from the models alone (``names_to_path``); only ``setup_joins`` turns it into joins of this
query, and ``trim_joins`` drops the last ones again where the nearer table has the column, too.
"""

from __future__ import annotations

import functools
import sys
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, product
from string import ascii_uppercase
from typing import Any

from nuages.core.exceptions import FieldDoesNotExist, FieldError
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import Col, Ref
from nuages.db.models.fields import Field
from nuages.db.models.sql._state import QueryState
from nuages.db.models.sql.constants import INNER, LOUTER
from nuages.db.models.sql.datastructures import BaseTable, Join, MultiJoin

#: What ``setup_joins()`` gives.
JoinInfo = namedtuple("JoinInfo", "final_field targets opts joins path transform_function")


def get_field_names_from_opts(opts: Any) -> set[str]:
    """Return all names that a lookup on the model may begin with."""
    if opts is None:
        return set()
    names: set[str] = set()
    for field in opts.get_fields():
        names.add(field.name)
        if field.concrete:
            names.add(field.attname)
    return names


class _Walk:
    """A walk along names, from model to model."""

    def __init__(self, query: Any, opts: Any, allow_many: bool, strict: bool) -> None:
        self.query = query
        self.opts = opts
        self.allow_many = allow_many
        self.strict = strict
        self.path: list[Any] = []
        #: For each name, the hops that it took.
        self.steps: list[tuple[str, list[Any]]] = []
        self.final_field: Any = None
        self.targets: Sequence[Any] = ()

    def along(self, names: Sequence[str]) -> int:
        """Walk as far as the names are fields; return how many were."""
        for position, name in enumerate(names):
            resolved = "pk" if name != "pk" or self.opts is None else None
            name = name if resolved else self.opts.pk.name
            self.steps.append((name, []))
            field, filtered = self._field_named(name, position)
            if field is None:
                if position == 0 or self.strict:
                    self._no_such_name(name)
                self.steps.pop()
                return position
            if not self._enter(field, filtered, position, names):
                return position + 1
        return len(names)

    def _field_named(self, name: str, position: int) -> tuple[Any, Any]:
        query = self.query
        if self.opts is not None:
            try:
                return self.opts.get_field(name), None
            except FieldDoesNotExist:
                pass
        if name in query.annotation_select:
            return query.annotation_select[name].output_field, None
        if position == 0 and name in query._filtered_relations:
            return self._filtered(query._filtered_relations[name]), query._filtered_relations[name]
        return None, None

    def _filtered(self, relation: Any) -> Any:
        """Return the relation's field; hops before it are taken now."""
        *before, last = relation.relation_name.split(LOOKUP_SEP)
        if not before:
            return self.opts.get_field(last)
        inner = _Walk(self.query, self.opts, self.allow_many, self.strict)
        inner.along([*before, last])
        self.path.extend(inner.path[:-1])
        return inner.final_field

    def _enter(self, field: Any, filtered: Any, position: int, names: Sequence[str]) -> bool:
        """Take ``field``; return whether the walk can go on behind it."""
        if field.is_relation and not field.related_model:
            raise FieldError(
                f"Field {field.name!r} does not generate an automatic reverse relation and therefore "
                "cannot be used for reverse querying. If it is a GenericForeignKey, consider adding a "
                "GenericRelation."
            )
        hops_of_name = self.steps[-1][1]
        home = getattr(getattr(field, "model", None), "_meta", None)
        home_model = getattr(home, "concrete_model", None)
        if home_model is not None and home_model is not self.opts.model:
            # An inherited field: go to the parent's table first.
            if climb := self.opts.get_path_to_parent(home_model):
                self.path.extend(climb)
                hops_of_name.extend(climb)
                self.opts = climb[-1].to_opts
        if not hasattr(field, "path_infos"):
            self.final_field, self.targets = field, (field,)
            if self.strict and position + 1 != len(names):
                raise FieldError(
                    f"Cannot resolve keyword {names[position + 1]!r} into field. Join on "
                    f"'{names[position]}' not permitted."
                )
            return False
        hops = field.get_path_info(filtered) if filtered is not None else field.path_infos
        if not self.allow_many:
            many = next((index for index, hop in enumerate(hops) if hop.m2m), None)
            if many is not None:
                hops_of_name.extend(hops[: many + 1])
                raise MultiJoin(position + 1, self.steps)
        last = hops[-1]
        self.path.extend(hops)
        hops_of_name.extend(hops)
        self.final_field, self.targets, self.opts = (
            last.join_field,
            last.target_fields,
            last.to_opts,
        )
        return True

    def _no_such_name(self, name: str) -> None:
        query = self.query
        known = sorted(
            {
                *get_field_names_from_opts(self.opts),
                *query.annotations,
                *query._filtered_relations,
            }
        )
        raise FieldError(
            f"Cannot resolve keyword '{name}' into field. Choices are: {', '.join(known)}"
        )


class JoinRoom(QueryState):
    """The part of a query that knows its tables."""

    # -- aliases -------------------------------------------------------------------------------

    @property
    def base_table(self) -> str | None:
        """The alias of the first table."""
        return next(iter(self.alias_map), None)

    def get_initial_alias(self) -> str | None:
        """Return the alias of the model's table, which from now on is in use."""
        if (alias := self.base_table) is not None:
            self.ref_alias(alias)
            return alias
        if self.model is None:
            return None
        return self.join(self.base_table_class(self.get_meta().db_table, None))

    def table_alias(
        self, table_name: str, create: bool = False, filtered_relation: Any = None
    ) -> tuple[str, bool]:
        """Return an alias of ``table_name``, and whether it is new."""
        known = self.table_map.get(table_name, ())
        if known and not create:
            self.alias_refcount[known[0]] += 1
            return known[0], False
        if known:
            alias = f"{self.alias_prefix}{len(self.alias_map) + 1}"
        else:
            # The first one is the table itself.
            alias = table_name if filtered_relation is None else filtered_relation.alias
        self.table_map[table_name] = (*known, alias)
        self.alias_refcount[alias] = 1
        return alias, True

    def unref_alias(self, alias: str, amount: int = 1) -> None:
        """Count fewer uses; a table without uses is not in the SQL."""
        self.alias_refcount[alias] -= amount

    def ref_alias(self, alias: str) -> None:
        """Count one more use of ``alias``."""
        self.unref_alias(alias, -1)

    def reset_refcounts(self, to_counts: Mapping[str, int]) -> None:
        """Set the counts back to what they were."""
        for alias, uses in list(self.alias_refcount.items()):
            self.unref_alias(alias, uses - to_counts.get(alias, 0))

    def count_active_tables(self) -> int:
        """Return the number of tables in use."""
        return sum(1 for uses in self.alias_refcount.values() if uses)

    # -- nullability ---------------------------------------------------------------------------

    def promote_joins(self, aliases: Iterable[str]) -> None:
        """Make these joins, and those behind them, outer ones where rows may lack a partner."""
        pending = list(aliases)
        while pending:
            alias = pending.pop()
            join = self.alias_map[alias]
            if join.join_type in (None, LOUTER):
                continue
            if join.nullable or self.alias_map[join.parent_alias].join_type == LOUTER:
                self.alias_map[alias] = join.promote()
                pending += [
                    name for name, other in self.alias_map.items() if other.parent_alias == alias
                ]

    def demote_joins(self, aliases: Iterable[str]) -> None:
        """Make these joins, and outer ones before them, inner ones."""
        for alias in aliases:
            join = self.alias_map[alias]
            while join.join_type == LOUTER:
                self.alias_map[join.table_alias] = join.demote()
                join = self.alias_map[join.parent_alias]

    # -- joins ---------------------------------------------------------------------------------

    def join(self, join: Any, reuse: Collection[str] | None = None) -> str:
        """Add a join (or the base table), or use one that is there; return its alias.

        ``reuse`` holds the aliases that may be used again; ``None`` allows all.
        """
        same = [
            alias
            for alias, other in self.alias_map.items()
            if (reuse is None or alias in reuse) and other == join
        ]
        if same:
            alias = join.table_alias if join.table_alias in same else same[-1]
            self.ref_alias(alias)
            return alias
        filtered = join.filtered_relation
        alias, _ = self.table_alias(join.table_name, create=True, filtered_relation=filtered)
        if join.join_type is None:
            self.alias_map[alias] = BaseTable(join.table_name, alias)
            return alias
        outer = join.nullable or self.alias_map[join.parent_alias].join_type == LOUTER
        placed = join.but(table_alias=alias, join_type=LOUTER if outer else INNER)
        self.alias_map[alias] = placed
        if filtered is not None:
            self._resolve_filter_of(alias, placed, reuse)
        return alias

    def _resolve_filter_of(self, alias: str, join: Join, reuse: Collection[str] | None) -> None:
        # The condition is about this very join, so the way to it is the same as well.
        allowed = None if reuse is None else {*reuse, *self._way_to(alias)}
        before = len(self.alias_map)
        resolved = join.filtered_relation.resolve_expression(self, reuse=allowed)
        if len(self.alias_map) > before:
            # The condition needs tables that have to stand in front.
            del self.alias_map[alias]
        self.alias_map[alias] = join.but(filtered_relation=resolved)

    def _way_to(self, alias: str | None) -> Iterator[str]:
        while alias is not None:
            yield alias
            alias = self.alias_map[alias].parent_alias

    def join_parent_model(self, opts: Any, model: Any, alias: str, seen: dict[Any, str]) -> str:
        """Return the alias of the parent ``model``'s table, joined along the inheritance chain.

        ``seen`` maps the models already joined to their aliases.
        """
        if model in seen:
            return seen[model]
        for parent in opts.get_base_chain(model):
            if not (link := opts.parents[parent]):
                # A proxy has no table of its own.
                opts = parent._meta
                continue
            if parent not in seen:
                info = self.setup_joins([link.name], opts, alias)
                seen[parent] = info.joins[-1]
            alias, opts = seen[parent], parent._meta
        return alias or seen[None]

    def names_to_path(
        self,
        names: Sequence[str],
        opts: Any,
        allow_many: bool = True,
        fail_on_missing: bool = False,
    ) -> tuple[list[Any], Any, Sequence[Any], Sequence[str]]:
        """Return hops, final field, target fields and the names that are not fields (lookups).

        Raises ``FieldError`` for a first name that is unknown (with ``fail_on_missing`` for any), and
        ``MultiJoin`` for a hop to many rows unless ``allow_many``.
        """
        walk = _Walk(self, opts, allow_many, fail_on_missing)
        walked = walk.along(names)
        return walk.path, walk.final_field, walk.targets, names[walked:]

    def setup_joins(
        self,
        names: Sequence[str],
        opts: Any,
        alias: str | None,
        can_reuse: Collection[str] | None = None,
        allow_many: bool = True,
    ) -> JoinInfo:
        """Join all tables on the way along ``names``, from ``alias`` on.

        Names after the last field are transforms; ``transform_function(field, alias)`` of the result
        applies them. Joins to many rows are used again only if in ``can_reuse``.
        """
        path, final_field, targets, transforms = self._longest_route(names, opts, allow_many)
        joins = [alias]
        for hop in path:
            filtered = hop.filtered_relation.clone() if hop.filtered_relation else None
            nullable = self.is_nullable(hop.join_field) if hop.direct else True
            opts = hop.to_opts
            new = self.join_class(
                opts.db_table,
                alias,
                None if filtered is None else filtered.alias,
                INNER,
                hop.join_field,
                nullable,
                filtered_relation=filtered,
            )
            alias = self.join(new, reuse=can_reuse if hop.m2m else None)
            joins.append(alias)
        return JoinInfo(final_field, targets, opts, joins, path, transforms)

    def _longest_route(
        self, names: Sequence[str], opts: Any, allow_many: bool
    ) -> tuple[list[Any], Any, Sequence[Any], Callable[[Any, str], Any]]:
        """Take as many names for fields as possible, the others for transforms."""
        first_error: FieldError | None = None
        for size in range(len(names), 0, -1):
            try:
                path, final_field, targets, _ = self.names_to_path(
                    names[:size], opts, allow_many, fail_on_missing=True
                )
            except FieldError as error:
                if size == 1:
                    raise
                first_error = error
            else:
                break
        apply = self._column_of
        for name in names[size:]:
            apply = functools.partial(
                self._transformed,
                name=name,
                before=apply,
                final_field=final_field,
                error=first_error,
            )
        return path, final_field, targets, apply

    def _column_of(self, field: Any, alias: str | None) -> Any:
        return field.get_col(alias if self.alias_cols else None)

    def _transformed(
        self,
        field: Any,
        alias: str | None,
        *,
        name: str,
        before: Callable[[Any, str | None], Any],
        final_field: Any,
        error: FieldError | None,
    ) -> Any:
        try:
            return self.try_transform(before(field, alias), name)
        except FieldError:
            # "No such field" says more than "no such transform".
            if isinstance(final_field, Field) and error is not None:
                raise error from None
            raise

    def trim_joins(
        self, targets: Sequence[Any], joins: list[str], path: Sequence[Any]
    ) -> tuple[Sequence[Any], str, list[str]]:
        """Drop the last joins while the table before has the same values.

        Returns the targets there, the alias, and the joins that are left.
        """
        left = list(joins)
        for hop in reversed(path):
            if len(left) == 1 or not hop.direct or hop.filtered_relation:
                break
            near_of_far = {far.column: near for near, far in hop.join_field.related_fields}
            reachable = {field.column for field in hop.join_field.foreign_related_fields}
            if any(target.column not in reachable for target in targets):
                break
            targets = tuple(near_of_far[target.column] for target in targets)
            self.unref_alias(left.pop())
        return targets, left[-1], left

    def trim_start(self, names_with_path: Sequence[tuple[str, Sequence[Any]]]) -> tuple[str, bool]:
        """Let this query start at the far side of the first join to many rows.

        Selects the columns that lead back to the outer query. Returns the name by which the outer query
        reaches the same values, and whether an outer join was left out.
        """
        hops = [hop for _, of_name in names_with_path for hop in of_name]
        tables = [
            alias
            for alias in self.alias_map
            if alias in self._lookup_joins or alias == self.base_table
        ]
        cut = len(hops) - 1
        left_out_outer = any(
            self.alias_map[alias].join_type == LOUTER for alias in tables[1 : cut + 1]
        )
        for alias in tables[:cut]:
            self.unref_alias(alias)
        # A hop to many rows goes by the reverse of a field.
        relation = hops[cut].join_field
        link = getattr(relation, "field", relation)
        prefix: list[str] = []
        remaining = cut
        for name, of_name in names_with_path:
            if (remaining := remaining - len(of_name)) < 0:
                break
            prefix.append(name)
        ends = [far for _, far in link.related_fields]
        if link is relation:
            # A generic relation, backwards: its condition stands on the near table.
            ends = [hops[cut].from_opts.pk]
        prefix.append(ends[0].name)
        first = self.alias_map[tables[cut + 1]]
        direct = first.join_type != LOUTER and not first.filtered_relation
        if direct and link is not relation:
            # The joined table has the columns itself; the table before it is not needed.
            start = tables[cut + 1]
            self.unref_alias(tables[cut])
            columns = [near for near, _ in link.related_fields]
            if extra := link.get_extra_restriction(None, start):
                self.where.add(extra, "AND")
        else:
            start, columns = tables[cut], ends
        for alias, table in self.alias_map.items():
            if self.alias_refcount[alias] > 0:
                self.alias_map[alias] = self.base_table_class(table.table_name, alias)
                break
        self.set_select([field.get_col(start) for field in columns])
        return LOOKUP_SEP.join(prefix), left_out_outer

    # -- renaming ------------------------------------------------------------------------------

    def change_aliases(self, change_map: Mapping[str, str]) -> None:
        """Rename tables everywhere in this query. No new name may be an old one, too."""
        assert set(change_map).isdisjoint(change_map.values())
        own = self.alias_map

        def renamed(expression: Any) -> Any:
            return expression.relabeled_clone(change_map)

        self.where.relabel_aliases(change_map)
        if isinstance(self.group_by, tuple):
            self.group_by = tuple(map(renamed, self.group_by))
        self.select = tuple(map(renamed, self.select))
        if self.annotations:
            self.annotations = {name: renamed(item) for name, item in self.annotations.items()}
            self._annotation_select_cache = None
        self.alias_map = {
            change_map.get(alias, alias): renamed(table) for alias, table in self.alias_map.items()
        }
        self.alias_refcount = {
            change_map.get(alias, alias): uses for alias, uses in self.alias_refcount.items()
        }
        self.table_map = {
            table: tuple(change_map.get(alias, alias) for alias in aliases)
            for table, aliases in self.table_map.items()
        }
        self.external_aliases = {
            change_map.get(alias, alias): aliased or alias in change_map
            for alias, aliased in self.external_aliases.items()
        }
        # The other parts of a union have tables of their own; outer ones they share with this.
        if self.combined_queries and (
            outer := {a: b for a, b in change_map.items() if a not in own}
        ):
            self.combined_queries = tuple(
                query.relabeled_clone(outer) for query in self.combined_queries
            )

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Any:
        """Return a copy in which tables are renamed."""
        twin = self.clone()
        twin.change_aliases(change_map)
        return twin

    def bump_prefix(self, other_query: Any, exclude: Collection[str] = ()) -> None:
        """Rename the tables of this query so that none is called like one of ``other_query``'s."""
        if self.alias_prefix != other_query.alias_prefix:
            return
        taken = self.subq_aliases
        for tries, prefix in enumerate(_prefixes(self.alias_prefix)):
            if tries > sys.getrecursionlimit() // 16:
                raise RecursionError("Maximum recursion depth exceeded: too many subqueries.")
            if prefix not in taken:
                break
        self.alias_prefix = prefix
        self.subq_aliases = taken | {prefix}
        other_query.subq_aliases = other_query.subq_aliases | self.subq_aliases
        self.change_aliases(
            {
                alias: f"{prefix}{position}"
                for position, alias in enumerate(self.alias_map)
                if alias not in exclude
            }
        )

    # -- columns -------------------------------------------------------------------------------

    @classmethod
    def _gen_cols(
        cls, exprs: Iterable[Any], include_external: bool = False, resolve_refs: bool = True
    ) -> Iterator[Col]:
        """Yield the columns in ``exprs``; of subqueries those of outer queries, if wanted."""
        pending = list(exprs)[::-1]
        while pending:
            expr = pending.pop()
            if isinstance(expr, Col):
                yield expr
            elif include_external and callable(getattr(expr, "get_external_cols", None)):
                yield from expr.get_external_cols()
            elif hasattr(expr, "get_source_expressions"):
                if resolve_refs or not isinstance(expr, Ref):
                    pending.extend(reversed(expr.get_source_expressions()))

    @classmethod
    def _gen_col_aliases(cls, exprs: Iterable[Any]) -> Iterator[str | None]:
        return (column.alias for column in cls._gen_cols(exprs))

    def get_external_cols(self) -> list[Col]:
        """Return the columns of outer queries that this one refers to."""
        everywhere = chain(self.annotations.values(), self.where.children)
        return [
            column
            for column in self._gen_cols(everywhere, include_external=True)
            if column.alias in self.external_aliases
        ]


def _prefixes(current: str) -> Iterator[str]:
    """Yield the prefixes after ``current``: letters, then pairs of letters, and so on."""
    letters = ascii_uppercase
    if len(current) == 1:
        yield from letters[letters.index(current) + 1 :]
        sizes: Iterable[int] = count(2)
    else:
        sizes = count(len(current))
    for size in sizes:
        for letters_of_one in product(letters, repeat=size):
            yield "".join(letters_of_one)
