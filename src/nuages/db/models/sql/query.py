"""The syntax tree of a query: ``qs.query``.

``Query`` is put together from rooms, one per concern (``_joins``, ``_selection``, ``_filters``); this file
holds how it is made and copied, and how it becomes a part of another query. The rooms stand on each other:
their ground, ``_state``, declares what a query holds; construction and cloning follow from its table.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self

from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.db.models.expressions import BaseExpression
from nuages.db.models.sql import _combining, _summary
from nuages.db.models.sql._filters import (
    FilterRoom,
    JoinPromoter,
    get_children_from_q,
    rename_prefix_from_q,
)
from nuages.db.models.sql._joins import JoinInfo, JoinRoom, get_field_names_from_opts
from nuages.db.models.sql._selection import (
    EXPLAIN_OPTIONS_PATTERN,
    FORBIDDEN_ALIAS_PATTERN,
    get_order_dir,
)
from nuages.db.models.sql._state import STATE
from nuages.db.models.sql.datastructures import BaseTable, Join
from nuages.db.models.sql.where import AND, OR, ExtraWhere, NothingNode

__all__ = [
    "AND",
    "OR",
    "ExplainInfo",
    "ExtraWhere",
    "FORBIDDEN_ALIAS_PATTERN",
    "JoinInfo",
    "JoinPromoter",
    "NothingNode",
    "Query",
    "RawQuery",
    "get_children_from_q",
    "get_field_names_from_opts",
    "get_order_dir",
    "rename_prefix_from_q",
]

ExplainInfo = namedtuple("ExplainInfo", ("format", "options"))


class RawQuery:
    """SQL written by hand, run once and iterated over."""

    # What compilers look at in a query.
    low_mark, high_mark = 0, None
    extra_select: Mapping[str, Any] = {}
    annotation_select: Mapping[str, Any] = {}

    def __init__(self, sql: str, using: str, params: Any = ()) -> None:
        self.sql, self.using, self.params = sql, using, params
        self.cursor: Any = None

    def clone(self, using: str) -> RawQuery:
        """Return a copy for another database."""
        return RawQuery(self.sql, using, self.params)

    chain = clone

    @property
    def params_type(self) -> type | None:
        """``dict`` or ``tuple``, as the parameters were given; ``None`` for none."""
        kinds = {True: dict, False: tuple}
        return None if self.params is None else kinds[isinstance(self.params, Mapping)]

    def __str__(self) -> str:
        return self.sql if self.params is None else self.sql % self._adapted(lambda value: value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self}>"

    def _adapted(self, adapt: Callable[[Any], Any]) -> Any:
        match self.params:
            case None:
                return None
            case Mapping():
                return {name: adapt(value) for name, value in self.params.items()}
        return tuple(map(adapt, self.params))

    def _execute_query(self) -> Any:
        connection = connections[self.using]
        params = self._adapted(connection.ops.adapt_unknown_value)
        self.cursor = connection.cursor()
        self.cursor.execute(self.sql, params)
        return connection

    def __iter__(self) -> Iterator[Any]:
        # Each iteration runs it anew; where other statements would end the cursor, all is read at once.
        connection = self._execute_query()
        chunked = connection.features.can_use_chunked_reads
        return iter(self.cursor if chunked else list(self.cursor))

    def get_columns(self) -> list[str]:
        """Return the names of the result's columns (runs the query if it was not yet)."""
        if self.cursor is None:
            self._execute_query()
        as_identifier = connections[self.using].introspection.identifier_converter
        return [as_identifier(name) for name, *_ in self.cursor.description]


