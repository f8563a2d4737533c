"""``prefetch_related()``: related objects in one query per relation.

Manual: ref/models/querysets, "prefetch_related()" and "Prefetch() objects".
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nuages.core import exceptions
from nuages.db.engine import Call, Steps, arun, run
from nuages.db.models.constants import LOOKUP_SEP


class Prefetch:
    """A lookup for ``prefetch_related()``, with the QuerySet to use, or the attribute to fill.

    Raises ``ValueError`` for a QuerySet that gives no instances.
    """

    def __init__(self, lookup: str, queryset: Any = None, to_attr: str | None = None) -> None:
        #: The path to the relation, through attributes that other prefetches filled.
        self.prefetch_through = lookup
        #: The path to where the objects are put.
        self.prefetch_to = lookup
        if queryset is not None and not _gives_instances(queryset):
            raise ValueError("Prefetch querysets cannot use raw(), values(), and values_list().")
        self.queryset, self.to_attr = queryset, to_attr
        if to_attr:
            before, separator, _ = lookup.rpartition(LOOKUP_SEP)
            self.prefetch_to = before + separator + to_attr

    def __getstate__(self) -> dict[str, Any]:
        if self.queryset is None:
            return {**vars(self)}
        # The prefetched objects are pickled with their owners, not here.
        empty = self.queryset._chain()
        empty._result_cache, empty._prefetch_done = [], True
        return {**vars(self), "queryset": empty}

    def add_prefix(self, prefix: str) -> None:
        """Start the paths further out."""
        for name in ("prefetch_through", "prefetch_to"):
            setattr(self, name, f"{prefix}{LOOKUP_SEP}{getattr(self, name)}")

    def get_current_to_attr(self, level: int) -> tuple[str, bool]:
        """Return the attribute for the objects of that level, and whether ``to_attr`` names it."""
        names = self.prefetch_to.split(LOOKUP_SEP)
        return names[level], bool(self.to_attr and names[level:] == names[-1:])

    def get_current_prefetch_to(self, level: int) -> str:
        """Return the path to where the objects of that level are put."""
        return LOOKUP_SEP.join(self.prefetch_to.split(LOOKUP_SEP)[: level + 1])

    def get_current_querysets(self, level: int) -> list[Any] | None:
        """Return the QuerySet for that level in a list; ``None`` for the default one."""
        if self.queryset is None or self.get_current_prefetch_to(level) != self.prefetch_to:
            return None
        return [self.queryset]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Prefetch):
            return NotImplemented
        return self.prefetch_to == other.prefetch_to

    def __hash__(self) -> int:
        return hash((type(self), self.prefetch_to))


def _gives_instances(queryset: Any) -> bool:
    from nuages.db.models._query.iterables import ModelIterable
    from nuages.db.models._query.raw import RawQuerySet

    return not isinstance(queryset, RawQuerySet) and (
        not hasattr(queryset, "_iterable_class")
        or issubclass(queryset._iterable_class, ModelIterable)
    )


def normalize_prefetch_lookups(lookups: Iterable[Any], prefix: str | None = None) -> list[Prefetch]:
    """Return ``Prefetch`` objects for lookups, their paths beginning with ``prefix``."""
    found = [each if isinstance(each, Prefetch) else Prefetch(each) for each in lookups]
    if prefix:
        for each in found:
            each.add_prefix(prefix)
    return found


def prefetch_related_objects(model_instances: Iterable[Any], *related_lookups: Any) -> None:
    """Prefetch relations for instances that are there already."""
    run(prefetch_steps(model_instances, *related_lookups))


async def aprefetch_related_objects(model_instances: Iterable[Any], *related_lookups: Any) -> None:
    """Prefetch relations for instances that are there already, in async code."""
    await arun(prefetch_steps(model_instances, *related_lookups))


def prefetch_steps(instances: Any, *related_lookups: Any) -> Steps[None]:
    """Prefetch relations for instances: one query for each relation of each lookup."""
    if not hasattr(instances, "__getitem__") or not hasattr(instances, "__len__"):
        instances = list(instances)
    if not instances:
        return
    walk = _Walk(instances)
    waiting = deque(normalize_prefetch_lookups(related_lookups))
    while waiting:
        lookup = waiting.popleft()
        if lookup.prefetch_to in walk.done:
            if lookup.queryset is not None:
                raise ValueError(
                    f"'{lookup.prefetch_to}' lookup was already seen with a different queryset. "
                    "You may need to adjust the ordering of your lookups."
                )
            continue
        additional = yield from walk.follow(lookup)
        waiting.extendleft(reversed(additional))


class _Walk:
    """The instances at hand for one call, and what was prefetched for them so far."""

    def __init__(self, instances: Any) -> None:
        self.instances = instances
        #: Objects per path that was prefetched.
        self.done: dict[str, list[Any]] = {}
        # Lookups that prefetched QuerySets brought along: these may be seen twice.
        self.automatic: set[Prefetch] = set()
        self.followed: set[Any] = set()

    def follow(self, lookup: Prefetch) -> Steps[list[Prefetch]]:
        """Go down the path of a lookup; return the lookups found on the way."""
        additional: list[Prefetch] = []
        objects: Any = self.instances
        through = lookup.prefetch_through.split(LOOKUP_SEP)
        for level, attribute in enumerate(through):
            if not objects:
                break
            path = lookup.get_current_prefetch_to(level)
            if path in self.done:
                objects = self.done[path]
                continue
            if not _can_prefetch(objects):
                break
            to_attr, _ = lookup.get_current_to_attr(level)
            relation = _relation(objects[0], attribute, to_attr)
            last = level == len(through) - 1
            if not relation.found:
                raise AttributeError(
                    f"Cannot find '{attribute}' on {type(objects[0]).__name__} object, "
                    f"'{lookup.prefetch_through}' is an invalid parameter to prefetch_related()"
                )
            if last and relation.prefetcher is None:
                raise ValueError(
                    f"'{lookup.prefetch_through}' does not resolve to an item that supports "
                    "prefetching - this is an invalid parameter to prefetch_related()."
                )
            missing = []
            if relation.prefetcher is not None:
                missing = [obj for obj in objects if not relation.is_fetched(obj)]
            if missing:
                objects, more = yield from prefetch_one_level_steps(
                    missing, relation.prefetcher, lookup, level
                )
                # Not for lookups that come from the same relation again and again.
                if not (
                    path in self.done
                    or lookup in self.automatic
                    and relation.descriptor in self.followed
                ):
                    self.done[path] = objects
                    found = normalize_prefetch_lookups(reversed(more), path)
                    self.automatic.update(found)
                    additional.extend(found)
                self.followed.add(relation.descriptor)
            else:
                objects = [item for obj in objects for item in _fetched_already(obj, attribute)]
        return additional


def _can_prefetch(objects: Any) -> bool:
    """Make room for prefetched objects in each object; return whether that was possible."""
    for obj in objects:
        if not hasattr(obj, "_prefetched_objects_cache"):
            try:
                obj._prefetched_objects_cache = {}
            except (AttributeError, TypeError):
                # A tuple, say, or another object without attributes of its own.
                return False
    return True


def _fetched_already(obj: Any, name: str) -> Iterable[Any]:
    """The objects behind a relation that needs no prefetch, or a plain attribute."""
    cache = getattr(obj, "_prefetched_objects_cache", {})
    if name in cache:
        return cache[name]
    try:
        value = getattr(obj, name)
    except exceptions.ObjectDoesNotExist:
        return ()
    if value is None:
        return ()
    if isinstance(value, list):
        # From a Prefetch with to_attr.
        return value
    return (value,)


class _Relation(NamedTuple):
    """What an attribute turned out to be."""

    prefetcher: Any
    descriptor: Any
    found: bool
    is_fetched: Callable[[Any], bool]


def get_prefetcher(
    instance: Any, through_attr: str, to_attr: str
) -> tuple[Any, Any, bool, Callable[[Any], bool]]:
    """Return the object that prefetches an attribute, its descriptor, whether there is any such
    attribute, and the function that tells whether an instance's is fetched."""
    relation = _relation(instance, through_attr, to_attr)
    return relation.prefetcher, relation.descriptor, relation.found, relation.is_fetched


