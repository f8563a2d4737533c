"""What stands in FROM: the base table and joins. Both are records that never change; a query that wants
another join type puts another record in the place of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nuages.core.exceptions import FullResultSet
from nuages.db.models.sql.constants import INNER, LOUTER


class MultiJoin(Exception):
    """A join with many rows was met where none is allowed.

    ``level`` is the position in the name, ``names_with_path`` what was walked until there.
    """

    def __init__(self, names_pos: int, path_with_names: list[Any]) -> None:
        self.level = names_pos
        self.names_with_path = path_with_names


class Empty:
    """An object to hang attributes on."""


class Join:
    """One table joined to another. Never changed: see :meth:`but`.

    ``join_field`` knows the columns (``get_joining_fields()``) and further conditions
    (``get_extra_restriction()``); ``nullable`` says whether rows may lack a partner.
    """

    __slots__ = (
        "filtered_relation",
        "join_field",
        "join_fields",
        "join_type",
        "nullable",
        "parent_alias",
        "table_alias",
        "table_name",
    )

    def __init__(
        self,
        table_name: str,
        parent_alias: str | None,
        table_alias: str | None,
        join_type: str,
        join_field: Any,
        nullable: bool,
        filtered_relation: Any = None,
    ) -> None:
        self.table_name, self.parent_alias, self.table_alias = table_name, parent_alias, table_alias
        self.join_type, self.join_field, self.nullable = join_type, join_field, nullable
        self.filtered_relation = filtered_relation
        self.join_fields: tuple[tuple[Any, Any], ...] = tuple(join_field.get_joining_fields())

    def but(self, **changes: Any) -> Join:
        """Return another record with some values changed, other than the field."""
        made = object.__new__(type(self))
        for name in Join.__slots__:
            setattr(made, name, changes.get(name, getattr(self, name)))
        return made

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two joins the same, whatever their alias and type."""
        return (
            type(self),
            self.table_name,
            self.parent_alias,
            self.join_field,
            self.filtered_relation,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Join) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity[:-1])

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return ``<type> <table> <alias> ON (<conditions>)``, with a space between the parts."""
        conditions: list[str] = []
        params: list[Any] = []
        there = compiler.quote_name(self.table_alias)
        for near, far in self.join_fields:
            # Backends may cast where the types of the columns differ.
            pair = connection.ops.prepare_join_on_clause(
                self.parent_alias, near, self.table_alias, far
            )
            (here_sql, here_params), (there_sql, there_params) = map(compiler.compile, pair)
            conditions.append(f"{here_sql} = {there_sql}")
            params += (*here_params, *there_params)
        extra = self.join_field.get_extra_restriction(self.table_alias, self.parent_alias)
        for further in (extra, self.filtered_relation):
            if not further:
                continue
            try:
                sql, own_params = compiler.compile(further)
            except FullResultSet:
                continue
            conditions.append(f"({sql})")
            params += own_params
        if not conditions:
            declared = getattr(self.join_field, "field", self.join_field)
            raise ValueError(
                f"Join generated an empty ON clause. {declared.__class__} did not yield either joining "
                "columns or extra restrictions."
            )
        alias = "" if self.table_alias == self.table_name else f" {there}"
        table = compiler.quote_name(self.table_name)
        return f"{self.join_type} {table}{alias} ON ({' AND '.join(conditions)})", params

    def relabeled_clone(self, change_map: Mapping[str, str]) -> Join:
        """Return the record with aliases renamed."""
        filtered, alias = self.filtered_relation, self.table_alias or ""
        return self.but(
            parent_alias=change_map.get(self.parent_alias or "", self.parent_alias),
            table_alias=change_map.get(alias, self.table_alias),
            filtered_relation=filtered.relabeled_clone(change_map)
            if filtered is not None
            else None,
        )

    def promote(self) -> Join:
        """Return the record as an outer join."""
        return self.but(join_type=LOUTER)

    def demote(self) -> Join:
        """Return the record as an inner join."""
        return self.but(join_type=INNER)


class BaseTable:
    """The table that a FROM clause starts with."""

    __slots__ = ("table_alias", "table_name")

    def __init__(self, table_name: str, table_alias: str | None) -> None:
        self.table_name, self.table_alias = table_name, table_alias

    join_type = None
    parent_alias = None
    filtered_relation = None

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes two tables the same."""
        return (type(self), self.table_name, self.table_alias)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseTable) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Return the table and, if it differs, its alias."""
        table = compiler.quote_name(self.table_name)
        if self.table_alias == self.table_name:
            return table, []
        return f"{table} {compiler.quote_name(self.table_alias)}", []

    def relabeled_clone(self, change_map: Mapping[str, str]) -> BaseTable:
        """Return the record with its alias renamed."""
        return BaseTable(self.table_name, change_map.get(self.table_alias or "", self.table_alias))
