"""The methods of a QuerySet that run its query and give what it found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

from nuages.db import NotSupportedError, connections
from nuages.db.engine import Call, Steps, run
from nuages.db.models import trails
from nuages.db.models._query._streams import TrailIterable
from nuages.db.models._query.core import awaited
from nuages.db.models._query.iterables import (
    FlatValuesListIterable,
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
    column_names,
    create_namedtuple_class,
)
from nuages.db.models._query.ordering import check_first_or_last
from nuages.db.models._query.prefetch import aprefetch_related_objects, prefetch_related_objects
from nuages.db.models._query.refine import Refinements, _default_alias
from nuages.db.models._trail_values import read_aggregate
from nuages.db.models._typing import Row

#: ``get()`` fetches so many rows to say how many there are, if there is more than one.
MAX_GET_RESULTS = 21
#: How many rows ``iterator()`` asks the database for at a time.
STREAM_CHUNK_SIZE = 2000


def not_one(model: Any, results: list[Any], most: int | None = MAX_GET_RESULTS) -> Any:
    """Return what ``get()`` raises where a query does not have one result.

    Args:
        most: so many were asked for; ``None``: all.
    """
    number, name = len(results), model._meta.object_name
    if not number:
        return model.DoesNotExist(f"{name} matching query does not exist.")
    shown = number if most is None or number < most else f"more than {most - 1}"
    return model.MultipleObjectsReturned(
        f"get() returned more than one {name} -- it returned {shown}!"
    )


class Reading(Refinements[Row]):
    """Objects, numbers and answers. Manual: "Methods that do not return QuerySets"."""

    # -- one object --------------------------------------------------------------------------

    def get(self, *args: Any, **kwargs: Any) -> Row:
        """Return the one object that meets the conditions.

        Raises ``Model.DoesNotExist`` or ``Model.MultipleObjectsReturned``.
        """
        if self._path is not None and not args:
            found = self._path.find("_at_most_one", (), kwargs, self._params)
            if found is not None:
                results = trails.results_at(self, *found)
                if len(results) == 1:
                    return results[0]
                raise not_one(self.model, results)
        return run(self._get_steps(args, kwargs))

    async def aget(self, *args: Any, **kwargs: Any) -> Row:
        """``get()`` for async code."""
        return await awaited(self, "get", *args, **kwargs)

    def _get_steps(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Steps[Any]:
        found = self._at_most_one(*args, **kwargs)
        yield Call(found._fetch_all)
        most = MAX_GET_RESULTS if found.query.high_mark is not None else None
        results = found._result_cache or []
        if len(results) == 1:
            return results[0]
        # Raised here, where reports of tests show `self`.
        raise not_one(self.model, results, most)

    def _at_most_one(self, *args: Any, **kwargs: Any) -> Any:
        """The QuerySet that ``get()`` fetches: a few more rows than one, in any order."""
        combinator = self._path is None and self.query.combinator
        if combinator and (args or kwargs):
            raise NotSupportedError(
                f"Calling QuerySet.get(...) with filters after {combinator}() is not supported."
            )
        found = self._chain() if combinator else self.filter(*args, **kwargs)
        if not self.is_sliced and not found.query.distinct_fields:
            found = found.order_by()
        query = found.query
        if (
            not query.select_for_update
            or connections[found.db].features.supports_select_for_update_with_limit
        ):
            query.set_limits(high=MAX_GET_RESULTS)
        return found

    def first(self) -> Row | None:
        """Return the first object, by primary key if there is no order; ``None`` if none."""
        return run(self._edge_steps("first"))

    async def afirst(self) -> Row | None:
        """``first()`` for async code."""
        return await awaited(self, "first")

    def last(self) -> Row | None:
        """Return the last object, by primary key if there is no order; ``None`` if none."""
        return run(self._edge_steps("last"))

    async def alast(self) -> Row | None:
        """``last()`` for async code."""
        return await awaited(self, "last")

    def _edge_steps(self, name: str) -> Steps[Any]:
        last = name == "last"
        queryset: Any = self
        path = self._path
        if path is not None and self._result_cache is None and path.ordered is not None:
            if path.ordered:
                ordered = self.reverse() if last else self
            else:
                ordered = self.order_by("-pk" if last else "pk")
            return (yield Call(_first_of, ordered._sliced(0, 1)))
        if self.ordered:
            queryset = self.reverse() if last else self
        elif self.query.default_ordering:
            # order_by() without arguments would say that the order does not matter.
            check_first_or_last(self, name)
            queryset = self.order_by("-pk" if last else "pk")
        return (yield Call(_first_of, queryset[:1]))

    def earliest(self, *fields: Any) -> Row:
        """Return the object that comes first by these fields (or ``Meta.get_latest_by``)."""
        return run(self._extreme_steps(fields, latest=False))

    async def aearliest(self, *fields: Any) -> Row:
        """``earliest()`` for async code."""
        return await awaited(self, "earliest", *fields)

    def latest(self, *fields: Any) -> Row:
        """Return the object that comes last by these fields (or ``Meta.get_latest_by``)."""
        return run(self._extreme_steps(fields, latest=True))

    async def alatest(self, *fields: Any) -> Row:
        """``latest()`` for async code."""
        return await awaited(self, "latest", *fields)

    def _extreme_steps(self, fields: tuple[Any, ...], latest: bool) -> Steps[Any]:
        order = fields or getattr(self.model._meta, "get_latest_by", None)
        if not order:
            raise ValueError(
                "earliest() and latest() require either fields as positional arguments or "
                "'get_latest_by' in the model's Meta."
            )
        if self.is_sliced:
            raise TypeError("Cannot change a query once a slice has been taken.")
        found = self._at_extreme(int(latest), *([order] if isinstance(order, str) else order))
        if found._path is None:
            return (yield from found._get_steps((), {}))
        yield Call(found._fetch_all)
        if found._result_cache:
            return found._result_cache[0]
        raise not_one(self.model, [])

    # -- many objects ------------------------------------------------------------------------

    def in_bulk(
        self, id_list: Iterable[Any] | None = None, *, field_name: str = "pk"
    ) -> dict[Any, Row]:
        """Return the objects by a unique field's value; all, or those with these values."""
        return run(self._in_bulk_steps(id_list, field_name))

    async def ain_bulk(
        self, id_list: Iterable[Any] | None = None, *, field_name: str = "pk"
    ) -> dict[Any, Row]:
        """``in_bulk()`` for async code."""
        return await awaited(self, "in_bulk", id_list, field_name=field_name)

    def _in_bulk_steps(
        self, id_list: Iterable[Any] | None, field_name: str
    ) -> Steps[dict[Any, Any]]:
        if self.is_sliced:
            raise TypeError("Cannot use 'limit' or 'offset' with in_bulk().")
        options = self.model._meta
        singly_unique = {
            constraint.fields[0]
            for constraint in options.total_unique_constraints
            if len(constraint.fields) == 1
        }
        if (
            field_name != "pk"
            and not options.get_field(field_name).unique
            and field_name not in singly_unique
            and self.query.distinct_fields != (field_name,)
        ):
            raise ValueError(
                f"in_bulk()'s field_name must be a unique field but {field_name!r} isn't."
            )
        source, key_of, value_of = self._keyed(field_name)
        if id_list is None:
            ids, parts = (), [source._twin()]
        else:
            ids = tuple(id_list)
            if not ids:
                return {}
            parts = [
                source.filter(**{f"{field_name}__in": batch}).order_by()
                for batch in self._in_batches(ids, field_name)
            ]
        found: dict[Any, Any] = {}
        for part in parts:
            yield from part._fetch_steps()
            found.update((key_of(item), value_of(item)) for item in part._result_cache)
        # In the order of the keys that were asked for.
        keys: Iterable[Any] = ids
        return {key: found.pop(key) for key in keys if key in found} | found

    def _keyed(self, field_name: str) -> tuple[Any, Any, Any]:
        """The QuerySet to fetch, and functions for the key and the value of what it gives."""
        if issubclass(self._iterable_class, ModelIterable):
            options = self.model._meta
            attname = "pk" if field_name == "pk" else options.get_field(field_name).attname
            return self, (lambda obj: getattr(obj, attname)), (lambda obj: obj)
        # Columns are fetched as tuples, the key last, and given the shape that was asked for.
        names = self._fields or tuple(column_names(self.query))
        if field_name not in names and issubclass(self._iterable_class, NamedValuesListIterable):
            names = (field_name, *names)
        source = self._values(*names, *(() if field_name in names else (field_name,)))
        source._iterable_class = ValuesListIterable
        place = (source._fields or ()).index(field_name)
        if issubclass(self._iterable_class, ValuesIterable):
            shape: Any = lambda row: dict(zip(names, row, strict=False))  # noqa: E731
        elif issubclass(self._iterable_class, FlatValuesListIterable):
            shape = itemgetter(0)
        elif issubclass(self._iterable_class, NamedValuesListIterable):
            shape = create_namedtuple_class(*names)._make
        else:
            shape = itemgetter(slice(len(names)))
        return source, itemgetter(place), shape

    def _in_batches(self, ids: tuple[Any, ...], field_name: str) -> Iterator[tuple[Any, ...]]:
        """Parts of ``ids`` that are each short enough for an IN condition."""
        connection = connections[self.db]
        field = (
            self.model._meta.get_field(field_name) if field_name != "pk" else self.model._meta.pk
        )
        most = connection.ops.bulk_batch_size([field], ids)
        limit = connection.ops.max_in_list_size()
        size = min(filter(None, (most, limit)), default=len(ids))
        return (ids[start : start + size] for start in range(0, len(ids), size))

    def iterator(self, chunk_size: int | None = None) -> Iterator[Row]:
        """Return an iterator over the objects that keeps none of them.

        Prefetches take place for ``chunk_size`` objects at a time, and so need it.
        """
        if chunk_size is None:
            if self._prefetch_related_lookups:
                raise ValueError(
                    "chunk_size must be provided when using QuerySet.iterator() after "
                    "prefetch_related()."
                )
        elif chunk_size <= 0:
            raise ValueError("Chunk size must be strictly positive.")
        return self._iterator(*self._chunking(chunk_size))

    async def aiterator(self, chunk_size: int = STREAM_CHUNK_SIZE) -> AsyncIterator[Row]:
        """``iterator()`` for async code."""
        if chunk_size <= 0:
            raise ValueError("Chunk size must be strictly positive.")
        chunked, size = self._chunking(chunk_size)
        rows = self._stream(chunked, size)
        if not self._prefetch_related_lookups:
            async for item in rows:
                yield item
            return
        chunk: list[Any] = []
        async for item in rows:
            chunk.append(item)
            if len(chunk) >= size:
                await aprefetch_related_objects(chunk, *self._prefetch_related_lookups)
                for ready in chunk:
                    yield ready
                chunk = []
        await aprefetch_related_objects(chunk, *self._prefetch_related_lookups)
        for ready in chunk:
            yield ready

    def _stream(self, chunked: bool, size: int) -> Any:
        """Return what gives the objects as they are read from the database, to blocking and to async code."""
        make = TrailIterable if self._path is not None else self._iterable_class
        return make(self, chunked_fetch=chunked, chunk_size=size)

    def _chunking(self, chunk_size: int | None) -> tuple[bool, int]:
        conf = connections[self.db].settings_dict
        chunked = not conf.get("DISABLE_SERVER_SIDE_CURSORS")
        return chunked, chunk_size or STREAM_CHUNK_SIZE

    def _iterator(self, use_chunked_fetch: bool, chunk_size: int) -> Iterator[Any]:
        rows = self._stream(use_chunked_fetch, chunk_size)
        if not self._prefetch_related_lookups:
            yield from rows
            return
        source = iter(rows)
        while chunk := list(islice(source, chunk_size)):
            prefetch_related_objects(chunk, *self._prefetch_related_lookups)
            yield from chunk

    # -- numbers and answers -----------------------------------------------------------------

    def count(self) -> int:
        """Return the number of objects; by a query, unless they are there already."""
        return run(self._count_steps())

    async def acount(self) -> int:
        """``count()`` for async code."""
        return await awaited(self, "count")

    def _count_steps(self) -> Steps[int]:
        if self._result_cache is not None:
            return len(self._result_cache)
        if self._path is not None:
            number = yield Call(trails.scalar, self, "count")
            if number is not None:
                return number
        return (yield Call(self.query.get_count, using=self.db))

    def exists(self) -> bool:
        """Return whether there is any object."""
        return run(self._exists_steps())

    async def aexists(self) -> bool:
        """``exists()`` for async code."""
        return await awaited(self, "exists")

    def _exists_steps(self) -> Steps[bool]:
        if self._result_cache is not None:
            return bool(self._result_cache)
        if self._path is not None:
            found = yield Call(trails.scalar, self, "exists")
            if found is not None:
                return found
        return (yield Call(self.query.has_results, using=self.db))

    def contains(self, obj: Any) -> bool:
        """Return whether an object is among these."""
        return run(self._contains_steps(obj))

    async def acontains(self, obj: Any) -> bool:
        """``contains()`` for async code."""
        return await awaited(self, "contains", obj)

    def _contains_steps(self, obj: Any) -> Steps[bool]:
        self._not_support_combined_queries("contains")
        if self._fields is not None:
            raise TypeError("Cannot call QuerySet.contains() after .values() or .values_list().")
        try:
            same_model = obj._meta.concrete_model is self.model._meta.concrete_model
        except AttributeError:
            raise TypeError("'obj' must be a model instance.") from None
        if not same_model:
            return False
        if not obj._is_pk_set():
            raise ValueError("QuerySet.contains() cannot be used on unsaved objects.")
        if self._result_cache is not None:
            return obj in self._result_cache
        return (yield from self.filter(pk=obj.pk)._exists_steps())

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return a dictionary of aggregates over all the objects."""
        return run(self._aggregate_steps(args, kwargs))

    async def aaggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """``aggregate()`` for async code."""
        return await awaited(self, "aggregate", *args, **kwargs)

    def _aggregate_steps(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Steps[dict[str, Any]]:
        if self._path is not None and (named := _named(args, kwargs)):
            found = yield Call(trails.aggregate, self, named)
            if found is not None:
                return found
        if self.query.distinct_fields:
            raise NotImplementedError("aggregate() + distinct(fields) not implemented.")
        self._validate_values_are_expressions((*args, *kwargs.values()), method_name="aggregate")
        for arg in args:
            alias = _default_alias(arg, "Complex aggregates require an alias")
            kwargs[alias] = arg
        query = self.query.chain()
        return (yield Call(query.get_aggregation, self.db, kwargs))

    def explain(self, *, format: str | None = None, **options: Any) -> str:
        """Return what the database says of how it would run the query."""
        return run(self._explain_steps(format, options))

    async def aexplain(self, *, format: str | None = None, **options: Any) -> str:
        """``explain()`` for async code."""
        return await awaited(self, "explain", format=format, **options)

    def _explain_steps(self, format: str | None, options: dict[str, Any]) -> Steps[str]:
        return (yield Call(self.query.explain, using=self.db, format=format, **options))


def _named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return all aggregates by their names; ``None`` if one has none, or is more than that of a column."""
    if not args:
        return kwargs
    if any(read_aggregate(arg) is None for arg in args):
        return None
    try:
        return kwargs | {arg.default_alias: arg for arg in args}
    except TypeError:
        return None


def _first_of(results: Any) -> Any:
    return next(iter(results), None)
