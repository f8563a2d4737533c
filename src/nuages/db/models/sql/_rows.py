"""From the driver's rows to values: chunks, converters, composite values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from nuages.db.models.expressions import ColPairs


def cursor_iter(cursor: Any, sentinel: Any, col_count: int | None, itersize: int) -> Iterator[Any]:
    """Yield lists of rows until the cursor is exhausted, then close it.

    Rows are cut to ``col_count`` columns, if given.
    """
    try:
        while (rows := cursor.fetchmany(itersize)) != sentinel:
            yield rows if col_count is None else [row[:col_count] for row in rows]
    finally:
        cursor.close()


def converters_of(
    expressions: Iterable[Any], connection: Any
) -> dict[int, tuple[list[Callable[[Any, Any, Any], Any]], Any]]:
    """Return, by position, the converters of the columns that have any."""
    found = {}
    for position, expression in enumerate(expressions):
        if not expression:
            continue
        functions = [
            *connection.ops.get_db_converters(expression),
            *expression.get_db_converters(connection),
        ]
        if functions:
            found[position] = (functions, expression)
    return found


def converted(
    rows: Iterable[Sequence[Any]], converters: dict[int, Any], connection: Any
) -> Iterator[list[Any]]:
    """Yield rows with their values converted."""
    plan = [
        (position, convert, expression)
        for position, (functions, expression) in converters.items()
        for convert in functions
    ]
    for row in map(list, rows):
        for position, convert, expression in plan:
            row[position] = convert(row[position], expression, connection)
        yield row


def composed(
    rows: Iterable[Sequence[Any]], expressions: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """Yield rows in which the columns of a composite value are one tuple."""
    sizes = [len(item) if isinstance(item, ColPairs) else None for item in expressions]
    for row in rows:
        values = iter(row)
        yield tuple(
            next(values) if size is None else tuple(next(values) for _ in range(size))
            for size in sizes
        )


def flattened(expressions: Iterable[Any]) -> list[Any]:
    """Return one expression for each column of the driver's row."""
    return [
        column
        for item in expressions
        for column in (item.get_cols() if isinstance(item, ColPairs) else (item,))
    ]
