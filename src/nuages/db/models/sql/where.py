"""The WHERE clause as a tree of lookups and conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, Self

from nuages.core.exceptions import EmptyResultSet, FullResultSet
from nuages.db.models.expressions import Case, When
from nuages.db.models.functions import Mod
from nuages.db.models.lookups import Exact
from nuages.utils import tree
from nuages.utils.functional import cached_property

AND = "AND"
OR = "OR"
XOR = "XOR"


class WhereNode(tree.Node):
    """Conditions joined by one connector. It is an expression of boolean type, too."""

    default = AND
    resolved = False
    conditional = True

    # -- SQL -----------------------------------------------------------------------------------

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return SQL and parameters.

        Raises ``EmptyResultSet`` if nothing can match, ``FullResultSet`` if everything does.
        """
        if self.connector == XOR and not connection.features.supports_logical_xor:
            return self._parity().as_sql(compiler, connection)
        pieces: list[str] = []
        params: list[Any] = []
        always = never = 0
        for child in self.children:
            try:
                sql, own_params = compiler.compile(child)
            except EmptyResultSet:
                never += 1
            except FullResultSet:
                always += 1
            else:
                if sql:
                    pieces.append(sql)
                    params.extend(own_params)
                else:
                    always += 1
        outcome, flipped = self._outcome(bool(pieces), always, never)
        negated = self.negated is not flipped
        if outcome is not None:
            raise FullResultSet if outcome is not negated else EmptyResultSet
        sql = f" {self.connector} ".join(pieces)
        if negated:
            return f"NOT ({sql})", params
        return (f"({sql})" if len(pieces) > 1 or self.resolved else sql), params

    def _outcome(self, open_question: bool, always: int, never: int) -> tuple[bool | None, bool]:
        """Judge from the children whose outcome is known.

        Returns what the node is before negation (``None``: depends on the rows), and whether the rest is
        to be negated.
        """
        match self.connector:
            case "AND":
                return (False if never else None if open_question else True), False
            case "OR" if self.children:
                return (True if always else None if open_question else False), False
            case "XOR" if self.children:
                odd = always % 2 == 1
                return (None, odd) if open_question else (odd, False)
        return True, False

    def _parity(self) -> WhereNode:
        """Spell XOR with what every database has: some child holds, and an odd number of them does."""
        some = self.create(self.children, OR)
        count = reduce(add, (Case(When(child, then=1), default=0) for child in self.children))
        odd = Exact(count if len(self.children) == 1 else Mod(count, 2), 1)
        return self.create([some, odd], AND, self.negated)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Give the form in a SELECT list."""
        if not compiler.connection.features.supports_boolean_expr_in_select_clause:
            sql = f"CASE WHEN {sql} THEN 1 ELSE 0 END"
        return sql, params

    # -- traversal -----------------------------------------------------------------------------

    def get_source_expressions(self) -> list[Any]:
        """Return the children."""
        return self.children[:]

    def set_source_expressions(self, children: Sequence[Any]) -> None:
        """Take new children, as many as there are."""
        assert len(children) == len(self.children)
        self.children = list(children)

    def _mapped(self, visit: Callable[[Any], Any]) -> Self:
        return self.create([visit(child) for child in self.children], self.connector, self.negated)

    def clone(self) -> Self:
        """Return a copy with nodes of its own; the leaves are shared, as nothing changes them."""
        return self._mapped(lambda child: child.clone() if isinstance(child, WhereNode) else child)

    def copy(self) -> Self:
        """The same as ``clone()``."""
        return self.clone()

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Self:
        """Return a copy with table aliases renamed."""
        twin = self._mapped(
            lambda child: (
                child.relabeled_clone(change_map) if hasattr(child, "relabeled_clone") else child
            )
        )
        twin.resolved = self.resolved
        return twin

    def relabel_aliases(self, change_map: Mapping[str, str]) -> None:
        """Rename table aliases in place."""
        if change_map:
            self.children = self.relabeled_clone(change_map).children

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> Any:
        """Return a copy in which each key of ``replacements`` is its value."""
        if not replacements:
            return self
        if (instead := replacements.get(self)) is not None:
            return instead
        return self._mapped(lambda child: child.replace_expressions(replacements))

    def resolve_expression(self, query: Any = None, *args: Any, **kwargs: Any) -> Self:
        """Return a copy whose leaves are resolved in ``query`` (for what outer references are left)."""
        twin = self._mapped(
            lambda child: (
                child.resolve_expression(query, *args, **kwargs)
                if hasattr(child, "resolve_expression")
                else child
            )
        )
        twin.resolved = True
        return twin

    def get_group_by_cols(self) -> list[Any]:
        """Return the columns of all conditions."""
        return [column for child in self.children for column in child.get_group_by_cols()]

    def get_refs(self) -> set[str]:
        """Return the names of annotations referred to."""
        return set().union(*(child.get_refs() for child in self.children))

    def flatten(self) -> Iterator[Any]:
        """Yield this node and all below it."""
        yield self
        for child in self.children:
            if hasattr(child, "flatten"):
                yield from child.flatten()
            else:
                yield child

    @property
    def contains_aggregate(self) -> bool:
        """Whether an aggregate stands in it."""
        return any(getattr(child, "contains_aggregate", False) for child in self.children)

    @property
    def contains_over_clause(self) -> bool:
        """Whether a window stands in it."""
        return any(getattr(child, "contains_over_clause", False) for child in self.children)

    @property
    def contains_column_references(self) -> bool:
        """Whether it reads a column."""
        return any(getattr(child, "contains_column_references", True) for child in self.children)

    @property
    def is_summary(self) -> bool:
        """Whether it belongs to a terminal aggregate query."""
        return any(getattr(child, "is_summary", False) for child in self.children)

    # -- type ----------------------------------------------------------------------------------

    _output_field_or_none = property(lambda self: self.output_field)

    @cached_property
    def output_field(self) -> Any:
        """A boolean."""
        from nuages.db.models import fields

        return fields.BooleanField()

    def get_db_converters(self, connection: Any) -> list[Any]:
        """Return the converters of booleans."""
        return self.output_field.get_db_converters(connection)

    def get_lookup(self, lookup: str) -> Any:
        """Return a lookup of booleans."""
        return self.output_field.get_lookup(lookup)

    # -- splitting -----------------------------------------------------------------------------

    def split_having_qualify(
        self, negated: bool = False, must_group_by: bool = False
    ) -> tuple[Any, Any, Any]:
        """Return what belongs into WHERE, into HAVING, and after the windows (each may be ``None``)."""
        if not (self.contains_aggregate or self.contains_over_clause):
            return self, None, None
        negated = negated is not self.negated
        # Only what is ANDed in the end can be tested at different times.
        whole = self.connector == XOR or self.connector == (AND if negated else OR)
        if whole and not self.contains_over_clause:
            return None, self, None
        shares: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for child in self.children:
            if hasattr(child, "split_having_qualify"):
                parts = child.split_having_qualify(negated, must_group_by)
            elif child.contains_over_clause:
                parts = (None, None, child)
            elif child.contains_aggregate:
                parts = (None, child, None)
            else:
                parts = (child, None, None)
            for share, part in zip(shares, parts):
                if part is not None:
                    share.append(part)
        if whole and shares[2]:
            if shares[0] and must_group_by:
                raise NotImplementedError(
                    "Heterogeneous disjunctive predicates against window functions are not implemented "
                    "when performing conditional aggregation."
                )
            return None, None, self
        where, having, qualify = (
            self.create(share, self.connector, self.negated) if share else None for share in shares
        )
        return where, having, qualify


class NothingNode:
    """Matches no row."""

    contains_aggregate = False
    contains_over_clause = False
    contains_column_references = False

    def as_sql(self, compiler: Any = None, connection: Any = None) -> tuple[str, list[Any]]:
        """Raise ``EmptyResultSet``."""
        raise EmptyResultSet

    def relabeled_clone(self, change_map: Mapping[str, str]) -> NothingNode:
        """Return itself."""
        return self

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> NothingNode:
        """Return itself."""
        return self

    def resolve_expression(self, *args: Any, **kwargs: Any) -> NothingNode:
        """Return itself."""
        return self

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing."""
        return []

    def get_refs(self) -> set[str]:
        """Return nothing."""
        return set()


