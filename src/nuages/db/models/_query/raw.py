"""``Manager.raw()``: instances from SQL of the user's. Manual: topics/db/sql."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import Any

from nuages.core import exceptions
from nuages.db import connections, router
from nuages.db.engine import Call, Steps, arun, run
from nuages.db.models import sql
from nuages.db.models._query.iterables import BaseIterable
from nuages.db.models._query.prefetch import prefetch_steps
from nuages.db.models._query.related import instance_loader
from nuages.db.models.fetch_modes import FETCH_ONE


class RawModelIterable(BaseIterable):
    """An instance per row of a raw query; columns that are no fields become attributes."""

    def __iter__(self) -> Iterator[Any]:
        from weakref import ref

        queryset = self.queryset
        db, query = queryset.db, queryset.query
        compiler = connections[db].ops.compiler("SQLCompiler")(query, connections[db], db)
        rows = iter(query)
        try:
            attnames, places, annotations = queryset.resolve_model_init_order()
            keys = {field.attname for field in queryset.model._meta.pk_fields}
            if not keys <= set(attnames):
                raise exceptions.FieldDoesNotExist("Raw query must include the primary key")
            fields = [queryset.model_fields.get(name) for name in queryset.columns]
            converters = compiler.get_converters(
                [field.get_col(field.model._meta.db_table) if field else None for field in fields]
            )
            if converters:
                rows = compiler.apply_converters(rows, converters)
            load = instance_loader(queryset.model, tuple(attnames), db, queryset._fetch_mode)
            peers: list[Any] | None = [] if queryset._fetch_mode.track_peers else None
            for row in rows:
                instance = load(tuple([row[place] for place in places]))
                for name, place in annotations:
                    setattr(instance, name, row[place])
                if peers is not None:
                    peers.append(ref(instance))
                    instance._state.peers = peers
                yield instance
        finally:
            # The cursor is the query's own.
            if getattr(query, "cursor", None):
                query.cursor.close()


class RawQuerySet:
    """The objects that an SQL query of the user's finds; evaluated when it is iterated over."""

    def __init__(
        self,
        raw_query: str,
        model: Any = None,
        query: Any = None,
        params: Any = (),
        translations: dict[str, str] | None = None,
        using: str | None = None,
        hints: dict[str, Any] | None = None,
        fetch_mode: Any = FETCH_ONE,
    ) -> None:
        self.raw_query, self.params, self.translations = raw_query, params, translations or {}
        self.model, self._db, self._hints = model, using, hints or {}
        self.query = query or sql.RawQuery(sql=raw_query, using=self.db, params=params)
        self._fetch_mode = fetch_mode

    _result_cache: list[Any] | None = None
    _prefetch_related_lookups: tuple[Any, ...] = ()
    _prefetch_done = False

    def resolve_model_init_order(self) -> tuple[list[str], list[int], list[tuple[str, int]]]:
        """Return the attributes to load, their places in a row, and the other columns."""
        convert = connections[self.db].introspection.identifier_converter
        columns = self.columns
        wanted = [
            field for field in self.model._meta.concrete_fields if convert(field.column) in columns
        ]
        places = [columns.index(convert(field.column)) for field in wanted]
        others = [
            (name, place) for place, name in enumerate(columns) if name not in self.model_fields
        ]
        return [field.attname for field in wanted], places, others

    # -- results -----------------------------------------------------------------------------

    def prefetch_related(self, *lookups: Any) -> RawQuerySet:
        """Return the objects with those behind these relations, in a query per relation."""
        twin = self._clone()
        if lookups == (None,):
            twin._prefetch_related_lookups = ()
        else:
            twin._prefetch_related_lookups += lookups
        return twin

    def _clone(self, using: str | None = None) -> RawQuerySet:
        twin = type(self)(
            self.raw_query,
            model=self.model,
            query=self.query if using is None else self.query.chain(using=using),
            params=self.params,
            translations=self.translations,
            using=using or self._db,
            hints=self._hints,
            fetch_mode=self._fetch_mode,
        )
        twin._prefetch_related_lookups = self._prefetch_related_lookups
        return twin

    def _fetch_steps(self) -> Steps[None]:
        if self._result_cache is None:
            self._result_cache = yield Call(lambda: list(self.iterator()))
        if self._prefetch_related_lookups and not self._prefetch_done:
            yield from prefetch_steps(self._result_cache, *self._prefetch_related_lookups)
            self._prefetch_done = True

    def _fetch_all(self) -> None:
        run(self._fetch_steps())

    def iterator(self) -> Iterator[Any]:
        """Return an iterator over the objects that keeps none of them."""
        return iter(RawModelIterable(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._results())

    def _results(self) -> list[Any]:
        self._fetch_all()
        results: Any = self._result_cache
        return results

    async def __aiter__(self) -> AsyncIterator[Any]:
        await arun(self._fetch_steps())
        for item in self._results():
            yield item

    def __getitem__(self, key: Any) -> Any:
        return self._results()[key]

    def __len__(self) -> int:
        return len(self._results())

    def __bool__(self) -> bool:
        return len(self) > 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.query}>"

    # -- database and columns ----------------------------------------------------------------

    @property
    def db(self) -> str:
        """The alias of the database that the query uses."""
        return self._db or router.db_for_read(self.model, **self._hints)

    def using(self, alias: str) -> RawQuerySet:
        """Return the objects of the database with that alias."""
        return self._clone(using=alias)

    def fetch_mode(self, fetch_mode: Any) -> RawQuerySet:
        """Return the objects; ``mode`` says how fields that are missing will be fetched."""
        twin = self._clone()
        twin._fetch_mode = fetch_mode
        return twin

    @cached_property
    def columns(self) -> list[str]:
        """The names of the query's columns, translated into those of the model's."""
        translations = {
            column: self.model._meta.get_field(field).column if self._is_field(field) else field
            for column, field in self.translations.items()
        }
        return [translations.get(name, name) for name in self.query.get_columns()]

    def _is_field(self, name: str) -> bool:
        return any(field.name == name for field in self.model._meta.fields)

    @cached_property
    def model_fields(self) -> dict[str, Any]:
        """The model's fields by column."""
        convert = connections[self.db].introspection.identifier_converter
        return {convert(field.column): field for field in self.model._meta.fields if field.column}
