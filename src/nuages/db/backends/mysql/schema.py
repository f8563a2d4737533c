"""The schema editor of MariaDB and MySQL."""

from __future__ import annotations

from typing import Any

from nuages.db.backends.base.schema import BaseDatabaseSchemaEditor


class DatabaseSchemaEditor(BaseDatabaseSchemaEditor):
    """Writes columns whole where they change: the servers take no part of a definition alone."""

    sql_rename_table = "RENAME TABLE %(old_table)s TO %(new_table)s"
    sql_delete_table = "DROP TABLE %(table)s"

    sql_alter_column_no_default_null = "ALTER COLUMN %(column)s SET DEFAULT NULL"
    # A comment stands in the column's definition.
    sql_alter_column_comment = None
    sql_alter_table_comment = "ALTER TABLE %(table)s COMMENT = %(comment)s"

    sql_delete_unique = "ALTER TABLE %(table)s DROP INDEX %(name)s"
    sql_delete_index = "DROP INDEX %(name)s ON %(table)s"
    sql_rename_index = "ALTER TABLE %(table)s RENAME INDEX %(old_name)s TO %(new_name)s"
    sql_create_pk = "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s PRIMARY KEY (%(columns)s)"
    sql_delete_pk = "ALTER TABLE %(table)s DROP PRIMARY KEY"
    sql_create_index = "CREATE INDEX %(name)s ON %(table)s (%(columns)s)%(extra)s"
    sql_delete_fk = "ALTER TABLE %(table)s DROP FOREIGN KEY %(name)s"
    # Together with the column: that locks the table once.
    sql_create_column_inline_fk = (
        ", ADD CONSTRAINT %(name)s FOREIGN KEY (%(column)s) "
        "REFERENCES %(to_table)s(%(to_column)s)%(on_delete_db)s"
    )

    @property
    def sql_delete_check(self) -> str:  # type: ignore[override]
        """How a check is dropped."""
        what = "CONSTRAINT IF EXISTS" if self.connection.mysql_is_mariadb else "CHECK"
        return f"ALTER TABLE %(table)s DROP {what} %(name)s"

    def quote_value(self, value: Any) -> Any:
        self.connection.ensure_connection()
        driver = self.connection.connection
        literal = driver.escape(value, driver.encoders)
        return (
            literal.decode() if isinstance(value, str) and isinstance(literal, bytes) else literal
        )

    def column_sql(
        self, model: Any, field: Any, include_default: bool = False
    ) -> tuple[str | None, list[Any] | None]:
        """Return a column's definition with its values written out.

        The statement around it may have texts of its own with percent signs.
        """
        sql, params = super().column_sql(model, field, include_default)
        if not sql or not params:
            return sql, params
        begin, *pieces = sql.split("%s", len(params))
        for value, piece in zip(params, pieces, strict=True):
            hexadecimal = isinstance(value, bytes)
            literal = f"x'{value.hex()}'" if hexadecimal else self.quote_value(value)
            text = literal.decode() if isinstance(literal, bytes) else str(literal)
            begin += text + piece
        return begin, []

    def execute(self, sql: Any, params: Any = ()) -> None:
        # Values are written into most statements: without parameters a percent sign means itself.
        super().execute(sql, params or None)

    # Defaults.

    def _is_limited(self, field: Any) -> bool:
        """Whether the type of a field's column has no literal defaults and no plain indexes."""
        column_type = field.db_type(self.connection)
        return column_type is not None and (
            column_type.lower() in self.connection._limited_data_types
        )

    def skip_default_on_alter(self, field: Any) -> bool:
        # MySQL takes defaults of such columns as expressions alone, and ALTER COLUMN none.
        return self._is_limited(field) and not self.connection.mysql_is_mariadb

    def _column_default_sql(self, field: Any) -> str:
        if self._is_limited(field) and not self.connection.mysql_is_mariadb:
            return "(%s)"
        return super()._column_default_sql(field)

    def add_field(self, model: Any, field: Any) -> None:
        super().add_field(model, field)
        if not self.skip_default_on_alter(field):
            return
        default = self.effective_default(field)
        if default is not None and not field.has_db_default() and not field.null:
            # The column had no default when it was made: existing rows get theirs here.
            table, column = map(self.quote_name, (model._meta.db_table, field.column))
            self.execute(f"UPDATE {table} SET {column} = %s", [default])

    # Keys and indexes.

    def remove_constraint(self, model: Any, constraint: Any) -> None:
        from nuages.db.models.constraints import UniqueConstraint

        if isinstance(constraint, UniqueConstraint) and not constraint.contains_expressions:
            self._keep_fk_index(model, constraint.fields)
        super().remove_constraint(model, constraint)

    def remove_index(self, model: Any, index: Any) -> None:
        self._keep_fk_index(model, [name for name, _ in index.fields_orders], index=index)
        super().remove_index(model, index)

    def _keep_fk_index(self, model: Any, names: Any, index: Any = None) -> None:
        """Make an index for a foreign key that is about to lose the one that it uses.

        The servers make one for a foreign key only where no other begins with its column.
        """
        if not names:
            return
        first = model._meta.get_field(next(iter(names)))
        if first.get_internal_type() not in ("ForeignKey", "OneToOneField"):
            return
        with self.connection.cursor() as cursor:
            known = self.connection.introspection.get_constraints(cursor, model._meta.db_table)
        columns = [model._meta.get_field(name).column for name in names]
        others = [
            name
            for name, info in known.items()
            if info["index"]
            and info["columns"][:1] == [first.column]
            and info["columns"] != columns
        ]
        if not others:
            self.execute(self._create_index_sql(model, fields=[first], suffix=""))

    def _delete_composed_index(
        self, model: Any, fields: Any, constraint_kwargs: dict[str, Any], sql: str
    ) -> None:
        self._keep_fk_index(model, list(fields))
        super()._delete_composed_index(model, fields, constraint_kwargs, sql)

    def _field_should_be_indexed(self, model: Any, field: Any) -> bool:
        if not super()._field_should_be_indexed(model, field) or self._is_limited(field):
            return False
        # A foreign key brings its index along, unless the engine does not know such keys.
        if field.get_internal_type() == "ForeignKey" and field.db_constraint:
            with self.connection.cursor() as cursor:
                engine = self.connection.introspection.get_storage_engine(
                    cursor, model._meta.db_table
                )
            return bool(engine != "InnoDB")
        return True

    # Columns that change.

    def _definition(self, model: Any, field: Any, column_type: str, null: bool) -> str:
        """Return a column's type and all that would be lost if it were not said again."""
        words = [column_type]
        if collation := field.db_parameters(connection=self.connection).get("collation"):
            words.append(self._collate_sql(collation))
        if field.has_db_default():
            sql, values = self.db_default_sql(field)
            words.append(
                "DEFAULT " + (sql % tuple(map(self.quote_value, values)) if values else sql)
            )
        words.append("NULL" if null else "NOT NULL")
        if field.db_comment:
            words.append(self._comment_sql(field.db_comment))
        return " ".join(words)

    def _own_check(self, model: Any, old_field: Any, new_field: Any) -> str:
        """Return the check that is part of a column's definition and stays, as MariaDB keeps it."""
        if not self.connection.mysql_is_mariadb:
            return ""
        before, after = (
            self._field_db_check(field, field.db_parameters(connection=self.connection))
            for field in (old_field, new_field)
        )
        if not before or before != after:
            return ""
        with self.connection.cursor() as cursor:
            known = self.connection.introspection.get_constraints(cursor, model._meta.db_table)
        inline = any(
            info["check"] and info["columns"] == [new_field.column]
            for name, info in known.items()
            if name.startswith("__unnamed_constraint_")
        )
        return f" CHECK ({before})" if inline else ""

    def _modify(
        self, model: Any, old_field: Any, new_field: Any, column_type: str, null: bool
    ) -> tuple[str, list[Any]]:
        definition = self._definition(model, new_field, column_type, null)
        check = self._own_check(model, old_field, new_field)
        return f"MODIFY {self.quote_name(new_field.column)} {definition}{check}", []

    def _alter_column_type_sql(
        self,
        model: Any,
        old_field: Any,
        new_field: Any,
        new_type: str,
        old_collation: str | None,
        new_collation: str | None,
    ) -> Any:
        # Whether it may be NULL changes later, when no NULL is left.
        return self._modify(model, old_field, new_field, new_type, old_field.null), []

    def _alter_column_null_sql(self, model: Any, old_field: Any, new_field: Any) -> Any:
        column_type = new_field.db_parameters(connection=self.connection)["type"]
        return self._modify(model, old_field, new_field, column_type, new_field.null)

    def _stop_counting(self, model: Any, field: Any) -> None:
        # Only a key counts by itself.
        column_type = field.db_type(self.connection) or ""
        plain = column_type.removesuffix(" AUTO_INCREMENT")
        if plain != column_type:
            self._alter_column(model, *self._modify(model, field, field, plain, False))

    def _rename_field_sql(self, table: str, old_field: Any, new_field: Any, new_type: str) -> str:
        old_params = old_field.db_parameters(connection=self.connection)
        if not self._field_db_check(old_field, old_params):
            return super()._rename_field_sql(table, old_field, new_field, new_type)
        # A check in the definition speaks of the old name: it goes, and comes back under the new one.
        old_type = old_params["type"]
        definition = self._definition(old_field.model, old_field, old_type, old_field.null)
        names = (self.quote_name(field.column) for field in (old_field, new_field))
        return f"ALTER TABLE {self.quote_name(table)} CHANGE {' '.join(names)} {definition}"

    def _alter_column_comment_sql(
        self, model: Any, new_field: Any, new_type: str, new_db_comment: str | None
    ) -> tuple[str, list[Any]]:
        """Write the column anew: the statement is a whole one here."""
        definition, _ = self.column_sql(model, new_field)
        words = str(definition)
        for ending in (" PRIMARY KEY", " UNIQUE"):
            # These are there already.
            words = words.removesuffix(ending)
        return (
            f"ALTER TABLE {self.quote_name(model._meta.db_table)} "
            f"MODIFY {self.quote_name(new_field.column)} {words}",
            [],
        )

    def _comment_sql(self, comment: str | None) -> str:
        return f"COMMENT {super()._comment_sql(comment)}"

    def alter_db_table_comment(
        self, model: Any, old_db_table_comment: str | None, new_db_table_comment: str | None
    ) -> None:
        table = self.quote_name(model._meta.db_table)
        comment = self.quote_value(new_db_table_comment or "")
        self.execute(self.sql_alter_table_comment % {"table": table, "comment": comment})
