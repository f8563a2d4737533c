"""The SQL of indexes and constraints, and their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from nuages.db.backends.ddl_references import (
    Columns,
    Expressions,
    ForeignKeyName,
    IndexColumns,
    IndexName,
    Statement,
    Table,
)
from nuages.db.backends.utils import names_digest, split_identifier, truncate_name


class IndexSQL:
    """The part of a schema editor that describes indexes and constraints.

    The names of methods with an underscore are called by indexes and constraints, those of
    packages included.
    """

    connection: Any
    quote_name: Callable[[str], str]
    quote_value: Callable[[Any], str]
    execute: Callable[..., Any]
    known_table: Callable[[str], str]
    sql_create_index: str
    sql_create_unique_index: str
    sql_create_unique: str
    sql_create_check: str
    sql_create_fk: str
    sql_create_pk: str
    sql_delete_index: str
    sql_delete_unique: str
    sql_delete_check: str
    sql_delete_fk: str
    sql_delete_pk: str
    sql_rename_index: str
    sql_constraint: str
    sql_check_constraint: str
    sql_unique_constraint: str
    sql_pk_constraint: str

    # Names.

    def _create_index_name(
        self, table_name: str, column_names: Sequence[str], suffix: str = ""
    ) -> str:
        """Return a name that is unique and fits: table, columns, digest and suffix."""
        table = split_identifier(table_name)[1]
        tail = names_digest(table, *column_names, length=8) + suffix
        room = self.connection.ops.max_name_length() or 200
        columns = "_".join(column_names)
        name = f"{table}_{columns}_{tail}"
        if len(name) > room:
            # The suffix may take a third; table and columns share the rest evenly.
            if len(tail) > room // 3:
                tail = tail[: room // 3]
            share = (room - len(tail)) // 2 - 1
            name = f"{table[:share]}_{columns[:share]}_{tail}"
        if name[0] == "_" or name[0].isdigit():
            # Such names would need quoting on some databases.
            name = f"D{name[:-1]}"
        return name

    def _constraint_name(self, table: str, columns: Sequence[str], suffix: str = "") -> str:
        return self.quote_name(self._create_index_name(table, columns, suffix))

    def _unique_constraint_name(
        self, table: str, columns: list[str], quote: bool = True
    ) -> IndexName:
        namer = self._constraint_name if quote else self._create_index_name
        return IndexName(table, columns, "_uniq", namer)

    def _fk_constraint_name(self, model: Any, field: Any, suffix: str) -> ForeignKeyName:
        def namer(table: str, columns: Sequence[str], suffix: str) -> str:
            return self.quote_name(self._create_index_name(table, columns, suffix))

        target = field.target_field
        return ForeignKeyName(
            model._meta.db_table,
            [field.column],
            split_identifier(target.model._meta.db_table)[1],
            [target.column],
            suffix,
            namer,
        )

    # Indexes.

    def _get_index_tablespace_sql(
        self, model: Any, fields: Sequence[Any], db_tablespace: str | None = None
    ) -> str:
        if db_tablespace is None:
            own = fields[0].db_tablespace if len(fields) == 1 else None
            db_tablespace = own or model._meta.db_tablespace
        if not db_tablespace:
            return ""
        return " " + self.connection.ops.tablespace_sql(db_tablespace)

    def _index_condition_sql(self, condition: str | None) -> str:
        return f" WHERE {condition}" if condition else ""

    def _index_include_sql(self, model: Any, columns: Sequence[str] | None) -> Any:
        if not columns or not self.connection.features.supports_covering_indexes:
            return ""
        return Statement(
            " INCLUDE (%(columns)s)",
            columns=Columns(model._meta.db_table, list(columns), self.quote_name),
        )

    def _index_columns(
        self, table: str, columns: list[str], col_suffixes: Sequence[str], opclasses: Sequence[str]
    ) -> Any:
        return Columns(table, columns, self.quote_name, col_suffixes=col_suffixes)

    def _compiled_expressions(self, model: Any, expressions: Any) -> Expressions:
        from nuages.db.models.sql.query import Query

        compiler = Query(model, alias_cols=False).get_compiler(connection=self.connection)
        return Expressions(model._meta.db_table, expressions, compiler, self.quote_value)

    def _create_index_sql(
        self,
        model: Any,
        *,
        fields: Sequence[Any] | None = None,
        name: str | None = None,
        suffix: str = "",
        using: str = "",
        db_tablespace: str | None = None,
        col_suffixes: Sequence[str] = (),
        sql: str | None = None,
        opclasses: Sequence[str] = (),
        condition: str | None = None,
        include: Sequence[str] | None = None,
        expressions: Any = None,
    ) -> Statement:
        """Return the statement that makes an index of fields or expressions."""
        fields = fields or []
        table = model._meta.db_table
        columns = [field.column for field in fields]
        what: Any
        if expressions:
            what = self._compiled_expressions(model, expressions)
        else:
            what = self._index_columns(table, columns, col_suffixes, opclasses)
        shown: Any = (
            self.quote_name(name)
            if name is not None
            else IndexName(table, columns, suffix, self._constraint_name)
        )
        return Statement(
            sql or self.sql_create_index,
            table=Table(table, self.quote_name),
            name=shown,
            using=using,
            columns=what,
            extra=self._get_index_tablespace_sql(model, fields, db_tablespace),
            condition=self._index_condition_sql(condition),
            include=self._index_include_sql(model, include),
        )

    def _named(self, template: str, model: Any, **names: str) -> Statement:
        """Return a statement about a table and quoted names."""
        return Statement(
            template,
            table=Table(model._meta.db_table, self.quote_name),
            **{part: self.quote_name(name) for part, name in names.items()},
        )

    def _delete_index_sql(self, model: Any, name: str, sql: str | None = None) -> Statement:
        return self._named(sql or self.sql_delete_index, model, name=name)

    def _rename_index_sql(self, model: Any, old_name: str, new_name: str) -> Statement:
        return self._named(self.sql_rename_index, model, old_name=old_name, new_name=new_name)

    def _field_should_be_indexed(self, model: Any, field: Any) -> bool:
        return bool(field.db_index and not field.unique)

    def _field_indexes_sql(self, model: Any, field: Any) -> list[Statement]:
        """Return the statements for a field's own index."""
        if self._field_should_be_indexed(model, field):
            return [self._create_index_sql(model, fields=[field])]
        return []

    def _model_indexes_sql(self, model: Any) -> list[Any]:
        """Return the statements for all indexes of a new table."""
        meta = model._meta
        if not meta.managed or meta.proxy or meta.swapped:
            return []
        statements: list[Any] = []
        for field in meta.local_fields:
            statements += self._field_indexes_sql(model, field)
        # Of the states of old migrations.
        for names in getattr(meta, "index_together", ()):
            fields = [meta.get_field(name) for name in names]
            statements.append(self._create_index_sql(model, fields=fields, suffix="_idx"))
        for index in meta.indexes:
            if self._index_is_supported(index):
                statements.append(index.create_sql(model, self))
        return statements

    def _index_is_supported(self, index: Any) -> bool:
        return not index.contains_expressions or bool(
            self.connection.features.supports_expression_indexes
        )

    # Uniqueness.

    def _deferrable_constraint_sql(self, deferrable: Any) -> str:
        if deferrable is None:
            return ""
        from nuages.db.models.constraints import Deferrable

        words = {Deferrable.DEFERRED: "DEFERRED", Deferrable.IMMEDIATE: "IMMEDIATE"}
        return f" DEFERRABLE INITIALLY {words[deferrable]}"

    def _unique_index_nulls_distinct_sql(self, nulls_distinct: bool | None) -> str:
        return {None: "", True: " NULLS DISTINCT", False: " NULLS NOT DISTINCT"}[nulls_distinct]

    def _unique_supported(
        self,
        condition: Any = None,
        deferrable: Any = None,
        include: Any = None,
        expressions: Any = None,
        nulls_distinct: bool | None = None,
    ) -> bool:
        features = self.connection.features
        needs = (
            (condition, features.supports_partial_indexes),
            (deferrable, features.supports_deferrable_unique_constraints),
            (include, features.supports_covering_indexes),
            (expressions, features.supports_expression_indexes),
            (nulls_distinct is not None, features.supports_nulls_distinct_unique_constraints),
        )
        return all(supported for wanted, supported in needs if wanted)

    def _unique_sql(
        self,
        model: Any,
        fields: Sequence[Any],
        name: str,
        condition: str | None = None,
        deferrable: Any = None,
        include: Sequence[str] | None = None,
        opclasses: Sequence[str] | None = None,
        expressions: Any = None,
        nulls_distinct: bool | None = None,
    ) -> str | None:
        """Return the clause of CREATE TABLE, or ``None`` where an index must be made later."""
        if not self._unique_supported(
            condition=condition,
            deferrable=deferrable,
            include=include,
            expressions=expressions,
            nulls_distinct=nulls_distinct,
        ):
            return None
        if condition or include or opclasses or expressions:
            statement = self._create_unique_sql(
                model,
                fields,
                name=name,
                condition=condition,
                include=include,
                opclasses=opclasses,
                expressions=expressions,
                nulls_distinct=nulls_distinct,
            )
            if statement:
                self.deferred_sql.append(statement)  # type: ignore[attr-defined]
            return None
        constraint = self.sql_unique_constraint % {
            "columns": ", ".join(self.quote_name(field.column) for field in fields),
            "deferrable": self._deferrable_constraint_sql(deferrable),
        }
        if nulls_distinct is not None:
            extra = self._unique_index_nulls_distinct_sql(nulls_distinct)
            constraint = constraint.replace("UNIQUE", f"UNIQUE{extra}", 1)
        return self.sql_constraint % {"name": self.quote_name(name), "constraint": constraint}

    def _create_unique_sql(
        self,
        model: Any,
        fields: Sequence[Any],
        name: str | None = None,
        condition: str | None = None,
        deferrable: Any = None,
        include: Sequence[str] | None = None,
        opclasses: Sequence[str] | None = None,
        expressions: Any = None,
        nulls_distinct: bool | None = None,
    ) -> Statement | None:
        """Return the statement that adds uniqueness to a table, or ``None`` if it cannot be."""
        if not self._unique_supported(
            condition=condition,
            deferrable=deferrable,
            include=include,
            expressions=expressions,
            nulls_distinct=nulls_distinct,
        ):
            return None
        table = model._meta.db_table
        columns = [field.column for field in fields]
        needs_index = condition or include or opclasses or expressions
        what: Any
        if expressions:
            what = self._compiled_expressions(model, expressions)
        else:
            what = self._index_columns(table, columns, (), opclasses or ())
        return Statement(
            self.sql_create_unique_index if needs_index else self.sql_create_unique,
            table=Table(table, self.quote_name),
            name=self._unique_constraint_name(table, columns)
            if name is None
            else self.quote_name(name),
            columns=what,
            condition=self._index_condition_sql(condition),
            deferrable=self._deferrable_constraint_sql(deferrable),
            include=self._index_include_sql(model, include),
            nulls_distinct=self._unique_index_nulls_distinct_sql(nulls_distinct),
        )

    def _delete_unique_sql(
        self,
        model: Any,
        name: str,
        condition: Any = None,
        deferrable: Any = None,
        include: Any = None,
        opclasses: Any = None,
        expressions: Any = None,
        nulls_distinct: bool | None = None,
    ) -> Statement | None:
        if not self._unique_supported(
            condition=condition,
            deferrable=deferrable,
            include=include,
            expressions=expressions,
            nulls_distinct=nulls_distinct,
        ):
            return None
        is_index = condition or include or opclasses or expressions
        template = self.sql_delete_index if is_index else self.sql_delete_unique
        return self._delete_constraint_sql(template, model, name)

    # Checks, foreign and primary keys.

    def _check_sql(self, name: str, check: str) -> str:
        return self.sql_constraint % {
            "name": self.quote_name(name),
            "constraint": self.sql_check_constraint % {"check": check},
        }

    def _create_check_sql(self, model: Any, name: str, check: str) -> Statement | None:
        statement = self._of_check(self.sql_create_check, model, name)
        if statement is not None:
            statement.parts["check"] = check
        return statement

    def _delete_check_sql(self, model: Any, name: str) -> Statement | None:
        return self._of_check(self.sql_delete_check, model, name)

    def _of_check(self, template: str, model: Any, name: str) -> Statement | None:
        has_checks = self.connection.features.supports_table_check_constraints
        return self._named(template, model, name=name) if has_checks else None

    def _delete_constraint_sql(self, template: str, model: Any, name: str) -> Statement:
        return self._named(template, model, name=name)

    def _create_on_delete_sql(self, model: Any, field: Any) -> str:
        remote = getattr(field, "remote_field", None)
        on_delete = getattr(remote, "on_delete", None)
        as_sql = getattr(on_delete, "on_delete_sql", None)
        return as_sql(self) if as_sql else ""

    def _create_fk_sql(self, model: Any, field: Any, suffix: str) -> Statement:
        target = field.target_field
        return Statement(
            self.sql_create_fk,
            table=Table(model._meta.db_table, self.quote_name),
            name=self._fk_constraint_name(model, field, suffix),
            column=Columns(model._meta.db_table, [field.column], self.quote_name),
            to_table=Table(target.model._meta.db_table, self.quote_name),
            to_column=Columns(target.model._meta.db_table, [target.column], self.quote_name),
            deferrable=self.connection.ops.deferrable_sql(),
            on_delete_db=self._create_on_delete_sql(model, field),
        )

    def _delete_fk_sql(self, model: Any, name: str) -> Statement:
        return self._delete_constraint_sql(self.sql_delete_fk, model, name)

    def _pk_constraint_sql(self, columns: Iterable[str]) -> str:
        return self.sql_pk_constraint % {"columns": ", ".join(map(self.quote_name, columns))}

    def _create_primary_key_sql(self, model: Any, field: Any) -> Statement:
        table = model._meta.db_table
        return Statement(
            self.sql_create_pk,
            table=Table(table, self.quote_name),
            name=self.quote_name(self._create_index_name(table, [field.column], suffix="_pk")),
            columns=Columns(table, [field.column], self.quote_name),
        )

    def _delete_primary_key_sql(self, model: Any, name: str) -> Statement:
        return self._delete_constraint_sql(self.sql_delete_pk, model, name)

    def _delete_primary_key(self, model: Any, strict: bool = False) -> None:
        names = self._constraint_names(model, primary_key=True)
        if strict and len(names) != 1:
            raise ValueError(
                f"Found wrong number ({len(names)}) of PK constraints for {model._meta.db_table}"
            )
        for name in names:
            self.execute(self._delete_primary_key_sql(model, name))

    def _constraint_names(
        self,
        model: Any,
        column_names: Sequence[str] | None = None,
        unique: bool | None = None,
        primary_key: bool | None = None,
        index: bool | None = None,
        foreign_key: bool | None = None,
        check: bool | None = None,
        type_: str | None = None,
        exclude: Iterable[str] | None = None,
    ) -> list[str]:
        """Return the names of the constraints that the database has and that match."""
        introspection = self.connection.introspection
        columns = None
        if column_names is not None:
            length = self.connection.ops.max_name_length()
            columns = [
                introspection.identifier_converter(truncate_name(name, length))
                if self.connection.features.truncates_names
                else introspection.identifier_converter(name)
                for name in column_names
            ]
        wanted = {"unique": unique, "primary_key": primary_key, "index": index, "check": check}
        excluded = set(exclude or ())
        with self.connection.cursor() as cursor:
            table = self.known_table(model._meta.db_table)
            found = introspection.get_constraints(cursor, table)
        return [
            name
            for name, info in found.items()
            if (columns is None or columns == info["columns"])
            and all(value is None or info[key] == value for key, value in wanted.items())
            and (foreign_key is None or info["foreign_key"])
            and (type_ is None or info["type"] == type_)
            and name not in excluded
        ]


__all__ = ["IndexColumns", "IndexSQL"]
