"""Queries put together from queries: UNION and its like, and conditions on windows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.core.exceptions import EmptyResultSet
from nuages.db.models.expressions import Ref
from nuages.db.models.lookups import Lookup
from nuages.db.models.sql._ordering import OrderingRoom, PositionRef
from nuages.db.utils import DatabaseError


class CompoundRoom(OrderingRoom):
    """The part of a compiler that wraps and joins whole queries."""

    # -- set operations ------------------------------------------------------------------------

    def get_combinator_sql(self, combinator: str, all: bool) -> tuple[list[str], list[Any]]:
        """Return the parts of a UNION, INTERSECT or EXCEPT, joined."""
        query, features = self.query, self.connection.features
        compilers = [
            part.get_compiler(self.using, self.connection, self.elide_empty)
            for part in query.combined_queries
        ]
        for number, compiler in enumerate(compilers):
            if not compiler.query.is_sliced and (number or not compiler.query.order_by):
                # The default order is for the whole, not for its parts; nor is that of a later part.
                compiler.query = compiler.query.clone()
                compiler.query.clear_ordering(force=True)
        if not features.supports_slicing_ordering_in_compound:
            for compiler in compilers:
                offences = (
                    ("LIMIT/OFFSET", compiler.query.is_sliced),
                    ("ORDER BY", bool(compiler.get_order_by())),
                )
                for clause, there in offences:
                    if there:
                        raise DatabaseError(
                            f"{clause} not allowed in subqueries of compound statements."
                        )
        # Of a slice of a union each part has to be there, if empty; but not if all are.
        keeps_empty = (
            features.supports_slicing_ordering_in_compound
            and query.is_sliced
            and combinator == "union"
        )
        some_rows = not self.elide_empty
        parts: list[str] = []
        params: list[Any] = []
        for compiler in compilers:
            try:
                sql, own_params = self._compound_part(compiler)
                some_rows = True
            except EmptyResultSet:
                if keeps_empty:
                    compiler.elide_empty = False
                    sql, own_params = self._compound_part(compiler)
                    parts.append(sql)
                    params += own_params
                    continue
                # An empty part changes nothing, unless others are compared with it.
                if combinator == "union" or (combinator == "difference" and parts):
                    continue
                raise
            parts.append(sql)
            params += own_params
        if not parts or not some_rows:
            raise EmptyResultSet
        operator = self.connection.ops.set_operators[combinator]
        if all and combinator == "union":
            operator += " ALL"
        if not query.subquery and features.supports_slicing_ordering_in_compound:
            parts = [f"({part})" for part in parts]
        return [f" {operator} ".join(parts)], params

    def _compound_part(self, compiler: Any) -> tuple[str, Any]:
        query, features = self.query, self.connection.features
        # All parts have the columns of the whole.
        if query.selected is not None and compiler.query.selected is None:
            compiler.query = compiler.query.clone()
            compiler.query.set_values(list(query.selected))
        sql, params = compiler.as_sql(with_col_aliases=True)
        if compiler.query.combinator:
            if not features.supports_parentheses_in_compound:
                sql = f"SELECT * FROM ({sql})"
            elif query.subquery or not features.supports_slicing_ordering_in_compound:
                sql = f"({sql})"
        elif query.subquery and features.supports_slicing_ordering_in_compound:
            sql = f"({sql})"
        return sql, params

    # -- conditions on windows -----------------------------------------------------------------

    def get_qualify_sql(self) -> tuple[list[str], list[Any]]:
        """Return the query inside another one that tests its windows."""
        inner = self.query.clone()
        inner.subquery = True
        conditions = [node for node in (self.where, self.having) if node is not None]
        inner.where = inner.where.create(conditions, inner.where.default)
        # What the tests and the order need is selected by the inner query, if it is not yet.
        aliases = {
            expression: alias for expression, _, alias in self.get_select(with_col_aliases=True)[0]
        }
        visible = set(aliases.values())
        hidden: set[str] = set()
        names: dict[Any, str] = {}

        def expose(expressions: list[Any]) -> None:
            pending = list(expressions)
            while pending:
                item = pending.pop()
                if item in names:
                    continue
                if alias := aliases.get(item):
                    names[item] = alias
                elif isinstance(item, Lookup):
                    pending.extend(item.get_source_expressions())
                elif isinstance(item, Ref):
                    if item.refs not in visible:
                        pending.extend(item.get_source_expressions())
                else:
                    alias = f"qual{len(hidden)}"
                    hidden.add(alias)
                    inner.add_annotation(item, alias)
                    names[item] = alias

        def renamed(item: Any) -> Any:
            return item.replace_expressions(
                {known: Ref(alias, known) for known, alias in names.items()}
            )

        expose(list(_leaves(self.qualify)))
        self.qualify = renamed(self.qualify)
        order = []
        for key, *_ in self.get_order_by():
            expose(
                [item for item in key.get_source_expressions() if not isinstance(item, PositionRef)]
            )
            order.append(renamed(key))

        # Limits come after the tests.
        inner_compiler = inner.get_compiler(
            self.using, connection=self.connection, elide_empty=self.elide_empty
        )
        sql, params = inner_compiler.as_sql(with_limits=False, with_col_aliases=True)
        test, test_params = self.compile(self.qualify)
        parts = ["SELECT * FROM (", sql, ")", self.quote_name("qualify"), "WHERE", test]
        if hidden:
            columns = ", ".join(
                self.quote_name(alias) for alias in aliases.values() if alias is not None
            )
            parts = ["SELECT", columns, "FROM (", *parts, ")", self.quote_name("qualify_mask")]
        all_params = [*params, *test_params]
        if order:
            # The order of a subquery need not last.
            keys = []
            for key in order:
                key_sql, key_params = self.compile(key)
                keys.append(key_sql)
                all_params += key_params
            parts += ["ORDER BY", ", ".join(keys)]
        return parts, all_params


def _leaves(node: Any) -> Iterator[Any]:
    """Yield the conditions of a WHERE tree that are no trees themselves."""
    for child in node.children:
        if hasattr(child, "children"):
            yield from _leaves(child)
        else:
            yield child
