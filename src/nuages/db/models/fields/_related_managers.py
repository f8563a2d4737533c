"""The managers of related objects: what they share, and the one of many objects that point to one.

Each method that writes is a generator of steps; :func:`twins` makes the blocking and the awaiting method
of it. Manual: "Related objects reference".
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import FieldError
from nuages.db import DEFAULT_DB_ALIAS, NotSupportedError, connections, router
from nuages.db.engine import Call, Steps, arun, atomic_steps, run
from nuages.db.models import trails
from nuages.db.models._lookup_base import shortened
from nuages.db.models._query.core import QuerySetCore
from nuages.db.models.fetch_modes import FETCH_ONE
from nuages.db.models.manager import BaseManager
from nuages.db.models.query_utils import Q
from nuages.db.models.utils import AltersData

#: The module that managers say they are of.
HOME = __name__.rpartition(".")[0] + ".related_descriptors"


class twins:
    """Makes of ``_name_steps`` the method ``name`` and, beside it, ``aname``.

    Where a subclass overrides the blocking method, the awaiting one calls that, in a thread.
    """

    def __init__(self, steps: Callable[..., Steps[Any]]) -> None:
        self.steps = steps

    def __set_name__(self, owner: type, name: str) -> None:
        steps, name = self.steps, name.removeprefix("_").removesuffix("_steps")

        @functools.wraps(steps)
        def blocking(self: Any, *args: Any, **kwargs: Any) -> Any:
            return run(steps(self, *args, **kwargs))

        @functools.wraps(steps)
        async def awaiting(self: Any, *args: Any, **kwargs: Any) -> Any:
            method = getattr(type(self), name)
            if method is blocking:
                return await arun(steps(self, *args, **kwargs))
            from nuages.db.engine.leases import perform_apart

            return await perform_apart(lambda: method(self, *args, **kwargs))

        method: Any
        for method, own_name in ((blocking, name), (awaiting, f"a{name}")):
            method.__name__ = own_name
            method.__qualname__ = f"{owner.__qualname__}.{own_name}"
            method.alters_data = True
            setattr(owner, own_name, method)
        setattr(owner, f"_{name}_steps", steps)


def filter_prefetch_queryset(queryset: Any, field_name: str, instances: Any) -> Any:
    """Return the objects related to ``instances``; of a sliced queryset, that slice for each.

    Raises:
        NotSupportedError: it is sliced, and the database has no window functions.
    """
    condition = Q(**{f"{field_name}__in": instances})
    further = related_on_trail(queryset, field_name, instances)
    if further is not None:
        return further
    query = queryset.query
    if not query.is_sliced:
        return _narrowed(queryset, condition)
    from nuages.db.models.expressions import Window
    from nuages.db.models.functions import RowNumber
    from nuages.db.models.lookups import GreaterThan, LessThanOrEqual

    using = queryset._db or DEFAULT_DB_ALIAS
    if not connections[using].features.supports_over_clause:
        raise NotSupportedError(
            "Prefetching from a limited queryset is only supported on backends that support "
            "window functions."
        )
    order = [expression for expression, _rest in query.get_compiler(using=using).get_order_by()]
    place = Window(RowNumber(), partition_by=field_name, order_by=order)
    low, high = query.low_mark, query.high_mark
    condition &= GreaterThan(place, low)
    if high is not None:
        condition &= LessThanOrEqual(place, high)
    query.clear_limits()
    return _narrowed(queryset, condition)


def related_on_trail(queryset: Any, field_name: str, instances: Any, *columns: str) -> Any:
    """Return the same by a trail; ``None`` if there is none, or no need of one."""
    path = getattr(queryset, "_path", None)
    if path is None or path.sliced or not instances or not trails.conditions_are_own():
        return None
    return path.step(queryset, "_related_to_any", columns, {f"{field_name}__in": list(instances)})


def _narrowed(queryset: Any, condition: Any) -> Any:
    # It may be about relations that the queryset has joined already, in annotations say.
    narrowed = queryset._chain()
    narrowed.query.add_q(condition, reuse_all=True)
    return narrowed


def keys_by(columns: Iterable[tuple[str, Any]]) -> Callable[[Any], Callable[[Any], Any]]:
    """Return, for a connection, the function from an object to its values as the database has them.

    Args:
        columns: attributes of the object, and the fields that prepare what is there.
    """
    given = list(columns)

    def on(connection: Any) -> Callable[[Any], Any]:
        if len(given) > 1:
            return lambda obj: tuple(
                field.get_db_prep_value(getattr(obj, name), connection) for name, field in given
            )
        ((name, field),) = given
        read, prepare = operator.attrgetter(name), key_preparer(field, connection)
        kept: frozenset[type] = getattr(prepare, "kept", frozenset())

        def key_of(obj: Any) -> Any:
            value = read(obj)
            return value if type(value) in kept else prepare(value)

        return key_of

    return on


def key_preparer(field: Any, connection: Any) -> Callable[[Any], Any]:
    """Return the function from a field's value to what the database has; most keys are that already."""
    prepare = field.get_db_prep_value
    return shortened(lambda value: prepare(value, connection), field)


