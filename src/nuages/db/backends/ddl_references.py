"""Parts of DDL statements that know which tables and columns they name.

A statement may wait until the end of a migration; until then tables and columns that it names
may be renamed, or dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any


class Reference:
    """Something that may name a table, a column or an index."""

    def references_table(self, table: str) -> bool:
        """Whether ``table`` is named."""
        return False

    def references_column(self, table: str, column: str) -> bool:
        """Whether ``column`` of ``table`` is named."""
        return False

    def references_index(self, table: str, index: str) -> bool:
        """Whether ``index`` of ``table`` is named."""
        return False

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        """Follow the renaming of a table."""

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        """Follow the renaming of a column."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"

    def __str__(self) -> str:
        raise NotImplementedError("Subclasses must define how they should be converted to string.")


class Table(Reference):
    """A table's name."""

    def __init__(self, table: str, quote_name: Callable[[str], str]) -> None:
        self.table = table
        self.quote_name = quote_name

    def references_table(self, table: str) -> bool:
        return self.table == table

    def references_index(self, table: str, index: str) -> bool:
        return self.references_table(table) and str(self) == index

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        if self.table == old_table:
            self.table = new_table

    def __str__(self) -> str:
        return self.quote_name(self.table)


class TableColumns(Table):
    """Base of what names columns of one table."""

    def __init__(self, table: str, columns: list[str]) -> None:
        self.table = table
        self.columns = columns

    def references_column(self, table: str, column: str) -> bool:
        return self.table == table and column in self.columns

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        if self.table == table:
            # In place: the list may be shared with another part of the statement.
            self.columns[:] = [new_column if each == old_column else each for each in self.columns]


class Columns(TableColumns):
    """A list of columns."""

    def __init__(
        self,
        table: str,
        columns: list[str],
        quote_name: Callable[[str], str],
        col_suffixes: Sequence[str] = (),
    ) -> None:
        super().__init__(table, columns)
        self.quote_name = quote_name
        self.col_suffixes = col_suffixes

    def _column(self, index: int, column: str) -> Iterable[str]:
        """Yield the words of one column's entry."""
        yield self.quote_name(column)
        if index < len(self.col_suffixes) and self.col_suffixes[index]:
            yield self.col_suffixes[index]

    def __str__(self) -> str:
        return ", ".join(
            " ".join(self._column(index, column)) for index, column in enumerate(self.columns)
        )


class IndexColumns(Columns):
    """The columns of an index, with operator classes."""

    def __init__(
        self,
        table: str,
        columns: list[str],
        quote_name: Callable[[str], str],
        col_suffixes: Sequence[str] = (),
        opclasses: Sequence[str] = (),
    ) -> None:
        super().__init__(table, columns, quote_name, col_suffixes)
        self.opclasses = opclasses

    def _column(self, index: int, column: str) -> Iterable[str]:
        words = list(super()._column(index, column))
        if index < len(self.opclasses) and self.opclasses[index]:
            words.insert(1, self.opclasses[index])
        return words


class IndexName(TableColumns):
    """The name of an index, made from what it is about."""

    def __init__(
        self,
        table: str,
        columns: list[str],
        suffix: str,
        create_index_name: Callable[[str, list[str], str], str],
    ) -> None:
        super().__init__(table, columns)
        self.suffix = suffix
        self.create_index_name = create_index_name

    def __str__(self) -> str:
        return self.create_index_name(self.table, self.columns, self.suffix)


class ForeignKeyName(TableColumns):
    """The name of a foreign key constraint, which names two tables."""

    def __init__(
        self,
        from_table: str,
        from_columns: list[str],
        to_table: str,
        to_columns: list[str],
        suffix_template: str,
        create_fk_name: Callable[[str, list[str], str], str],
    ) -> None:
        super().__init__(from_table, from_columns)
        self.target = TableColumns(to_table, to_columns)
        self.suffix_template = suffix_template
        self.create_fk_name = create_fk_name

    def references_table(self, table: str) -> bool:
        return super().references_table(table) or self.target.references_table(table)

    def references_column(self, table: str, column: str) -> bool:
        return super().references_column(table, column) or self.target.references_column(
            table, column
        )

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        super().rename_table_references(old_table, new_table)
        self.target.rename_table_references(old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        super().rename_column_references(table, old_column, new_column)
        self.target.rename_column_references(table, old_column, new_column)

    def __str__(self) -> str:
        suffix = self.suffix_template % {
            "to_table": self.target.table,
            "to_column": self.target.columns[0],
        }
        return self.create_fk_name(self.table, self.columns, suffix)


class Statement(Reference):
    """A template and its parts; parts that are references are asked and told."""

    def __init__(self, template: str, **parts: Any) -> None:
        self.template = template
        self.parts = parts

    def _tell(self, method: str, *args: Any) -> list[Any]:
        return [
            getattr(part, method)(*args) for part in self.parts.values() if hasattr(part, method)
        ]

    def references_table(self, table: str) -> bool:
        return any(self._tell("references_table", table))

    def references_column(self, table: str, column: str) -> bool:
        return any(self._tell("references_column", table, column))

    def references_index(self, table: str, index: str) -> bool:
        return any(self._tell("references_index", table, index))

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        self._tell("rename_table_references", old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        self._tell("rename_column_references", table, old_column, new_column)

    def __str__(self) -> str:
        return self.template % self.parts


class Expressions(TableColumns):
    """Expressions over the columns of a table, as of an index."""

    def __init__(
        self, table: str, expressions: Any, compiler: Any, quote_value: Callable[[Any], str]
    ) -> None:
        self.compiler = compiler
        self.expressions = expressions
        self.quote_value = quote_value
        super().__init__(table, [column.target.column for column in self._columns(expressions)])

    @staticmethod
    def _columns(expressions: Any) -> list[Any]:
        from nuages.db.models.expressions import Col

        return [node for node in expressions.flatten() if isinstance(node, Col)]

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        if self.table == old_table:
            self.expressions = self.expressions.relabeled_clone({old_table: new_table})
            super().rename_table_references(old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        if self.table != table:
            return
        from copy import deepcopy

        expressions = deepcopy(self.expressions)
        for column in self._columns(expressions):
            if column.target.column == old_column:
                column.target = copy(column.target)
                column.target.column = new_column
        self.expressions = expressions
        super().rename_column_references(table, old_column, new_column)

    def __str__(self) -> str:
        sql, params = self.compiler.compile(self.expressions)
        return sql % tuple(map(self.quote_value, params))
