"""What a QuerySet gives row by row: instances, dictionaries, tuples, single values."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterator
from functools import lru_cache
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any
from weakref import ref

from nuages.db.engine.leases import Stretch
from nuages.db.models._query.related import get_related_populators, instance_loader
from nuages.db.models.sql.constants import GET_ITERATOR_CHUNK_SIZE


class BaseIterable:
    """Runs a QuerySet's query and iterates over its results; made anew for each run."""

    def __init__(
        self,
        queryset: Any,
        chunked_fetch: bool = False,
        chunk_size: int = GET_ITERATOR_CHUNK_SIZE,
    ) -> None:
        self.queryset = queryset
        self.chunked_fetch = chunked_fetch
        self.chunk_size = chunk_size
        #: What reads the cursor, if that stays open.
        self._chunks: Any = None

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__().")

    async def __aiter__(self) -> AsyncIterator[Any]:
        rows: Iterator[Any] | None = None

        def next_chunk() -> list[Any]:
            nonlocal rows
            if rows is None:
                rows = iter(self)
            return list(islice(rows, self.chunk_size))

        async with Stretch() as stretch:
            try:
                while chunk := await stretch.perform(next_chunk):
                    for item in chunk:
                        yield item
            finally:
                if (opened := self._opened()) is not None:
                    # What reads a cursor on the server closes it, and that takes a statement.
                    await stretch.perform(opened.close)

    def _opened(self) -> Any:
        """Return what reads the cursor, if that may be open."""
        return self._chunks if hasattr(self._chunks, "close") else None

    def _compiler(self) -> Any:
        queryset = self.queryset
        return queryset.query.get_compiler(using=queryset.db)

    def _rows(self, tuples: bool = False) -> Iterator[Any]:
        compiler = self._compiler()
        return compiler.results_iter(self._run(compiler), tuple_expected=tuples)

    def _run(self, compiler: Any) -> Any:
        results = compiler.execute_sql(chunked_fetch=self.chunked_fetch, chunk_size=self.chunk_size)
        self._chunks = results
        return results


class ModelIterable(BaseIterable):
    """Model instances, with related ones, annotations and known related objects in place."""

    def __iter__(self) -> Iterator[Any]:
        queryset, compiler = self.queryset, self._compiler()
        results = self._run(compiler)
        build = instance_builder(queryset, compiler)
        rows = compiler.results_iter(results)
        finish = _finishing(queryset, compiler)
        if finish is None:
            yield from map(build, rows)
            return
        for row in rows:
            instance = build(row)
            finish(instance, row)
            yield instance


def instance_builder(queryset: Any, compiler: Any) -> Callable[[Any], Any]:
    """Return the function that makes the instance of a row of ``compiler``'s query."""
    info = compiler.klass_info
    columns = info["select_fields"]
    start, stop = columns[0], columns[-1] + 1
    attnames = tuple(item[0].target.attname for item in compiler.select[start:stop])
    load = instance_loader(info["model"], attnames, compiler.using, queryset._fetch_mode)
    if start == 0 and stop == len(compiler.select) and not compiler.annotation_col_map:
        return load
    return lambda row: load(row[start:stop])


def _finishing(queryset: Any, compiler: Any) -> Callable[[Any, Any], None] | None:
    """The function for what an instance gets beyond its own columns; ``None`` if that is nothing."""
    annotations = list((compiler.annotation_col_map or {}).items())
    populators = get_related_populators(
        compiler.klass_info, compiler.select, compiler.using, queryset._fetch_mode
    )
    known = []
    if queryset._known_related_objects:
        from nuages.db.models.fields._related_managers import tie_of
    for field, objects in queryset._known_related_objects.items():
        names = {
            field.attname
            if from_field == "self"
            else queryset.model._meta.get_field(from_field).attname: None
            for from_field in field.from_fields
        }
        known.append((field, objects, names.keys(), attrgetter(*names), tie_of(field)))
    peers: list[Any] | None = [] if queryset._fetch_mode.track_peers else None
    if not (annotations or populators or known or peers is not None):
        return None

    def finish(instance: Any, row: Any) -> None:
        for populator in populators:
            populator.populate(row, instance)
        for name, column in annotations:
            setattr(instance, name, row[column])
        for field, objects, names, key_of, tie in known:
            # A deferred key is not fetched for this.
            if names <= vars(instance).keys() and not field.is_cached(instance):
                related = objects.get(key_of(instance))
                if related is not None:
                    tie(instance, related)
        if peers is not None:
            peers.append(ref(instance))
            instance._state.peers = peers

    return finish


