"""The managers of related objects: of many objects that point to one, and of many to many.

Each method that writes is a generator of steps; :func:`twins` makes the blocking and the awaiting method
of it. Manual: "Related objects reference".
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from nuages.core.exceptions import FieldError
from nuages.db import DEFAULT_DB_ALIAS, NotSupportedError, connections, router
from nuages.db.engine import Call, Steps, arun, atomic_steps, run
from nuages.db.models import signals
from nuages.db.models.manager import Manager
from nuages.db.models.query_utils import Q
from nuages.db.models.utils import AltersData, resolve_callables


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
            from asgiref.sync import sync_to_async

            return await sync_to_async(method)(self, *args, **kwargs)

        for method, own_name in ((blocking, name), (awaiting, f"a{name}")):
            method.__name__ = own_name
            method.__qualname__ = f"{owner.__qualname__}.{own_name}"
            method.alters_data = True  # type: ignore[attr-defined]
            setattr(owner, own_name, method)
        setattr(owner, f"_{name}_steps", steps)


def filter_prefetch_queryset(queryset: Any, field_name: str, instances: Any) -> Any:
    """Return the objects related to ``instances``; of a sliced queryset, that slice for each.

    Raises:
        NotSupportedError: it is sliced, and the database has no window functions.
    """
    condition = Q(**{f"{field_name}__in": instances})
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


def _narrowed(queryset: Any, condition: Any) -> Any:
    # It may be about relations that the queryset has joined already, in annotations say.
    narrowed = queryset._chain()
    narrowed.query.add_q(condition, reuse_all=True)
    return narrowed


def one_queryset(querysets: Any) -> Any:
    """Return the queryset that a ``Prefetch`` gave, or ``None``."""
    if querysets and len(querysets) != 1:
        raise ValueError(
            "querysets argument of get_prefetch_querysets() should have a length of 1."
        )
    return querysets[0] if querysets else None


class _RelatedManager(AltersData):
    """What the managers of both kinds of relation share."""

    do_not_call_in_templates = True
    # Given by the class that is made for one relation:
    rel: Any

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

    def _write_db(self, model: Any = None) -> str:
        return router.db_for_write(model or self.model, instance=self.instance)

    def _on(self, db: str) -> Any:
        """Return the superclass's methods, for the database that is written to."""
        return super(_RelatedManager, self.db_manager(db))

    def _expect_instances(self, objs: Iterable[Any]) -> None:
        for each in objs:
            if not isinstance(each, self.model):
                raise TypeError(f"'{self.model._meta.object_name}' instance expected, got {each!r}")


class _ManyToOneManager(_RelatedManager):
    """``author.book_set``. Made for an author; gives, makes and removes the books."""

    def __init__(self, instance: Any) -> None:
        super().__init__()
        self.instance = instance
        self.model = self.rel.related_model
        self.field = self.rel.field
        self.core_filters = {self.field.name: instance}

    def get_queryset(self) -> Any:
        # Not before: the manager of an unsaved object can be looked at.
        if not self.instance._is_pk_set():
            raise ValueError(
                f"{self.instance.__class__.__name__!r} instance needs to have a primary key value "
                "before this relationship can be used."
            )
        return super().get_queryset()

    def _remade(self, superclass: type) -> type:
        return create_reverse_many_to_one_manager(superclass, self.rel)

    @property
    def prefetch_cache_name(self) -> str:
        return self.field.remote_field.cache_name

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
        owner_of, key_of = field.get_local_related_value, field.get_foreign_related_value
        owners = {key_of(each): each for each in instances}
        queryset = filter_prefetch_queryset(queryset, field.name, instances)
        for related in queryset:
            # An object that was given with its own relation keeps it.
            if not field.is_cached(related):
                setattr(related, field.name, owners[owner_of(related)])
        return queryset, owner_of, key_of, False, field.remote_field.cache_name, False

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


def create_reverse_many_to_one_manager(superclass: type, rel: Any) -> type:
    """Return the manager class of the objects that point by ``rel``, based on ``superclass``."""
    own = _NullableManyToOneManager if rel.field.null else _ManyToOneManager
    return type("RelatedManager", (own, superclass), {"rel": rel, "__module__": _MODULE})


_MODULE = __name__.rpartition(".")[0] + ".related_descriptors"


