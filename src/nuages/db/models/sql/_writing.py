"""Compilers of INSERT, UPDATE, DELETE, and of aggregates over a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from nuages.core.exceptions import EmptyResultSet, FieldError, FullResultSet
from nuages.db.models.expressions import DatabaseDefault, RawSQL
from nuages.db.models.expressions._leaves import field_placeholder
from nuages.db.models.sql._rows import composed, flattened
from nuages.db.models.sql.compiler import SQLCompiler
from nuages.db.models.sql.constants import MULTI, ROW_COUNT
from nuages.db.models.sql.query import Query
from nuages.db.models.sql.where import WhereNode

__all__ = ["SQLAggregateCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


def _check_writable(field: Any, value: Any) -> None:
    """Raise ``FieldError`` for expressions that a single row has no value for."""
    for there, what in (
        (value.contains_aggregate, "Aggregate functions"),
        (value.contains_over_clause, "Window expressions"),
    ):
        if there:
            raise FieldError(f"{what} are not allowed in this query ({field.name}={value!r}).")


def _value_sql(field: Any, value: Any, compiler: Any, connection: Any) -> tuple[str, Sequence[Any]]:
    """Give SQL and parameters of one value of a column."""
    if (placed := field_placeholder(field, value, compiler, connection)) is not None:
        return placed
    if hasattr(value, "as_sql"):
        return compiler.compile(value)
    return "%s", (value,)


class _Returning(SQLCompiler):
    """Reads the rows of a RETURNING clause."""

    def _returned(self, cursor: Any, fields: Sequence[Any], rows: Any) -> list[Any]:
        table = self.query.get_meta().db_table
        columns = [field.get_col(field.model._meta.db_table or table) for field in fields]
        if converters := self.get_converters(flattened(columns)):
            rows = self.apply_converters(rows, converters)
        if self.has_composite_fields(columns):
            rows = composed(rows, columns)
        return list(rows)


class SQLInsertCompiler(_Returning):
    """Compiles and runs INSERT."""

    returning_fields: Any = None
    returning_params: tuple[Any, ...] = ()

    def field_as_sql(self, field: Any, val: Any) -> tuple[str, Sequence[Any]]:
        """Return SQL and parameters of one value; without a field the value is SQL."""
        if field is None:
            return val, ()
        sql, params = _value_sql(field, val, self, self.connection)
        return sql, self.connection.ops.modify_insert_params(sql, params)

    def prepare_value(self, field: Any, value: Any) -> Any:
        """Return what the column of ``field`` gets for ``value``."""
        if hasattr(value, "resolve_expression"):
            value = value.resolve_expression(self.query, allow_joins=False, for_save=True)
            # There is no row yet that a column could be read from.
            if value.contains_column_references:
                raise ValueError(
                    f'Failed to insert expression "{value}" on {field}. F() expressions can only be used '
                    "to update, not to insert."
                )
            _check_writable(field, value)
        return field.get_db_prep_save(value, connection=self.connection)

    def pre_save_val(self, field: Any, obj: Any) -> Any:
        """Return the field's value in ``obj``, after the field had its say."""
        return getattr(obj, field.attname) if self.query.raw else field.pre_save(obj, add=True)

    def assemble_as_sql(
        self, fields: Sequence[Any], value_rows: Iterable[Any]
    ) -> tuple[list[Any], list[Any]]:
        """Return, per row, the placeholders and the parameters."""
        placeholders, params = [], []
        for row in value_rows:
            cells = [self.field_as_sql(field, value) for field, value in zip(fields, row)]
            placeholders.append([sql for sql, _ in cells])
            params.append([param for _, own in cells for param in own])
        return placeholders, params

    def _table_of_values(self) -> tuple[list[Any], list[Any]]:
        """Return the fields to insert and the rows of their values."""
        objs = self.query.objs
        skip_defaults = not self.connection.features.supports_default_keyword_in_bulk_insert
        fields, columns = [], []
        for field in self.query.fields:
            values = [self.prepare_value(field, self.pre_save_val(field, obj)) for obj in objs]
            # A column that is left out gets its default.
            if skip_defaults and all(isinstance(value, DatabaseDefault) for value in values):
                continue
            fields.append(field)
            columns.append(values)
        if fields:
            return fields, list(zip(*columns))
        return [], []

    def as_sql(self) -> list[tuple[str, tuple[Any, ...]]]:  # type: ignore[override]
        """Return one or more statements."""
        query, ops, features = self.query, self.connection.ops, self.connection.features
        opts = query.get_meta()
        quote = ops.quote_name
        head = f"{ops.insert_statement(on_conflict=query.on_conflict)} {quote(opts.db_table)}"
        fields, rows = self._table_of_values()
        names = ", ".join(quote(field.column) for field in fields)
        if not fields:
            # Rows with nothing but defaults.
            fields = [None]
            rows = [[ops.pk_default_value()] for _ in query.objs]
            names = quote(opts.pk_fields[0].column)
        head = f"{head} ({names})"
        placeholders, params = self.assemble_as_sql(fields, rows)
        suffix = ops.on_conflict_suffix_sql(
            fields,
            query.on_conflict,
            (field.column for field in query.update_fields),
            (field.column for field in query.unique_fields),
        )
        if self.returning_fields and features.can_return_columns_from_insert:
            if features.can_return_rows_from_bulk_insert:
                parts = [head, ops.bulk_insert_sql(fields, placeholders)]
            else:
                parts = [head, f"VALUES ({', '.join(placeholders[0])})"]
                params = params[:1]
            returning, self.returning_params = ops.returning_columns(self.returning_fields)
            parts += [part for part in (suffix, returning) if part]
            return [(" ".join(parts), (*chain.from_iterable(params), *self.returning_params))]
        tail = f" {suffix}" if suffix else ""
        if not self.returning_fields and features.has_bulk_insert:
            sql = f"{head} {ops.bulk_insert_sql(fields, placeholders)}{tail}"
            return [(sql, tuple(chain.from_iterable(params)))]
        return [
            (f"{head} VALUES ({', '.join(row)}){tail}", tuple(own))
            for row, own in zip(placeholders, params)
        ]

    def execute_sql(self, returning_fields: Any = None) -> list[Any]:  # type: ignore[override]
        """Insert; return the values of ``returning_fields`` for each row."""
        query, ops, features = self.query, self.connection.ops, self.connection.features
        opts = query.get_meta()
        many = len(query.objs) != 1
        assert not (returning_fields and many and not features.can_return_rows_from_bulk_insert)
        self.returning_fields = returning_fields
        with self.connection.cursor() as cursor:
            for sql, params in self.as_sql():
                cursor.execute(sql, params)
            if not returning_fields:
                return []
            if features.can_return_columns_from_insert:
                rows = ops.fetch_returned_rows(cursor, self.returning_params)
                fields = returning_fields
            else:
                rows = [(ops.last_insert_id(cursor, opts.db_table, opts.pk.column),)]
                fields = [opts.pk]
            return self._returned(cursor, fields, rows)


