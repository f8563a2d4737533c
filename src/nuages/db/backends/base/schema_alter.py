"""From one field to another, on databases whose columns can be altered in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nuages.db.backends.ddl_references import Statement


def _all_related_fields(model: Any) -> list[Any]:
    """Return the relations that point to a model, hidden ones too, in a fixed order."""
    fields = model._meta.get_fields(include_parents=False, include_hidden=True)
    found = [field for field in fields if field.auto_created and not field.concrete]
    return sorted(found, key=lambda relation: relation.name)


def related_non_m2m_objects(old_field: Any, new_field: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the foreign keys, before and after, that point to an altered column."""

    def pointing_to(target: Any) -> list[Any]:
        found = []
        for relation in _all_related_fields(target.model):
            if relation.many_to_many:
                continue
            own = relation.field
            if target.primary_key and getattr(own, "to_fields", [None])[0] is None:
                found.append(relation)
            elif {target.name, target.attname} & set(getattr(own, "to_fields", ())):
                found.append(relation)
        return found

    for old, new in zip(pointing_to(old_field), pointing_to(new_field), strict=False):
        yield old, new
        # Keys that point to a key that points here change with it.
        if old.field.primary_key or old.field.unique:
            yield from related_non_m2m_objects(old.field, new.field)


@dataclass
class FieldAlteration:
    """One column's way from an old field to a new one, step by step."""

    editor: Any
    model: Any
    old: Any
    new: Any
    old_type: str
    new_type: str
    old_params: dict[str, Any]
    new_params: dict[str, Any]
    strict: bool
    #: Incoming foreign keys were dropped and must come back.
    rebuild_incoming: bool = field(default=False, init=False)
    #: The column's own foreign key was dropped.
    dropped_fks: set[tuple[str, ...]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        features = self.editor.connection.features
        self.features = features
        self.keys_supported = features.supports_foreign_keys
        self.old_collation = self.old_params.get("collation")
        self.new_collation = self.new_params.get("collation")
        self.type_changed = (
            self.old_type != self.new_type
            or self.old_collation != self.new_collation
            or self.old.db_type_suffix(self.editor.connection)
            != self.new.db_type_suffix(self.editor.connection)
        )
        self.incoming_affected = self.type_changed and (
            (self.old.primary_key and self.new.primary_key) or (self.old.unique and self.new.unique)
        )
        self.check_before = self.editor._field_db_check(self.old, self.old_params)
        self.check_after = self.editor._field_db_check(self.new, self.new_params)

    @property
    def alters_incoming(self) -> bool:
        """Whether columns that point to this one get its new type."""
        return self.incoming_affected or bool(
            self.editor._field_became_primary_key(self.old, self.new)
        )

    def run(self) -> None:
        """Run all statements."""
        self.drop_own_foreign_key()
        self.drop_unique()
        self.drop_incoming_foreign_keys()
        self.drop_own_primary_key()
        self.drop_index()
        self.drop_check()
        self.rename()
        self.change_column()
        self.drop_primary_key_of_others()
        self.add_unique_and_index()
        self.make_primary_key()
        self.alter_incoming_columns()
        self.add_own_foreign_key()
        self.restore_incoming_foreign_keys()
        self.add_check()
        if self.features.connection_persists_old_columns:
            self.editor.connection.close()

    # What is in the way is dropped.

    def _names(self, model: Any, column: str, **kinds: Any) -> list[str]:
        meta = model._meta
        if kinds.pop("unnamed", False):
            kinds["exclude"] = {each.name for each in (*meta.constraints, *meta.indexes)}
        found: list[str] = self.editor._constraint_names(model, [column], **kinds)
        return found

    def _expect_one(self, names: list[str], what: str, column: str) -> None:
        if self.strict and len(names) != 1:
            raise ValueError(
                f"Found wrong number ({len(names)}) of {what} for "
                f"{self.model._meta.db_table}.{column}"
            )

    def _has_foreign_key(self, each: Any) -> bool:
        return bool(each.remote_field and each.db_constraint)

    def drop_own_foreign_key(self) -> None:
        if not (self.keys_supported and self._has_foreign_key(self.old)):
            return
        if not self.editor._field_should_be_altered(self.old, self.new, ignore={"db_comment"}):
            return
        names = self._names(self.model, self.old.column, foreign_key=True)
        self._expect_one(names, "foreign key constraints", self.old.column)
        for name in names:
            self.dropped_fks.add((self.old.column,))
            self.editor.execute(self.editor._delete_fk_sql(self.model, name))

    def drop_unique(self) -> None:
        became_key = self.editor._field_became_primary_key(self.old, self.new)
        if not self.old.unique or (self.new.unique and not became_key):
            return
        if self.old.primary_key:
            return
        names = self._names(
            self.model, self.old.column, unique=True, primary_key=False, unnamed=True
        )
        self._expect_one(names, "unique constraints", self.old.column)
        for name in names:
            self.editor.execute(self.editor._delete_unique_sql(self.model, name))

    def drop_own_primary_key(self) -> None:
        if self.old.primary_key and not self.new.primary_key:
            self.editor._stop_counting(self.model, self.old)
            for name in self._names(self.model, self.old.column, primary_key=True):
                self.editor.execute(self.editor._delete_primary_key_sql(self.model, name))

    def drop_incoming_foreign_keys(self) -> None:
        if not (self.keys_supported and self.incoming_affected):
            return
        self.rebuild_incoming = True
        for _, relation in related_non_m2m_objects(self.old, self.new):
            model = relation.related_model
            for name in self._names(model, relation.field.column, foreign_key=True):
                self.editor.execute(self.editor._delete_fk_sql(model, name))

    def drop_index(self) -> None:
        if not self.old.db_index or self.old.unique:
            return
        if self.new.db_index and not self.new.unique:
            return
        for name in self._names(
            self.model, self.old.column, index=True, type_="btree", unnamed=True
        ) or self._names(self.model, self.old.column, index=True, unique=False, unnamed=True):
            self.editor.execute(self.editor._delete_index_sql(self.model, name))

    def drop_check(self) -> None:
        if not self.check_before or self.check_before == self.check_after:
            return
        named = {each.name for each in self.model._meta.constraints}
        names = self._names(self.model, self.old.column, check=True, exclude=named)
        self._expect_one(names, "check constraints", self.old.column)
        for name in names:
            self.editor.execute(self.editor._delete_check_sql(self.model, name))

    # The column itself.

    def rename(self) -> None:
        if self.old.column == self.new.column:
            return
        table = self.model._meta.db_table
        self.editor.execute(self.editor._rename_field_sql(table, self.old, self.new, self.new_type))
        for sql in self.editor.deferred_sql:
            if isinstance(sql, Statement):
                sql.rename_column_references(table, self.old.column, self.new.column)

    def change_column(self) -> None:
        editor, old, new = self.editor, self.old, self.new
        changes: list[tuple[str, list[Any]]] = []
        after: list[tuple[str, list[Any]]] = []
        if self.type_changed:
            change, more = editor._alter_column_type_sql(
                self.model, old, new, self.new_type, self.old_collation, self.new_collation
            )
            changes.append(change)
            after += more
        if self.features.supports_comments and old.db_comment != new.db_comment:
            if not self.features.supports_comments_inline or not self.type_changed:
                after.append(
                    editor._alter_column_comment_sql(self.model, new, self.new_type, new.db_comment)
                )
        if new.has_db_default():
            if not old.has_db_default() or editor.db_default_sql(old) != editor.db_default_sql(new):
                changes.append(editor._alter_column_database_default_sql(self.model, old, new))
        elif old.has_db_default():
            changes.append(
                editor._alter_column_database_default_sql(self.model, old, new, drop=True)
            )
        # From nullable to not: rows with NULL get the default first.
        fills_nulls = old.null and not new.null and not new.has_db_default()
        old_default = editor.effective_default(old) if not old.generated else None
        new_default = editor.effective_default(new) if not new.generated else None
        sets_default = (
            fills_nulls and new_default is not None and not editor.skip_default_on_alter(new)
        )
        if sets_default and old_default != new_default:
            changes.append(editor._alter_column_default_sql(self.model, old, new))
        null_change = None
        if old.null != new.null:
            null_change = editor._alter_column_null_sql(self.model, old, new)
        # NULL can be forbidden when there is none left.
        waits = not new.null and (sets_default or new.has_db_default())
        if null_change and not waits:
            changes.append(null_change)
            null_change = None
        self._execute_changes(changes)
        if sets_default or (fills_nulls and new.has_db_default()):
            self._fill_nulls(new_default)
        elif old.null and not new.null and new.has_db_default():
            self._fill_nulls(None)
        if null_change:
            self._execute_changes([null_change])
        for statement, params in after:
            editor.execute(statement, params)
        if sets_default and old_default != new_default:
            self._execute_changes(
                [editor._alter_column_default_sql(self.model, old, new, drop=True)]
            )

    def _fill_nulls(self, default: Any) -> None:
        sql, params = "%s", [default]
        if self.new.has_db_default():
            sql, params = self.editor.db_default_sql(self.new)
        self.editor.execute(
            self.editor.sql_update_with_default
            % {
                "table": self.editor.quote_name(self.model._meta.db_table),
                "column": self.editor.quote_name(self.new.column),
                "default": sql,
            },
            params,
        )

    def _execute_changes(self, changes: list[tuple[str, list[Any]]]) -> None:
        if not changes:
            return
        if self.features.supports_combined_alters:
            statements, params = zip(*changes, strict=True)
            changes = [(", ".join(statements), [each for some in params for each in some])]
        for change, values in changes:
            self.editor._alter_column(self.model, change, values)

    # What the new field brings.

    def drop_primary_key_of_others(self) -> None:
        if self.editor._field_became_primary_key(self.old, self.new):
            # There may be none left: its column may have gone before.
            self.editor._delete_primary_key(self.model)

    def add_unique_and_index(self) -> None:
        editor, model = self.editor, self.model
        if editor._unique_should_be_added(self.old, self.new):
            editor.execute(editor._create_unique_sql(model, [self.new]))
        was_indexed = self.old.db_index and not self.old.unique
        if not was_indexed and self.new.db_index and not self.new.unique:
            editor.execute(editor._create_index_sql(model, fields=[self.new]))

    def make_primary_key(self) -> None:
        if self.editor._field_became_primary_key(self.old, self.new):
            self.rebuild_incoming = True
            self.editor.execute(self.editor._create_primary_key_sql(self.model, self.new))

    def alter_incoming_columns(self) -> None:
        if not self.alters_incoming:
            return
        for old_relation, new_relation in related_non_m2m_objects(self.old, self.new):
            params = new_relation.field.db_parameters(connection=self.editor.connection)
            change, after = self.editor._alter_column_type_sql(
                new_relation.related_model,
                old_relation.field,
                new_relation.field,
                params["type"],
                old_relation.field.db_parameters(connection=self.editor.connection).get(
                    "collation"
                ),
                params.get("collation"),
            )
            self.editor._alter_column(new_relation.related_model, *change)
            for statement, values in after:
                self.editor.execute(statement, values)

    def add_own_foreign_key(self) -> None:
        if not (self.keys_supported and self._has_foreign_key(self.new)):
            return
        if self.dropped_fks or not self._has_foreign_key(self.old):
            self.editor.execute(
                self.editor._create_fk_sql(self.model, self.new, "_fk_%(to_table)s_%(to_column)s")
            )

    def restore_incoming_foreign_keys(self) -> None:
        if not (self.rebuild_incoming and self.keys_supported):
            return
        for _, relation in related_non_m2m_objects(self.old, self.new):
            if relation.field.db_constraint:
                self.editor.execute(
                    self.editor._create_fk_sql(relation.related_model, relation.field, "_fk")
                )

    def add_check(self) -> None:
        if not self.check_after or self.check_before == self.check_after:
            return
        name = self.editor._create_index_name(
            self.model._meta.db_table, [self.new.column], suffix="_check"
        )
        statement = self.editor._create_check_sql(self.model, name, self.check_after)
        if statement is not None:
            self.editor.execute(statement)