class ExtraWhere:
    """The conditions of ``extra(where=…, params=…)``."""

    contains_aggregate = False
    contains_over_clause = False

    def __init__(self, sqls: Sequence[str] | None, params: Sequence[Any] | None) -> None:
        self.sqls, self.params = sqls or (), params or ()

    def as_sql(self, compiler: Any = None, connection: Any = None) -> tuple[str, list[Any]]:
        """Return all conditions, ANDed."""
        return " AND ".join(f"({sql})" for sql in self.sqls), list(self.params)

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing: nobody knows what the text refers to."""
        return []

    def get_refs(self) -> set[str]:
        """Return nothing."""
        return set()

    def replace_expressions(self, replacements: Mapping[Any, Any]) -> ExtraWhere:
        """Return itself."""
        return self


class SubqueryConstraint:
    """Columns of one table that are in the rows of a query."""

    contains_aggregate = False
    contains_over_clause = False

    def __init__(
        self, alias: str, columns: Sequence[str], targets: Sequence[Any], query_object: Any
    ) -> None:
        self.alias = alias
        self.columns = columns
        self.targets = targets
        query_object.clear_ordering(clear_default=True)
        self.query_object = query_object

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the condition."""
        self.query_object.set_values(self.targets)
        inner = self.query_object.get_compiler(connection=connection)
        return inner.as_subquery_condition(self.alias, self.columns, compiler)

    def relabeled_clone(self, change_map: Mapping[str, str]) -> SubqueryConstraint:
        """Return a copy with the outer table's alias renamed."""
        alias = change_map.get(self.alias, self.alias)
        return type(self)(alias, self.columns, self.targets, self.query_object)

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing."""
        return []
