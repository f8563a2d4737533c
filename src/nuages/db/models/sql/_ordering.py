"""ORDER BY: from names and expressions to what the database sorts by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import F, OrderBy, RawSQL, Ref, Value
from nuages.db.models.functions import Cast, Random
from nuages.db.models.sql._selection import get_order_dir
from nuages.db.models.sql._state import CompilerState
from nuages.db.utils import DatabaseError
from nuages.utils.hashable import make_hashable

#: The key itself, without its direction.
_KEY = re.compile(r"^(.*)\s(?:ASC|DESC).*", re.MULTILINE | re.DOTALL)


def without_direction(sql: str) -> str:
    """Return an ORDER BY key without ASC or DESC."""
    found = _KEY.search(sql)
    return found[1] if found else sql


class PositionRef(Ref):
    """A column of the SELECT list by its number."""

    def __init__(self, ordinal: int, refs: str | None, source: Any) -> None:
        self.ordinal = ordinal
        super().__init__(refs, source)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return str(self.ordinal), ()


class OrderingRoom(CompilerState):
    """The part of a compiler that orders."""

    def _requested_order(self) -> Any:
        query = self.query
        if query.extra_order_by:
            return query.extra_order_by
        if query.order_by or not query.default_ordering:
            return query.order_by
        opts = query.get_meta()
        if opts is not None and opts.ordering:
            self._meta_ordering = opts.ordering
            return opts.ordering
        return ()

    def _order_by_pairs(self) -> Iterator[tuple[Any, bool]]:
        """Yield ``OrderBy`` objects, with whether each refers to the SELECT list."""
        query = self.query
        positions: dict[Any, PositionRef] = {}
        for ordinal, (expression, _, alias) in enumerate(self.select or (), start=1):
            place = PositionRef(ordinal, alias, expression)
            # The first selection of a column stands for it, as for DISTINCT ON; an annotation for itself.
            first = positions.setdefault(expression, place)
            if alias:
                positions[alias] = place if alias in query.annotation_select else first
        default = "ASC" if query.standard_ordering else "DESC"
        for item in self._requested_order():
            if hasattr(item, "resolve_expression"):
                yield self._order_by_expression(item, positions)
                continue
            if item == "?":
                yield OrderBy(Random()), False
                continue
            name, direction = get_order_dir(item, default)
            descending = direction == "DESC"
            if name in positions:
                yield OrderBy(positions[name], descending=descending), True
                continue
            yield from self._order_by_name(item, name, descending, default)

    def _order_by_expression(
        self, item: Any, positions: dict[Any, PositionRef]
    ) -> tuple[Any, bool]:
        # A bare parameter would be taken for the number of a column.
        key = Cast(item, item.output_field) if isinstance(item, Value) else item
        item = key.copy() if isinstance(key, OrderBy) else key.asc()
        if not self.query.standard_ordering:
            item.reverse_ordering()
        place = positions.get(item.expression)
        if place is None and isinstance(item.expression, F) and not self.query.combinator:
            place = (
                positions.get(item.expression.name)
                if item.expression.name in self.query.annotations
                else None
            )
        if place is None:
            return item, False
        # Where NULLS FIRST is spelled out, the key stands in an expression, and a number would be a constant.
        if (
            not (item.nulls_first or item.nulls_last)
            or self.connection.features.supports_order_by_nulls_modifier
        ):
            item = item.copy()
            item.expression = place
            return item, True
        return item, False

    def _order_by_name(
        self, item: str, name: str, descending: bool, default: str
    ) -> Iterator[tuple[Any, bool]]:
        query = self.query
        first, *transforms = name.split(LOOKUP_SEP)
        annotation = query.annotations.get(name)
        if annotation is not None:
            first, transforms = name, []
        else:
            annotation = query.annotations.get(first)
        if annotation is not None:
            if query.combinator and self.select:
                # The parts may mean different things by the name.
                if transforms:
                    raise NotImplementedError(
                        "Ordering combined queries by transforms is not implemented."
                    )
                annotation = F(first)
            for transform in transforms:
                annotation = query.try_transform(annotation, transform)
            if isinstance(annotation, Value):
                annotation = Cast(annotation, annotation.output_field)
            yield OrderBy(annotation, descending=descending), False
        elif "." in item:
            # Only ``extra(order_by=…)`` comes here: ``add_ordering()`` lets no such name pass.
            table, column = name.split(".", 1)
            sql = f"{self.quote_name(table)}.{self.quote_name(column)}"
            yield OrderBy(_Verbatim(sql), descending=descending), False
        elif query.extra and name in query.extra:
            raw = RawSQL(*query.extra[name])
            if name in query.extra_select:
                yield OrderBy(Ref(name, raw), descending=descending), True
            else:
                yield OrderBy(raw, descending=descending), False
        elif query.combinator and self.select:
            yield OrderBy(F(name), descending=descending), False
        else:
            yield from self.find_ordering_name(item, query.get_meta(), default_order=default)

    def get_order_by(self) -> list[tuple[Any, tuple[str, Any, bool]]]:
        """Return the keys, each with SQL, parameters and whether it refers to the SELECT list."""
        result = []
        seen = set()
        for expression, is_ref in self._order_by_pairs():
            resolved = expression.resolve_expression(self.query, allow_joins=True, reuse=None)
            if not is_ref and self.query.combinator and self.select:
                self._refer_to_selected(expression, resolved)
            sql, params = self.compile(resolved)
            # A key that came before decides already, in whichever direction.
            key = (without_direction(sql), make_hashable(params))
            if key not in seen:
                seen.add(key)
                result.append((resolved, (sql, params, is_ref)))
        return result

    def _refer_to_selected(self, expression: Any, resolved: Any) -> None:
        """Let a key of a combined query be a column of its result, which may have to be added."""
        query = self.query
        wanted, given = resolved.expression, expression.expression
        for selected, _, alias in self.select or ():
            if selected != wanted:
                continue
            # Several annotations may be equal; the one that was named is meant.
            if (
                query.has_select_fields
                and alias in query.annotation_select
                and not (isinstance(given, F) and alias == given.name)
            ):
                continue
            resolved.set_source_expressions([Ref(alias or wanted.target.column, wanted)])
            return
        alias = f"__orderbycol{len(query.select) + 1}"
        for part in query.combined_queries:
            if part.has_select_fields:
                raise DatabaseError("ORDER BY term does not match any column in the result set.")
            part.add_annotation(given, alias)
        query.add_select_col(resolved, alias)
        resolved.set_source_expressions([Ref(alias, wanted)])

    def find_ordering_name(
        self,
        name: str,
        opts: Any,
        alias: str | None = None,
        default_order: str = "ASC",
        already_seen: set[Any] | None = None,
    ) -> list[tuple[Any, bool]]:
        """Return the keys of a field's name: for a relation, those of the related model's ordering."""
        query = self.query
        name, direction = get_order_dir(name, default_order)
        descending = direction == "DESC"
        pieces = name.split(LOOKUP_SEP)
        info = query.setup_joins(pieces, opts, alias or query.get_initial_alias())
        field, alias = info.final_field, info.joins[-1]
        follows = (
            field.is_relation
            and info.opts.ordering
            and getattr(field, "attname", None) != pieces[-1]
            and name != "pk"
            and pieces[-1] != "pk"
            and info.transform_function == query._column_of
        )
        if not follows:
            targets, alias, _ = query.trim_joins(info.targets, info.joins, info.path)
            return [
                (OrderBy(info.transform_function(target, alias), descending=descending), False)
                for target in targets
            ]
        # A model may be ordered by itself.
        already_seen = set() if already_seen is None else already_seen
        way = tuple(getattr(query.alias_map[join], "join_fields", None) for join in info.joins)
        if way in already_seen:
            raise FieldError("Infinite loop caused by ordering.")
        already_seen.add(way)
        keys: list[tuple[Any, bool]] = []
        for item in info.opts.ordering:
            if hasattr(item, "resolve_expression"):
                if not isinstance(item, OrderBy):
                    item = item.desc() if descending else item.asc()
                found = [(item, False)]
            else:
                found = self.find_ordering_name(item, info.opts, alias, direction, already_seen)
            # Names in expressions are meant from the related model on.
            keys += [
                (key.prefix_references(f"{name}{LOOKUP_SEP}"), is_ref) for key, is_ref in found
            ]
        return keys


class _Verbatim(RawSQL):
    """A quoted column, without parentheses."""

    def __init__(self, sql: str) -> None:
        super().__init__(sql, ())

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return self.sql, ()