def _relation(instance: Any, through_attr: str, to_attr: str) -> _Relation:
    cls = type(instance)
    # On the class, so that nothing is fetched.
    descriptor = getattr(cls, through_attr, None)
    if descriptor is None:
        return _Relation(
            None, None, hasattr(instance, through_attr), lambda obj: through_attr in vars(obj)
        )
    if hasattr(descriptor, "get_prefetch_querysets"):
        fetched = descriptor.is_cached if through_attr == to_attr else _in_dict(to_attr)
        return _Relation(descriptor, descriptor, True, fetched)
    # A manager is to be had from an instance only.
    manager = getattr(instance, through_attr)
    if not hasattr(manager, "get_prefetch_querysets"):
        return _Relation(None, descriptor, True, lambda obj: through_attr in vars(obj))
    if through_attr == to_attr:
        is_fetched = _in_prefetched_cache(through_attr)
    elif isinstance(getattr(cls, to_attr, None), _cached_property):
        is_fetched = _in_dict(to_attr)
    else:
        is_fetched = _has(to_attr)
    return _Relation(manager, descriptor, True, is_fetched)


def _in_prefetched_cache(name: str) -> Callable[[Any], bool]:
    return lambda obj: name in obj._prefetched_objects_cache


def _in_dict(name: str) -> Callable[[Any], bool]:
    return lambda obj: name in vars(obj)


