"""The manager of objects that are related many to many, by the rows of a table between.

Manual: "Related objects reference", "Many-to-many relationships".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from nuages.db import connections, router
from nuages.db.engine import Call, Steps, atomic_steps, run
from nuages.db.models import signals, trails
from nuages.db.models.fields._related_managers import (
    HOME,
    RelatedManager,
    constructs,
    filter_prefetch_queryset,
    key_preparer,
    keys_by,
    one_queryset,
    related_on_trail,
    twins,
)
from nuages.db.models.manager import Manager
from nuages.db.models.query_utils import Q
from nuages.db.models.utils import resolve_callables


class _ManyToManyManager(RelatedManager):
    """``pizza.toppings``. Made for a pizza; gives, adds and removes the toppings."""

    reverse: bool
    #: Whether the manager that it is based on gives all objects.
    gives_all: bool

    #: Whether it was found out what all managers of the relation have in common.
    _is_known = False
    # That is:
    model: Any
    through: Any
    source_field: Any
    target_field: Any
    source_field_name: str
    target_field_name: str
    query_field_name: str
    prefetch_cache_name: str
    symmetrical: bool
    _key_model: Any
    _conditions: list[str]
    # Of the manager that it is based on, and of the steps below:
    _db: str | None
    using: Callable[[str], Any]
    add: Callable[..., None]

    def __init__(self, instance: Any = None) -> None:
        if self._constructs:
            super().__init__()
        else:
            self._hints: dict[str, Any] = {}
        self.instance = instance
        if not self._is_known:
            for name, value in self._look_at_relation().items():
                setattr(type(self), name, value)
            type(self)._is_known = True
        options = instance._meta
        key = instance.__dict__.get(options.pk.attname)
        # (A child's key need not be its parent's.)
        if type(key) is int and self._key_model is options.concrete_model:
            self.related_val = (key,)
            return
        near = self.source_field
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

    @cached_property
    def core_filters(self) -> dict[str, Any]:
        """The condition on the related objects, as ``filter()`` takes it."""
        return dict(zip(self._conditions, self.related_val, strict=True))

    def _look_at_relation(self) -> dict[str, Any]:
        rel, field = self.rel, self.rel.field
        near, far = field._near_link, field._far_link
        back = field.related_query_name()
        if self.reverse:
            near, far = far, near
        query_name = field.name if self.reverse else back
        return {
            "model": rel.related_model if self.reverse else rel.model,
            "query_field_name": query_name,
            "prefetch_cache_name": back if self.reverse else field.name,
            "symmetrical": not self.reverse and rel.symmetrical,
            "through": rel.through,
            "source_field": near,
            "target_field": far,
            "source_field_name": near.name,
            "target_field_name": far.name,
            "_key_model": near.model_of_key,
            "_conditions": [f"{query_name}__{there.name}" for _, there in near.related_fields],
        }

    def _remade(self, superclass: type) -> type:
        return create_forward_many_to_many_manager(superclass, self.rel, self.reverse)

    # Reading

    def _apply_rel_filters(self, queryset: Any) -> Any:
        narrowed = self._on_trail(queryset, "_related_to")
        if narrowed is not None:
            return narrowed
        return self._prepared(queryset)._next_is_sticky().filter(**self.core_filters)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs to fetch the objects of many instances."""
        given = one_queryset(querysets)
        queryset = self._unfiltered() if given is None else given
        queryset._add_hints(instance=instances[0])
        queryset = queryset.using(queryset._db or self._db)
        # To which instance an object belongs says the table between, so its key is read too.
        link = self.source_field
        connection = connections[queryset.db]
        quote = connection.ops.quote_name
        table = quote(link.model._meta.db_table)
        pairs = [
            (f"_prefetch_related_val_{near.attname}", near, far)
            for near, far in link.related_fields
        ]
        columns = {name: f"{table}.{quote(near.column)}" for name, near, _far in pairs}
        narrowed = related_on_trail(
            queryset,
            self.query_field_name,
            instances,
            *(part for column in columns.items() for part in column),
        )
        if narrowed is None:
            narrowed = filter_prefetch_queryset(
                queryset._next_is_sticky(), self.query_field_name, instances
            ).extra(select=columns)
        owner_of = keys_by((name, near) for name, near, _far in pairs)
        key_of = keys_by((far.attname, far) for _name, _near, far in pairs)
        return (
            narrowed,
            owner_of(connection),
            key_of(connection),
            False,
            self.prefetch_cache_name,
            False,
        )

    def prefetch_groups(self, instances: Any, querysets: Any) -> Any:
        """Return the same as the manager of many objects that point to one."""
        given, link = one_queryset(querysets), self.source_field
        if (
            type(self).get_prefetch_querysets is not _ManyToManyManager.get_prefetch_querysets
            or len(link.related_fields) != 1
        ):
            return None
        queryset = self._unfiltered() if given is None else given
        queryset._add_hints(instance=instances[0])
        queryset = queryset.using(queryset._db or self._db)
        ((near, far),) = link.related_fields
        connection = connections[queryset.db]
        quote = connection.ops.quote_name
        name = f"_prefetch_related_val_{near.attname}"
        column = f"{quote(link.model._meta.db_table)}.{quote(near.column)}"
        narrowed = related_on_trail(queryset, self.query_field_name, instances, name, column)
        found = None if narrowed is None else trails.load_groups(narrowed, name)
        if found is None:
            return None
        objects, groups = found
        prepare = key_preparer(near, connection)
        if not getattr(prepare, "kept", frozenset()).issuperset(map(type, groups)):
            given_as, groups = groups, {}
            for value, members in given_as.items():
                groups.setdefault(prepare(value), []).extend(members)
        key_of = keys_by([(far.attname, far)])(connection)
        return narrowed, objects, groups, key_of, self.prefetch_cache_name

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
            "_constructs": constructs(superclass),
            "__module__": HOME,
        },
    )
