"""Saving, deleting and refreshing an instance: each written once, as steps.

Manual: "Saving objects", "Deleting objects", "Refreshing objects from database".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from nuages.db import connections, router, transaction
from nuages.db.engine import Call, Steps, atomic_steps
from nuages.db.models._writers import (
    all_plain,
    insert_row,
    insert_writer,
    update_row,
    update_writer,
)
from nuages.db.models.constants import LOOKUP_SEP
from nuages.db.models.signals import post_save, pre_save

if TYPE_CHECKING:
    from nuages.db.models.base import Model


def _ours(instance: Model, method: str) -> bool:
    """Whether a method that packages override (or replace) is still that of ``Model``."""
    return getattr(type(instance), method) is _base.OWN_METHODS[method]


def is_expression(value: Any) -> bool:
    """Whether a value is computed by the database."""
    return hasattr(value, "resolve_expression")


# Saving


def check_related(instance: Model, operation: str, fields: Collection[Any] | None = None) -> None:
    """See that the related objects are saved, and that their keys are on the instance.

    Raises:
        ValueError: one of them is not saved.
    """
    cached = instance._state.related()
    if not cached:
        return
    options = instance._meta
    for field in options.concrete_fields:
        if (fields and field not in fields) or not field.is_relation:
            continue
        related = cached.get(field.cache_name)
        if not related:
            continue
        if not related._is_pk_set():
            # Otherwise the related object would hold on to this one.
            if not field.remote_field.multiple:
                field.remote_field.delete_cached_value(related)
            raise _unsaved(operation, field)
        key = getattr(instance, field.attname)
        if key in field.empty_values:
            # It was saved after it had been assigned.
            setattr(instance, field.name, related)
        if getattr(related, field.target_field.attname) != getattr(instance, field.attname):
            field.delete_cached_value(instance)
    for field in options.private_fields:
        if (fields and field not in fields) or not field.is_relation:
            continue
        if not field.is_cached(instance):
            continue
        related = field.get_cached_value(instance, default=None)
        if related and not hasattr(related, "__iter__") and not related._is_pk_set():
            raise _unsaved(operation, field)


def _unsaved(operation: str, field: Any) -> ValueError:
    return ValueError(
        f"{operation}() prohibited to prevent data loss due to unsaved related object "
        f"'{field.name}'."
    )


def save_steps(
    instance: Model,
    force_insert: Any,
    force_update: bool,
    using: str | None,
    update_fields: Iterable[str] | None,
) -> Steps[None]:
    """What ``Model.save()`` does."""
    instance._prepare_related_fields_for_save(operation_name="save")
    using = using or router.db_for_write(type(instance), instance=instance)
    if force_insert and (force_update or update_fields):
        raise ValueError("Cannot force both insert and updating in model saving.")
    options = instance._meta
    if update_fields is not None:
        update_fields = frozenset(update_fields)
        # Nothing to write: no signals either.
        if not update_fields:
            return
        if unknown := update_fields - options._non_pk_concrete_field_names:
            names = ", ".join(sorted(unknown))
            raise ValueError(
                "The following fields do not exist in this model, are m2m fields, primary keys, "
                f"or are non-concrete fields: {names}"
            )
    elif not force_insert and using == instance._state.db and instance._is_pk_set():
        # What was never loaded is not written back.
        loaded = instance.__dict__
        fields = options.concrete_fields
        if any(field.attname not in loaded and not field.generated for field in fields):
            present = {
                field.attname
                for field in fields
                if not field.primary_key and not field.generated and field.attname in loaded
            }
            if present:
                update_fields = frozenset(present)
    if _ours(instance, "save_base"):
        yield from save_base_steps(
            instance, False, force_insert, force_update, using, update_fields
        )
    else:
        yield Call(
            instance.save_base,
            using=using,
            force_insert=force_insert,
            force_update=force_update,
            update_fields=update_fields,
        )


def _forced_parents(instance: Model, force_insert: Any) -> tuple[type, ...]:
    """Return the classes whose rows must be inserted.

    Raises:
        TypeError: ``force_insert`` is no bool, and no tuple of bases of the model.
    """
    from nuages.db.models.base import ModelBase

    cls = type(instance)
    match force_insert:
        case bool():
            return (cls,) * force_insert
        case tuple():
            for member in force_insert:
                is_model = isinstance(member, ModelBase)
                if not (is_model and issubclass(cls, member)):
                    fault = (
                        f"{member.__qualname__} must be a base of {cls.__qualname__}."
                        if is_model
                        else f"{member!r} must be a model subclass."
                    )
                    raise TypeError(f"Invalid force_insert member. {fault}")
            return force_insert
    raise TypeError("force_insert must be a bool or tuple.")


def save_base_steps(
    instance: Model,
    raw: bool,
    force_insert: Any,
    force_update: bool,
    using: str | None,
    update_fields: Any,
) -> Steps[None]:
    """What ``Model.save_base()`` does: signals, transaction, rows."""
    using = using or router.db_for_write(type(instance), instance=instance)
    origin = type(instance)
    cls = origin._meta.concrete_model if origin._meta.proxy else origin
    options = cls._meta
    facts = {"raw": raw, "using": using, "update_fields": update_fields}
    loud = not options.auto_created
    if loud and pre_save.receivers:
        yield Call(pre_save.send, sender=origin, instance=instance, **facts)
    rows = _row_steps(instance, cls, raw, force_insert, force_update, using, update_fields)
    if options.parents:
        updated = yield from atomic_steps(using, rows, savepoint=False)
    else:
        # A failure within a transaction means that it must be rolled back.
        with transaction.mark_for_rollback_on_error(using=using):
            updated = yield from rows
    state = instance._state
    state.db = using
    state.adding = False
    if loud and post_save.receivers:
        yield Call(post_save.send, sender=origin, instance=instance, created=not updated, **facts)


def _row_steps(
    instance: Model,
    cls: type[Model],
    raw: bool,
    force_insert: Any,
    force_update: bool,
    using: str,
    update_fields: Any,
) -> Steps[bool]:
    """Write the parents' rows, then the model's own; return whether that was an update."""
    parent_inserted = False
    if not raw:
        force_insert = _forced_parents(instance, force_insert)
        if cls._meta.parents:
            parent_inserted = yield from _overridable(
                instance,
                "_save_parents",
                save_parents_steps,
                cls,
                using,
                update_fields,
                force_insert,
            )
        force_insert = issubclass(cls, force_insert)
    return (
        yield from _overridable(
            instance,
            "_save_table",
            save_table_steps,
            raw,
            cls,
            force_insert or parent_inserted,
            force_update,
            using,
            update_fields,
        )
    )


def _overridable(
    instance: Model, method: str, steps: Callable[..., Steps[Any]], *args: Any
) -> Steps[Any]:
    """Run ``steps``, or the instance's own method in their place."""
    if _ours(instance, method):
        return (yield from steps(instance, *args))
    return (yield Call(getattr(instance, method), *args))


