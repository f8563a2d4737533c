"""Statements that MariaDB and MySQL write in another way."""

from __future__ import annotations

from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db.models.sql import compiler
from nuages.db.models.sql.compiler import (
    SQLAggregateCompiler,
    SQLCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
)

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]


class SQLUpdateCompiler(compiler.SQLUpdateCompiler):
    """Updates in the order of the QuerySet: uniqueness is looked at row by row here."""

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(*args, **kwargs)
        if not sql or not self.query.order_by:
            return sql, params
        used = self._tables_in_use()
        try:
            order = self.get_order_by()
        except FieldError:
            # By something that is in no table of the statement.
            return sql, params
        if self._tables_in_use() != used or not used <= {self.query.base_table}:
            # By something of another table, which an UPDATE cannot be ordered by.
            return sql, params
        by = [part for _, (part, _, _) in order]
        own = [param for _, (_, values, _) in order for param in values]
        return f"{sql} ORDER BY {', '.join(by)}", (*params, *own)

    def _tables_in_use(self) -> set[str]:
        return {alias for alias, count in self.query.alias_refcount.items() if count}
