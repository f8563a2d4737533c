"""From the driver's rows to values: chunks, converters, composite values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from nuages.db import DatabaseError
from nuages.db.models.expressions import ColPairs


def open_cursor(connection: Any, sql: str, params: Any, chunked: bool = False) -> Any:
    """Return a cursor that has run a statement.

    Args:
        chunked: whether its rows are read bit by bit.
    """
    cursor = connection.chunked_cursor() if chunked else connection.cursor()
    try:
        cursor.execute(sql, params)
    except Exception as error:
        try:
            cursor.close()
        except DatabaseError:
            # The failure may have closed it.
            raise error from None
        raise
    return cursor


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


def conversion_lines(converters: dict[int, Any], bare: Any, scope: dict[str, Any]) -> Iterator[str]:
    """Yield source that converts the variables ``v0``, ``v1`` … of a row, as ``converted()`` does.

    Args:
        bare: what the connection's ``bare_columns()`` said, if columns are read so.
        scope: gets what the source needs, but ``connection`` and what ``opening_lines()`` give.
    """
    kinds = {} if bare is None else bare.kinds
    for place in sorted({*converters, *kinds}):
        functions, expression = converters.get(place, ([], None))
        if place in kinds:
            lines, functions = bare.lines(place, f"v{place}", functions, scope)
            yield from lines
        if functions:
            scope[f"e{place}"] = expression
        for number, function in enumerate(functions):
            scope[f"c{place}_{number}"] = function
            line = f"v{place} = c{place}_{number}(v{place}, e{place}, connection)"
            kept = getattr(function, "keeps", None)
            if kept is not None and len(functions) == 1:
                # What the driver gave is what is wanted, mostly.
                scope[f"k{place}"] = kept
                line = f"if v{place}.__class__ is not k{place}: {line}"
            yield line


def opening_lines(bare: Any, scope: dict[str, Any]) -> list[str]:
    """Return source that a function with ``conversion_lines()`` begins with."""
    if bare is None or not bare.needs_zone:
        return []
    scope["zone_of"] = bare.zone_of
    return ["zone = zone_of(connection)"]


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
