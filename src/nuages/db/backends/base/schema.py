"""The schema editor: turns changes of models into DDL.

Manual: "SchemaEditor". The SQL templates are class attributes, for backends to replace.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.backends.base.schema_alter import FieldAlteration, related_non_m2m_objects
from nuages.db.backends.base.schema_columns import ColumnSQL
from nuages.db.backends.base.schema_indexes import IndexSQL
from nuages.db.backends.ddl_references import Statement
from nuages.db.backends.utils import split_identifier
from nuages.db.transaction import TransactionManagementError, atomic
from nuages.utils import timezone

logger = logging.getLogger("django.db.backends.schema")

_related_non_m2m_objects = related_non_m2m_objects


def _is_statement(sql: Any) -> bool:
    return isinstance(sql, Statement)


def _join_tables(model: Any) -> list[Any]:
    """Return the models that stand for a model's many-to-many fields alone."""
    throughs = [field.remote_field.through for field in model._meta.local_many_to_many]
    return [through for through in throughs if through._meta.auto_created]


class BaseDatabaseSchemaEditor(ColumnSQL, IndexSQL):
    """Makes, changes and drops tables, columns, indexes and constraints.

    A context manager; statements that must wait (foreign keys, indexes) run when it is left.

    Args:
        connection: the database.
        collect_sql: only collect the statements, in ``collected_sql``.
        atomic: run in one transaction, where the database can roll DDL back.
    """

    sql_create_table = "CREATE TABLE %(table)s (%(definition)s)"
    sql_rename_table = "ALTER TABLE %(old_table)s RENAME TO %(new_table)s"
    sql_retablespace_table = "ALTER TABLE %(table)s SET TABLESPACE %(new_tablespace)s"
    sql_delete_table = "DROP TABLE %(table)s CASCADE"

    sql_create_column = "ALTER TABLE %(table)s ADD COLUMN %(column)s %(definition)s"
    sql_alter_column = "ALTER TABLE %(table)s %(changes)s"
    sql_alter_column_type = "ALTER COLUMN %(column)s TYPE %(type)s%(collation)s"
    sql_alter_column_null = "ALTER COLUMN %(column)s DROP NOT NULL"
    sql_alter_column_not_null = "ALTER COLUMN %(column)s SET NOT NULL"
    sql_alter_column_default = "ALTER COLUMN %(column)s SET DEFAULT %(default)s"
    sql_alter_column_no_default = "ALTER COLUMN %(column)s DROP DEFAULT"
    sql_alter_column_no_default_null = sql_alter_column_no_default
    sql_delete_column = "ALTER TABLE %(table)s DROP COLUMN %(column)s"
    sql_rename_column = "ALTER TABLE %(table)s RENAME COLUMN %(old_column)s TO %(new_column)s"
    sql_update_with_default = (
        "UPDATE %(table)s SET %(column)s = %(default)s WHERE %(column)s IS NULL"
    )

    sql_constraint = "CONSTRAINT %(name)s %(constraint)s"
    sql_pk_constraint = "PRIMARY KEY (%(columns)s)"
    sql_check_constraint = "CHECK (%(check)s)"
    sql_unique_constraint = "UNIQUE (%(columns)s)%(deferrable)s"
    sql_delete_constraint = "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s"

    sql_create_check = "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s CHECK (%(check)s)"
    sql_delete_check = sql_delete_constraint
    sql_create_unique = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s "
        "UNIQUE%(nulls_distinct)s (%(columns)s)%(deferrable)s"
    )
    sql_delete_unique = sql_delete_constraint
    sql_create_pk = "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s PRIMARY KEY (%(columns)s)"
    sql_delete_pk = sql_delete_constraint
    sql_create_fk = (
        "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (%(column)s) "
        "REFERENCES %(to_table)s (%(to_column)s)%(on_delete_db)s%(deferrable)s"
    )
    sql_create_inline_fk: str | None = None
    sql_create_column_inline_fk: str | None = None
    sql_delete_fk = sql_delete_constraint

    sql_create_index = (
        "CREATE INDEX %(name)s ON %(table)s (%(columns)s)%(include)s%(extra)s%(condition)s"
    )
    sql_create_unique_index = (
        "CREATE UNIQUE INDEX %(name)s ON %(table)s "
        "(%(columns)s)%(include)s%(nulls_distinct)s%(condition)s"
    )
    sql_rename_index = "ALTER INDEX %(old_name)s RENAME TO %(new_name)s"
    sql_delete_index = "DROP INDEX %(name)s"

    sql_delete_procedure = "DROP PROCEDURE %(procedure)s"
    sql_alter_table_comment: str | None = "COMMENT ON TABLE %(table)s IS %(comment)s"
    sql_alter_column_comment: str | None = "COMMENT ON COLUMN %(table)s.%(column)s IS %(comment)s"

    def __init__(self, connection: Any, collect_sql: bool = False, atomic: bool = True) -> None:
        self.connection, self.collect_sql = connection, collect_sql
        self.deferred_sql: list[Any] = []
        #: The old name per new name of tables that were renamed.
        self.renamed_tables: dict[str, str] = {}
        self.collected_sql: list[str] = []
        #: Whether all is done in one transaction.
        self.atomic_migration = atomic and connection.features.can_rollback_ddl

    def __enter__(self) -> BaseDatabaseSchemaEditor:
        self.deferred_sql = []
        self.atomic = atomic(self.connection.alias) if self.atomic_migration else None
        if self.atomic is not None:
            self.atomic.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if exc_type is None:
                self._run_deferred()
        except BaseException as error:
            exc_type, exc_value, traceback = type(error), error, error.__traceback__
            raise
        finally:
            if self.atomic is not None:
                self.atomic.__exit__(exc_type, exc_value, traceback)

    def _run_deferred(self) -> None:
        waiting, self.deferred_sql = self.deferred_sql, []
        for statement in waiting:
            self.execute(statement, None)

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Run one statement, or collect it.

        Raises:
            TransactionManagementError: in a transaction, where the database could not take DDL
                back.
        """
        if (
            not self.collect_sql
            and self.connection.in_atomic_block
            and not self.connection.features.can_rollback_ddl
        ):
            raise TransactionManagementError(
                "Executing DDL statements while in a transaction on databases that can't "
                "perform a rollback is prohibited."
            )
        text = str(sql)
        logger.debug("%s; (params %r)", text, params, extra={"params": params, "sql": text})
        if self.collect_sql:
            if params:
                text %= tuple(map(self.quote_value, params))
            self.collected_sql.append(text if text.rstrip().endswith(";") else text + ";")
        else:
            with self.connection.cursor() as cursor:
                cursor.execute(text, params)

    # Tables.

    def table_sql(self, model: Any) -> tuple[str, list[Any]]:
        """Return the statement that makes a model's table, and its parameters.

        What cannot be part of it is added to the deferred statements.
        """
        meta = model._meta
        for fields in meta.unique_together:
            self.deferred_sql.append(
                self._create_unique_sql(model, [meta.get_field(name) for name in fields])
            )
        definitions: list[str] = []
        params: list[Any] = []
        for field in meta.local_fields:
            definition, extra = self.column_sql(model, field)
            if definition is None:
                continue
            definition += self._column_constraints_sql(model, field)
            params.extend(extra or ())
            definitions.append(f"{self.quote_name(field.column)} {definition}")
            if field.get_internal_type() in ("AutoField", "BigAutoField", "SmallAutoField"):
                if autoinc := self.connection.ops.autoinc_sql(meta.db_table, field.column):
                    self.deferred_sql.extend(autoinc)
        definitions += [
            sql
            for constraint in meta.constraints
            if (sql := constraint.constraint_sql(model, self))
        ]
        if len(meta.pk_fields) > 1:
            definitions.append(self._pk_constraint_sql(each.column for each in meta.pk_fields))
        sql = self.sql_create_table % {
            "table": self.quote_name(meta.db_table),
            "definition": ", ".join(map(str, definitions)),
        }
        if meta.db_tablespace and (
            tablespace := self.connection.ops.tablespace_sql(meta.db_tablespace)
        ):
            sql += " " + tablespace
        return sql, params

    def _column_constraints_sql(self, model: Any, field: Any) -> str:
        """Return what follows a column's definition in CREATE TABLE; defer what must wait."""
        extra = ""
        if check := field.db_parameters(connection=self.connection)["check"]:
            extra += " " + self.sql_check_constraint % {"check": check}
        if suffix := field.db_type_suffix(connection=self.connection):
            extra += f" {suffix}"
        if field.remote_field and field.db_constraint:
            if self.sql_create_inline_fk:
                extra += " " + self._inline_fk_sql(self.sql_create_inline_fk, model, field)
            elif self.connection.features.supports_foreign_keys:
                self.deferred_sql.append(
                    self._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
                )
        return extra

    def _inline_fk_sql(self, template: str, model: Any, field: Any) -> str:
        target = field.remote_field.get_related_field()
        return template % {
            "name": self._fk_constraint_name(model, field, "_fk_%(to_table)s_%(to_column)s"),
            "namespace": self._namespace_of(model),
            "column": self.quote_name(field.column),
            "to_table": self.quote_name(field.remote_field.model._meta.db_table),
            "to_column": self.quote_name(target.column),
            "on_delete_db": self._create_on_delete_sql(model, field),
            "deferrable": self.connection.ops.deferrable_sql(),
        }

    def _namespace_of(self, model: Any) -> str:
        """Return the schema of a table whose name says it, with the dot that follows."""
        namespace = split_identifier(model._meta.db_table)[0]
        return f"{self.quote_name(namespace)}." if namespace else ""

    def create_model(self, model: Any) -> None:
        """Make a model's table, its indexes, and the tables of its many-to-many fields."""
        sql, params = self.table_sql(model)
        self.execute(sql, params or None)
        features = self.connection.features
        if features.supports_comments:
            if model._meta.db_table_comment:
                self.alter_db_table_comment(model, None, model._meta.db_table_comment)
            if not features.supports_comments_inline:
                for field in model._meta.local_fields:
                    if field.db_comment:
                        self._set_column_comment(model, field)
        self.deferred_sql.extend(self._model_indexes_sql(model))
        for through in _join_tables(model):
            self.create_model(through)

    def delete_model(self, model: Any) -> None:
        """Drop a model's table and the tables of its many-to-many fields."""
        table = model._meta.db_table
        for through in _join_tables(model):
            self.delete_model(through)
        self.execute(self.sql_delete_table % {"table": self.quote_name(table)})
        self._forget(lambda sql: sql.references_table(table))

    def _forget(self, is_obsolete: Any) -> None:
        """Drop deferred statements about something that is gone."""
        self.deferred_sql = [
            sql for sql in self.deferred_sql if not (_is_statement(sql) and is_obsolete(sql))
        ]

    def alter_db_table(self, model: Any, old_db_table: str, new_db_table: str) -> None:
        """Rename a table."""
        names = {"old_table": old_db_table, "new_table": new_db_table}
        same_if_folded = self.connection.features.ignores_table_name_case
        if len({name.lower() if same_if_folded else name for name in names.values()}) == 1:
            return
        quoted = {part: self.quote_name(name) for part, name in names.items()}
        self.execute(self.sql_rename_table % quoted)
        self.renamed_tables[new_db_table] = self.known_table(old_db_table)
        for sql in filter(_is_statement, self.deferred_sql):
            sql.rename_table_references(old_db_table, new_db_table)

    def known_table(self, table: str) -> str:
        """Return the name by which the database knows a table now."""
        return self.renamed_tables.get(table, table) if self.collect_sql else table

    def alter_db_table_comment(
        self, model: Any, old_db_table_comment: str | None, new_db_table_comment: str | None
    ) -> None:
        """Change a table's comment."""
        template = self.sql_alter_table_comment
        if template and self.connection.features.supports_comments:
            comment = self._comment_sql(new_db_table_comment)
            table = self.quote_name(model._meta.db_table)
            self.execute(template % {"comment": comment, "table": table})

    def alter_db_tablespace(
        self, model: Any, old_db_tablespace: str, new_db_tablespace: str
    ) -> None:
        """Move a table to another tablespace."""
        names = {
            "table": model._meta.db_table,
            "old_tablespace": old_db_tablespace,
            "new_tablespace": new_db_tablespace,
        }
        quoted = {part: self.quote_name(name) for part, name in names.items()}
        self.execute(self.sql_retablespace_table % quoted)

    # Indexes and constraints.

    def add_index(self, model: Any, index: Any) -> None:
        """Make an index, if the database can have it."""
        if self._index_is_supported(index):
            # Without parameters: a percent sign in the statement is meant literally.
            self.execute(index.create_sql(model, self), params=None)

    def remove_index(self, model: Any, index: Any) -> None:
        """Drop an index."""
        if self._index_is_supported(index):
            self.execute(index.remove_sql(model, self))

    def rename_index(self, model: Any, old_index: Any, new_index: Any) -> None:
        """Rename an index; where that cannot be, make it anew."""
        if not self.connection.features.can_rename_index:
            self.remove_index(model, old_index)
            return self.add_index(model, new_index)
        statement = self._rename_index_sql(model, old_index.name, new_index.name)
        return self.execute(statement, params=None)

    def add_constraint(self, model: Any, constraint: Any) -> None:
        """Add a constraint, if the database can have it."""
        if sql := constraint.create_sql(model, self):
            self.execute(sql, params=None)

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        """Drop a constraint."""
        if sql := constraint.remove_sql(model, self):
            self.execute(sql)

    def alter_unique_together(
        self, model: Any, old_unique_together: Iterable[Any], new_unique_together: Iterable[Any]
    ) -> None:
        """Add and drop unique constraints to go from one ``unique_together`` to another."""
        old, new = (
            {tuple(names) for names in each} for each in (old_unique_together, new_unique_together)
        )
        for names in sorted(old - new):
            self._delete_composed_index(
                model,
                names,
                {"unique": True, "primary_key": False},
                self.sql_delete_unique,
            )
        for names in sorted(new - old):
            fields = [model._meta.get_field(name) for name in names]
            self.execute(self._create_unique_sql(model, fields))

    def alter_index_together(
        self, model: Any, old_index_together: Iterable[Any], new_index_together: Iterable[Any]
    ) -> None:
        """Add and drop indexes to go from one ``index_together`` to another."""
        old, new = (
            {tuple(names) for names in each} for each in (old_index_together, new_index_together)
        )
        for names in sorted(old - new):
            self._delete_composed_index(
                model, names, {"index": True, "unique": False}, self.sql_delete_index
            )
        for names in sorted(new - old):
            fields = [model._meta.get_field(name) for name in names]
            self.execute(self._create_index_sql(model, fields=fields, suffix="_idx"))

    def _delete_composed_index(
        self, model: Any, fields: Iterable[str], constraint_kwargs: dict[str, Any], sql: str
    ) -> None:
        """Drop the one index or constraint over these fields that no ``Meta`` list names.

        Raises:
            ValueError: there is not exactly one.
        """
        meta = model._meta
        named = {each.name for each in (*meta.constraints, *meta.indexes)}
        columns = [meta.get_field(name).column for name in fields]
        makes = self.sql_create_unique if constraint_kwargs["unique"] else self.sql_create_index
        for waiting in filter(_is_statement, self.deferred_sql):
            if waiting.template == makes and waiting.references_table(meta.db_table):
                if waiting.parts["columns"].columns == columns:
                    # It was to be made at the end: then it is not made.
                    self.deferred_sql.remove(waiting)
                    return
        found = self._constraint_names(model, columns, exclude=named, **constraint_kwargs)
        if constraint_kwargs.get("unique") and found and len(found) > 1:
            # One of several: that which unique_together has made.
            usual = str(self._unique_constraint_name(meta.db_table, columns, quote=False))
            if usual in found:
                found = [usual]
        if len(found) != 1:
            raise ValueError(
                f"Found wrong number ({len(found)}) of constraints for "
                f"{meta.db_table}({', '.join(columns)})"
            )
        self.execute(self._delete_constraint_sql(sql, model, found[0]))

    # Fields.

    @staticmethod
    def _effective_default(field: Any) -> Any:
        """Return the value for existing rows when the column is added."""
        if field.has_default():
            return field.get_default()
        if not field.null and field.blank and field.empty_strings_allowed:
            internal = field.get_internal_type()
            return b"" if internal == "BinaryField" else ""
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            now = timezone.now() if field.get_internal_type() == "DateTimeField" else datetime.now()
            kinds = {"DateField": now.date, "TimeField": now.time}
            return kinds.get(field.get_internal_type(), lambda: now)()
        return None

    def add_field(self, model: Any, field: Any) -> None:
        """Add a field's column; for a many-to-many field, its table."""
        if field.many_to_many and field.remote_field.through._meta.auto_created:
            self.create_model(field.remote_field.through)
            return
        definition, params = self.column_sql(model, field, include_default=True)
        if definition is None:
            return
        if suffix := field.db_type_suffix(connection=self.connection):
            definition += f" {suffix}"
        if check := field.db_parameters(connection=self.connection)["check"]:
            definition += " " + self.sql_check_constraint % {"check": check}
        features = self.connection.features
        if field.remote_field and features.supports_foreign_keys and field.db_constraint:
            if self.sql_create_column_inline_fk:
                definition += " " + self._inline_fk_sql(
                    self.sql_create_column_inline_fk, model, field
                )
            else:
                self.deferred_sql.append(
                    self._create_fk_sql(model, field, "_fk_%(to_table)s_%(to_column)s")
                )
        self.execute(
            self.sql_create_column
            % {
                "table": self.quote_name(model._meta.db_table),
                "column": self.quote_name(field.column),
                "definition": definition,
            },
            params or None,
        )
        if (
            not field.has_db_default()
            and not field.generated
            and not self.skip_default_on_alter(field)
            and self.effective_default(field) is not None
        ):
            # The default was for the rows that are there; new rows get theirs from the model.
            changes, params = self._alter_column_default_sql(model, None, field, drop=True)
            self._alter_column(model, changes, params)
        if (
            field.db_comment
            and features.supports_comments
            and not features.supports_comments_inline
        ):
            self._set_column_comment(model, field)
        self.deferred_sql.extend(self._field_indexes_sql(model, field))
        if features.connection_persists_old_columns:
            self.connection.close()

    def _alter_column(self, model: Any, changes: str, params: Any = ()) -> None:
        self.execute(
            self.sql_alter_column
            % {"table": self.quote_name(model._meta.db_table), "changes": changes},
            params,
        )

    def _set_column_comment(self, model: Any, field: Any) -> None:
        column_type = field.db_parameters(connection=self.connection)["type"]
        statement = self._alter_column_comment_sql(model, field, column_type, field.db_comment)
        self.execute(*statement)

    def remove_field(self, model: Any, field: Any) -> None:
        """Drop a field's column; for a many-to-many field, its table."""
        if field.many_to_many:
            if field.remote_field.through._meta.auto_created:
                self.delete_model(field.remote_field.through)
            return
        if field.db_parameters(connection=self.connection)["type"] is None:
            return
        if field.remote_field:
            for name in self._constraint_names(model, [field.column], foreign_key=True):
                self.execute(self._delete_fk_sql(model, name))
        self.execute(
            self.sql_delete_column
            % {
                "table": self.quote_name(model._meta.db_table),
                "column": self.quote_name(field.column),
            }
        )
        if self.connection.features.connection_persists_old_columns:
            self.connection.close()
        self._forget(lambda sql: sql.references_column(model._meta.db_table, field.column))

    def alter_field(self, model: Any, old_field: Any, new_field: Any, strict: bool = False) -> None:
        """Change a column, or the table of a many-to-many field, from one field to another.

        Args:
            strict: whether a constraint that should be there and is not is an error.

        Raises:
            ValueError: the one cannot become the other.
        """
        if not self._field_should_be_altered(old_field, new_field):
            return
        old_params = old_field.db_parameters(connection=self.connection)
        new_params = new_field.db_parameters(connection=self.connection)
        old_type, new_type = old_params["type"], new_params["type"]
        broken = [
            kind is None and field.remote_field is None
            for kind, field in ((old_type, old_field), (new_type, new_field))
        ]
        if any(broken):
            raise ValueError(
                f"Cannot alter field {old_field} into {new_field} - they do not properly define "
                "db_type (are you using a badly-written custom field?)"
            )
        if old_type is None and new_type is None:
            throughs: list[Any] = [
                getattr(field.remote_field, "through", None) for field in (old_field, new_field)
            ]
            if all(throughs):
                automatic = [bool(each._meta.auto_created) for each in throughs]
                if all(automatic):
                    self._alter_many_to_many(model, old_field, new_field, strict)
                    return
                if not any(automatic):
                    # The project looks after these tables.
                    return
        if old_type is None or new_type is None:
            raise ValueError(
                f"Cannot alter field {old_field} into {new_field} - they are not compatible "
                "types (you cannot alter to or from M2M fields, or add or remove through= on "
                "M2M fields)"
            )
        if old_field.generated != new_field.generated or (
            new_field.generated
            and (
                old_field.db_persist != new_field.db_persist
                or self._generated_as(old_field) != self._generated_as(new_field)
            )
        ):
            raise ValueError(
                f"Modifying GeneratedFields is not supported - the field {new_field} must be "
                "removed and re-added with the new definition."
            )
        self._alter_field(
            model, old_field, new_field, old_type, new_type, old_params, new_params, strict
        )

    def _generated_as(self, field: Any) -> Any:
        """Return what a column is made of, as SQL where that is possible."""
        try:
            return field.generated_sql(self.connection)
        except FieldError:
            # Of fields that have been renamed since.
            return field.expression

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
        FieldAlteration(
            self,
            model,
            old_field,
            new_field,
            old_type,
            new_type,
            old_db_params,
            new_db_params,
            strict,
        ).run()

    def _field_should_be_altered(
        self, old_field: Any, new_field: Any, ignore: set[str] | None = None
    ) -> bool:
        """Whether two fields differ in what the database knows of."""
        if not old_field.concrete and not new_field.concrete and not old_field.many_to_many:
            return False
        if not old_field.many_to_many and old_field.column is None and new_field.column is None:
            return False
        skipped = {*old_field.non_db_attrs, *new_field.non_db_attrs, *(ignore or ())}

        def of_interest(field: Any) -> tuple[Any, ...]:
            _, path, args, kwargs = field.deconstruct()
            on_delete = kwargs.pop("on_delete", None)
            kwargs = {name: value for name, value in kwargs.items() if name not in skipped}
            if "db_default" in kwargs:
                kwargs["db_default"] = self.db_default_sql(field)
            if hasattr(on_delete, "on_delete_sql"):
                kwargs["on_delete"] = on_delete
            # How a relation spells its target is of no interest: the table is.
            target = kwargs.pop("to", None)
            table = None
            if target is not None and not isinstance(field.remote_field.model, str):
                table = field.remote_field.model._meta.db_table
            elif target is not None:
                table = target.lower() if isinstance(target, str) else target
            through = kwargs.pop("through", None)
            if through is not None and field.many_to_many:
                through = getattr(field.remote_field.through, "_meta", None)
                through = through.db_table if through else None
            return path, args, kwargs, table, through

        return self.quote_name(old_field.column or "") != self.quote_name(
            new_field.column or ""
        ) or of_interest(old_field) != of_interest(new_field)

    def _field_db_check(self, field: Any, field_db_params: dict[str, Any]) -> str | None:
        """Return the check that a column brings with it."""
        return field_db_params["check"]

    def _alter_column_null_sql(self, model: Any, old_field: Any, new_field: Any) -> Any:
        """Return the change, with parameters, of whether a column may be NULL."""
        features = self.connection.features
        if features.interprets_empty_strings_as_nulls and new_field.empty_strings_allowed:
            # The column is nullable on such a database, whatever the field says.
            return None
        params = new_field.db_parameters(connection=self.connection)
        template = self.sql_alter_column_null if new_field.null else self.sql_alter_column_not_null
        return (
            template % {"column": self.quote_name(new_field.column), "type": params["type"]},
            [],
        )

    def _alter_column_default_sql(
        self, model: Any, old_field: Any, new_field: Any, drop: bool = False
    ) -> tuple[str, list[Any]]:
        """Return the change of a column's temporary default."""
        value = self.effective_default(new_field)
        default = self._column_default_sql(new_field)
        params = [value]
        if drop:
            params = []
        elif self.connection.features.requires_literal_defaults:
            default, params = self.prepare_default(value), []
        db_params = new_field.db_parameters(connection=self.connection)
        if not drop:
            template = self.sql_alter_column_default
        elif new_field.null:
            template = self.sql_alter_column_no_default_null
        else:
            template = self.sql_alter_column_no_default
        return (
            template
            % {
                "column": self.quote_name(new_field.column),
                "type": db_params["type"],
                "default": default,
            },
            params,
        )

    def _alter_column_database_default_sql(
        self, model: Any, old_field: Any, new_field: Any, drop: bool = False
    ) -> tuple[str, list[Any]]:
        """Return the change of a column's ``db_default``."""
        default_sql, params = ("", []) if drop else self.db_default_sql(new_field)
        template = self.sql_alter_column_no_default if drop else self.sql_alter_column_default
        db_params = new_field.db_parameters(connection=self.connection)
        return (
            template
            % {
                "column": self.quote_name(new_field.column),
                "type": db_params["type"],
                "default": default_sql,
            },
            list(params),
        )

    def _alter_column_type_sql(
        self,
        model: Any,
        old_field: Any,
        new_field: Any,
        new_type: str,
        old_collation: str | None,
        new_collation: str | None,
    ) -> tuple[tuple[str, list[Any]], list[tuple[str, list[Any]]]]:
        """Return the change of a column's type, and statements to run after it."""
        follow_up: list[tuple[str, list[Any]]] = []
        if self.connection.features.supports_comments:
            inline_comment = ""
            if new_field.db_comment and self.connection.features.supports_comments_inline:
                inline_comment = " " + self._comment_sql(new_field.db_comment)
        else:
            inline_comment = ""
        collate = self._collate_sql(new_collation, old_collation, table_name=model._meta.db_table)
        return (
            (
                self.sql_alter_column_type
                % {
                    "column": self.quote_name(new_field.column),
                    "type": new_type,
                    "collation": f" {collate}" if collate else "",
                    "comment": inline_comment,
                },
                [],
            ),
            follow_up,
        )

    def _alter_column_comment_sql(
        self, model: Any, new_field: Any, new_type: str, new_db_comment: str | None
    ) -> tuple[str, list[Any]]:
        """Return the statement that sets a column's comment."""
        assert self.sql_alter_column_comment is not None
        return (
            self.sql_alter_column_comment
            % {
                "table": self.quote_name(model._meta.db_table),
                "column": self.quote_name(new_field.column),
                "comment": self._comment_sql(new_db_comment),
            },
            [],
        )

    def _alter_many_to_many(self, model: Any, old_field: Any, new_field: Any, strict: bool) -> None:
        """Rename the table between two models, and let its columns point to the new ones."""
        old, new = old_field.remote_field.through, new_field.remote_field.through
        if old._meta.db_table != new._meta.db_table:
            self.alter_db_table(old, old._meta.db_table, new._meta.db_table)
        for name in ("m2m_reverse_field_name", "m2m_field_name"):
            self.alter_field(
                new,
                old._meta.get_field(getattr(old_field, name)()),
                new._meta.get_field(getattr(new_field, name)()),
            )

    def _stop_counting(self, model: Any, field: Any) -> None:
        """Do what a column needs before it ceases to be the primary key."""

    def _field_became_primary_key(self, old_field: Any, new_field: Any) -> bool:
        return bool(not old_field.primary_key and new_field.primary_key)

    def _unique_should_be_added(self, old_field: Any, new_field: Any) -> bool:
        was_unique = old_field.unique and not self._field_became_primary_key(new_field, old_field)
        return bool(
            not new_field.primary_key
            and new_field.unique
            and (not was_unique or old_field.primary_key)
        )

    def _rename_field_sql(self, table: str, old_field: Any, new_field: Any, new_type: str) -> str:
        return self.sql_rename_column % {
            "table": self.quote_name(table),
            "old_column": self.quote_name(old_field.column),
            "new_column": self.quote_name(new_field.column),
            "type": new_type,
        }

    def remove_procedure(self, procedure_name: str, param_types: Iterable[str] = ()) -> None:
        """Drop a stored procedure."""
        self.execute(
            self.sql_delete_procedure
            % {
                "procedure": self.quote_name(procedure_name),
                "param_types": ",".join(param_types),
            }
        )
