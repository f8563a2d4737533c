"""From the syntax tree to SQL, and from rows to values. One compiler per kind of statement.

A statement is a list of clauses. Each clause is worked out by a method of its own, as SQL and parameters,
and ``Statement`` puts them together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.expressions import ColPairs, RawSQL, Ref, Value
from nuages.db.models.sql._compounds import CompoundRoom
from nuages.db.models.sql._locking import LockingRoom
from nuages.db.models.sql._ordering import PositionRef, without_direction
from nuages.db.models.sql._related import RelatedSelection
from nuages.db.models.sql._rows import (
    composed,
    converted,
    converters_of,
    cursor_iter,
    flattened,
    open_cursor,
)
from nuages.db.models.sql.constants import (
    CURSOR,
    GET_ITERATOR_CHUNK_SIZE,
    MULTI,
    NO_RESULTS,
    ROW_COUNT,
    SINGLE,
)
from nuages.db.transaction import TransactionManagementError
from nuages.db.utils import NotSupportedError
from nuages.utils.hashable import make_hashable

__all__ = [
    "PositionRef",
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
    "cursor_iter",
]


class Statement:
    """Clauses and their parameters, in order."""

    __slots__ = ("params", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: list[Any] = []

    def add(self, *parts: str, params: Iterable[Any] = ()) -> None:
        """Append pieces of SQL (empty ones are left out) and their parameters."""
        self.parts += [part for part in parts if part]
        self.params += params

    def add_list(self, keyword: str, items: Iterable[tuple[str, Iterable[Any]]]) -> None:
        """Append ``keyword item, item, …``."""
        pieces = []
        for sql, params in items:
            pieces.append(sql)
            self.params += params
        self.parts.append(f"{keyword} {', '.join(pieces)}")

    def finished(self) -> tuple[str, tuple[Any, ...]]:
        """Return the whole as SQL and parameters."""
        return " ".join(self.parts), tuple(self.params)


class SQLCompiler(CompoundRoom, LockingRoom):
    """Compiles and runs a SELECT."""

    def __repr__(self) -> str:
        model = self.query.model
        return (
            f"<{type(self).__qualname__} model={model.__qualname__ if model else None} "
            f"connection={self.connection!r} using={self.using!r}>"
        )

    # -- small services ------------------------------------------------------------------------

    def quote_name_unless_alias(self, name: str) -> str:
        """The former name of ``quote_name()``."""
        import warnings

        from nuages.utils.deprecation import RemovedInDjango2028Warning

        warnings.warn(
            "SQLCompiler.quote_name_unless_alias() is deprecated. Use .quote_name() instead.",
            RemovedInDjango2028Warning,
            stacklevel=2,
        )
        return self.quote_name(name)

    # -- the SELECT list -----------------------------------------------------------------------

    def setup_query(self, with_col_aliases: bool = False) -> None:
        """Work out what is selected."""
        if not any(self.query.alias_refcount.values()):
            self.query.get_initial_alias()
        self.select, self.klass_info, self.annotation_col_map = self.get_select(
            with_col_aliases=with_col_aliases
        )
        self.col_count = len(self.select)

    def pre_sql_setup(
        self, with_col_aliases: bool = False
    ) -> tuple[list[Any], list[Any], list[Any]]:
        """Prepare everything that may need further joins; return extra columns, order and groups."""
        self.setup_query(with_col_aliases=with_col_aliases)
        grouped = self.query.group_by is not None
        order_by, parts = (
            self.get_order_by(),
            self.query.where.split_having_qualify(must_group_by=grouped),
        )
        self.where, self.having, self.qualify = parts
        own = self.select or []
        further = self.get_extra_select(order_by, own)
        self.has_extra_select = bool(further)
        return further, order_by, self.get_group_by([*own, *further], order_by)

    def _selected(
        self,
    ) -> tuple[list[tuple[Any, str | None]], dict[str, Any] | None, dict[str, int]]:
        """Return expressions with aliases, the description of the model they make, and where annotations are."""
        query = self.query
        annotations: dict[str, int] = {}
        columns: Sequence[Any] = query.select
        mask: dict[Any, Any] = {}
        if query.default_cols:
            mask = query.get_select_mask()
            columns = self.get_default_columns(mask)
        chosen: list[tuple[Any, str | None]] = []
        if query.selected is not None:
            for name, where in query.selected.items():
                if isinstance(where, int):
                    item = columns[where]
                elif where in query.annotation_select:
                    item = query.annotation_select[where]
                    annotations[name] = len(chosen)
                else:
                    item = RawSQL(*query.extra[where])
                # Several columns cannot have one alias.
                chosen.append((item, None if isinstance(item, ColPairs) else name))
            return chosen, None, annotations
        for name, item in query.extra_select.items():
            annotations[name] = len(chosen)
            chosen.append((RawSQL(*item), name))
        klass_info = None
        start = len(chosen)
        chosen += [(column, None) for column in columns]
        if columns:
            klass_info = {
                "model": query.model,
                "select_fields": list(range(start, len(chosen))),
            }
        for name, annotation in query.annotation_select.items():
            annotations[name] = len(chosen)
            chosen.append((annotation, name))
        if query.select_related and klass_info is not None:
            related = RelatedSelection(self, chosen)
            klass_info["related_klass_infos"] = related.below(
                query.get_meta(), query.get_initial_alias(), mask
            )
            _share_parent_columns(klass_info)
        return chosen, klass_info, annotations

    def get_select(
        self, with_col_aliases: bool = False
    ) -> tuple[
        list[tuple[Any, tuple[str, Any], str | None]], dict[str, Any] | None, dict[str, int]
    ]:
        """Return ``(expression, (sql, params), alias)`` for each column, the model's description
        (``klass_info``) and the positions of annotations."""
        chosen, klass_info, annotations = self._selected()
        result = []
        unnamed = 1
        for expression, alias in chosen:
            sql, params = self._select_item(expression)
            if alias is None and with_col_aliases:
                alias = f"col{unnamed}"
                unnamed += 1
            result.append((expression, (sql, params), alias))
        return result, klass_info, annotations

    def _select_item(self, expression: Any) -> tuple[str, Any]:
        try:
            sql, params = self.compile(expression)
        except EmptyResultSet:
            value = getattr(expression, "empty_result_set_value", NotImplemented)
            # It is never evaluated, so any value will do.
            return ("0", ()) if value is NotImplemented else self.compile(Value(value))
        except FullResultSet:
            return self.compile(Value(True))
        return expression.select_format(self, sql, params)

    def get_default_columns(
        self,
        select_mask: Any,
        start_alias: str | None = None,
        opts: Any = None,
        from_parent: Any = None,
    ) -> list[Any]:
        """Return the columns of all fields of a model that ``select_mask`` lets through.

        Fields of parents need joins. With ``from_parent`` what that model (or one above it) has is left out.
        """
        query = self.query
        if opts is None and (opts := query.get_meta()) is None:
            return []
        start_alias = start_alias or query.get_initial_alias()
        seen: dict[Any, str] = {None: start_alias}
        columns = []
        for field in opts.concrete_fields:
            home = field.model._meta.concrete_model
            own = home == opts.model
            if (
                not own
                and from_parent is not None
                and issubclass(from_parent._meta.concrete_model, home._meta.concrete_model)
            ):
                continue
            if select_mask and field not in select_mask:
                continue
            alias = query.join_parent_model(opts, None if own else home, start_alias, seen)
            columns.append(field.get_col(alias))
        return columns

    def get_extra_select(self, order_by: Any, select: Any) -> list[Any]:
        """Return the ORDER BY keys that SELECT DISTINCT has to select as well."""
        if not self.query.distinct or self.query.distinct_fields:
            return []
        selected = [item for _, item, _ in select]
        extra = []
        for expression, (sql, params, is_ref) in order_by:
            key = without_direction(sql)
            if not is_ref and (key, params) not in selected:
                extra.append((expression, (key, params), None))
        return extra

    # -- GROUP BY ------------------------------------------------------------------------------

    def get_group_by(self, select: Any, order_by: Any) -> list[tuple[str, Any]]:
        """Return what to group by: what was asked for, and what else is selected, sorted by or tested."""
        query = self.query
        if query.group_by is None:
            return []
        wanted: list[Any] = []
        by_alias: set[str | None] = set()
        for item in () if query.group_by is True else query.group_by:
            if not hasattr(item, "as_sql"):
                item = query.resolve_ref(item)
            if isinstance(item, Ref):
                if item.refs in by_alias:
                    continue
                by_alias.add(item.refs)
                item = item.source
            wanted.append(item)
        positions: dict[Any, int] = {}
        for ordinal, (expression, _, alias) in enumerate(select, start=1):
            if alias:
                positions[expression] = ordinal
            if alias in by_alias:
                continue
            wanted += expression.get_group_by_cols()
        if not self._meta_ordering:
            for expression, (_, _, is_ref) in order_by:
                if not is_ref:
                    wanted += expression.get_group_by_cols()
        tested: list[Any] = self.having.get_group_by_cols() if self.having is not None else []
        wanted = self.collapse_group_by([*wanted, *tested], tested)

        by_number = self.connection.features.allows_group_by_select_index
        result: list[tuple[str, Any]] = []
        seen = set()
        for expression in wanted:
            try:
                sql, params = self.compile(expression)
            except (EmptyResultSet, FullResultSet):
                continue
            if by_number and expression in positions:
                sql, params = str(positions[expression]), ()
            else:
                sql, params = expression.select_format(self, sql, params)
            key = (sql, make_hashable(params))
            if key not in seen:
                seen.add(key)
                result.append((sql, params))
        return result

    def collapse_group_by(self, expressions: list[Any], having: Any) -> list[Any]:
        """Leave out columns that a primary key among ``expressions`` determines, where the database knows."""
        features = self.connection.features
        if not features.allows_group_by_selected_pks:
            return expressions
        keys = {
            item
            for item in expressions
            if hasattr(item, "target")
            and item.target.primary_key
            and features.allows_group_by_selected_pks_on_model(item.target.model)
        }
        determined = {key.alias for key in keys}
        return [
            item
            for item in expressions
            if item in keys or item in having or getattr(item, "alias", None) not in determined
        ]

    # -- the statement -------------------------------------------------------------------------

    def as_sql(
        self, with_limits: bool = True, with_col_aliases: bool = False
    ) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters.

        Raises ``EmptyResultSet`` if no row can come out (unless ``elide_empty`` is false).
        """
        query = self.query
        before = query.alias_refcount.copy()
        try:
            combinator = query.combinator
            extra_select, order_by, group_by = self.pre_sql_setup(
                with_col_aliases=with_col_aliases or bool(combinator)
            )
            statement = Statement()
            lock = None
            limited = with_limits and query.is_sliced
            if combinator:
                if not getattr(self.connection.features, f"supports_select_{combinator}"):
                    raise NotSupportedError(
                        f"{combinator} is not supported on this database backend."
                    )
                parts, params = self.get_combinator_sql(combinator, query.combinator_all)
                statement.add(*parts, params=params)
            elif self.qualify is not None:
                parts, params = self.get_qualify_sql()
                statement.add(*parts, params=params)
                order_by = []
            else:
                lock, order_by = self._select_into(
                    statement, extra_select, order_by, group_by, limited
                )
            if query.explain_info:
                statement.parts.insert(
                    0,
                    self.connection.ops.explain_query_prefix(
                        query.explain_info.format, **query.explain_info.options
                    ),
                )
            if order_by:
                statement.add_list("ORDER BY", ((sql, params) for _, (sql, params, _) in order_by))
            if limited:
                statement.add(self.connection.ops.limit_offset_sql(query.low_mark, query.high_mark))
            if lock and not self.connection.features.for_update_after_from:
                statement.add(lock)
            if query.subquery and extra_select:
                return self._without_extra(statement)
            return statement.finished()
        finally:
            # Joins that ordering and the like have added are not the query's.
            query.reset_refcounts(before)

    def _select_into(
        self, statement: Statement, extra_select: Any, order_by: Any, group_by: Any, limited: bool
    ) -> tuple[str | None, Any]:
        """Write SELECT … HAVING; return the locking clause and the order that is left."""
        query, ops, features = self.query, self.connection.ops, self.connection.features
        distinct_fields, distinct_params = self.get_distinct()
        # All of FROM has to be known before, as conditions may be on joins.
        tables, table_params = self.get_from_clause()
        where, where_params = self._condition_sql(self.where, elide=True)
        having, having_params = self._condition_sql(self.having)

        statement.add("SELECT")
        if query.distinct:
            parts, params = ops.distinct_sql(distinct_fields, distinct_params)
            statement.add(*parts, params=params)
        columns = []
        for _, (sql, params), alias in [*(self.select or ()), *extra_select]:
            columns.append(f"{sql} AS {ops.quote_name(alias)}" if alias else sql)
            statement.params += params
        statement.add(", ".join(columns))
        if tables:
            statement.add("FROM", *tables)
        elif features.bare_select_suffix:
            statement.add(features.bare_select_suffix)
        statement.params += table_params
        lock = (
            self._locking(limited)
            if query.select_for_update and features.has_select_for_update
            else None
        )
        if lock and features.for_update_after_from:
            statement.add(lock)
        if where:
            statement.add(f"WHERE {where}", params=where_params)
        if group_by:
            if distinct_fields:
                raise NotImplementedError("annotate() + distinct(fields) is not implemented.")
            order_by = order_by or ops.force_no_ordering()
            statement.add_list("GROUP BY", group_by)
            if self._meta_ordering:
                # A default order would change the groups.
                order_by = []
        if having:
            if not group_by:
                statement.add(*ops.force_group_by())
            statement.add(f"HAVING {having}", params=having_params)
        return lock, [
            item if len(item) == 2 else (None, (item[0], item[1], False)) for item in order_by or ()
        ]

    def _condition_sql(self, condition: Any, elide: bool = False) -> tuple[str, Any]:
        if condition is None:
            return "", ()
        try:
            return self.compile(condition)
        except EmptyResultSet:
            if not elide or self.elide_empty:
                raise
            return "0 = 1", ()
        except FullResultSet:
            return "", ()

    def _locking(self, limited: bool) -> str:
        query, features = self.query, self.connection.features
        if self.connection.get_autocommit() and features.supports_transactions:
            raise TransactionManagementError(
                "select_for_update cannot be used outside of a transaction."
            )
        if limited and not features.supports_select_for_update_with_limit:
            raise NotSupportedError(
                "LIMIT/OFFSET is not supported with select_for_update on this database backend."
            )
        nowait, skip_locked = query.select_for_update_nowait, query.select_for_update_skip_locked
        of, no_key = query.select_for_update_of, query.select_for_no_key_update
        for asked, supported, words in (
            (nowait, features.has_select_for_update_nowait, "NOWAIT"),
            (skip_locked, features.has_select_for_update_skip_locked, "SKIP LOCKED"),
            (of, features.has_select_for_update_of, "FOR UPDATE OF"),
            (no_key, features.has_select_for_no_key_update, "FOR NO KEY UPDATE"),
        ):
            if asked and not supported:
                raise NotSupportedError(f"{words} is not supported on this database backend.")
        return self.connection.ops.for_update_sql(
            nowait=nowait,
            skip_locked=skip_locked,
            of=self.get_select_for_update_of_arguments() if of else (),
            no_key=no_key,
        )

    def _without_extra(self, statement: Statement) -> tuple[str, tuple[Any, ...]]:
        """Wrap a subquery that had to select sort keys, so that only its own columns come out."""
        sql, params = statement.finished()
        wrapper = self.quote_name("subquery")
        columns = []
        column_params: list[Any] = []
        for expression, _, alias in self.select or ():
            if alias:
                columns.append(f"{wrapper}.{self.quote_name(alias)}")
            else:
                outside = expression.relabeled_clone({expression.alias: "subquery"})
                column, own = outside.as_sql(self, self.connection)
                columns.append(column)
                column_params += own
        return f"SELECT {', '.join(columns)} FROM ({sql}) {wrapper}", (*column_params, *params)

    def get_from_clause(self) -> tuple[list[str], list[Any]]:
        """Return the tables in use, and parameters of their joins' conditions."""
        query = self.query
        parts: list[str] = []
        params: list[Any] = []
        for alias, table in tuple(query.alias_map.items()):
            if query.alias_refcount.get(alias):
                sql, own_params = self.compile(table)
                parts.append(sql)
                params += own_params
        for table in query.extra_tables:
            alias, _ = query.table_alias(table)
            if alias not in query.alias_map or query.alias_refcount[alias] == 1:
                parts.append(f", {self.quote_name(alias)}")
        return parts, params

    def get_distinct(self) -> tuple[list[str], list[Any]]:
        """Return the columns of DISTINCT ON."""
        query, opts = self.query, self.query.get_meta()
        columns: list[str] = []
        all_params: list[Any] = []
        for name in query.distinct_fields:
            info = query.setup_joins(name.split(LOOKUP_SEP), opts, query.get_initial_alias())
            targets, alias, _ = query.trim_joins(info.targets, info.joins, info.path)
            for target in targets:
                if name in query.annotation_select:
                    columns.append(self.connection.ops.quote_name(name))
                    continue
                sql, params = self.compile(info.transform_function(target, alias))
                columns.append(sql)
                all_params += params
        return columns, all_params

    # -- running -------------------------------------------------------------------------------

    def get_converters(self, expressions: Iterable[Any]) -> dict[int, Any]:
        """Return the converters of the columns, by position."""
        return converters_of(expressions, self.connection)

    def apply_converters(
        self, rows: Iterable[Any], converters: dict[int, Any]
    ) -> Iterator[list[Any]]:
        """Yield rows with values converted."""
        return converted(rows, converters, self.connection)

    def has_composite_fields(self, expressions: Iterable[Any]) -> bool:
        """Say whether any of the expressions is several columns."""
        return any(isinstance(item, ColPairs) for item in expressions)

    def composite_fields_to_tuples(
        self, rows: Iterable[Any], expressions: Sequence[Any]
    ) -> Iterator[Any]:
        """Yield rows with one tuple for each composite value."""
        return composed(rows, expressions)

    def results_iter(
        self,
        results: Any = None,
        tuple_expected: bool = False,
        chunked_fetch: bool = False,
        chunk_size: int = GET_ITERATOR_CHUNK_SIZE,
    ) -> Iterator[Any]:
        """Return an iterator over all rows, with values converted."""
        if results is None:
            results = self.execute_sql(MULTI, chunked_fetch=chunked_fetch, chunk_size=chunk_size)
        selected = [item[0] for item in (self.select or ())[: self.col_count]]
        rows: Any = chain.from_iterable(results)
        composite = self.has_composite_fields(selected)
        if converters := self.get_converters(flattened(selected) if composite else selected):
            rows = self.apply_converters(rows, converters)
        if composite:
            rows = self.composite_fields_to_tuples(rows, selected)
        elif tuple_expected and converters:
            rows = map(tuple, rows)
        return iter(rows)

    def has_results(self) -> bool:
        """Ask whether there is any row."""
        return bool(self.execute_sql(SINGLE))

    def _statement(self) -> tuple[str, Any] | None:
        """Return what there is to run, if anything."""
        try:
            statement = self.as_sql()
        except EmptyResultSet:
            return None
        return statement if statement[0] else None

    def execute_sql(
        self,
        result_type: str | None = MULTI,
        chunked_fetch: bool = False,
        chunk_size: int = GET_ITERATOR_CHUNK_SIZE,
    ) -> Any:
        """Run the statement.

        ``MULTI`` gives chunks of rows, ``SINGLE`` one row or ``None``, ``CURSOR`` the open cursor,
        ``ROW_COUNT`` a number, ``NO_RESULTS`` ``None``. A statement that need not run gives no rows.
        """
        result_type = result_type or NO_RESULTS
        if (statement := self._statement()) is None:
            return iter([]) if result_type == MULTI else None
        sql, params = statement
        cursor = open_cursor(self.connection, sql, params, chunked_fetch)
        return self._result(cursor, result_type, chunked_fetch, chunk_size)

    def _result(self, cursor: Any, result_type: str, chunked_fetch: bool, chunk_size: int) -> Any:
        match result_type:
            case "cursor":
                # Whoever asked for it closes it.
                return cursor
            case "row count":
                try:
                    return cursor.rowcount
                finally:
                    cursor.close()
            case "single":
                try:
                    row = cursor.fetchone()
                    return row[: self._width()] if row else row
                finally:
                    cursor.close()
            case "no results":
                cursor.close()
                return None
        features = self.connection.features
        chunks = cursor_iter(
            cursor,
            features.empty_fetchmany_value,
            self._width() if self.has_extra_select else None,
            chunk_size,
        )
        if chunked_fetch and features.can_use_chunked_reads:
            return chunks
        # Read all now: another statement may come before the rows are used.
        return list(chunks)

    def _width(self) -> int | None:
        """Return how many columns of the driver's row are ours; sort keys come after them."""
        if self.select is None or self.col_count is None:
            return self.col_count
        return sum(
            len(item[0]) if isinstance(item[0], ColPairs) else 1
            for item in self.select[: self.col_count]
        ) or (self.col_count)

    def execute_steps(self, result_type: str = MULTI) -> Any:
        """Run the statement as steps (see ``nuages.db.engine``); return what ``execute_sql()`` would.

        If ``execute_sql`` was replaced by someone, the replacement is called.
        """
        from nuages.db.engine import Call, Execute, Fetch

        if type(self).execute_sql is not _OWN_EXECUTE_SQL or result_type == CURSOR:
            return (yield Call(self.execute_sql, result_type))
        if (statement := self._statement()) is None:
            return [] if result_type == MULTI else None
        sql, params = statement
        if result_type in (ROW_COUNT, NO_RESULTS):
            outcome = yield Execute(self.using, sql, params)
            return outcome.rowcount if result_type == ROW_COUNT else None
        rows = yield Fetch(self.using, sql, params)
        if result_type == SINGLE:
            return rows[0][: self._width()] if rows else None
        if self.has_extra_select:
            width = self._width()
            rows = [row[:width] for row in rows]
        return [rows] if rows else []

    def as_subquery_condition(
        self, alias: str, columns: Sequence[str], compiler: Any
    ) -> tuple[str, Any]:
        """Return EXISTS of this query with its columns equal to those of ``alias`` outside."""
        quote = self.connection.ops.quote_name
        for position, selected in enumerate(self.query.select):
            sql, params = self.compile(selected)
            outside = f"{compiler.quote_name(alias)}.{quote(columns[position])}"
            self.query.where.add(RawSQL(f"{sql} = {outside}", params), "AND")
        sql, params = self.as_sql()
        return f"EXISTS ({sql})", params

    def explain_query(self) -> Iterator[str]:
        """Yield the lines of the database's plan: a row each, its cells joined by spaces."""
        format = self.query.explain_info.format
        as_text = json.dumps if format and format.lower() == "json" else str
        for row in chain.from_iterable(self.execute_sql()):
            if isinstance(row, str):
                yield row
            else:
                yield " ".join(cell if isinstance(cell, str) else as_text(cell) for cell in row)


_OWN_EXECUTE_SQL = SQLCompiler.execute_sql


def _share_parent_columns(klass_info: dict[str, Any]) -> None:
    """Let a child that is reached from its parent have the parent's columns as well."""
    for info in klass_info["related_klass_infos"]:
        if info["from_parent"]:
            info["select_fields"] = klass_info["select_fields"] + info["select_fields"]
        _share_parent_columns(info)


# The compilers of statements that write live next door.
from nuages.db.models.sql._writing import (  # noqa: E402
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
