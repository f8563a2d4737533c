"""Queries that change data, and the query around a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.sql.constants import GET_ITERATOR_CHUNK_SIZE, ROW_COUNT
from nuages.db.models.sql.query import Query
from nuages.db.models.sql.where import WhereNode

__all__ = ["AggregateQuery", "DeleteQuery", "InsertQuery", "UpdateQuery"]


def _batches(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield pieces of a list of primary keys that one statement may name."""
    size = GET_ITERATOR_CHUNK_SIZE
    return (keys[start : start + size] for start in range(0, len(keys), size))


class DeleteQuery(Query):
    """DELETE of the rows that match."""

    compiler = "SQLDeleteCompiler"

    def do_query(self, table: str, where: Any, using: str) -> int:
        """Delete from ``table``; return how many rows went."""
        self.where, self.alias_map = where, {table: self.alias_map[table]}
        return self.get_compiler(using).execute_sql(ROW_COUNT)

    def delete_batch(self, pk_list: Sequence[Any], using: str) -> int:
        """Delete the rows with these primary keys, some at a time; return how many went."""
        opts = self.get_meta()

        def delete(keys: Sequence[Any]) -> int:
            # A condition of its own for each batch.
            self.where = WhereNode()
            self.add_filter(f"{opts.pk.attname}__in", keys)
            return self.do_query(opts.db_table, self.where, using=using)

        return sum(map(delete, _batches(pk_list)))


class UpdateQuery(Query):
    """UPDATE of the rows that match."""

    compiler = "SQLUpdateCompiler"

    #: Field, its model, and the new value.
    values: list[tuple[Any, Any, Any]]
    related_updates: dict[Any, list[tuple[Any, Any, Any]]]
    #: For each parent model the keys of its rows, where the statement cannot find them itself.
    related_ids: dict[Any, list[Any]] | None

    def __init__(self, model: Any, alias_cols: bool = True) -> None:
        super().__init__(model, alias_cols)
        self._setup_query()

    def _setup_query(self) -> None:
        # A SELECT that becomes an UPDATE has none of these.
        for attribute, first in (("values", []), ("related_ids", None), ("related_updates", {})):
            self.__dict__.setdefault(attribute, first)

    def clone(self) -> Any:
        twin = super().clone()
        twin.related_updates = {model: [*values] for model, values in self.related_updates.items()}
        return twin

    def add_update_values(self, values: Mapping[str, Any]) -> None:
        """Set fields by name; those of parent models become updates of the parents' tables."""
        opts = self.get_meta()
        own: list[tuple[Any, Any, Any]] = []
        for field, value in ((opts.get_field(name), value) for name, value in values.items()):
            if field is opts.pk and len(opts.pk_fields) > 1:
                raise FieldError("Composite primary key fields must be updated individually.")
            stored = field.concrete and not (field.is_relation and field.many_to_many)
            if not stored:
                raise FieldError(
                    f"Cannot update model field {field!r} (only concrete fields are permitted)."
                )
            home = field.model._meta.concrete_model
            if getattr(field, "generated", False):
                # The database computes it.
                continue
            if home is opts.concrete_model:
                own.append((field, home, value))
            else:
                self.add_related_update(home, field, value)
        self.add_update_fields(own)

    def add_update_fields(self, values_seq: Iterable[tuple[Any, Any, Any]]) -> None:
        """Set fields of this table: ``(field, model, value)``."""
        for field, model, value in values_seq:
            resolve = getattr(value, "resolve_expression", None)
            new = value if resolve is None else resolve(self, allow_joins=False, for_save=True)
            if getattr(new, "is_composite", False):
                raise FieldError(
                    "Composite primary keys expressions are not allowed in this query "
                    f"({field.name}=F('pk'))."
                )
            self.values.append((field, model, new))

    def add_related_update(self, model: Any, field: Any, value: Any) -> None:
        """Set a field of a parent model's table."""
        self.related_updates.setdefault(model, []).append((field, None, value))

    def update_batch(self, pk_list: Sequence[Any], values: Mapping[str, Any], using: str) -> None:
        """Set the values in the rows with these primary keys."""
        self.add_update_values(values)
        for keys in _batches(pk_list):
            self.where = WhereNode()
            self.add_filter("pk__in", keys)
            self.get_compiler(using).execute_sql(ROW_COUNT)

    def get_related_updates(self) -> list[UpdateQuery]:
        """Return the updates of parents' tables, for the rows that ``related_ids`` names."""

        def update(model: Any, values: list[Any]) -> UpdateQuery:
            query = UpdateQuery(model)
            query.values = values
            if self.related_ids is not None:
                query.add_filter("pk__in", self.related_ids[model])
            return query

        return [update(model, values) for model, values in self.related_updates.items()]


class InsertQuery(Query):
    """INSERT of rows.

    ``on_conflict`` says what happens to rows that are there already; ``update_fields`` and
    ``unique_fields`` are for those that are updated then.
    """

    compiler = "SQLInsertCompiler"
    fields: Sequence[Any] = ()
    objs: Sequence[Any] = ()
    raw = False

    def __init__(
        self,
        model: Any,
        on_conflict: Any = None,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> None:
        super().__init__(model)
        self.on_conflict = on_conflict
        self.unique_fields, self.update_fields = unique_fields or [], update_fields or []

    def insert_values(self, fields: Sequence[Any], objs: Sequence[Any], raw: bool = False) -> None:
        """Say what is inserted: the values of ``fields`` in ``objs`` (``raw``: without ``pre_save()``)."""
        self.raw, self.objs, self.fields = raw, objs, fields


class AggregateQuery(Query):
    """Aggregates over the rows of another query."""

    compiler = "SQLAggregateCompiler"

    def __init__(self, model: Any, inner_query: Query) -> None:
        super().__init__(model)
        self.inner_query = inner_query
