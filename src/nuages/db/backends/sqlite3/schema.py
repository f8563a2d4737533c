"""The schema editor of SQLite, where most changes of a table mean building it anew."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any

from nuages.db.backends.base.schema import BaseDatabaseSchemaEditor
from nuages.db.backends.base.schema_alter import related_non_m2m_objects
from nuages.db.backends.utils import strip_quotes
from nuages.db.utils import NotSupportedError

_INLINE_FK = "REFERENCES %(to_table)s (%(to_column)s)%(on_delete_db)s DEFERRABLE INITIALLY DEFERRED"


class DatabaseSchemaEditor(BaseDatabaseSchemaEditor):
    """Changes tables of SQLite."""

    # No comments, and no keys that are added later.
    sql_alter_table_comment = sql_alter_column_comment = None
    sql_create_fk = None  # type: ignore[assignment]
    sql_create_inline_fk = sql_create_column_inline_fk = _INLINE_FK
    sql_delete_unique = "DROP INDEX %(name)s"
    sql_create_unique = "CREATE UNIQUE INDEX %(name)s ON %(table)s (%(columns)s)"
    sql_delete_table = "DROP TABLE %(table)s"

    def __enter__(self) -> DatabaseSchemaEditor:
        # A table that is built anew is missing for a moment; keys to it must not mind.
        if not self.connection.disable_constraint_checking():
            raise NotSupportedError(
                "SQLite schema editor cannot be used while foreign key constraint checks are "
                "enabled. Make sure to disable them before entering a transaction.atomic() "
                "context because SQLite does not support disabling them in the middle of a "
                "multi-statement transaction."
            )
        super().__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            try:
                if exc_type is None:
                    self.connection.check_constraints()
            except BaseException as error:
                super().__exit__(type(error), error, error.__traceback__)
                raise
            super().__exit__(exc_type, exc_value, traceback)
        finally:
            self.connection.enable_constraint_checking()

    def quote_value(self, value: Any) -> str:
        """Return a value as SQL text. Raises ``ValueError`` for types SQLite does not know."""
        try:
            value = sqlite3.adapt(value, sqlite3.PrepareProtocol)
        except (ImportError, sqlite3.ProgrammingError):
            # No adapter: it may be of a type that needs none.
            pass
        match value:
            case None:
                return "NULL"
            case bool():
                return str(int(value))
            case int() | float() | Decimal():
                return str(value)
            case str():
                return "'" + value.replace("'", "''") + "'"
            case bytes() | bytearray() | memoryview():
                return f"X'{bytes(value).hex()}'"
        raise ValueError(f"Cannot quote parameter value {value!r} of type {type(value)}")

    def prepare_default(self, value: Any) -> str:
        return self.quote_value(value)

    def _collate_sql(self, collation: str | None, *args: Any, **kwargs: Any) -> str:
        return f"COLLATE {collation}" if collation else ""

    # A table built anew.

    def _remake_table(
        self,
        model: Any,
        create_field: Any = None,
        delete_field: Any = None,
        alter_fields: Sequence[tuple[Any, Any]] | None = None,
    ) -> None:
        """Build a table with other columns beside the old one, copy the rows, and swap.

        Args:
            create_field: a field to add.
            delete_field: a field to leave out.
            alter_fields: pairs of fields, before and after.
        """
        meta = model._meta
        pairs = list(alter_fields or ())
        altered = {each.name for pair in pairs for each in pair}
        dropped = None if delete_field is None else delete_field.name
        becomes_key = any(new.primary_key and not old.primary_key for old, new in pairs) or bool(
            create_field is not None and create_field.primary_key
        )
        fields: dict[str, Any] = {}
        sources: dict[str, str] = {}  # new column: where its values come from
        for field in meta.local_fields:
            if field.name == dropped or not (field.concrete or field.primary_key):
                continue
            own = copy.deepcopy(field)
            if field.remote_field and field.remote_field.model is model:
                # Keys to the table itself come last, as in tables that other engines built anew.
                own.creation_counter = field.clone().creation_counter
            if becomes_key and own.primary_key and field.name not in altered:
                if own.auto_created:
                    continue
                own.primary_key = False
            fields[field.name] = own
            if field.concrete and not field.generated:
                sources[field.column] = self.quote_name(field.column)
        for before, after in pairs:
            # The model may have either of them, or neither yet.
            place = before.name if before.name in fields else after.name
            fields.setdefault(place, after)
            fields = {
                after.name if name == place else name: copy.deepcopy(after)
                if name == place
                else each
                for name, each in fields.items()
            }
            for column in (before.column, after.column):
                sources.pop(column, None)
            if not after.generated:
                sources[after.column] = self._copied_value(before, after)
        if create_field is not None:
            fields[create_field.name] = copy.deepcopy(create_field)
            # A default of the database fills the column by itself.
            filled = create_field.generated or create_field.has_db_default()
            if create_field.concrete and not filled:
                default = self.effective_default(create_field)
                sources[create_field.column] = self.prepare_default(default)
        renamed = {old.name: new.name for old, new in pairs if old.name != new.name}
        for own in fields.values():
            if parts := getattr(own, "field_names", None):
                own.field_names = tuple(renamed.get(name, name) for name in parts)
        replacement = self._model_like(model, fields, renamed, dropped)
        replacement._meta.index_together = [
            [renamed.get(name, name) for name in names]
            for names in getattr(meta, "index_together", ())
            if dropped not in names
        ]
        if not any(own.primary_key for own in fields.values()):
            # Nor shall the new one get the key that models have unless they say otherwise.
            replacement._meta.local_fields.remove(replacement._meta.pk)
        # What waits for the old table is asked for anew by its replacement.
        self._forget(lambda sql: sql.references_table(meta.db_table))
        sql, params = self.table_sql(replacement)
        self.execute(sql, params or None)
        self.deferred_sql.extend(self._model_indexes_sql(replacement))
        self.execute(
            f"INSERT INTO {self.quote_name(replacement._meta.db_table)} "
            f"({', '.join(map(self.quote_name, sources))}) SELECT {', '.join(sources.values())} "
            f"FROM {self.quote_name(meta.db_table)}",
            None,
        )
        self.delete_model(model, handle_autom2m=False)
        self.alter_db_table(replacement, replacement._meta.db_table, meta.db_table)
        # The next change may be another table of this kind, which must find the indexes.
        self._run_deferred()

    def _model_like(
        self, model: Any, fields: dict[str, Any], renamed: dict[str, str], dropped: str | None
    ) -> Any:
        """Return a model with other fields, for a table beside the one of ``model``."""
        from nuages.apps.registry import BareApps
        from nuages.db.models import Model

        meta = model._meta
        options = {
            "app_label": meta.app_label,
            "db_table": f"new__{strip_quotes(meta.db_table)}",
            "apps": BareApps(),
            "unique_together": [
                [renamed.get(name, name) for name in names]
                for names in meta.unique_together
                if dropped not in names
            ],
            "indexes": [
                self._with_renamed_fields(index, renamed)
                for index in meta.indexes
                if dropped not in index.fields
            ],
            "constraints": [
                self._with_renamed_fields(constraint, renamed) for constraint in meta.constraints
            ],
        }
        return type(
            f"New{meta.object_name}",
            (Model,),
            {"Meta": type("Meta", (), options), "__module__": model.__module__, **fields},
        )

    def _copied_value(self, before: Any, after: Any) -> str:
        """Return the SQL of a column's value for the new table."""
        column = self.quote_name(before.column)
        if not (before.null and not after.null):
            return column
        if after.has_db_default():
            default, params = self.db_default_sql(after)
            if params:
                default %= tuple(map(self.quote_value, params))
        else:
            default = self.prepare_default(self.effective_default(after))
        return f"coalesce({column}, {default})"

    @staticmethod
    def _with_renamed_fields(part: Any, renamed: dict[str, str]) -> Any:
        """Return an index or unique constraint that follows renamed fields."""
        names = getattr(part, "fields", ())
        if not any(name in renamed for name in names):
            return part
        part = part.clone()
        part.fields = type(part.fields)(renamed.get(name, name) for name in names)
        if hasattr(part, "fields_orders"):
            part.fields_orders = [
                (renamed.get(name, name), order) for name, order in part.fields_orders
            ]
        return part

    # Operations.

    def delete_model(self, model: Any, handle_autom2m: bool = True) -> None:
        """Drop a table; with ``handle_autom2m`` also those of its many-to-many fields."""
        if handle_autom2m:
            super().delete_model(model)
            return
        self.execute(self.sql_delete_table % {"table": self.quote_name(model._meta.db_table)})
        self._forget(lambda sql: sql.references_table(model._meta.db_table))

    def add_field(self, model: Any, field: Any) -> None:
        """Add a column, in place where SQLite can."""
        from nuages.db.models.expressions import Value

        if field.many_to_many:
            super().add_field(model, field)
            return
        constant_default = field.has_db_default() and isinstance(
            field._db_default_expression, Value
        )
        if field.primary_key or field.unique:
            in_place = False
        elif field.generated:
            in_place = not field.db_persist
        elif field.has_db_default():
            in_place = constant_default
        else:
            in_place = field.null and self.effective_default(field) is None
        if in_place:
            super().add_field(model, field)
        else:
            self._remake_table(model, create_field=field)

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a column, in place where SQLite can."""
        if field.many_to_many:
            super().remove_field(model, field)
            return
        if field.db_parameters(connection=self.connection)["type"] is None:
            return
        in_place = (
            not field.primary_key
            and not field.unique
            and not field.db_index
            and not (field.remote_field and field.db_constraint)
        )
        if in_place:
            super().remove_field(model, field)
        else:
            self._remake_table(model, delete_field=field)

    def _alter_field(
        self,
        model: Any,
        old_field: Any,
        new_field: Any,
        old_type: str,
        new_type: str,
        old_db_params: dict[str, Any],
        new_db_params: dict[str, Any],
        strict: bool = False,
    ) -> None:
        only_renamed = (
            old_field.column != new_field.column
            and self.column_sql(model, old_field) == self.column_sql(model, new_field)
            and not (old_field.remote_field and old_field.db_constraint)
            and not (new_field.remote_field and new_field.db_constraint)
            and old_field.db_index == new_field.db_index
        )
        if only_renamed:
            self.execute(
                self._rename_field_sql(model._meta.db_table, old_field, new_field, new_type)
            )
            return
        self._remake_table(model, alter_fields=[(old_field, new_field)])
        old_collation = old_db_params.get("collation")
        new_collation = new_db_params.get("collation")
        key_changed = new_field.unique and (old_type != new_type or old_collation != new_collation)
        if not key_changed:
            return
        # Columns that point here take the new type when their tables are built anew.
        related: set[Any] = set()
        if new_field.primary_key or old_field.unique:
            related.update(
                relation.related_model
                for _, relation in related_non_m2m_objects(old_field, new_field)
                if relation.related_model != model
            )
        if new_field.primary_key:
            for relation in new_field.model._meta.related_objects:
                if relation.many_to_many and relation.through._meta.auto_created:
                    related.add(relation.through)
            for many_to_many in new_field.model._meta.many_to_many:
                if many_to_many.remote_field.through._meta.auto_created:
                    related.add(many_to_many.remote_field.through)
        for each in sorted(related, key=lambda each: each._meta.label):
            self._remake_table(each)

    def _alter_many_to_many(self, model: Any, old_field: Any, new_field: Any, strict: bool) -> None:
        """Let the table between two models point to the new ones."""
        old, new = old_field.remote_field.through, new_field.remote_field.through
        if old._meta.db_table == new._meta.db_table:
            self._remake_table(
                old,
                alter_fields=[
                    (
                        old._meta.get_field(getattr(old_field, name)()),
                        new._meta.get_field(getattr(new_field, name)()),
                    )
                    for name in ("m2m_reverse_field_name", "m2m_field_name")
                ],
            )
            return
        self.create_model(new)
        into, out_of = (
            ", ".join(
                map(self.quote_name, ("id", field.m2m_column_name(), field.m2m_reverse_name()))
            )
            for field in (new_field, old_field)
        )
        self.execute(
            f"INSERT INTO {self.quote_name(new._meta.db_table)} ({into}) SELECT {out_of} FROM "
            f"{self.quote_name(old._meta.db_table)}"
        )
        self.delete_model(old)

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Add a constraint: as an index, or in a table built anew."""
        if self._is_index(constraint):
            super().add_constraint(model, constraint)
        else:
            self._remake_table(model)

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Drop a constraint."""
        if self._is_index(constraint):
            super().remove_constraint(model, constraint)
        else:
            self._remake_table(model)

    @staticmethod
    def _is_index(constraint: Any) -> bool:
        from nuages.db.models.constraints import UniqueConstraint

        return isinstance(constraint, UniqueConstraint) and bool(
            constraint.condition
            or constraint.expressions
            or constraint.include
            or constraint.deferrable
        )
