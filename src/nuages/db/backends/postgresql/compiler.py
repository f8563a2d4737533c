"""INSERT of many rows: an array for each column instead of a parameter for each value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nuages.db.models.sql.compiler import (
    SQLAggregateCompiler,
    SQLCompiler,
    SQLDeleteCompiler,
    SQLUpdateCompiler,
)
from nuages.db.models.sql.compiler import SQLInsertCompiler as BaseSQLInsertCompiler

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]


class Unnested(list[str]):
    """Placeholders that stand for whole columns: see ``DatabaseOperations.bulk_insert_sql``."""


class SQLInsertCompiler(BaseSQLInsertCompiler):
    """Compiles and runs INSERT."""

    def assemble_as_sql(
        self, fields: Sequence[Any], value_rows: Iterable[Any]
    ) -> tuple[list[Any], list[Any]]:
        rows = list(value_rows)
        types = self.connection.ops.array_types(fields) if len(rows) > 1 else None
        if types is None or any(hasattr(value, "as_sql") for row in rows for value in row):
            return super().assemble_as_sql(fields, rows)
        # The statement is as long for many rows as for two, and is parsed as fast.
        return Unnested(f"(%s)::{name}[]" for name in types), [[list(c)] for c in zip(*rows)]
