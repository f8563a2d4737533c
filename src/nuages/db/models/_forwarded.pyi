"""The methods that managers take over from QuerySets. Written by ``tools/manager_types.py``."""

import datetime
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any, Generic, Literal, overload

from nuages.db.models._typing import Row
from nuages.db.models.query import QuerySet, RawQuerySet

class Forwarded(Generic[Row]):  # noqa: UP046
    """A manager's methods that call those of its QuerySet."""

    def get_queryset(self) -> QuerySet[Row]: ...
    def exclude(self, *args: Any, **kwargs: Any) -> QuerySet[Row]:
        """Return the objects that do not meet the conditions."""
    def filter(self, *args: Any, **kwargs: Any) -> QuerySet[Row]:
        """Return the objects that meet the conditions."""
    def all(self) -> QuerySet[Row]:
        """Return a copy, without results."""
    def complex_filter(self, filter_obj: Any) -> QuerySet[Row]:
        """Return what meets a ``Q`` object or a dictionary of conditions."""
    def none(self) -> QuerySet[Row]:
        """Return an empty QuerySet, for which nothing is fetched."""
    def union(self, *other_qs: Any, all: bool = ...) -> QuerySet[Row]:
        """Return the rows of this and other QuerySets; equal ones once, unless ``all``."""
    def intersection(self, *other_qs: Any) -> QuerySet[Row]:
        """Return the rows that are in this and all the other QuerySets."""
    def difference(self, *other_qs: Any) -> QuerySet[Row]:
        """Return the rows that are in this, but in none of the other QuerySets."""
    def order_by(self, *field_names: Any) -> QuerySet[Row]:
        """Return the objects in the order of these fields; without any, in no order."""
    def reverse(self) -> QuerySet[Row]:
        """Return the objects in the opposite order."""
    def distinct(self, *field_names: str) -> QuerySet[Row]:
        """Return each row once; with names, the first row of each combination of the fields."""
    def values(self, *fields: Any, **expressions: Any) -> QuerySet[dict[str, Any]]:
        """Return dictionaries of these fields and expressions instead of instances."""
    @overload
    def values_list(
        self, *fields: Any, flat: Literal[False] = ..., named: bool = ...
    ) -> QuerySet[tuple[Any, ...]]: ...
    @overload
    def values_list(self, *fields: Any, flat: bool, named: bool = ...) -> QuerySet[Any]: ...
    def dates(self, field_name: str, kind: str, order: str = ...) -> QuerySet[datetime.date]:
        """Return the dates of a field, cut off at a unit, each once."""
    def datetimes(
        self, field_name: str, kind: str, order: str = ..., tzinfo: datetime.tzinfo | None = ...
    ) -> QuerySet[datetime.datetime]:
        """Return the datetimes of a field, cut off at a unit, each once."""
    def annotate(self, *args: Any, **kwargs: Any) -> QuerySet[Row]:
        """Return the objects, each with these expressions as attributes."""
    def alias(self, *args: Any, **kwargs: Any) -> QuerySet[Row]:
        """Return the objects; the expressions can be used in other methods, and are not fetched."""
    def only(self, *fields: str) -> QuerySet[Row]:
        """Return the objects with these fields alone: any other is fetched when it is read."""
    def defer(self, *fields: str | None) -> QuerySet[Row]:
        """Return the objects without these fields: each is fetched when it is read."""
    def select_related(self, *fields: Any) -> QuerySet[Row]:
        """Return the objects with those behind these relations, in the same query."""
    def prefetch_related(self, *lookups: Any) -> QuerySet[Row]:
        """Return the objects with those behind these relations, in a query per relation."""
    def fetch_mode(self, fetch_mode: Any) -> QuerySet[Row]:
        """Return the objects; ``mode`` says how fields that are missing will be fetched."""
    def extra(
        self,
        select: dict[str, Any] | None = ...,
        where: Any = ...,
        params: Any = ...,
        tables: Any = ...,
        order_by: Any = ...,
        select_params: Any = ...,
    ) -> QuerySet[Row]:
        """Return the objects of a query with these pieces of SQL in it."""
    def using(self, alias: str | None) -> QuerySet[Row]:
        """Return the objects of the database with that alias."""
    def select_for_update(
        self,
        nowait: bool = ...,
        skip_locked: bool = ...,
        of: Iterable[str] = ...,
        no_key: bool = ...,
    ) -> QuerySet[Row]:
        """Return the objects, whose rows are locked until the end of the transaction."""
    def get(self, *args: Any, **kwargs: Any) -> Row:
        """Return the one object that meets the conditions."""
    async def aget(self, *args: Any, **kwargs: Any) -> Row:
        """``get()`` for async code."""
    def first(self) -> Row | None:
        """Return the first object, by primary key if there is no order; ``None`` if none."""
    async def afirst(self) -> Row | None:
        """``first()`` for async code."""
    def last(self) -> Row | None:
        """Return the last object, by primary key if there is no order; ``None`` if none."""
    async def alast(self) -> Row | None:
        """``last()`` for async code."""
    def earliest(self, *fields: Any) -> Row:
        """Return the object that comes first by these fields (or ``Meta.get_latest_by``)."""
    async def aearliest(self, *fields: Any) -> Row:
        """``earliest()`` for async code."""
    def latest(self, *fields: Any) -> Row:
        """Return the object that comes last by these fields (or ``Meta.get_latest_by``)."""
    async def alatest(self, *fields: Any) -> Row:
        """``latest()`` for async code."""
    def in_bulk(
        self, id_list: Iterable[Any] | None = ..., *, field_name: str = ...
    ) -> dict[Any, Row]:
        """Return the objects by a unique field's value; all, or those with these values."""
    async def ain_bulk(
        self, id_list: Iterable[Any] | None = ..., *, field_name: str = ...
    ) -> dict[Any, Row]:
        """``in_bulk()`` for async code."""
    def iterator(self, chunk_size: int | None = ...) -> Iterator[Row]:
        """Return an iterator over the objects that keeps none of them."""
    def aiterator(self, chunk_size: int = ...) -> AsyncIterator[Row]:
        """``iterator()`` for async code."""
    def count(self) -> int:
        """Return the number of objects; by a query, unless they are there already."""
    async def acount(self) -> int:
        """``count()`` for async code."""
    def exists(self) -> bool:
        """Return whether there is any object."""
    async def aexists(self) -> bool:
        """``exists()`` for async code."""
    def contains(self, obj: Any) -> bool:
        """Return whether an object is among these."""
    async def acontains(self, obj: Any) -> bool:
        """``contains()`` for async code."""
    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return a dictionary of aggregates over all the objects."""
    async def aaggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """``aggregate()`` for async code."""
    def explain(self, *, format: str | None = ..., **options: Any) -> str:
        """Return what the database says of how it would run the query."""
    async def aexplain(self, *, format: str | None = ..., **options: Any) -> str:
        """``explain()`` for async code."""
    def create(self, **kwargs: Any) -> Row:
        """Create an object with these values, save it and return it."""
    async def acreate(self, **kwargs: Any) -> Row:
        """``create()`` for async code."""
    def get_or_create(
        self, defaults: dict[str, Any] | None = ..., **kwargs: Any
    ) -> tuple[Row, bool]:
        """Return the object that meets the conditions, or create it; and whether it was created."""
    async def aget_or_create(
        self, defaults: dict[str, Any] | None = ..., **kwargs: Any
    ) -> tuple[Row, bool]:
        """``get_or_create()`` for async code."""
    def update_or_create(
        self,
        defaults: dict[str, Any] | None = ...,
        create_defaults: dict[str, Any] | None = ...,
        **kwargs: Any,
    ) -> tuple[Row, bool]:
        """Change the object that meets the conditions, or create it; and whether it was created."""
    async def aupdate_or_create(
        self,
        defaults: dict[str, Any] | None = ...,
        create_defaults: dict[str, Any] | None = ...,
        **kwargs: Any,
    ) -> tuple[Row, bool]:
        """``update_or_create()`` for async code."""
    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = ...,
        ignore_conflicts: bool = ...,
        update_conflicts: bool = ...,
        update_fields: Iterable[str] | None = ...,
        unique_fields: Iterable[str] | None = ...,
    ) -> list[Row]:
        """Insert objects in as few queries as possible, without ``save()`` or signals."""
    async def abulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = ...,
        ignore_conflicts: bool = ...,
        update_conflicts: bool = ...,
        update_fields: Iterable[str] | None = ...,
        unique_fields: Iterable[str] | None = ...,
    ) -> list[Row]:
        """``bulk_create()`` for async code."""
    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = ...
    ) -> int:
        """Save these fields of objects in as few queries as possible; return how many were."""
    async def abulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = ...
    ) -> int:
        """``bulk_update()`` for async code."""
    def update(self, **kwargs: Any) -> int:
        """Set fields of all the objects in one query; return how many rows matched."""
    async def aupdate(self, **kwargs: Any) -> int:
        """``update()`` for async code."""
    def raw(
        self,
        raw_query: str,
        params: Any = ...,
        translations: dict[str, str] | None = ...,
        using: str | None = ...,
    ) -> RawQuerySet:
        """Return the objects that an SQL query finds. Manual: topics/db/sql."""
