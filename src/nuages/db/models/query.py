"""``QuerySet`` and what belongs to it. Manual: ref/models/querysets.

The parts are in ``_query/``: the state, the methods that refine, read and write, the kinds of rows,
prefetching and raw queries.
"""

from __future__ import annotations

from typing import Any

from nuages.db.models import trails
from nuages.db.models._query.core import REPR_OUTPUT_SIZE, EmptyQuerySet
from nuages.db.models._query.iterables import (
    BaseIterable,
    FlatValuesListIterable,
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
    create_namedtuple_class,
)
from nuages.db.models._query.prefetch import (
    Prefetch,
    aprefetch_related_objects,
    get_prefetcher,
    normalize_prefetch_lookups,
    prefetch_one_level,
    prefetch_related_objects,
)
from nuages.db.models._query.raw import RawModelIterable, RawQuerySet
from nuages.db.models._query.read import MAX_GET_RESULTS
from nuages.db.models._query.related import RelatedPopulator, get_related_populators
from nuages.db.models._query.write import Writing
from nuages.db.models._typing import Row
from nuages.db.models.query_utils import Q

__all__ = [
    "MAX_GET_RESULTS",
    "REPR_OUTPUT_SIZE",
    "BaseIterable",
    "EmptyQuerySet",
    "FlatValuesListIterable",
    "ModelIterable",
    "NamedValuesListIterable",
    "Prefetch",
    "Q",
    "QuerySet",
    "RawModelIterable",
    "RawQuerySet",
    "RelatedPopulator",
    "ValuesIterable",
    "ValuesListIterable",
    "aprefetch_related_objects",
    "create_namedtuple_class",
    "get_prefetcher",
    "get_related_populators",
    "normalize_prefetch_lookups",
    "prefetch_one_level",
    "prefetch_related_objects",
]


class QuerySet(Writing[Row]):
    """The objects of a model that meet some conditions, fetched when they are needed.

    Each method that refines it returns another QuerySet, so that a query can be put together step by
    step. Iterating over it, or asking for its length, runs the query, once.
    """

    def raw(
        self,
        raw_query: str,
        params: Any = (),
        translations: dict[str, str] | None = None,
        using: str | None = None,
    ) -> RawQuerySet:
        """Return the objects that an SQL query finds. Manual: topics/db/sql."""
        queryset = RawQuerySet(
            raw_query,
            model=self.model,
            params=params,
            translations=translations,
            using=using or self.db,
            fetch_mode=self._fetch_mode,
        )
        queryset._prefetch_related_lookups = self._prefetch_related_lookups
        return queryset

    def as_manager(cls: Any) -> Any:
        """Return a manager with the methods of this class."""
        from nuages.db.models.manager import Manager

        manager = Manager.from_queryset(cls)()
        manager._built_with_asmanager = True
        return manager

    as_manager.queryset_only = True  # type: ignore[attr-defined]
    as_manager = classmethod(as_manager)  # type: ignore[assignment]


trails.remember(QuerySet)
trails._declare_fields_safe()

for _class in (
    BaseIterable,
    ModelIterable,
    ValuesIterable,
    ValuesListIterable,
    NamedValuesListIterable,
    FlatValuesListIterable,
    RawModelIterable,
    RawQuerySet,
    RelatedPopulator,
    Prefetch,
    EmptyQuerySet,
):
    # What pickles and error messages call them is where the manual says they are.
    _class.__module__ = __name__