def save_parents_steps(
    instance: Model,
    cls: type[Model],
    using: str,
    update_fields: Any,
    force_insert: Any,
    done: dict[type, bool] | None = None,
) -> Steps[bool]:
    """Write the rows of the parents of ``cls``; return whether one was inserted."""
    done = {} if done is None else done
    inserted = False
    for parent, link in cls._meta.parents.items():
        key = parent._meta.pk
        if link:
            # The link may have been set, and not the parent's own key.
            linked = getattr(instance, link.attname)
            if getattr(instance, key.attname) is None and linked is not None:
                setattr(instance, key.attname, linked)
        if parent in done:
            updated = done[parent]
        else:
            above_inserted = yield from save_parents_steps(
                instance, parent, using, update_fields, force_insert, done
            )
            updated = yield from _overridable(
                instance,
                "_save_table",
                save_table_steps,
                False,
                parent,
                above_inserted or issubclass(parent, force_insert),
                False,
                using,
                update_fields,
            )
            done[parent] = updated
        inserted = inserted or not updated
        if link:
            setattr(instance, link.attname, instance._get_pk_val(parent._meta))
            # The parent's attributes may be newer than a cached parent object.
            if link.is_cached(instance):
                link.delete_cached_value(instance)
    return inserted


def save_table_steps(
    instance: Model,
    raw: bool = False,
    cls: type[Model] | None = None,
    force_insert: bool = False,
    force_update: bool = False,
    using: Any = None,
    update_fields: Any = None,
) -> Steps[bool]:
    """Update or insert the row of ``cls``; return whether it was an update."""
    cls = cls or type(instance)
    options = cls._meta
    keys = {id(field) for field in options.pk_fields}
    columns = [
        field
        for field in options.local_concrete_fields
        if id(field) not in keys and not field.generated
    ]
    if update_fields:
        columns = [f for f in columns if f.name in update_fields or f.attname in update_fields]
    key = instance._get_pk_val(options)
    # (A default that the database makes was chosen: it stays.)
    if key is None or (isinstance(key, tuple) and None in key):
        key = options.pk.get_pk_value_on_save(instance)
        setattr(instance, options.pk.attname, key)
    key_set = instance._is_pk_set(options)
    forced_update = force_update or update_fields
    if not key_set and forced_update:
        raise ValueError("Cannot force an update in save() with no primary key.")
    if not (raw or force_insert or forced_update) and instance._state.adding:
        # A key that is made by a default belongs to no row yet.
        force_insert = all(f.has_default() or f.has_db_default() for f in options.pk_fields)
    if key_set and not force_insert:
        values = [
            (
                field,
                None,
                getattr(instance, field.attname) if raw else field.pre_save(instance, False),
            )
            for field in columns
        ]
        returning = _returned_by_update(instance, options, values, using)
        plain = [value for _f, _m, value in values]
        writer = None
        if not (returning or instance._meta.select_on_save) and _ours(instance, "_do_update"):
            if all_plain((*plain, key)):
                writer = update_writer(cls, using, columns)
        if writer is not None:
            result = yield from update_row(writer, using, plain, key)
        else:
            result = yield from _overridable(
                instance,
                "_do_update",
                update_steps,
                cls._base_manager.using(using),
                using,
                key,
                values,
                update_fields,
                forced_update,
                *([returning] if _takes_returning(instance) else []),
            )
        if force_update and not result:
            raise instance.NotUpdated("Forced update did not affect any rows.")
        if update_fields and not result:
            raise instance.NotUpdated("Save with update_fields did not affect any rows.")
        if result:
            _take_back(instance, returning, result, [value for _f, _m, value in values], columns)
            return True
    if options.order_with_respect_to:
        yield from put_last_steps(cls, [instance], using)
    fields = [
        field
        for field in options.local_concrete_fields
        if not field.generated and (key_set or field is not options.auto_field)
    ]
    given = [getattr(instance, field.attname) for field in fields]
    returning = list(options.db_returning_fields)
    can_return = connections[using].features.can_return_columns_from_insert
    for field, value in zip(fields, given, strict=True):
        if is_expression(value) and field not in returning and can_return:
            returning.append(field)
    writer = None
    if _ours(instance, "_do_insert") and all_plain(given):
        writer = insert_writer(cls, using, fields, returning)
    if writer is not None:
        values = given if raw else [field.pre_save(instance, True) for field in fields]
        # A field may make an expression of its value only now.
        if not all_plain(values):
            writer = None
    if writer is not None:
        results = yield from insert_row(writer, using, values)
    else:
        results = yield from _overridable(
            instance, "_do_insert", insert_steps, cls._base_manager, using, fields, returning, raw
        )
    _take_back(instance, returning, results or [], given, fields)
    return False


