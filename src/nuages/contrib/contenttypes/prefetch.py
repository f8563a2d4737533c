"""Prefetching over generic foreign keys with chosen querysets."""

from __future__ import annotations

from typing import Any

from nuages.db.models import Prefetch
from nuages.db.models.query import ModelIterable, RawQuerySet


class GenericPrefetch(Prefetch):
    """A lookup of ``prefetch_related()`` with one queryset per content type.

    Raises:
        ValueError: a queryset is raw, or gives no instances.
    """

    def __init__(self, lookup: str, querysets: Any, to_attr: str | None = None) -> None:
        for queryset in querysets:
            if queryset is not None and (
                isinstance(queryset, RawQuerySet)
                or not issubclass(
                    getattr(queryset, "_iterable_class", ModelIterable), ModelIterable
                )
            ):
                raise ValueError(
                    "Prefetch querysets cannot use raw(), values(), and values_list()."
                )
        self.querysets = querysets
        super().__init__(lookup, to_attr=to_attr)

    def __getstate__(self) -> dict[str, Any]:
        # Pickled without results.
        state = self.__dict__.copy()
        copies = []
        for queryset in self.querysets:
            if queryset is not None:
                queryset = queryset._chain()
                queryset._result_cache = []
                queryset._prefetch_done = True
            copies.append(queryset)
        return state | {"querysets": copies}

    def get_current_querysets(self, level: int) -> Any:
        """Return the querysets if this is the last step of the lookup."""
        if self.get_current_prefetch_to(level) == self.prefetch_to:
            return self.querysets
        return None
