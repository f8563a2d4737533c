"""The SQL of one column: type, default, constraints of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class ColumnSQL:
    """The part of a schema editor that describes columns."""

    connection: Any
    sql_alter_column_comment: str | None

    def quote_name(self, name: str) -> str:
        """Return ``name`` quoted."""
        return self.connection.ops.quote_name(name)

    def quote_value(self, value: Any) -> str:
        """Return a value as SQL text, for statements that take no parameters.

        Not safe for values from outside: only for those that the project's code holds.
        """
        raise NotImplementedError(f"{type(self).__name__} must provide a quote_value() method")

    def prepare_default(self, value: Any) -> str:
        """Return a default as SQL text, where the backend takes no parameters in DDL."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseSchemaEditor for backends which have "
            "requires_literal_defaults must provide a prepare_default() method"
        )

    def column_sql(
        self, model: Any, field: Any, include_default: bool = False
    ) -> tuple[str | None, list[Any] | None]:
        """Return the definition of a field's column and its parameters.

        Returns:
            ``(None, None)`` for a field without a column.
        """
        db_params = field.db_parameters(connection=self.connection)
        column_type = db_params["type"]
        if column_type is None:
            return None, None
        params: list[Any] = []
        words = self._iter_column_sql(column_type, params, model, field, db_params, include_default)
        return " ".join(words), params

    def _iter_column_sql(
        self,
        column_db_type: str,
        params: list[Any],
        model: Any,
        field: Any,
        field_db_params: dict[str, Any],
        include_default: bool,
    ) -> Iterator[str]:
        """Yield the words of a column's definition; add parameters to ``params``."""
        features, ops = self.connection.features, self.connection.ops
        yield column_db_type
        if collation := field_db_params.get("collation"):
            yield self._collate_sql(collation)
        comment = field.db_comment if features.supports_comments_inline else None
        if comment and not field.generated:
            yield self._comment_sql(comment)
        include_default = include_default and not field.generated and not self.skip_default(field)
        if field.has_db_default():
            default_sql, default_params = self.db_default_sql(field)
            yield f"DEFAULT {default_sql}"
            params.extend(default_params)
            include_default = False
        null = field.null
        if include_default and (value := self.effective_default(field)) is not None:
            column_default = "DEFAULT " + self._column_default_sql(field)
            if features.requires_literal_defaults:
                # Some backends refuse parameters in DDL.
                yield column_default % self.prepare_default(value)
            else:
                yield column_default
                params.append(value)
        if field.generated:
            generated_sql, generated_params = self._column_generated_sql(field)
            params.extend(generated_params)
            yield generated_sql
            # What the column is made of stands right after its type.
            if comment:
                yield self._comment_sql(comment)
        else:
            if features.interprets_empty_strings_as_nulls and not field.primary_key:
                # There is no telling an empty string from NULL there.
                null = null or field.empty_strings_allowed
            if not (null and features.implied_column_null):
                yield "NULL" if null else "NOT NULL"
        if field.unique:
            # So is a primary key.
            yield "PRIMARY KEY" if field.primary_key else "UNIQUE"
        tablespace = field.db_tablespace or model._meta.db_tablespace
        if tablespace and features.supports_tablespaces and field.unique:
            yield ops.tablespace_sql(tablespace, inline=True)

    def skip_default(self, field: Any) -> bool:
        """Whether the backend takes no default for such a column when it is made."""
        return False

    def skip_default_on_alter(self, field: Any) -> bool:
        """Whether the backend takes no default for such a column when it is altered."""
        return False

    def _column_default_sql(self, field: Any) -> str:
        """Return the placeholder of a default."""
        return "%s"

    def db_default_sql(self, field: Any) -> tuple[str, list[Any]]:
        """Return the SQL of a field's ``db_default`` and its parameters."""
        from nuages.db.models.expressions import Value

        default = field._db_default_expression
        literal = isinstance(default, Value)
        template = self._column_default_sql(field) if literal else "(%s)"
        from nuages.db.models.sql.query import Query

        compiler = Query(model=field.model).get_compiler(connection=self.connection)
        sql, params = compiler.compile(default)
        if self.connection.features.requires_literal_defaults:
            # The placeholders of the expression take quoted values instead.
            sql %= tuple(self.prepare_default(value) for value in params)
            params = []
        return template % sql, list(params)

    def _column_generated_persistency_sql(self, field: Any) -> str:
        """Return the word for how a generated column is kept."""
        return "STORED" if field.db_persist else "VIRTUAL"

    def _column_generated_sql(self, field: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL of a generated column and its parameters."""
        expression_sql, params = field.generated_sql(self.connection)
        if self.connection.features.requires_literal_defaults:
            expression_sql %= tuple(self.quote_value(value) for value in params)
            params = ()
        kept = self._column_generated_persistency_sql(field)
        return f"GENERATED ALWAYS AS ({expression_sql}) {kept}", tuple(params)

    _effective_default: Callable[[Any], Any]

    def effective_default(self, field: Any) -> Any:
        """Return a field's default as the database takes it."""
        return field.get_db_prep_save(self._effective_default(field), self.connection)

    def _collate_sql(
        self, collation: str | None, old_collation: str | None = None, table_name: str | None = None
    ) -> str:
        return f"COLLATE {self.quote_name(collation)}" if collation else ""

    def _comment_sql(self, comment: str | None) -> str:
        return self.quote_value(comment or "")