def _has(name: str) -> Callable[[Any], bool]:
    return lambda obj: hasattr(obj, name)


def prefetch_one_level(
    instances: Any, prefetcher: Any, lookup: Prefetch, level: int
) -> tuple[list[Any], list[Any]]:
    """Prefetch one relation; return the related objects, and the lookups of their QuerySet."""
    return run(prefetch_one_level_steps(instances, prefetcher, lookup, level))


def prefetch_one_level_steps(
    instances: Any, prefetcher: Any, lookup: Prefetch, level: int
) -> Steps[tuple[list[Any], list[Any]]]:
    """Prefetch one relation; return the related objects, and the lookups of their QuerySet."""
    querysets = lookup.get_current_querysets(level)
    grouped = None
    if hasattr(prefetcher, "prefetch_groups"):
        grouped = yield Call(prefetcher.prefetch_groups, instances, querysets)
    single = is_descriptor = False
    if grouped is not None:
        related_queryset, related, by_key, key_of_instance, cache_name = grouped
    else:
        (
            related_queryset,
            key_of_related,
            key_of_instance,
            single,
            cache_name,
            is_descriptor,
        ) = prefetcher.get_prefetch_querysets(instances, querysets)

    # The QuerySet's own lookups are prefetched with ours, for all objects of the path at once.
    additional = [
        copy.copy(each) for each in getattr(related_queryset, "_prefetch_related_lookups", ())
    ]
    if additional:
        related_queryset._prefetch_related_lookups = ()
    if grouped is None:
        if hasattr(related_queryset, "_fetch_steps"):
            yield from related_queryset._fetch_steps()
        related, by_key = list(related_queryset), {}
        for obj in related:
            by_key.setdefault(key_of_related(obj), []).append(obj)

    to_attr, as_attr = lookup.get_current_to_attr(level)
    if as_attr and instances:
        # An attribute named like a field would be taken for it.
        model = type(instances[0])
        try:
            model._meta.get_field(to_attr)
        except exceptions.FieldDoesNotExist:
            pass
        else:
            raise ValueError(
                f"to_attr={to_attr} conflicts with a field on the {model.__name__} model."
            )

    results = None
    if not (single or as_attr):
        results = _results_of(prefetcher, querysets, to_attr)
    for obj in instances:
        values = by_key.get(key_of_instance(obj), [])
        if results is not None:
            obj._prefetched_objects_cache[cache_name] = results(obj, values)
        elif single:
            value = values[0] if values else None
            if as_attr:
                setattr(obj, to_attr, value)
            elif is_descriptor:
                # Not a field's cache: the descriptor knows where its value goes.
                setattr(obj, cache_name, value)
            else:
                obj._state.fields_cache[cache_name] = value
        else:
            setattr(obj, to_attr, values)
    return related, additional


def _results_of(prefetcher: Any, querysets: Any, name: str) -> Callable[[Any, list[Any]], Any]:
    """Return the function from an object and what is related to it to the relation's QuerySet."""
    alike = getattr(prefetcher, "queryset_alike", None)
    base: Any = alike and alike(querysets[0] if querysets else None)
    if base is not None:
        return base._of_owners(name)

    def at_once(obj: Any, values: list[Any]) -> Any:
        manager = getattr(obj, name)
        if querysets:
            queryset = manager._apply_rel_filters(querysets[0])
        else:
            queryset = manager.get_queryset()
        queryset._result_cache = values
        queryset._prefetch_done = True
        return queryset

    return at_once


from nuages.utils.functional import cached_property as _cached_property  # noqa: E402