class SQLDeleteCompiler(SQLCompiler):
    """Compiles and runs DELETE."""

    @property
    def single_alias(self) -> bool:
        """Whether only the one table is in use."""
        self.query.get_initial_alias()
        return self.query.count_active_tables() == 1

    @property
    def contains_self_reference_subquery(self) -> bool:
        """Whether a subquery in the conditions reads the table that is deleted from."""
        table = self.query.base_table
        pending = list(self.query.where.children)
        while pending:
            node = pending.pop()
            if isinstance(node, Query):
                if any(alias.table_name == table for alias in node.alias_map.values()):
                    return True
                pending += node.where.children
            elif hasattr(node, "get_source_expressions"):
                pending += node.get_source_expressions()
        return False

    def _delete(self, query: Any) -> tuple[str, tuple[Any, ...]]:
        statement = f"DELETE FROM {self.quote_name(query.base_table)}"
        try:
            where, params = self.compile(query.where)
        except FullResultSet:
            return statement, ()
        return f"{statement} WHERE {where}", tuple(params)

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        query, features = self.query, self.connection.features
        if self.single_alias and (
            features.delete_can_self_reference_subquery or not self.contains_self_reference_subquery
        ):
            return self._delete(query)
        # DELETE knows one table: name the rows by a subquery.
        rows = query.clone()
        rows.__class__ = Query
        rows.clear_select_clause()
        pk = query.model._meta.pk
        rows.select = (pk.get_col(query.get_initial_alias()),)
        outer = Query(query.model)
        if not features.update_can_self_select:
            # MySQL reads the table it changes only through a table of its own.
            sql, params = rows.get_compiler(connection=self.connection).as_sql()
            rows = RawSQL(f"SELECT * FROM ({sql}) subquery", params)
        outer.add_filter("pk__in", rows)
        return self._delete(outer)


