"""What is compiled for a path of a trail: a statement, the makers of its parameters, the maker of its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.db.models._query import iterables
from nuages.db.models._query.related import has_own_from_db
from nuages.db.models.expressions import Col, ColPairs
from nuages.db.models.sql._rows import conversion_lines, opening_lines
from nuages.db.models.sql.slots import LeavesTrail
from nuages.db.models.sql.statements import Statement
from nuages.utils.codegen import compile_function

if TYPE_CHECKING:
    from nuages.db.models.trails import Path

__all__ = ["QUERIES", "Plan", "depends_on_zone", "summary_query"]


class Plan:
    """The SQL of a path for one database, the makers of its parameters, the maker of its rows."""

    __slots__ = (
        "bare",
        "batches",
        "build",
        "compiled",
        "compiler",
        "convert",
        "finish",
        "made_of",
        "many",
        "names",
        "path",
        "shape",
        "statement",
        "usual",
    )

    def __init__(self, path: Path, using: str, kind: Any, make: Callable[..., Any]) -> None:
        self.path = path
        probe = path.replay(path.slots)
        probe._db = using
        query = make(probe.query)
        compiler = self.compiler = query.get_compiler(using)
        text, params = compiler.as_sql()
        columns = [item[0] for item in compiler.select or ()]
        order = compiler.get_order_by()
        if (
            query.select_for_update
            or compiler.has_extra_select
            or any(isinstance(column, ColPairs) for column in columns)
            or any(
                depends_on_zone(part)
                for expression in (*columns, *(item[0] for item in order))
                for part in expression.flatten()
            )
        ):
            raise LeavesTrail
        self.statement = Statement(text, params, compiler.connection.driver_sql)
        self.compiled = text, params
        #: What the columns of a row are called, where they are aggregates.
        self.names = tuple(query.annotation_select)
        #: How columns are read as bare expressions, if they are, and the plan that this one was settled from.
        self.bare: Any = None
        self.usual: Plan | None = None
        #: What to go on with when the connection is open, to make a plan that can be run; ``None`` if it can.
        self.made_of: Any = None
        self.build: Any = None
        self.shape: Any = None
        self.finish: Any = None
        self.convert: Any = None
        self.many: Any = None
        self.batches: Any = None
        if kind in ("count", "exists"):
            return
        if kind != "rows":
            self.convert = row_converter(compiler)
            return
        if (
            compiler.connection.reads_bare
            and not (query.distinct or query.group_by is not None or query.combinator)
            # What the order has by its place or name in the list would be an expression there, too.
            and not any(is_ref for _, (_, _, is_ref) in order)
        ):
            self.made_of = probe
        else:
            self._make_rows(probe)

    def _make_rows(self, probe: Any) -> None:
        compiler = self.compiler
        if probe._iterable_class is not iterables.ModelIterable:
            self.shape = row_shaper(probe, compiler, self.bare)
            if self.shape is None:
                raise LeavesTrail
            return
        if not has_own_from_db(self.path.model):
            raise LeavesTrail
        self.convert = row_converter(compiler, self.bare)
        self.build = iterables.instance_builder(probe, compiler)
        self.finish = iterables._finishing(probe, compiler)
        # (When models are declared.)
        from nuages.db.models._batches import Batches

        self.batches = Batches.of(compiler, self.bare)
        self.many = self.batches and self.batches.loader()

    def as_compiled(self) -> Statement:
        """Return the statement as a cursor of ours takes it."""
        return Statement(*self.compiled, str)

    def settled(self) -> Plan | None:
        """Return a plan that can be run, with columns as bare expressions where the backend gains by that.

        The connection is open. What it says of its columns may be something else the next time; ``None``
        if it cannot be told now.

        Raises:
            LeavesTrail: there is none.
        """
        probe, (text, params) = self.made_of, self.compiled
        compiler = self.compiler
        connection, tables = compiler.connection, compiler.query.alias_map
        columns: dict[int, tuple[str, str]] = {}
        names = [alias and connection.ops.quote_name(alias) for _, _, alias in compiler.select]
        usual, written = [], []
        for place, (expression, (sql, _), _) in enumerate(compiler.select):
            if type(expression) is Col and expression.alias in tables and "[" not in sql:
                columns[place] = tables[expression.alias].table_name, expression.target.column
            usual.append(f"{sql} AS {names[place]}" if names[place] else sql)
        opening = f"SELECT {', '.join(usual)} FROM "
        fits = columns and text.startswith(opening)
        bare = connection.bare_columns(columns) if fits else None
        if fits and bare is None:
            return None
        twin: Plan = object.__new__(Plan)
        for name in Plan.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.made_of = None
        if bare is not None and bare.kinds:
            for place, (_, (sql, _), _) in enumerate(compiler.select):
                if place in bare.kinds:
                    # The driver's messages name columns.
                    column = connection.ops.quote_name(columns[place][1])
                    written.append(f"+{sql} AS {names[place] or column}")
                else:
                    written.append(usual[place])
            text = f"SELECT {', '.join(written)} FROM {text.removeprefix(opening)}"
            twin.statement = Statement(text, params, connection.driver_sql)
            twin.bare, twin.usual = bare, self
        twin._make_rows(probe)
        return twin


def depends_on_zone(lhs: Any) -> bool:
    """Whether the SQL of an expression names the current time zone."""
    from nuages.db.models.functions.datetime import TimezoneMixin

    while lhs is not None:
        if isinstance(lhs, TimezoneMixin):
            return True
        lhs = getattr(lhs, "lhs", None)
    return False


def summary_query(query: Any, expressions: dict[str, Any]) -> Any:
    """Return the query for aggregates over the rows of another one."""
    from nuages.db.models.sql import _summary

    aggregates, needs_outer = _summary.resolve_aggregates(query, expressions)
    return _summary.summary_query(query, aggregates, needs_outer)


def _count_query(query: Any) -> Any:
    from nuages.db.models.aggregates import Count

    return summary_query(query, {"__count": Count("*")})


#: What is asked of a path, by its kind: a function from the query for the rows to the one for that.
QUERIES: dict[str, Callable[[Any], Any]] = {
    "rows": lambda query: query,
    "count": _count_query,
    "exists": lambda query: query.exists(),
}


def _columns_of(compiler: Any) -> list[Any]:
    """Return the expressions that a row has; aggregates over another query are not in ``select``."""
    if compiler.select is None:
        return list(compiler.query.annotation_select.values())
    return [item[0] for item in compiler.select[: compiler.col_count]]


def _conversions(compiler: Any, bare: Any) -> tuple[list[str], list[str], dict[str, Any]]:
    """Return the source that opens a function, the one that converts a row's variables, and their scope."""
    scope: dict[str, Any] = {"connection": compiler.connection}
    converters = compiler.get_converters(_columns_of(compiler))
    lines = list(conversion_lines(converters, bare, scope))
    return opening_lines(bare, scope), lines, scope


