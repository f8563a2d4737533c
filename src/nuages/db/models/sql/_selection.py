"""What a query selects, in which order and how much of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from nuages.core.exceptions import FieldDoesNotExist, FieldError
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import Col, ColPairs, Ref
from nuages.db.models.sql._joins import JoinRoom
from nuages.db.models.sql.datastructures import MultiJoin
from nuages.db.models.sql.where import ExtraWhere, NothingNode

#: What may not stand in an alias: it is quoted, but some databases and tools end a name there.
FORBIDDEN_ALIAS_PATTERN = re.compile(r"['`\"\]\[;\s\x00-\x1F\x7F-\x9F#]|--|/\*|\*/")
EXPLAIN_OPTIONS_PATTERN = re.compile(r"[\w-]+")


def get_order_dir(field: str, default: str = "ASC") -> tuple[str, str]:
    """Return name and direction of ``"name"`` or ``"-name"``."""
    from nuages.db.models.sql.constants import ORDER_DIR

    forward, backward = ORDER_DIR[default]
    return (field[1:], backward) if field[0] == "-" else (field, forward)


class SelectionRoom(JoinRoom):
    """The part of a query that says what comes out."""

    # -- columns -------------------------------------------------------------------------------

    #: Whether ``values()`` was called without names: what ``extra()`` selects later comes out, too.
    _chose_all = False
    #: Whether ``values()`` had chosen columns before it was called once more.
    _chosen_before = False

    @property
    def has_select_fields(self) -> bool:
        """Whether the columns were chosen by ``values()`` and the like."""
        return bool(self.select or self.selected or self.extra_select_mask)

    @property
    def _subquery_fields_len(self) -> int:
        """How many columns come out of the query."""
        if self.default_cols and not self.has_select_fields:
            return len(self.model._meta.concrete_fields) + len(self.annotation_select)
        chosen = (*self.select, *self.annotation_select.values())
        return sum(len(item) if isinstance(item, ColPairs) else 1 for item in chosen)

    @property
    def values_select(self) -> tuple[str, ...]:
        """The names of the model's fields among the chosen columns."""
        if self.selected is None:
            return ()
        return tuple(name for name, where in self.selected.items() if isinstance(where, int))

    def clear_select_clause(self) -> None:
        """Select nothing."""
        self.select = ()
        self.selected = None
        self.default_cols = False
        self.select_related = False
        self.set_extra_mask(())
        self.set_annotation_mask(())

    def clear_select_fields(self) -> None:
        """Select no columns of tables; annotations stay."""
        self.select = ()
        self.selected = None

    def add_select_col(self, col: Any, name: str) -> None:
        """Select one more column."""
        self.selected = {**(self.selected or {}), name: len(self.select)}
        self.select += (col,)

    def set_select(self, cols: Iterable[Any]) -> None:
        """Select just these columns."""
        self.default_cols = False
        self.select = tuple(cols)

    def add_fields(self, field_names: Iterable[str], allow_m2m: bool = True) -> None:
        """Select the named fields, joining what they need. Raises ``FieldError`` for unknown names."""
        start = self.get_initial_alias()
        opts = self.get_meta()
        columns: list[Any] = []
        for name in field_names:
            try:
                info = self.setup_joins(name.split(LOOKUP_SEP), opts, start, allow_many=allow_m2m)
            except MultiJoin:
                raise FieldError(f"Invalid field name: '{name}'") from None
            except FieldError as error:
                raise self._unknown_select(name, error) from error
            targets, alias, _ = self.trim_joins(info.targets, info.joins, info.path)
            if len(targets) > 1 and info.final_field.is_relation:
                # A key of several columns is one value.
                columns.append(ColPairs(alias, targets, targets, info.final_field))
                continue
            columns.extend(info.transform_function(target, alias) for target in targets)
        if columns:
            self.set_select(columns)

    def _unknown_select(self, name: str, error: FieldError) -> FieldError:
        if LOOKUP_SEP in name:
            # The error about the whole path is as good as it gets.
            return error
        if name in self.annotations:
            if self._chosen_before:
                return FieldError(
                    f"Cannot select the '{name}' alias. It was excluded by a previous values() or "
                    f"values_list() call. Include '{name}' in that call to select it."
                )
            return FieldError(f"Cannot select the '{name}' alias. Use annotate() to promote it.")
        from nuages.db.models.sql._joins import get_field_names_from_opts

        known = sorted(
            {
                *get_field_names_from_opts(self.get_meta()),
                *self.extra,
                *self.annotations,
                *self._filtered_relations,
            }
        )
        return FieldError(
            f"Cannot resolve keyword {name!r} into field. Choices are: {', '.join(known)}"
        )

    def set_values(self, fields: Sequence[str]) -> None:
        """Select what ``values()`` names: fields, annotations, extra columns; all fields if nothing."""
        self._chosen_before = self.selected is not None
        self.select_related = False
        self.clear_deferred_loading()
        self.clear_select_fields()
        names = list(fields)
        self._chose_all = not names
        for name in names:
            # Names of keys in documents become aliases, too; those of annotations were looked at before.
            if LOOKUP_SEP in name and name not in self.annotations:
                self.check_alias(name)
        if names:
            if self.extra or self.annotations:
                self.set_extra_mask([n for n in names if n in self.extra_select])
                self.set_annotation_mask(
                    [n for n in names if n not in self.extra_select and n in self.annotation_select]
                )
                self.default_cols = False
            elsewhere = (
                {*self.extra_select, *self.annotation_select}
                if self.extra or self.annotations
                else ()
            )
            own = [n for n in names if n not in elsewhere]
        else:
            self.default_cols = False
            own = [field.attname for field in self.model._meta.concrete_fields]
            names = [*self.extra_select, *own, *self.annotation_select]
        positions = {name: index for index, name in enumerate(dict.fromkeys(own))}
        selected: dict[str, int | str] = {}
        for name in names:
            if name in positions:
                selected[name] = positions[name]
            elif name in self.annotation_select or name in self.extra_select:
                selected[name] = name
        self._fix_group_by()
        self.add_fields(dict.fromkeys(own), True)
        self.selected = selected or None

    def _fix_group_by(self) -> None:
        """Spell GROUP BY out before the selection that it was meant for goes."""
        if self.group_by is True:
            self.add_fields((field.attname for field in self.model._meta.concrete_fields), False)
            # Aliases of the present selection may not be selected later.
            self.set_group_by(allow_aliases=False)
            self.clear_select_fields()
        elif self.group_by:
            self.group_by = tuple(
                self.annotations[item.refs]
                if isinstance(item, Ref)
                and item.refs not in self.annotation_select
                and item.refs in self.annotations
                else item
                for item in self.group_by
            )

    # -- annotations ---------------------------------------------------------------------------

    def check_alias(self, alias: str) -> None:
        """Raise ``ValueError`` for an alias that could end the quoted name it becomes."""
        if "%" in alias:
            import os
            import warnings

            import nuages
            from nuages.utils.deprecation import RemovedInDjango2028Warning

            warnings.warn(
                "Using percent signs in a column alias is deprecated.",
                RemovedInDjango2028Warning,
                skip_file_prefixes=(os.path.dirname(nuages.__file__),),
            )
        if FORBIDDEN_ALIAS_PATTERN.search(alias):
            raise ValueError(
                "Column aliases cannot contain whitespace characters, hashes, control characters, "
                "quotation marks, semicolons, or SQL comments."
            )

    def add_annotation(self, annotation: Any, alias: str, select: bool = True) -> None:
        """Add an expression under a name; without ``select`` it can only be referred to."""
        self.check_alias(alias)
        resolved = annotation.resolve_expression(self, allow_joins=True, reuse=None)
        if select:
            self.append_annotation_mask([alias])
        else:
            self.set_annotation_mask(set(self.annotation_select) - {alias})
        self.annotations[alias] = resolved
        self._annotation_select_cache = None
        if select and self.selected:
            self.selected = {**self.selected, alias: alias}

    def set_annotation_mask(self, names: Collection[str] | None) -> None:
        """Say which annotations are selected; ``None`` is all."""
        if names is None:
            self.annotation_select_mask = None
        else:
            # Keep the order in which they were asked for.
            self.annotation_select_mask = list(dict.fromkeys(names))
            if self.selected:
                kept = {
                    name: where
                    for name, where in self.selected.items()
                    if not isinstance(where, str)
                    or where in self.annotation_select_mask
                    or where in self.extra
                }
                new = [
                    name
                    for name in self.annotation_select_mask
                    if name not in kept and name in self.annotations
                ]
                self.selected = {**kept, **{name: name for name in new}}
        self._annotation_select_cache = None

    def append_annotation_mask(self, names: Iterable[str]) -> None:
        """Select these annotations as well."""
        if self.annotation_select_mask is not None:
            self.set_annotation_mask([*self.annotation_select_mask, *names])

    @property
    def annotation_select(self) -> dict[str, Any]:
        """The annotations that are selected, by name."""
        if self.annotation_select_mask is None:
            return self.annotations
        if self._annotation_select_cache is None:
            mask = set(self.annotation_select_mask)
            self._annotation_select_cache = {
                name: item for name, item in self.annotations.items() if name in mask
            }
        return self._annotation_select_cache

    def set_group_by(self, allow_aliases: bool = True) -> None:
        """Group by what is selected and does not aggregate."""
        if allow_aliases and self.values_select:
            self._select_as_annotations()
        group_by = list(self.select)
        for name, annotation in self.annotation_select.items():
            columns = annotation.get_group_by_cols()
            if not columns:
                continue
            if allow_aliases and not annotation.contains_aggregate:
                group_by.append(Ref(name, annotation))
            else:
                group_by.extend(columns)
        self.group_by = tuple(group_by)

    def _select_as_annotations(self) -> None:
        """Turn chosen columns that are expressions into annotations, so that an alias stands for them."""
        columns: dict[str, Any] = {}
        others: dict[str, Any] = {}
        chosen = self.selected or {}
        for name in self.values_select:
            item = self.select[chosen[name]]
            (columns if isinstance(item, Col) else others)[name] = item
        if not others:
            return
        self.annotations = {**others, **self.annotations}
        self._annotation_select_cache = None
        positions = {name: index for index, name in enumerate(columns)}
        selected = {
            name: positions.get(name, name) if name in columns or name in others else where
            for name, where in chosen.items()
        }
        self.append_annotation_mask(others)
        self.select = tuple(columns.values())
        self.selected = selected

    # -- extra ---------------------------------------------------------------------------------

    def add_extra(
        self,
        select: Mapping[str, str] | None,
        select_params: Sequence[Any] | None,
        where: Sequence[str] | None,
        params: Sequence[Any] | None,
        tables: Sequence[str] | None,
        order_by: Sequence[str] | None,
    ) -> None:
        """Add what ``extra()`` was given."""
        if select:
            left = iter(select_params or ())
            for name, sql in select.items():
                self.check_alias(name)
                text = str(sql)
                # "%%s" is a literal "%s".
                wanted = text.replace("%%", "").count("%s")
                self.extra[name] = (text, [next(left) for _ in range(wanted)])
            if self.selected and self._chose_all:
                self.selected = {**dict.fromkeys(select), **self.selected}
                self.selected.update((name, name) for name in select)
        if where or params:
            self.where.add(ExtraWhere(where, params), "AND")
        if tables:
            self.extra_tables += tuple(tables)
        if order_by:
            self.extra_order_by = order_by

    def set_extra_mask(self, names: Collection[str] | None) -> None:
        """Say which extra columns are selected; ``None`` is all."""
        self.extra_select_mask = None if names is None else set(names)

    @property
    def extra_select(self) -> dict[str, Any]:
        """The extra columns that are selected, by name."""
        if self.extra_select_mask is None or not self.extra:
            return self.extra
        return {name: item for name, item in self.extra.items() if name in self.extra_select_mask}

    # -- related objects and deferred columns --------------------------------------------------

    def add_select_related(self, fields: Iterable[str]) -> None:
        """Load these relations with the same query."""
        tree: dict[str, Any] = {} if isinstance(self.select_related, bool) else self.select_related
        for path in fields:
            branch = tree
            for name in path.split(LOOKUP_SEP):
                branch = branch.setdefault(name, {})
        self.select_related = tree

    def clear_deferred_loading(self) -> None:
        """Load all columns."""
        self.deferred_loading = (frozenset(), True)

    def add_deferred_loading(self, field_names: Iterable[str]) -> None:
        """Do not load these columns."""
        present, defer = self.deferred_loading
        names = frozenset(field_names)
        if defer:
            self.deferred_loading = (present | names, True)
            return
        # After only(): what is deferred is taken from what is loaded; if nothing is left, all else is.
        remaining = present - names
        if remaining:
            self.deferred_loading = (remaining, False)
        else:
            self.clear_deferred_loading()
            if further := names - present:
                self.deferred_loading = (further, True)

    def add_immediate_loading(self, field_names: Iterable[str]) -> None:
        """Load these columns only (less those that are deferred)."""
        present, defer = self.deferred_loading
        names = set(field_names)
        if "pk" in names:
            names.remove("pk")
            names.add(self.get_meta().pk.name)
        # Deferring came first, so it still holds.
        self.deferred_loading = (frozenset(names - present if defer else names), False)

    def get_select_mask(self) -> dict[Any, Any]:
        """Return the columns to load as a tree of fields; empty is "all"."""
        names, defer = self.deferred_loading
        if not names:
            return {}
        tree: dict[str, Any] = {}
        for name in names:
            branch = tree
            for part in name.split(LOOKUP_SEP):
                branch = branch.setdefault(part, {})
        opts = self.get_meta()
        return self._all_but(opts, tree) if defer else self._nothing_but(opts, tree)

    def _all_but(
        self, opts: Any, tree: Mapping[str, Any], mask: dict[Any, Any] | None = None
    ) -> dict[Any, Any]:
        mask = {} if mask is None else mask
        mask.update((field, {}) for field in (opts.pk, *opts.pk_fields))
        # A leaf is deferred, unless it is the key; a branch is loaded, in part.
        for field in opts.concrete_fields:
            below = tree.get(field.name, tree.get(field.attname))
            if below is None:
                mask.setdefault(field, {})
            elif below and not field.remote_field:
                raise FieldError(next(iter(below)))
            elif below:
                self._all_but(field.remote_field.model._meta, below, mask.setdefault(field, {}))
        for name, below in tree.items():
            if name in self._filtered_relations and below:
                way = self._filtered_relations[name].relation_name.split(LOOKUP_SEP)
                path, *_ = self.names_to_path(way, opts)
                self._all_but(path[-1].to_opts, below, mask.setdefault(name, {}))
                continue
            relation = self._reverse_relation(opts, name)
            if relation is None:
                # Raises for what is no field.
                opts.get_field(opts.pk.name if name == "pk" else name)
            if relation is None or not below:
                continue
            branch = mask.setdefault(relation, {})
            self._all_but(relation.related_model._meta, below, branch)
        return mask

    def _nothing_but(
        self, opts: Any, tree: Mapping[str, Any], mask: dict[Any, Any] | None = None
    ) -> dict[Any, Any]:
        mask = {} if mask is None else mask
        mask.update((field, {}) for field in (opts.pk, *opts.pk_fields))
        for name, below in tree.items():
            relation = self._reverse_relation(opts, name)
            if relation is not None:
                branch = mask.setdefault(relation, {})
                branch.setdefault(relation.field, {})
                if below:
                    self._nothing_but(relation.related_model._meta, below, branch)
                continue
            field = opts.get_field(opts.pk.name if name == "pk" else name)
            if below and not getattr(field, "remote_field", None):
                raise FieldError(next(iter(below)))
            branch = mask.setdefault(field, {})
            if below:
                self._nothing_but(field.remote_field.model._meta, below, branch)
        return mask

    def _reverse_relation(self, opts: Any, name: str) -> Any:
        """Return the one-to-one relation that ``name`` follows backwards, or ``None``."""
        if name in self._filtered_relations:
            name = self._filtered_relations[name].relation_name
            if LOOKUP_SEP in name:
                return None
        try:
            field = opts.get_field(name)
        except FieldDoesNotExist:
            for related in opts.related_objects:
                if related.get_accessor_name() == name:
                    return related
            return None
        return field if field.auto_created and not field.concrete else None

    # -- order and amount ----------------------------------------------------------------------

    def add_ordering(self, *ordering: Any) -> None:
        """Order by names (``"-"`` in front: descending, ``"?"``: at random) or expressions.

        Raises ``FieldError`` for what is neither, for unknown names and for aggregates that are no annotation.
        """
        invalid: list[Any] = []
        for item in ordering:
            if isinstance(item, str):
                if item == "?":
                    continue
                name = item.removeprefix("-")
                if name in self.annotations or (self.extra and name in self.extra):
                    continue
                # Raises for unknown names; the names it leaves are transforms.
                self.names_to_path(name.split(LOOKUP_SEP), self.model._meta)
            elif not hasattr(item, "resolve_expression"):
                invalid.append(item)
            if getattr(item, "contains_aggregate", False):
                raise FieldError(
                    "Using an aggregate in order_by() without also including it in annotate() is not "
                    f"allowed: {item}"
                )
        if invalid:
            raise FieldError(f"Invalid order_by arguments: {invalid}")
        if ordering:
            self.order_by += ordering
        else:
            self.default_ordering = False

    def clear_ordering(self, force: bool = False, clear_default: bool = True) -> None:
        """Drop the order, unless it decides which rows come out (``force`` drops it anyway)."""
        if not force and (self.is_sliced or self.distinct_fields or self.select_for_update):
            return
        self.order_by = self.extra_order_by = ()
        if clear_default:
            self.default_ordering = False

    def add_distinct_fields(self, *field_names: str) -> None:
        """SELECT DISTINCT, or DISTINCT ON the named fields."""
        self.distinct, self.distinct_fields = True, field_names

    def set_limits(self, low: int | None = None, high: int | None = None) -> None:
        """Take a slice of the present slice. Both ends count from its start."""
        start, end = self.low_mark, self.high_mark
        ends = [mark for mark in (end, None if high is None else start + high) if mark is not None]
        self.high_mark = end = min(ends, default=None)
        self.low_mark = min([start + (low or 0), *([] if end is None else [end])])
        if self.low_mark == self.high_mark:
            self.set_empty()

    def clear_limits(self) -> None:
        """Take all rows."""
        self.low_mark, self.high_mark = 0, None

    @property
    def is_sliced(self) -> bool:
        """Whether only some of the rows are taken."""
        return self.low_mark != 0 or self.high_mark is not None

    def has_limit_one(self) -> bool:
        """Say whether at most one row comes out by the limits."""
        return self.high_mark is not None and self.high_mark - self.low_mark == 1

    def can_filter(self) -> bool:
        """Say whether conditions may still be added."""
        return not self.is_sliced

    def set_empty(self) -> None:
        """Let nothing match."""
        self.where.add(NothingNode(), "AND")
        for query in self.combined_queries:
            query.set_empty()

    def is_empty(self) -> bool:
        """Say whether nothing can match, as ``none()`` makes it."""
        return any(isinstance(child, NothingNode) for child in self.where.children)
