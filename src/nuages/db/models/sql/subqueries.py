"""Queries that change data, and the query around a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.sql.constants import GET_ITERATOR_CHUNK_SIZE, ROW_COUNT
from nuages.db.models.sql.query import Query

__all__ = ["AggregateQuery", "DeleteQuery", "InsertQuery", "UpdateQuery"]


class DeleteQuery(Query):
    """DELETE of the rows that match."""

    compiler = "SQLDeleteCompiler"

    def do_query(self, table: str, where: Any, using: str) -> int:
        """Delete from ``table``; return how many rows went."""
        self.alias_map = {table: self.alias_map[table]}
        self.where = where
        return self.get_compiler(using).execute_sql(ROW_COUNT)

    def delete_batch(self, pk_list: Sequence[Any], using: str) -> int:
        """Delete the rows with these primary keys, some at a time; return how many went."""
        from nuages.db.models.sql.where import WhereNode

        deleted = 0
        key = self.get_meta().pk
        for start in range(0, len(pk_list), GET_ITERATOR_CHUNK_SIZE):
            # A condition of its own for each batch.
            self.where = WhereNode()
            self.add_filter(f"{key.attname}__in", pk_list[start : start + GET_ITERATOR_CHUNK_SIZE])
            deleted += self.do_query(self.get_meta().db_table, self.where, using=using)
        return deleted


class UpdateQuery(Query):
    """UPDATE of the rows that match."""

    compiler = "SQLUpdateCompiler"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._setup_query()

    def _setup_query(self) -> None:
        # A SELECT that becomes an UPDATE has none of these.
        for name, first in (
            ("values", list),
            ("related_ids", lambda: None),
            ("related_updates", dict),
        ):
            if not hasattr(self, name):
                setattr(self, name, first())

    def clone(self) -> Any:
        twin = super().clone()
        twin.related_updates = {
            model: list(values) for model, values in self.related_updates.items()
        }
        return twin

    def update_batch(self, pk_list: Sequence[Any], values: Mapping[str, Any], using: str) -> None:
        """Set the values in the rows with these primary keys."""
        from nuages.db.models.sql.where import WhereNode

        self.add_update_values(values)
        for start in range(0, len(pk_list), GET_ITERATOR_CHUNK_SIZE):
            self.where = WhereNode()
            self.add_filter("pk__in", pk_list[start : start + GET_ITERATOR_CHUNK_SIZE])
            self.get_compiler(using).execute_sql(ROW_COUNT)

    def add_update_values(self, values: Mapping[str, Any]) -> None:
        """Set fields by name; those of parent models become updates of the parents' tables."""
        opts = self.get_meta()
        own: list[tuple[Any, Any, Any]] = []
        for name, value in values.items():
            field = opts.get_field(name)
            stored = field.concrete and not (field.is_relation and field.many_to_many)
            reverse = field.auto_created and not field.concrete
            if reverse or not stored:
                raise FieldError(
                    f"Cannot update model field {field!r} (only concrete fields are permitted)."
                )
            model = field.model._meta.concrete_model
            if getattr(field, "generated", False):
                continue
            if model is not opts.concrete_model:
                self.add_related_update(model, field, value)
                continue
            own.append((field, model, value))
        self.add_update_fields(own)

    def add_update_fields(self, values_seq: Iterable[tuple[Any, Any, Any]]) -> None:
        """Set fields of this table: ``(field, model, value)``."""
        for field, model, value in values_seq:
            # A primary key of several columns is not a column.
            if hasattr(value, "resolve_expression"):
                value = value.resolve_expression(self, allow_joins=False, for_save=True)
            self.values.append((field, model, value))

    def add_related_update(self, model: Any, field: Any, value: Any) -> None:
        """Set a field of a parent model's table."""
        self.related_updates.setdefault(model, []).append((field, None, value))

    def get_related_updates(self) -> list[UpdateQuery]:
        """Return the updates of parents' tables, for the rows that ``related_ids`` names."""
        found = []
        for model, values in self.related_updates.items():
            query = UpdateQuery(model)
            query.values = values
            if self.related_ids is not None:
                query.add_filter("pk__in", self.related_ids[model])
            found.append(query)
        return found


class InsertQuery(Query):
    """INSERT of rows."""

    compiler = "SQLInsertCompiler"

    def __init__(
        self,
        *args: Any,
        on_conflict: Any = None,
        update_fields: Any = None,
        unique_fields: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields: Sequence[Any] = []
        self.objs: Sequence[Any] = []
        self.raw = False
        self.on_conflict = on_conflict
        self.update_fields = update_fields or []
        self.unique_fields = unique_fields or []

    def insert_values(self, fields: Sequence[Any], objs: Sequence[Any], raw: bool = False) -> None:
        """Say what is inserted: the values of ``fields`` in ``objs`` (``raw``: without ``pre_save()``)."""
        self.fields = fields
        self.objs = objs
        self.raw = raw


class AggregateQuery(Query):
    """Aggregates over the rows of another query."""

    compiler = "SQLAggregateCompiler"

    def __init__(self, model: Any, inner_query: Query) -> None:
        self.inner_query = inner_query
        super().__init__(model)