def tie_of(field: Any) -> Callable[[Any, Any], None]:
    """Return the function that sets a relation of an object whose key says so already."""
    name, cache_name = field.name, field.cache_name
    if not field.ties_plainly:
        return lambda instance, related: setattr(instance, name, related)

    def tie(instance: Any, related: Any) -> None:
        near = instance._state
        if near.db is None or near.db != related._state.db:
            setattr(instance, name, related)
        else:
            near.fields_cache[cache_name] = related

    return tie


def one_queryset(querysets: Any) -> Any:
    """Return the queryset that a ``Prefetch`` gave, or ``None``."""
    if querysets and len(querysets) != 1:
        raise ValueError(
            "querysets argument of get_prefetch_querysets() should have a length of 1."
        )
    return querysets[0] if querysets else None


class RelatedManager(AltersData):
    """What the managers of both kinds of relation share."""

    do_not_call_in_templates = True
    #: Whether the manager that it is based on has a constructor of its own.
    _constructs = True
    # Given by the class that is made for one relation, or by the manager that it is mixed with:
    rel: Any
    field: Any
    model: Any
    instance: Any
    core_filters: Any
    prefetch_cache_name: Any
    _db: Any

    if TYPE_CHECKING:
        add: Any
        clear: Any
        db_manager: Any
        filter: Any
        remove: Any
        using: Any
        _apply_rel_filters: Any

    def __call__(self, *, manager: str) -> Any:
        """Return the same manager, based on another one of the related model."""
        other = getattr(self.model, manager)
        return self._remade(other.__class__)(self.instance)

    def _remade(self, superclass: type) -> type:
        raise NotImplementedError

    def __hash__(self) -> int:
        return id(self)

    @property
    def _prefetched(self) -> dict[str, Any]:
        return self.instance.__dict__.get("_prefetched_objects_cache", {})

    def _remove_prefetched_objects(self) -> None:
        self._prefetched.pop(self.prefetch_cache_name, None)

    def get_queryset(self) -> Any:
        """Return the related objects: prefetched ones, or those of a query."""
        found = self._prefetched.get(self.prefetch_cache_name)
        if found is not None:
            return found
        return self._apply_rel_filters(self._unfiltered())

    def _unfiltered(self) -> Any:
        return super().get_queryset()  # type: ignore[misc]

    def _prepared(self, queryset: Any) -> Any:
        """Return ``queryset`` with what it takes over from manager and instance."""
        queryset._add_hints(instance=self.instance)
        prepared = queryset.using(self._db) if self._db else queryset
        # The first filter waits: the objects may be wanted by a narrower one.
        prepared._defer_next_filter = True
        prepared._fetch_mode = self.instance._state.fetch_mode
        return prepared

    def queryset_alike(self, given: Any) -> Any:
        """Return a QuerySet that those of all instances are like, until a condition is added.

        ``None`` if there is no such: a manager's ``get_queryset()`` may look at the instance.

        Args:
            given: the QuerySet of a ``Prefetch``, or ``None``.
        """
        behind = next(
            vars(cls)["get_queryset"]
            for cls in type(self).__mro__
            if "get_queryset" in vars(cls) and not issubclass(cls, RelatedManager)
        )
        if given is None and behind is not vars(BaseManager)["get_queryset"]:
            return None
        queryset = self._unfiltered() if given is None else given
        if type(queryset)._clone is not QuerySetCore._clone:
            return None
        queryset = queryset.using(self._db) if self._db else queryset
        queryset._add_hints()
        return queryset

    def _on_trail(self, queryset: Any, method: str) -> Any:
        """Return ``queryset`` narrowed and prepared, if that is a trail; ``None`` if not."""
        path = getattr(queryset, "_path", None)
        if path is None or path.sliced or not trails.conditions_are_own():
            return None
        narrowed = path.step(queryset, method, (), self.core_filters)
        if narrowed is not None:
            instance, state = self.instance, narrowed.__dict__
            state["_hints"] = {**state["_hints"], "instance": instance}
            if self._db:
                state["_db"] = self._db
            if (mode := instance._state.fetch_mode) is not FETCH_ONE:
                state["_fetch_mode"] = mode
        return narrowed

    def _write_db(self, model: Any = None) -> str:
        return router.db_for_write(model or self.model, instance=self.instance)

    def _on(self, db: str) -> Any:
        """Return the superclass's methods, for the database that is written to."""
        return super(RelatedManager, self.db_manager(db))

    def _expect_instances(self, objs: Iterable[Any]) -> None:
        for each in objs:
            if not isinstance(each, self.model):
                raise TypeError(f"'{self.model._meta.object_name}' instance expected, got {each!r}")


