"""What a query and its compiler hold: the ground that their rooms stand on.

The state of a query is declared once (``STATE``): construction and cloning follow from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

from nuages.db.models.sql.datastructures import BaseTable, Join
from nuages.db.models.sql.where import WhereNode

if TYPE_CHECKING:
    from nuages.db.backends.base.base import BaseDatabaseWrapper
    from nuages.db.models.options import Options


def _shared(value: Any) -> Any:
    return value


def _tree(value: Any) -> Any:
    return value if isinstance(value, bool) else deepcopy(value)


def _selected(value: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else dict(value)


#: Name → (its first value, made anew for each query; how a clone gets it).
STATE: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    # Tables.
    "alias_refcount": (dict, dict.copy),
    "alias_map": (dict, dict.copy),
    "external_aliases": (dict, dict.copy),
    "table_map": (dict, dict.copy),
    "used_aliases": (set, set.copy),
    "subq_aliases": (lambda: frozenset({"T"}), _shared),
    "_filtered_relations": (dict, dict.copy),
    "_lookup_joins": (tuple, _shared),
    # Conditions.
    "where": (WhereNode, WhereNode.clone),
    # Columns.
    "default_cols": (lambda: True, _shared),
    "select": (tuple, _shared),
    "selected": (lambda: None, _selected),
    "select_related": (lambda: False, _tree),
    "deferred_loading": (lambda: (frozenset(), True), _shared),
    "annotations": (dict, dict.copy),
    "annotation_select_mask": (lambda: None, _shared),
    "_annotation_select_cache": (lambda: None, lambda value: None),
    "extra": (dict, dict.copy),
    "extra_select_mask": (lambda: None, _shared),
    "extra_tables": (tuple, _shared),
    # Groups, order, amount.
    "group_by": (lambda: None, _shared),
    "order_by": (tuple, _shared),
    "extra_order_by": (tuple, _shared),
    "distinct": (lambda: False, _shared),
    "distinct_fields": (tuple, _shared),
    "low_mark": (lambda: 0, _shared),
    "high_mark": (lambda: None, _shared),
    # Set operations.
    "combinator": (lambda: None, _shared),
    "combinator_all": (lambda: False, _shared),
    "combined_queries": (tuple, lambda parts: tuple(part.clone() for part in parts)),
}


class QueryState:
    """The state of a query, and what a lower room asks of a higher one."""

    model: Any
    alias_cols: bool
    alias_prefix: str
    base_table_class: type[BaseTable]
    join_class: type[Join]
    select_for_update: bool
    default_ordering: bool

    #: How many conditions and columns refer to an alias; none: it is not joined.
    alias_refcount: dict[str, int]
    alias_map: dict[str, Any]
    external_aliases: dict[str, bool]
    table_map: dict[str, tuple[str, ...]]
    used_aliases: set[str]
    subq_aliases: frozenset[str]
    _filtered_relations: dict[str, Any]
    _lookup_joins: Sequence[str]

    where: WhereNode

    default_cols: bool
    select: tuple[Any, ...]
    #: What ``values()`` chose: name → its place in ``select``, or the name of an annotation.
    selected: dict[str, Any] | None
    #: ``True`` for all relations that have to have a row, or a tree of names.
    select_related: bool | dict[str, Any]
    #: Names, and whether they are the ones left out.
    deferred_loading: tuple[frozenset[str], bool]
    annotations: dict[str, Any]
    annotation_select_mask: list[str] | None
    _annotation_select_cache: dict[str, Any] | None
    extra: dict[str, tuple[str, Sequence[Any]]]
    extra_select_mask: set[str] | None
    extra_tables: tuple[str, ...]

    #: ``None`` for no groups, ``True`` for a group a row, or the expressions.
    group_by: tuple[Any, ...] | bool | None
    order_by: tuple[Any, ...]
    extra_order_by: Sequence[Any]
    distinct: bool
    distinct_fields: tuple[str, ...]
    low_mark: int
    high_mark: int | None

    combinator: str | None
    combinator_all: bool
    combined_queries: tuple[Any, ...]

    if TYPE_CHECKING:

        def __init__(self, model: Any, alias_cols: bool = True) -> None: ...
        def clone(self) -> Self: ...
        def get_meta(self) -> Options | Any: ...
        def is_nullable(self, field: Any) -> bool: ...
        def set_select(self, cols: Iterable[Any]) -> None: ...
        def try_transform(
            self, lhs: Any, name: str, lookups: Sequence[str] | None = None
        ) -> Any: ...


class CompilerState:
    """What a compiler works on, and what it has found so far."""

    def __init__(
        self, query: Any, connection: Any, using: str | None, elide_empty: bool = True
    ) -> None:
        self.query = query
        self.connection: BaseDatabaseWrapper | Any = connection
        #: The alias of the database; ``None`` if only the connection was given.
        self.using: Any = using
        #: Whether a query that cannot have rows is not run at all.
        self.elide_empty = elide_empty
        self.quote_cache: dict[str, str] = {}
        self.select: list[tuple[Any, tuple[str, Any], str | None]] | None = None
        self.annotation_col_map: dict[str, int] | None = None
        self.klass_info: dict[str, Any] | None = None
        self.col_count: int | None = None
        self.has_extra_select: Any = False
        self.where: Any = None
        self.having: Any = None
        self.qualify: Any = None
        self._meta_ordering: Any = None

    def quote_name(self, name: str) -> str:
        """Return ``name`` quoted for the database."""
        quoted = self.quote_cache.get(name)
        if quoted is None:
            quoted = self.quote_cache[name] = self.connection.ops.quote_name(name)
        return quoted

    def compile(self, node: Any) -> tuple[str, Any]:
        """Return SQL and parameters of an expression, by its method for this vendor if it has one."""
        own = getattr(node, f"as_{self.connection.vendor}", None)
        return node.as_sql(self, self.connection) if own is None else own(self, self.connection)

    if TYPE_CHECKING:

        def get_select(
            self, with_col_aliases: bool = False
        ) -> tuple[list[Any], dict[str, Any] | None, dict[str, int]]: ...