def _takes_returning(instance: Model) -> bool:
    """Whether ``_do_update`` has the parameter that came with 6.0."""
    if _ours(instance, "_do_update"):
        return True
    from nuages.utils.inspect import get_func_args

    names = get_func_args(type(instance)._do_update)
    return "returning_fields" in names or len(names) > 6


def _returned_by_update(
    instance: Model, options: Any, values: list[Any], using: str | None
) -> list[Any]:
    """Return the fields whose new values only the database knows."""
    unknown = [field for field, _model, value in values if is_expression(value)]
    if values:
        written = {field for field, _model, _value in values}
        unknown += [
            field
            for field in options.local_concrete_fields
            if field.generated and not written.isdisjoint(field.referenced_fields)
        ]
    return unknown


def _take_back(
    instance: Model, returning: list[Any], results: Any, given: list[Any], fields: list[Any]
) -> None:
    """Put the values that the database gave back on the instance.

    Fields that were assigned expressions, and were not given back, are read at their next use.
    """
    rows = results if isinstance(results, list | tuple) else []
    returned: set[int] = set()
    if rows:
        for field, value in zip(returning, rows[0], strict=False):
            setattr(instance, field.attname, value)
            returned.add(id(field))
    stale = [f for f, value in zip(fields, given, strict=True) if is_expression(value)]
    stale += [f for f in returning if f.generated]
    for field in stale:
        if id(field) not in returned and not field.primary_key:
            instance.__dict__.pop(field.attname, None)


def put_last_steps(cls: type[Model], instances: Iterable[Any], using: str | None) -> Steps[None]:
    """Give new rows that have no place the last ones in their orders, one after the other."""
    from nuages.db.models import Max

    relation = cls._meta.order_with_respect_to
    next_places: dict[Any, int] = {}
    for instance in instances:
        group = relation.get_filter_kwargs_for_object(instance)
        owner = tuple(group.values())
        if owner not in next_places:
            rows = cls._base_manager.using(using).filter(**group)
            last = (yield Call(rows.aggregate, last=Max("_order")))["last"]
            next_places[owner] = 0 if last is None else last + 1
        instance._order = next_places[owner]
        next_places[owner] += 1