class Query(FilterRoom, BaseExpression):
    """A SELECT query on ``model`` (``None``: on no table).

    With ``alias_cols=False`` columns stand without their table, as constraints want them.
    """

    alias_prefix = "T"
    empty_result_set_value = None
    compiler = "SQLCompiler"
    base_table_class = BaseTable
    join_class = Join

    default_ordering = True
    standard_ordering = True
    filter_is_sticky = False
    subquery = False
    select_for_update = False
    select_for_update_nowait = False
    select_for_update_skip_locked = False
    select_for_update_of: tuple[str, ...] = ()
    select_for_no_key_update = False
    max_depth = 5
    explain_info: ExplainInfo | None = None

    contains_aggregate = False
    contains_over_clause = False
    contains_column_references = False
    contains_subquery = True

    def __init__(self, model: Any, alias_cols: bool = True) -> None:
        self.model = model
        self.alias_cols = alias_cols
        for name, (first, _) in STATE.items():
            setattr(self, name, first())

    # -- copies --------------------------------------------------------------------------------

    def clone(self) -> Self:
        """Return a copy; changes of either do not show in the other."""
        twin = type(self).__new__(type(self))
        state = twin.__dict__
        state.update(self.__dict__)
        for name, (_, copied) in STATE.items():
            state[name] = copied(state[name])
        return twin

    copy = clone

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = self.clone()
        memo[id(self)] = twin
        return twin

    def chain(self, klass: type | None = None) -> Any:
        """Return a copy that the next operation works on, perhaps as another kind of query."""
        twin = self.clone()
        if klass is not None and type(twin) is not klass:
            twin.__class__ = klass
        if not twin.filter_is_sticky:
            twin.used_aliases = set()
        twin.filter_is_sticky = False
        if hasattr(twin, "_setup_query"):
            twin._setup_query()
        return twin

    def combine(self, rhs: Query, connector: str) -> None:
        """Merge ``rhs`` into this query with AND, OR or XOR. Raises ``TypeError`` if they do not go together."""
        _combining.merge(self, rhs, connector)

    # -- SQL -----------------------------------------------------------------------------------

    def __str__(self) -> str:
        """Give the SQL with parameters filled in, for people to read; databases may want other quotes."""
        sql, params = self.sql_with_params()
        return sql % params

    def sql_with_params(self) -> tuple[str, tuple[Any, ...]]:
        """Return SQL and parameters for the default database."""
        return self.get_compiler(DEFAULT_DB_ALIAS).as_sql()

    def get_compiler(
        self, using: str | None = None, connection: Any = None, elide_empty: bool = True
    ) -> Any:
        """Return the compiler for a database, given by its alias or its connection."""
        target = connections[using] if using else connection
        if target is None:
            raise ValueError("Need either using or connection")
        make = target.ops.compiler(self.compiler)
        return make(self, target, using, elide_empty)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return this query as a part of another's SQL."""
        if self.subquery and not connection.features.ignores_unnecessary_order_by_in_subqueries:
            for query in (self, *self.combined_queries):
                query.clear_ordering(force=False)
        sql, params = self.get_compiler(connection=connection).as_sql()
        return (f"({sql})" if self.subquery else sql), params

    def get_meta(self) -> Any:
        """Return the model's options (``None`` without a model)."""
        return self.model._meta if self.model else None

    # -- as an expression ----------------------------------------------------------------------

    @property
    def output_field(self) -> Any:
        """The type of the only column."""
        if len(self.select) == 1:
            column = self.select[0]
            return getattr(column, "target", None) or column.field
        if len(self.annotation_select) == 1:
            (annotation,) = self.annotation_select.values()
            return annotation.output_field
        return None

    @property
    def _output_field_or_none(self) -> Any:
        return self.output_field

    def get_source_expressions(self) -> list[Any]:
        """Return what is selected and tested."""
        return [
            item
            for item in (*self.annotation_select.values(), self.where, *self.select)
            if item is not None
        ]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        """A query is changed by its methods only."""
        raise NotImplementedError("A query takes no source expressions.")

    def resolve_expression(self, query: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return a copy as a subquery of ``query``, whose columns stand for outer references."""
        twin = self.clone()
        twin.subquery = True
        twin.bump_prefix(query)
        twin.where = twin.where.resolve_expression(query, *args, **kwargs)
        twin.where.resolved = False
        twin.combined_queries = tuple(
            part.resolve_expression(query, *args, **kwargs) for part in twin.combined_queries
        )
        for name, annotation in twin.annotations.items():
            resolved = annotation.resolve_expression(query, *args, **kwargs)
            if hasattr(resolved, "external_aliases"):
                resolved.external_aliases.update(twin.external_aliases)
            twin.annotations[name] = resolved
        twin._annotation_select_cache = None
        if isinstance(twin.group_by, tuple):
            twin.group_by = tuple(
                item.resolve_expression(query, *args, **kwargs) for item in twin.group_by
            )
        for alias, table in query.alias_map.items():
            if isinstance(table, Join):
                own_name = table.join_field.related_model._meta.db_table
            else:
                own_name = table.table_name
            twin.external_aliases[alias] = own_name != alias
        return twin

    def get_group_by_cols(self, wrapper: Any = None) -> list[Any]:
        """Return the outer columns it depends on, or itself if they may stand for several rows."""
        outer = self.get_external_cols()
        if any(column.possibly_multivalued for column in outer):
            return [wrapper or self]
        return outer

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Self:
        """Return a copy in which tables are renamed."""
        return JoinRoom.relabeled_clone(self, change_map)

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Self:
        """Return a copy in which columns of outer queries are replaced."""
        if not replacements:
            return self
        twin = self.clone()
        twin.where = twin.where.replace_expressions(replacements)
        twin.annotations = {
            name: item.replace_expressions(replacements) for name, item in twin.annotations.items()
        }
        return twin

    def get_refs(self) -> set[str]:
        """Return nothing: its names are its own."""
        return set()

    def flatten(self) -> Iterator[Any]:
        """Yield itself."""
        yield self

    @property
    def conditional(self) -> bool:
        """Whether it may stand as a condition by itself."""
        from nuages.db.models.fields import BooleanField

        return isinstance(self.output_field, BooleanField)

    # -- terminal questions --------------------------------------------------------------------

    def get_aggregation(self, using: str, aggregate_exprs: dict[str, Any]) -> dict[str, Any]:
        """Compute aggregates over the rows. The query is used up."""
        return _summary.aggregation(self, using, aggregate_exprs)

    def get_count(self, using: str) -> int:
        """Return the number of rows."""
        from nuages.db.models.aggregates import Count

        return self.clone().get_aggregation(using, {"__count": Count("*")})["__count"]

    def exists(self, limit: bool = True) -> Any:
        """Return the query that has a row if this one has any."""
        return _summary.exists_query(self, limit)

    def has_results(self, using: str) -> bool:
        """Ask whether there is any row."""
        return self.exists().get_compiler(using=using).has_results()

    def has_filters(self) -> Any:
        """Return the conditions: true if there are any."""
        return self.where

    def explain(self, using: str, format: str | None = None, **options: Any) -> str:
        """Return the database's plan. Raises ``ValueError`` for option names that could be SQL."""
        for name in options:
            # Names go into the statement as they are.
            if not EXPLAIN_OPTIONS_PATTERN.fullmatch(name) or "--" in name:
                raise ValueError(f"Invalid option name: {name!r}.")
        twin = self.clone()
        twin.explain_info = ExplainInfo(format, options)
        return "\n".join(twin.get_compiler(using=using).explain_query())