def row_converter(compiler: Any, bare: Any = None) -> Callable[[Any], Any] | None:
    """Return a function generated for the converters of a compiler's columns; ``None`` if none."""
    opening, lines, scope = _conversions(compiler, bare)
    if not lines:
        return None
    width = compiler.col_count if compiler.select is None else len(compiler.select)
    row = "".join(f"v{place}, " for place in range(width))
    body = [*opening, f"{row}= row", *lines, f"return ({row})"]
    source = "\n    ".join(["def convert(row):", *body])
    return compile_function(f"{source}\n", "convert", scope, "converters of a trail")


def row_shaper(queryset: Any, compiler: Any, bare: Any = None) -> Callable[[Any], Any] | None:
    """Return a function generated for the rows of ``values()`` and its like; ``None`` for a foreign iterable.

    It puts results in the place of rows, converted, and returns that list.
    """
    made = iterables.shape_source(queryset, [f"v{n}" for n in range(len(compiler.select))])
    if made is None:
        return None
    result, needed = made
    opening, lines, scope = _conversions(compiler, bare)
    plain = iterables.shape_of_rows(queryset._iterable_class, queryset)
    assert plain is not None, "what has a source has a plain twin"
    if not lines and result[0] != "{":
        # Nothing is faster than what the interpreter does by itself.
        return lambda rows: list(plain(rows))
    row = "".join(f"v{place}, " for place in range(len(compiler.select)))
    body = [*opening, "place = 0", f"for {row}in rows:"]
    body += [f"    {line}" for line in (*lines, f"rows[place] = {result}", "place += 1")]
    source = "\n    ".join(["def shape(rows):", *body, "return rows"])
    return compile_function(f"{source}\n", "shape", {**scope, **needed}, "shape of a trail's rows")