def column_names(query: Any) -> list[str]:
    """Return the names of the columns that a ``values()`` query gives, in the order of the row."""
    if query.selected:
        return list(query.selected)
    return [*query.extra_select, *query.values_select, *query.annotation_select]


def shape_of_rows(cls: type, queryset: Any) -> Callable[[Any], Any] | None:
    """Return the function from rows to what an iterable class gives; ``None`` for a foreign one."""
    maker = _SHAPES.get(cls)
    return maker and maker(queryset)


def shape_source(queryset: Any, row: list[str]) -> tuple[str, dict[str, Any]] | None:
    """Return an expression for the result of one row, and what it needs; ``None`` for a foreign iterable class.

    Args:
        row: the variables with the row's values.
    """
    kind = queryset._iterable_class
    if kind is FlatValuesListIterable:
        return row[0], {}
    if kind is ValuesIterable:
        pairs = zip(column_names(queryset.query), row, strict=False)
        return f"{{{', '.join(f'{name!r}: {value}' for name, value in pairs)}}}", {}
    if kind is ValuesListIterable or kind is NamedValuesListIterable:
        places = _places(queryset)
        values = row if places is None else [row[place] for place in places]
        result = f"({''.join(f'{value}, ' for value in values)})"
        if kind is ValuesListIterable:
            return result, {}
        return f"new(Row, {result})", {"new": tuple.__new__, "Row": _row_class(queryset)}
    return None


def _dictionaries(queryset: Any) -> Callable[[Any], Any]:
    names = column_names(queryset.query)
    # Rows may have more columns at their end, such as those needed for the order.
    return lambda rows: (dict(zip(names, row, strict=False)) for row in rows)


def _places(queryset: Any) -> list[int] | None:
    """Return the columns that make a tuple; ``None`` if it is all of them as they are."""
    if not queryset._fields:
        return None
    query = queryset.query
    have = column_names(query)
    wanted = list(queryset._fields)
    wanted += [name for name in query.annotation_select if name not in queryset._fields]
    if wanted == have:
        return None
    places = {name: place for place, name in enumerate(have)}
    return [places[name] for name in wanted]


def _tuples(queryset: Any) -> Callable[[Any], Any]:
    pick = _places(queryset)
    if pick is None:
        return lambda rows: rows
    take = itemgetter(*pick) if len(pick) > 1 else (lambda row: (row[pick[0]],))
    return lambda rows: map(take, rows)


def _row_class(queryset: Any) -> Any:
    return create_namedtuple_class(*(queryset._fields or column_names(queryset.query)))


def _named_tuples(queryset: Any) -> Callable[[Any], Any]:
    cls, tuples = _row_class(queryset), _tuples(queryset)
    return lambda rows: (tuple.__new__(cls, row) for row in tuples(rows))


def _first_values(queryset: Any) -> Callable[[Any], Any]:
    return lambda rows: map(itemgetter(0), rows)


class ValuesIterable(BaseIterable):
    """A dictionary per row, for ``values()``."""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(_dictionaries(self.queryset)(self._rows()))


class ValuesListIterable(BaseIterable):
    """A tuple per row, for ``values_list()``."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(_tuples(self.queryset)(self._rows(tuples=True)))


class NamedValuesListIterable(ValuesListIterable):
    """A named tuple per row, for ``values_list(named=True)``."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(_named_tuples(self.queryset)(self._rows(tuples=True)))


class FlatValuesListIterable(BaseIterable):
    """The first value of each row, for ``values_list(flat=True)``."""

    def __iter__(self) -> Iterator[Any]:
        return iter(_first_values(self.queryset)(self._rows(tuples=True)))


_SHAPES: dict[type, Callable[[Any], Callable[[Any], Any]]] = {
    ValuesIterable: _dictionaries,
    ValuesListIterable: _tuples,
    NamedValuesListIterable: _named_tuples,
    FlatValuesListIterable: _first_values,
}


@lru_cache
def create_namedtuple_class(*names: str) -> Any:
    """Return the class ``Row`` with these fields; the same one for the same names."""
    make: Any = namedtuple
    row = make("Row", names)
    # The class has no home to be found in.
    row.__reduce__ = lambda self: (_named_row, (names, tuple(self)))
    return row


def _named_row(names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    return create_namedtuple_class(*names)._make(values)