class _ManyToManyManager(_RelatedManager):
    """``pizza.toppings``. Made for a pizza; gives, adds and removes the toppings."""

    reverse: bool
    #: Whether the manager that it is based on gives all objects.
    gives_all: bool

    def __init__(self, instance: Any = None) -> None:
        super().__init__()
        self.instance = instance
        rel, field = self.rel, self.rel.field
        near, far = field._near_link, field._far_link
        if self.reverse:
            self.model, near, far = rel.related_model, far, near
            self.query_field_name, self.prefetch_cache_name = (
                field.name,
                field.related_query_name(),
            )
            self.symmetrical = False
        else:
            self.model = rel.model
            self.query_field_name, self.prefetch_cache_name = (
                field.related_query_name(),
                field.name,
            )
            self.symmetrical = rel.symmetrical
        self.through = rel.through
        self.source_field, self.target_field = near, far
        self.source_field_name, self.target_field_name = near.name, far.name
        self.core_filters = {
            f"{self.query_field_name}__{there.name}": getattr(instance, there.attname)
            for _here, there in near.related_fields
        }
        self.related_val = near.get_foreign_related_value(instance)
        if None in self.related_val:
            name = near.foreign_related_fields[0].name
            raise ValueError(
                f'"{instance!r}" needs to have a value for field "{name}" before this '
                "many-to-many relationship can be used."
            )
        if not instance._is_pk_set():
            raise ValueError(
                f"{instance.__class__.__name__!r} instance needs to have a primary key value "
                "before a many-to-many relationship can be used."
            )

    def _remade(self, superclass: type) -> type:
        return create_forward_many_to_many_manager(superclass, self.rel, self.reverse)

    # Reading

    def _apply_rel_filters(self, queryset: Any) -> Any:
        return self._prepared(queryset)._next_is_sticky().filter(**self.core_filters)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs to fetch the objects of many instances."""
        given = one_queryset(querysets)
        queryset = self._unfiltered() if given is None else given
        queryset._add_hints(instance=instances[0])
        queryset = queryset.using(queryset._db or self._db)
        queryset = filter_prefetch_queryset(
            queryset._next_is_sticky(), self.query_field_name, instances
        )
        # To which instance an object belongs says the table between, so its key is read too.
        link = self.source_field
        connection = connections[queryset.db]
        quote = connection.ops.quote_name
        table = quote(link.model._meta.db_table)
        pairs = [
            (f"_prefetch_related_val_{near.attname}", near, far)
            for near, far in link.related_fields
        ]
        queryset = queryset.extra(
            select={name: f"{table}.{quote(near.column)}" for name, near, _far in pairs}
        )

        def owner_of(related: Any) -> tuple[Any, ...]:
            return tuple(
                near.get_db_prep_value(getattr(related, name), connection)
                for name, near, _far in pairs
            )

        def key_of(instance: Any) -> tuple[Any, ...]:
            return tuple(
                far.get_db_prep_value(getattr(instance, far.attname), connection)
                for _name, _near, far in pairs
            )

        return queryset, owner_of, key_of, False, self.prefetch_cache_name, False

    @property
    def constrained_target(self) -> Any:
        """The rows of the table between, where they can be counted instead; else ``None``.

        That is so where the database sees to it that each row has its object.
        """
        db = router.db_for_read(self.through, instance=self.instance)
        enforced = self.target_field.db_constraint and (
            connections[db].features.supports_foreign_keys
        )
        if not enforced:
            return None
        rows = self.through._base_manager.db_manager(db, hints={"instance": self.instance})
        filters = {self.source_field_name: self.related_val[0]}
        if self.target_field.null:
            filters[f"{self.target_field_name}__isnull"] = False
        return rows.filter(**filters)

    def _countable(self) -> Any:
        """Return what is counted: the rows between, unless the objects are known or narrowed."""
        known = self._prefetched.get(self.prefetch_cache_name) is not None
        rows = None if known or not self.gives_all else self.constrained_target
        return self.get_queryset() if rows is None else rows

    def exists(self) -> bool:
        """Whether there are related objects."""
        return self._countable().exists()

    def count(self) -> int:
        """The number of related objects."""
        return self._countable().count()

    # Writing

    def _build_remove_filters(self, removed_vals: Any) -> Q:
        """Return the condition for the rows between that link to ``removed_vals``."""
        condition = Q((self.source_field_name, self.related_val[0]))
        # All objects of the model: no condition on them.
        narrowed = not hasattr(removed_vals, "_has_filters") or removed_vals._has_filters()
        if narrowed:
            condition &= Q((f"{self.target_field_name}__in", removed_vals))
        if self.symmetrical:
            mirrored = Q((self.target_field_name, self.related_val[0]))
            if narrowed:
                mirrored &= Q((f"{self.source_field_name}__in", removed_vals))
            condition |= mirrored
        return condition

    def _send(self, action: str, keys: Any, db: str, raw: bool) -> Steps[None]:
        if signals.m2m_changed.receivers:
            yield Call(
                signals.m2m_changed.send,
                sender=self.through,
                action=action,
                instance=self.instance,
                reverse=self.reverse,
                model=self.model,
                pk_set=keys,
                using=db,
                raw=raw,
            )

    def _add_base_steps(
        self, objs: Iterable[Any], through_defaults: Any = None, raw: bool = False
    ) -> Steps[None]:
        self._remove_prefetched_objects()
        db = self._write_db(self.through)
        objs = tuple(objs)

        def both_ways() -> Steps[None]:
            near, far = self.source_field_name, self.target_field_name
            yield from self._link(near, far, objs, through_defaults, raw)
            if self.symmetrical:
                yield from self._link(far, near, objs, through_defaults, raw)

        yield from atomic_steps(db, both_ways(), savepoint=False)

    @twins
    def _add_steps(self, *objs: Any, through_defaults: Any = None) -> Steps[None]:
        """Relate these objects (or keys).

        Args:
            through_defaults: values for other fields of the table between.
        """
        yield from self._add_base_steps(objs, through_defaults)

    @twins
    def _remove_steps(self, *objs: Any) -> Steps[None]:
        """End the relation to these objects (or keys)."""
        self._remove_prefetched_objects()
        yield from self._unlink(objs)

    @twins
    def _clear_steps(self) -> Steps[None]:
        """End all relations."""
        yield from self._clear_base_steps()

    def _clear_base_steps(self, raw: bool = False) -> Steps[None]:
        db = self._write_db(self.through)

        def change() -> Steps[None]:
            yield from self._send("pre_clear", None, db, raw)
            self._remove_prefetched_objects()
            condition = self._build_remove_filters(self._unfiltered())
            yield Call(self.through._default_manager.using(db).filter(condition).delete)
            yield from self._send("post_clear", None, db, raw)

        yield from atomic_steps(db, change(), savepoint=False)

    def set_base(
        self,
        objs: Iterable[Any],
        *,
        clear: bool = False,
        through_defaults: Any = None,
        raw: bool = False,
    ) -> None:
        """:meth:`set`, for fixtures with ``raw=True``, of which the signals speak."""
        run(self._set_base_steps(objs, clear, through_defaults, raw))

    set_base.alters_data = True  # type: ignore[attr-defined]

    @twins
    def _set_steps(
        self, objs: Iterable[Any], *, clear: bool = False, through_defaults: Any = None
    ) -> Steps[None]:
        """Relate exactly these objects (or keys).

        Args:
            clear: remove all first, instead of those that are too many.
            through_defaults: values for other fields of the table between.
        """
        yield from self._set_base_steps(objs, clear, through_defaults, False)

    def _set_base_steps(
        self, objs: Iterable[Any], clear: bool, through_defaults: Any, raw: bool
    ) -> Steps[None]:
        # What it yields may depend on what is removed.
        wanted = tuple(objs)
        db = self._write_db(self.through)

        def change() -> Steps[None]:
            self._remove_prefetched_objects()
            if clear:
                yield from self._clear_base_steps(raw)
                yield from self._add_base_steps(wanted, through_defaults, raw)
                return
            target = self.target_field
            rows = self.using(db).values_list(target.target_field.attname, flat=True)
            superfluous = set((yield Call(list, rows)))
            new = []
            for each in wanted:
                if isinstance(each, self.model):
                    key = target.get_foreign_related_value(each)[0]
                else:
                    key = target.get_prep_value(each)
                if key in superfluous:
                    superfluous.remove(key)
                else:
                    new.append(each)
            self._remove_prefetched_objects()
            yield from self._unlink(superfluous, raw)
            yield from self._add_base_steps(new, through_defaults, raw)

        yield from atomic_steps(db, change(), savepoint=False)

    def _made_on_write_db(self, method: str) -> Callable[..., Any]:
        return getattr(self._on(self._write_db(type(self.instance))), method)

    @twins
    def _create_steps(self, *, through_defaults: Any = None, **kwargs: Any) -> Steps[Any]:
        """Make an object and relate it."""
        made = yield Call(self._made_on_write_db("create"), **kwargs)
        yield Call(self.add, made, through_defaults=through_defaults)
        return made

    @twins
    def _get_or_create_steps(
        self, *, through_defaults: Any = None, **kwargs: Any
    ) -> Steps[tuple[Any, bool]]:
        """Find a related object, or make and relate one; return it and whether it was made."""
        found, created = yield Call(self._made_on_write_db("get_or_create"), **kwargs)
        if created:
            yield Call(self.add, found, through_defaults=through_defaults)
        return found, created

    @twins
    def _update_or_create_steps(
        self, *, through_defaults: Any = None, **kwargs: Any
    ) -> Steps[tuple[Any, bool]]:
        """Change a related object, or make and relate one; return it and whether it was made."""
        found, created = yield Call(self._made_on_write_db("update_or_create"), **kwargs)
        if created:
            yield Call(self.add, found, through_defaults=through_defaults)
        return found, created

    def _target_keys(self, link: Any, objs: Iterable[Any]) -> set[Any]:
        """Return the keys that rows between have for ``objs``.

        Raises:
            ValueError: an object is on another database, or has no key.
            TypeError: an object is of another model.
        """
        from nuages.db.models.base import Model

        keys = set()
        for each in objs:
            if isinstance(each, self.model):
                if not router.allow_relation(each, self.instance):
                    raise ValueError(
                        f'Cannot add "{each!r}": instance is on database '
                        f'"{self.instance._state.db}", value is on database "{each._state.db}"'
                    )
                key = link.get_foreign_related_value(each)[0]
                if key is None:
                    raise ValueError(
                        f'Cannot add "{each!r}": the value for field "{link.name}" is None'
                    )
                keys.add(key)
            elif isinstance(each, Model):
                self._expect_instances([each])
            else:
                keys.add(link.get_prep_value(each))
        return keys

    def _link(
        self, near: str, far: str, objs: tuple[Any, ...], through_defaults: Any, raw: bool
    ) -> Steps[None]:
        """Insert the rows between that are missing, from this instance by ``near``."""
        if not objs:
            return
        through = self.through
        defaults = dict(resolve_callables(through_defaults or {}))
        links = through._meta
        keys = self._target_keys(links.get_field(far), objs)
        db = self._write_db(through)
        ignorable, told, blind = self._get_add_plan(db, near)
        here = self.related_val[0]
        rows = through._default_manager.using(db)
        near_key, far_key = (links.get_field(name).attname for name in (near, far))

        def insert(new: Iterable[Any], ignore: bool) -> Call:
            made = [through(**defaults, **{near_key: here, far_key: key}) for key in new]
            return Call(rows.bulk_create, made, ignore_conflicts=ignore)

        if blind:
            yield insert(keys, True)
            return
        missing = yield Call(self._get_missing_target_ids, near, far, db, keys)
        if told:
            yield from self._send("pre_add", missing, db, raw)
        yield insert(missing, ignorable)
        if told:
            yield from self._send("post_add", missing, db, raw)

    def _get_add_plan(self, db: str, source_field_name: str) -> tuple[bool, bool, bool]:
        """Return whether conflicts can be ignored, signals are sent, no look is needed first."""
        ignorable = connections[db].features.supports_ignore_conflicts and (
            self.through._meta.auto_created is not False
        )
        # Signals speak of one direction only.
        told = (self.reverse or source_field_name == self.source_field_name) and (
            signals.m2m_changed.has_listeners(self.through)
        )
        return ignorable, told, ignorable and not told

    def _get_missing_target_ids(
        self, source_field_name: str, target_field_name: str, db: str, target_ids: set[Any]
    ) -> set[Any]:
        """Return those of the keys that are not linked yet."""
        linked = self.through._default_manager.using(db).filter(
            **{source_field_name: self.related_val[0], f"{target_field_name}__in": target_ids}
        )
        return target_ids.difference(linked.values_list(target_field_name, flat=True))

    def _add_items(
        self,
        source_field_name: str,
        target_field_name: str,
        *objs: Any,
        through_defaults: Any = None,
    ) -> None:
        """Link ``objs``, in one direction."""
        run(self._link(source_field_name, target_field_name, objs, through_defaults, False))

    def _remove_items(self, source_field_name: str, target_field_name: str, *objs: Any) -> None:
        """End the links to ``objs``."""
        run(self._unlink(objs))

    def _unlink(self, objs: Iterable[Any], raw: bool = False) -> Steps[None]:
        """Delete the rows between this instance and ``objs``."""
        objs = tuple(objs)
        if not objs:
            return
        target = self.target_field
        keys = {
            target.get_foreign_related_value(each)[0] if isinstance(each, self.model) else each
            for each in objs
        }
        db = self._write_db(self.through)

        def change() -> Steps[None]:
            yield from self._send("pre_remove", keys, db, raw)
            queryset = self._unfiltered()
            if queryset._has_filters():
                # The manager hides some objects: their rows stay.
                removed = queryset.using(db).filter(**{f"{target.target_field.attname}__in": keys})
            else:
                removed = keys
            condition = self._build_remove_filters(removed)
            yield Call(self.through._default_manager.using(db).filter(condition).delete)
            yield from self._send("post_remove", keys, db, raw)

        yield from atomic_steps(db, change(), savepoint=False)


def create_forward_many_to_many_manager(superclass: type, rel: Any, reverse: bool) -> type:
    """Return the manager class of the objects related by ``rel``, based on ``superclass``.

    Args:
        reverse: from the far end back.
    """
    return type(
        "ManyRelatedManager",
        (_ManyToManyManager, superclass),
        {
            "rel": rel,
            "reverse": reverse,
            "gives_all": superclass is Manager,
            "__module__": _MODULE,
        },
    )