class _ManyToOneManager(RelatedManager):
    """``author.book_set``. Made for an author; gives, makes and removes the books."""

    def __init__(self, instance: Any) -> None:
        if self._constructs:
            super().__init__()
        else:
            self._hints: dict[str, Any] = {}
        self.instance = instance
        self.core_filters = {self.field.name: instance}

    def get_queryset(self) -> Any:
        # Not before: the manager of an unsaved object can be looked at.
        instance = self.instance
        known = instance.__dict__
        key = known.get(instance._meta.pk.attname)
        if not (type(key) is int or instance._is_pk_set()):
            raise ValueError(
                f"{self.instance.__class__.__name__!r} instance needs to have a primary key value "
                "before this relationship can be used."
            )
        if (fetched := known.get("_prefetched_objects_cache")) and (
            found := fetched.get(self.prefetch_cache_name)
        ) is not None:
            return found
        return super().get_queryset()

    def _remade(self, superclass: type) -> type:
        return create_reverse_many_to_one_manager(superclass, self.rel)

    def _check_fk_val(self) -> None:
        for far in self.field.foreign_related_fields:
            if getattr(self.instance, far.attname) is None:
                raise ValueError(
                    f'"{self.instance!r}" needs to have a value for field "{far.attname}" before '
                    "this relationship can be used."
                )

    def _points_nowhere(self, db: str) -> bool:
        empty_is_null = connections[db].features.interprets_empty_strings_as_nulls
        values = (getattr(self.instance, far.attname) for far in self.field.foreign_related_fields)
        return any(value is None or (value == "" and empty_is_null) for value in values)

    def _apply_rel_filters(self, queryset: Any) -> Any:
        instance, field = self.instance, self.field
        if field.many_to_one and (narrowed := self._on_trail(queryset, "filter")) is not None:
            targets = field.foreign_related_fields
            key = getattr(instance, targets[0].attname) if len(targets) == 1 else instance.pk
            narrowed._known_related_objects = {field: {key: instance}}
            return narrowed
        queryset = self._prepared(queryset).filter(**self.core_filters)
        if self._points_nowhere(self._db or router.db_for_read(self.model, instance=instance)):
            return queryset.none()
        # Generic relations come here too; they know the way back by themselves.
        if field.many_to_one:
            try:
                key = getattr(instance, field.target_field.attname)
            except FieldError:
                targets = field.path_infos[-1].target_fields
                key = tuple(getattr(instance, target.attname) for target in targets)
            queryset._known_related_objects = {field: {key: instance}}
        return queryset

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs to fetch the objects of many instances."""
        given = one_queryset(querysets)
        queryset = self._unfiltered() if given is None else given
        queryset._add_hints(instance=instances[0])
        queryset = queryset.using(queryset._db or self._db)
        field = self.field
        if not field.many_to_one:
            return self._prefetch_generic(instances, queryset)
        owner_of, key_of = field.key_readers(instances[0])
        owners = {key_of(each): each for each in instances}
        queryset = filter_prefetch_queryset(queryset, field.name, instances)
        tie, cache_name = tie_of(field), field.cache_name
        for related in queryset:
            # An object that came with its own relation keeps it.
            if cache_name not in related._state.fields_cache:
                tie(related, owners[owner_of(related)])
        return queryset, owner_of, key_of, False, field.remote_field.cache_name, False

    def prefetch_groups(self, instances: Any, querysets: Any) -> Any:
        """Return what is related to many instances, in lists by key, if that can be had quickly.

        That is ``(queryset, objects, lists by key, function to an instance's key, cache name)``.
        """
        field, given = self.field, one_queryset(querysets)
        if (
            type(self).get_prefetch_querysets is not _ManyToOneManager.get_prefetch_querysets
            or not field.many_to_one
            or len(field.related_fields) != 1
        ):
            return None
        queryset = self._unfiltered() if given is None else given
        queryset._add_hints(instance=instances[0])
        queryset = queryset.using(queryset._db or self._db)
        narrowed = related_on_trail(queryset, field.name, instances)
        owner_of, key_of = field.key_readers(instances[0])
        if narrowed is None or not isinstance(owner_of, operator.attrgetter):
            return None
        owners = dict(zip(map(key_of, instances), instances, strict=True))
        found = trails.load_groups(narrowed, field.attname, field, owners)
        return found and (narrowed, *found, key_of, field.remote_field.cache_name)

    def _prefetch_generic(self, instances: Any, queryset: Any) -> tuple[Any, ...]:
        """Return the same for a generic relation, backwards: here the instances hold the keys."""
        field = self.field
        of_type = field.get_content_type().pk
        holds = field.remote_field.model._meta.get_field
        type_attname = holds(field.content_type_field_name).attname
        id_attname = holds(field.object_id_field_name).attname
        pk = field.model._meta.pk

        def key_of(instance: Any) -> Any:
            if getattr(instance, type_attname) != of_type:
                return None
            return pk.to_python(getattr(instance, id_attname))

        keys = {key_of(each) for each in instances} - {None}
        queryset = filter_prefetch_queryset(queryset, "pk", keys)
        return (
            queryset,
            operator.attrgetter(pk.attname),
            key_of,
            False,
            field.remote_field.cache_name,
            False,
        )

    @twins
    def _add_steps(self, *objs: Any, bulk: bool = True) -> Steps[None]:
        """Let these objects point here.

        Args:
            bulk: by one update, without ``save()`` and its signals.
        """
        self._check_fk_val()
        self._remove_prefetched_objects()
        db = self._write_db()
        self._expect_instances(objs)
        for each in objs:
            setattr(each, self.field.name, self.instance)
            if bulk and (each._state.adding or each._state.db != db):
                raise ValueError(
                    f"{each!r} instance isn't saved. Use bulk=False or save the object first."
                )
        if bulk:
            rows = self.model._base_manager.using(db).filter(pk__in={each.pk for each in objs})
            yield Call(rows.update, **{self.field.name: self.instance})
        else:
            yield from atomic_steps(db, self._save_each(objs), savepoint=False)

    @staticmethod
    def _save_each(objs: Iterable[Any], **kwargs: Any) -> Steps[None]:
        for each in objs:
            yield Call(each.save, **kwargs)

    def _pointing_here(self, method: str, kwargs: dict[str, Any]) -> Callable[..., Any]:
        self._check_fk_val()
        self._remove_prefetched_objects()
        kwargs[self.field.name] = self.instance
        return getattr(self._on(self._write_db()), method)

    @twins
    def _create_steps(self, **kwargs: Any) -> Steps[Any]:
        """Make an object that points here."""
        return (yield Call(self._pointing_here("create", kwargs), **kwargs))

    @twins
    def _get_or_create_steps(self, **kwargs: Any) -> Steps[tuple[Any, bool]]:
        """Find an object that points here, or make it; return it and whether it was made."""
        return (yield Call(self._pointing_here("get_or_create", kwargs), **kwargs))

    @twins
    def _update_or_create_steps(self, **kwargs: Any) -> Steps[tuple[Any, bool]]:
        """Change an object that points here, or make it; return it and whether it was made."""
        return (yield Call(self._pointing_here("update_or_create", kwargs), **kwargs))

    def _set_apart_steps(self, queryset: Any, bulk: bool) -> Steps[None]:
        """Let the objects of ``queryset`` point nowhere."""
        self._remove_prefetched_objects()
        db = self._write_db()
        queryset = queryset.using(db)
        if bulk:
            yield Call(queryset.update, **{self.field.name: None})
            return

        def one_by_one() -> Steps[None]:
            for each in (yield Call(list, queryset)):
                setattr(each, self.field.name, None)
                yield Call(each.save, update_fields=[self.field.name])

        yield from atomic_steps(db, one_by_one(), savepoint=False)

    @twins
    def _set_steps(self, objs: Iterable[Any], *, bulk: bool = True, clear: bool = False) -> Any:
        """Let exactly these objects point here (without ``null``: these too).

        Args:
            clear: remove all first, instead of those that are too many.
        """
        self._check_fk_val()
        # What it yields may depend on what is removed.
        wanted = tuple(objs)
        if not self.field.null:
            yield Call(self.add, *wanted, bulk=bulk)
            return
        db = self._write_db()

        def change() -> Steps[None]:
            if clear:
                yield Call(self.clear, bulk=bulk)
                yield Call(self.add, *wanted, bulk=bulk)
                return
            present = set((yield Call(list, self.using(db).all())))
            yield Call(self.remove, *(present.difference(wanted)), bulk=bulk)
            new = [each for each in wanted if each not in present]
            yield Call(self.add, *new, bulk=bulk)

        yield from atomic_steps(db, change(), savepoint=False)


class _NullableManyToOneManager(_ManyToOneManager):
    """The manager of objects that can also point nowhere."""

    @twins
    def _remove_steps(self, *objs: Any, bulk: bool = True) -> Steps[None]:
        """Let these objects point nowhere. ``DoesNotExist`` for one that does not point here."""
        if not objs:
            return
        self._check_fk_val()
        here = self.field.get_foreign_related_value(self.instance)
        self._expect_instances(objs)
        keys = set()
        for each in objs:
            if self.field.get_local_related_value(each) != here:
                raise self.field.remote_field.model.DoesNotExist(
                    f"{each!r} is not related to {self.instance!r}."
                )
            keys.add(each.pk)
        yield from self._set_apart_steps(self.filter(pk__in=keys), bulk)

    @twins
    def _clear_steps(self, *, bulk: bool = True) -> Steps[None]:
        """Let no object point here."""
        self._check_fk_val()
        yield from self._set_apart_steps(self, bulk)


def constructs(superclass: Any) -> bool:
    """Whether a manager's class has a constructor that does something of its own."""
    return superclass.__init__ is not BaseManager.__init__


def create_reverse_many_to_one_manager(superclass: type, rel: Any) -> type:
    """Return the manager class of the objects that point by ``rel``, based on ``superclass``."""
    own = _NullableManyToOneManager if rel.field.null else _ManyToOneManager
    members = {
        "rel": rel,
        "model": rel.related_model,
        "field": rel.field,
        "prefetch_cache_name": rel.field.remote_field.cache_name,
        "_constructs": constructs(superclass),
        "__module__": HOME,
    }
    return type("RelatedManager", (own, superclass), members)
