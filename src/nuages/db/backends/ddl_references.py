"""Parts of DDL statements that know which tables and columns they name.

A statement may wait until the end of a migration; until then tables and columns that it names
may be renamed, or dropped. What a part names are its *places*: a table each, with columns or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

type Quote = Callable[[str], str]
type Namer = Callable[[str, list[str], str], str]


@dataclass(slots=True)
class Place:
    """A table, and columns of it."""

    table: str
    columns: list[str] = field(default_factory=list)


class Reference:
    """Something that may name tables, columns or an index."""

    places: Sequence[Place] = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(self)!r}>"

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        """Follow the renaming of a column."""
        for place in self.places:
            if table == place.table:
                renamed = {old_column: new_column}
                # In place: the list may be shared with another part of the statement.
                place.columns[:] = [renamed.get(name, name) for name in place.columns]

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        """Follow the renaming of a table."""
        for place in self.places:
            if old_table == place.table:
                place.table = new_table

    def references_column(self, table: str, column: str) -> bool:
        """Whether ``column`` of ``table`` is named."""
        return any(table == place.table and column in place.columns for place in self.places)

    def references_index(self, table: str, index: str) -> bool:
        """Whether ``index`` of ``table`` is named."""
        return False

    def references_table(self, table: str) -> bool:
        """Whether ``table`` is named."""
        return any(table == place.table for place in self.places)


class Table(Reference):
    """A table's name."""

    def __init__(self, table: str, quote_name: Quote) -> None:
        self.places, self.quote_name = [Place(table)], quote_name

    @property
    def table(self) -> str:
        """The name as it is now."""
        return self.places[0].table

    def __str__(self) -> str:
        return self.quote_name(self.table)

    def references_index(self, table: str, index: str) -> bool:
        return index == str(self) and self.references_table(table)


class TableColumns(Table):
    """Base of what names columns of one table."""

    def __init__(self, table: str, columns: list[str]) -> None:
        self.places = [Place(table, columns)]

    @property
    def columns(self) -> list[str]:
        """The columns' names as they are now."""
        return self.places[0].columns


class Columns(TableColumns):
    """A list of columns, each with a suffix or none."""

    def __init__(
        self, table: str, columns: list[str], quote_name: Quote, col_suffixes: Sequence[str] = ()
    ) -> None:
        TableColumns.__init__(self, table, columns)
        self.quote_name, self.after = quote_name, [col_suffixes]

    def __str__(self) -> str:
        # Words that follow a name: of each kind one for each column, as far as they go.
        words = zip_longest(map(self.quote_name, self.columns), *self.after)
        return ", ".join(" ".join(filter(None, each)) for each in words if each[0])


class IndexColumns(Columns):
    """The columns of an index, with operator classes."""

    def __init__(
        self,
        table: str,
        columns: list[str],
        quote_name: Quote,
        col_suffixes: Sequence[str] = (),
        opclasses: Sequence[str] = (),
    ) -> None:
        Columns.__init__(self, table, columns, quote_name)
        self.after = [opclasses, col_suffixes]


class IndexName(TableColumns):
    """The name of an index, made from what it is about."""

    def __init__(
        self, table: str, columns: list[str], suffix: str, create_index_name: Namer
    ) -> None:
        TableColumns.__init__(self, table, columns)
        self.make_name, self.suffix = create_index_name, suffix

    def __str__(self) -> str:
        return self.make_name(self.table, self.columns, self.suffix)


class ForeignKeyName(IndexName):
    """The name of a foreign key constraint, which names two tables."""

    def __init__(
        self,
        from_table: str,
        from_columns: list[str],
        to_table: str,
        to_columns: list[str],
        suffix_template: str,
        create_fk_name: Namer,
    ) -> None:
        IndexName.__init__(self, from_table, from_columns, suffix_template, create_fk_name)
        self.places = [*self.places, Place(to_table, to_columns)]

    def __str__(self) -> str:
        _, to = self.places
        suffix = self.suffix % {"to_table": to.table, "to_column": to.columns[0]}
        return self.make_name(self.table, self.columns, suffix)


def _ask_parts(method: str, combine: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
    """Return a method that asks, or tells, all parts of a statement."""

    def ask(self: Statement, *names: str) -> Any:
        asked = [getattr(part, method, None) for part in self.parts.values()]
        return combine([each(*names) for each in asked if each])

    ask.__name__ = method
    ask.__doc__ = getattr(Reference, method).__doc__
    return ask


class Statement(Reference):
    """A template and its parts; parts that are references are asked and told."""

    def __init__(self, template: str, **parts: Any) -> None:
        self.parts, self.template = parts, template

    def __str__(self) -> str:
        return self.template % self.parts

    references_table = _ask_parts("references_table", any)
    references_column = _ask_parts("references_column", any)
    references_index = _ask_parts("references_index", any)
    rename_table_references = _ask_parts("rename_table_references", bool)
    rename_column_references = _ask_parts("rename_column_references", bool)


class Expressions(TableColumns):
    """Expressions over the columns of a table, as of an index."""

    def __init__(
        self, table: str, expressions: Any, compiler: Any, quote_value: Callable[[Any], str]
    ) -> None:
        self.compiler, self.quote_value, self.expressions = compiler, quote_value, expressions
        TableColumns.__init__(
            self, table, [each.target.column for each in _columns_in(expressions)]
        )

    def __str__(self) -> str:
        sql, params = self.compiler.compile(self.expressions)
        return sql % tuple(self.quote_value(value) for value in params)

    def rename_table_references(self, old_table: str, new_table: str) -> None:
        if self.references_table(old_table):
            self.expressions = self.expressions.relabeled_clone({old_table: new_table})
        super().rename_table_references(old_table, new_table)

    def rename_column_references(self, table: str, old_column: str, new_column: str) -> None:
        if self.references_column(table, old_column):
            self.expressions = deepcopy(self.expressions)
            for each in _columns_in(self.expressions):
                if old_column == each.target.column:
                    each.target = copy(each.target)
                    each.target.column = new_column
        super().rename_column_references(table, old_column, new_column)


def _columns_in(expressions: Any) -> list[Any]:
    from nuages.db.models.expressions import Col

    return [node for node in expressions.flatten() if isinstance(node, Col)]