def update_steps(
    instance: Model,
    base_qs: Any,
    using: str,
    pk_val: Any,
    values: list[Any],
    update_fields: Any,
    forced_update: Any,
    returning_fields: Any = (),
) -> Steps[Any]:
    """Update the row; return what is true if there was one: ``True``, or the returned rows."""
    row = base_qs.filter(pk=pk_val)
    if not values:
        # A row of nothing but its key can only be there or not.
        return update_fields is not None or (yield Call(row.exists))
    if instance._meta.select_on_save and not forced_update:
        # Some triggers report that nothing was updated.
        if not (yield Call(row.exists)):
            return False
        return bool((yield Call(row._update, values))) or (yield Call(row.exists))
    returns = connections[using].features.can_return_rows_from_update
    if returning_fields and returns:
        return (yield Call(row._update, values, returning_fields))
    return (yield Call(row._update, values)) > 0


def insert_steps(
    instance: Model, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool
) -> Steps[Any]:
    """Insert the row; return the rows of returned values."""
    return (
        yield Call(
            manager._insert,
            [instance],
            fields=fields,
            returning_fields=returning_fields,
            using=using,
            raw=raw,
        )
    )


# Deleting


def delete_steps(
    instance: Model, using: str | None, keep_parents: bool
) -> Steps[tuple[int, dict[str, int]]]:
    """What ``Model.delete()`` does."""
    from nuages.db.models.deletion import Collector

    if not instance._is_pk_set():
        raise ValueError(
            f"{instance._meta.object_name} object can't be deleted because its "
            f"{instance._meta.pk.attname} attribute is set to None."
        )
    using = using or router.db_for_write(type(instance), instance=instance)
    collector = Collector(using=using, origin=instance)
    yield from collector.collect_steps([instance], keep_parents=keep_parents)
    return (yield from collector.delete_steps())


# Refreshing


def refresh_steps(
    instance: Model, using: str | None, fields: Iterable[str] | None, from_queryset: Any
) -> Steps[None]:
    """What ``Model.refresh_from_db()`` does."""
    options = instance._meta
    state = instance._state
    if fields is not None:
        fields = set(fields)
    if fields is None:
        instance._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    else:
        prefetched = getattr(instance, "_prefetched_objects_cache", {})
        for name in fields.intersection(prefetched):
            del prefetched[name]
            fields.remove(name)
        if not fields:
            return
        if any(LOOKUP_SEP in name for name in fields):
            raise ValueError(
                f'Found "{LOOKUP_SEP}" in fields argument. Relations and transforms are not '
                "allowed in fields."
            )
    if from_queryset is None:
        from_queryset = type(instance)._base_manager.db_manager(using, hints={"instance": instance})
    elif using is not None:
        from_queryset = from_queryset.using(using)
    queryset = from_queryset.filter(pk=instance.pk)
    if (deferred := instance.get_deferred_fields()) and fields is None:
        wanted = [f.attname for f in options.concrete_fields if f.attname not in deferred]
        queryset = queryset.only(*wanted)
    elif fields is not None:
        queryset = queryset.only(*fields)
    fresh = yield Call(queryset.get)
    missing = fresh.get_deferred_fields()
    for field in options.concrete_fields:
        if field.attname in missing:
            continue
        setattr(instance, field.attname, getattr(fresh, field.attname))
        if field.is_relation:
            _renew_cached(field, instance, fresh)
    for field in options.fields:
        # Relations by columns of other fields.
        if field.is_relation and not field.concrete:
            _renew_cached(field, instance, fresh)
    named = fields
    for relation in options.related_objects:
        if (named is None or relation.name in named) and relation.is_cached(instance):
            relation.delete_cached_value(instance)
    for field in options.private_fields:
        if (named is None or field.name in named) and field.is_relation:
            if field.is_cached(instance):
                field.delete_cached_value(instance)
    state.db = fresh._state.db


def _renew_cached(field: Any, instance: Model, fresh: Model) -> None:
    if field.is_cached(fresh):
        field.set_cached_value(instance, field.get_cached_value(fresh))
    elif field.is_cached(instance):
        field.delete_cached_value(instance)


# order_with_respect_to


def method_set_order(
    self: Model, ordered_obj: type[Model], id_list: Iterable[Any], using: str | None = None
) -> None:
    """``set_<model>_order(keys)``: put the related objects in this order."""
    relation = ordered_obj._meta.order_with_respect_to
    group = relation.get_forward_related_filter(self)
    objects = ordered_obj._base_manager.db_manager(using).filter(**group)
    objects.bulk_update(
        [ordered_obj(pk=key, _order=place) for place, key in enumerate(id_list)], ["_order"]
    )


def method_get_order(self: Model, ordered_obj: type[Model]) -> Any:
    """``get_<model>_order()``: the keys of the related objects, in order."""
    relation = ordered_obj._meta.order_with_respect_to
    group = relation.get_forward_related_filter(self)
    key = ordered_obj._meta.pk.name
    return ordered_obj._base_manager.filter(**group).values_list(key, flat=True)


from nuages.db.models import base as _base  # noqa: E402  (each needs the other by name)