class SQLUpdateCompiler(_Returning):
    """Compiles and runs UPDATE."""

    returning_fields: Any = None
    returning_params: tuple[Any, ...] = ()

    def _assignments(self) -> Iterator[tuple[str, Sequence[Any]]]:
        quote = self.quote_name
        for field, _, value in self.query.values:
            if hasattr(value, "resolve_expression"):
                value = value.resolve_expression(self.query, allow_joins=False, for_save=True)
                _check_writable(field, value)
            elif hasattr(value, "prepare_database_save"):
                if not field.remote_field:
                    raise TypeError(
                        f"Tried to update field {field} with a model instance, {value!r}. Use a value "
                        f"compatible with {type(field).__name__}."
                    )
                value = value.prepare_database_save(field)
            value = field.get_db_prep_save(value, connection=self.connection)
            if value is None:
                yield f"{quote(field.column)} = NULL", ()
            else:
                sql, params = _value_sql(field, value, self, self.connection)
                yield f"{quote(field.column)} = {sql}", params

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        self.pre_sql_setup()
        if not self.query.values:
            return "", ()
        assignments = list(self._assignments())
        parts = [
            f"UPDATE {self.quote_name(self.query.base_table)} SET",
            ", ".join(sql for sql, _ in assignments),
        ]
        params: list[Any] = [param for _, own in assignments for param in own]
        try:
            where, where_params = self.compile(self.query.where)
        except FullResultSet:
            pass
        else:
            parts.append(f"WHERE {where}")
            params += where_params
        if self.returning_fields:
            returning, self.returning_params = self.connection.ops.returning_columns(
                self.returning_fields
            )
            if returning:
                parts.append(returning)
                params += self.returning_params
        return " ".join(parts), tuple(params)

    def execute_sql(self, result_type: str) -> Any:  # type: ignore[override]
        """Update this table and those of parents; return the first row count that there is."""
        count = super().execute_sql(result_type)
        nothing_yet = count is None
        for query in self.query.get_related_updates():
            of_parent = query.get_compiler(self.using).execute_sql(result_type)
            if nothing_yet and of_parent:
                count, nothing_yet = of_parent, False
        return count or 0

    def execute_returning_sql(self, returning_fields: Any) -> list[Any]:
        """Update and return the values of ``returning_fields`` in the rows; empty tuples if it cannot."""
        if self.query.get_related_updates():
            raise NotImplementedError(
                "Update returning is not implemented for queries with related updates."
            )
        if not returning_fields or not self.connection.features.can_return_rows_from_update:
            return [()] * self.execute_sql(ROW_COUNT)
        self.returning_fields = returning_fields
        try:
            sql, params = self.as_sql()
        except EmptyResultSet:
            return []
        if not sql:
            return []
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = self.connection.ops.fetch_returned_rows(cursor, self.returning_params)
            return self._returned(cursor, returning_fields, rows)

    def pre_sql_setup(self, with_col_aliases: bool = False) -> Any:
        """Turn conditions on other tables into one on the primary key."""
        query = self.query
        before = query.alias_refcount.copy()
        query.get_initial_alias()
        tables = query.count_active_tables()
        if tables == 1 and not query.related_updates:
            return
        rows = query.chain(klass=Query)
        rows.select_related = False
        rows.clear_ordering(force=True)
        rows.extra = {}
        rows.select = ()
        rows.selected = None
        opts = rows.get_meta()
        names = [opts.pk.name]
        # Where the parent's key is not the child's, it is selected beside it.
        places: dict[Any, int] = {}
        for parent in query.related_updates:
            if all(hop.join_field.primary_key for hop in opts.get_path_to_parent(parent)):
                places[parent] = 0
            else:
                places[parent] = len(names)
                names.append(parent._meta.pk.name)
        rows.add_fields(names)
        super().pre_sql_setup()
        query.where = WhereNode()
        keys_first = query.related_updates or (
            tables > 1 and not self.connection.features.update_can_self_select
        )
        if keys_first:
            # The updates must not change which rows are meant.
            query.add_filter("pk__in", self._keys(rows, places))
        else:
            query.add_filter("pk__in", rows)
        query.reset_refcounts(before)

    def _keys(self, rows: Any, places: dict[Any, int]) -> list[Any]:
        compiler = rows.get_compiler(self.using)
        found = list(compiler.results_iter(compiler.execute_sql(MULTI), tuple_expected=True))
        self.query.related_ids = {
            parent: [row[place] for row in found] for parent, place in places.items()
        }
        return [row[0] for row in found]


class SQLAggregateCompiler(SQLCompiler):
    """Compiles aggregates over a query."""

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        columns: list[str] = []
        params: list[Any] = []
        for annotation in self.query.annotation_select.values():
            sql, own_params = self.compile(annotation)
            sql, own_params = annotation.select_format(self, sql, own_params)
            columns.append(sql)
            params += own_params
        self.col_count = len(columns)
        inner = self.query.inner_query.get_compiler(self.using, elide_empty=self.elide_empty)
        sql, inner_params = inner.as_sql(with_col_aliases=True)
        return (
            f"SELECT {', '.join(columns)} FROM ({sql}) {self.quote_name('subquery')}",
            (*params, *inner_params),
        )
