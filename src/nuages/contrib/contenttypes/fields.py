"""Relations to any model. Manual: "The contenttypes framework", section "Generic relations"."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from nuages.contrib.contenttypes.models import ContentType
from nuages.core import checks
from nuages.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from nuages.db import DEFAULT_DB_ALIAS, models, router
from nuages.db.engine import Call, Steps, atomic_steps
from nuages.db.models import DO_NOTHING, ForeignObject, ForeignObjectRel
from nuages.db.models._declare import _add_order_accessors
from nuages.db.models.base import ModelBase
from nuages.db.models.deletion import DatabaseOnDelete
from nuages.db.models.fields import Field
from nuages.db.models.fields._related_managers import _ManyToOneManager, one_queryset, twins
from nuages.db.models.fields.mixins import FieldCacheMixin
from nuages.db.models.fields.related import lazy_related_operation
from nuages.db.models.fields.related_descriptors import ReverseManyToOneDescriptor
from nuages.db.models.query_utils import PathInfo
from nuages.db.models.sql import AND
from nuages.db.models.sql.where import WhereNode
from nuages.utils.functional import cached_property


class GenericForeignKeyDescriptor:
    """The attribute of a generic foreign key: the object, or None."""

    def __init__(self, field: GenericForeignKey) -> None:
        self.field = field

    def is_cached(self, instance: Any) -> bool:
        """Whether the object of an instance was loaded."""
        return self.field.is_cached(instance)

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        field = self.field
        known = field.get_cached_value(instance, default=None)
        if known is None and field.is_cached(instance):
            return None
        type_id, key = field._keys_of(instance)
        if known is not None:
            same_type = type_id == field.get_content_type(obj=known, using=instance._state.db).pk
            if same_type and known._meta.pk.to_python(key) == known.pk:
                return known
            known = None
        if type_id is None:
            field.set_cached_value(instance, None)
            return None
        instance._state.fetch_mode.fetch(self, instance)
        return field.get_cached_value(instance)

    def __set__(self, instance: Any, value: Any) -> None:
        field = self.field
        owned_type, key = None, None
        if value is not None:
            owned_type, key = field.get_content_type(obj=value), value.pk
        setattr(instance, field.ct_field, owned_type)
        setattr(instance, field.fk_field, key)
        field.set_cached_value(instance, value)

    def fetch_one(self, instance: Any) -> None:
        """Load the object of one instance."""
        field = self.field
        type_id, key = field._keys_of(instance)
        of_type = field.get_content_type(id=type_id, using=instance._state.db)
        found = None
        try:
            found = of_type.get_object_for_this_type(using=instance._state.db, pk=key)
        except ObjectDoesNotExist:
            pass
        except AttributeError:
            if of_type.model_class() is not None:
                raise
        if found is not None:
            found._state.fetch_mode = instance._state.fetch_mode
        field.set_cached_value(instance, found)

    def fetch_many(self, instances: Collection[Any]) -> None:
        """Load the objects of several instances, with one query for each model."""
        missing = [instance for instance in instances if not self.is_cached(instance)]
        models.prefetch_related_objects(missing, self.field.name)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs for many instances.

        Raises:
            ValueError: two of the querysets are for one model.
        """
        field = self.field
        chosen: dict[Any, Any] = {}
        for queryset in querysets or ():
            of_type = field.get_content_type(model=queryset.query.model, using=queryset.db)
            if of_type.pk in chosen:
                raise ValueError("Only one queryset is allowed for each content type.")
            chosen[of_type.pk] = queryset
        wanted: defaultdict[Any, set[Any]] = defaultdict(set)
        example: dict[Any, Any] = {}
        for instance in instances:
            type_id, key = field._keys_of(instance)
            if type_id is not None and key is not None:
                wanted[type_id].add(key)
                example[type_id] = instance
        found: list[Any] = []
        for type_id, keys in wanted.items():
            instance = example[type_id]
            if type_id in chosen:
                found += chosen[type_id].filter(pk__in=keys)
                continue
            of_type = field.get_content_type(id=type_id, using=instance._state.db)
            model = of_type.model_class()
            if model is None:
                continue
            rows = model._base_manager.using(instance._state.db).filter(pk__in=keys)
            found += rows.fetch_mode(instance._state.fetch_mode)

        def target_of(instance: Any) -> Any:
            type_id, key = field._keys_of(instance)
            if type_id is None:
                return None
            model = field.get_content_type(id=type_id, using=instance._state.db).model_class()
            return None if model is None else (str(model._meta.pk.to_python(key)), model)

        def identity_of(obj: Any) -> Any:
            return str(obj.pk), obj.__class__

        return found, identity_of, target_of, True, field.name, False


class GenericForeignKey(FieldCacheMixin, Field):
    """A relation to an object of any model, by a content type and a key.

    Args:
        ct_field: name of the foreign key to ``ContentType``.
        fk_field: name of the field that holds the key.
        for_concrete_model: whether proxies are stored as the model they stand for.
    """

    is_relation, concrete, editable, auto_created = True, False, False, False
    many_to_one, many_to_many, one_to_one, one_to_many = True, False, False, False
    related_model: Any = None
    remote_field: Any = None
    hidden = False

    def __init__(
        self,
        ct_field: str = "content_type",
        fk_field: str = "object_id",
        for_concrete_model: bool = True,
    ) -> None:
        super().__init__(editable=False)
        self.ct_field, self.fk_field = ct_field, fk_field
        self.for_concrete_model = for_concrete_model
        self.is_relation, self.remote_field = True, None

    @property
    def cache_name(self) -> str:
        """Where instances keep the object."""
        return self.name

    def contribute_to_class(self, cls: Any, name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Put the field on a model, without a column."""
        super().contribute_to_class(cls, name, private_only=True)
        setattr(cls, self.attname, GenericForeignKeyDescriptor(self))

    def get_attname_column(self) -> tuple[str, None]:
        """Return the attribute, and no column."""
        return super().get_attname_column()[0], None

    @cached_property
    def ct_field_attname(self) -> str:
        """The attribute that holds the key of the content type."""
        return self.model._meta.get_field(self.ct_field).attname

    def _keys_of(self, instance: Any) -> tuple[Any, Any]:
        """Return keys of content type and object; that of the former may be unsaved."""
        return getattr(instance, self.ct_field_attname, None), getattr(instance, self.fk_field)

    def get_content_type(
        self, obj: Any = None, id: Any = None, using: str | None = None, model: Any = None
    ) -> ContentType:
        """Return the content type of an object or a model, or that of an id."""
        if obj is None and not id and model is None:
            # Nothing in this module asks like that.
            raise Exception("Impossible arguments to GFK.get_content_type!")
        known = ContentType.objects.db_manager(obj._state.db if obj is not None else using)
        if id:
            return known.get_for_id(id)
        return known.get_for_model(
            model if obj is None else obj, for_concrete_model=self.for_concrete_model
        )

    def get_forward_related_filter(self, obj: Any) -> dict[str, Any]:
        """Return lookups for the rows that point to an object."""
        return {self.fk_field: obj.pk, self.ct_field: ContentType.objects.get_for_model(obj).pk}

    def get_filter_kwargs_for_object(self, obj: Any) -> dict[str, Any]:
        """Return lookups for the rows that point to the same object as a row."""
        return {name: getattr(obj, name) for name in (self.fk_field, self.ct_field)}

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the field."""
        return [
            *self._check_field_name(),
            *self._check_object_id_field(),
            *self._check_content_type_field(),
        ]

    def _error(self, number: str, message: str, hint: str | None = None) -> list[Any]:
        return [checks.Error(message, hint=hint, obj=self, id=f"contenttypes.{number}")]

    def _check_field_name(self) -> list[Any]:
        if not self.name.endswith("_"):
            return []
        message = "Field names must not end with an underscore."
        return [checks.Error(message, obj=self, id="fields.E001")]

    def _check_object_id_field(self) -> list[Any]:
        try:
            self.model._meta.get_field(self.fk_field)
        except FieldDoesNotExist:
            return self._error(
                "E001",
                "The GenericForeignKey object ID references the nonexistent field "
                f"'{self.fk_field}'.",
            )
        return []

    def _check_content_type_field(self) -> list[Any]:
        label = f"{self.model._meta.object_name}.{self.ct_field}"
        try:
            field = self.model._meta.get_field(self.ct_field)
        except FieldDoesNotExist:
            return self._error(
                "E002",
                f"The GenericForeignKey content type references the nonexistent field '{label}'.",
            )
        hint = (
            "GenericForeignKeys must use a ForeignKey to 'contenttypes.ContentType' as the "
            "'content_type' field."
        )
        if not isinstance(field, models.ForeignKey):
            return self._error("E003", f"'{label}' is not a ForeignKey.", hint)
        if field.remote_field.model != ContentType:
            return self._error(
                "E004", f"'{label}' is not a ForeignKey to 'contenttypes.ContentType'.", hint
            )
        if isinstance(field.remote_field.on_delete, DatabaseOnDelete):
            return self._error(
                "E006",
                f"'{label}' cannot use the database-level on_delete variant.",
                "Change the on_delete rule to the non-database variant.",
            )
        return []


class GenericRel(ForeignObjectRel):
    """The far end of a generic relation."""

    def __init__(
        self,
        field: Any,
        to: Any,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
    ) -> None:
        super().__init__(
            field,
            to,
            # Without a name for lookups there is no way back at all.
            related_name=related_query_name or "+",
            related_query_name=related_query_name,
            limit_choices_to=limit_choices_to,
            on_delete=DO_NOTHING,
        )


class GenericRelation(ForeignObject):
    """The objects that point here by a generic foreign key.

    Args:
        to: their model.
        object_id_field, content_type_field: names of its two fields.
        for_concrete_model: as there.
        related_query_name: the name for lookups from there.
        limit_choices_to: which objects a form offers.
    """

    auto_created, empty_strings_allowed = False, False
    many_to_many, many_to_one, one_to_one, one_to_many = False, False, False, True
    rel_class = GenericRel
    mti_inherited = False

    def __init__(
        self,
        to: Any,
        object_id_field: str = "object_id",
        content_type_field: str = "content_type",
        for_concrete_model: bool = True,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        **kwargs: Any,
    ) -> None:
        names = {"related_query_name": related_query_name, "limit_choices_to": limit_choices_to}
        super().__init__(
            to,
            from_fields=[object_id_field],
            to_fields=[],
            on_delete=DO_NOTHING,
            rel=self.rel_class(self, to, **names),
            **{**kwargs, "null": True, "blank": True, "editable": False, "serialize": False},
        )
        self.object_id_field_name, self.content_type_field_name = (
            object_id_field,
            content_type_field,
        )
        self.for_concrete_model = for_concrete_model

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the relation."""
        return [*super().check(**kwargs), *self._check_generic_foreign_key_existence()]

    def _points_here(self, field: Any) -> bool:
        return (
            isinstance(field, GenericForeignKey)
            and field.ct_field == self.content_type_field_name
            and field.fk_field == self.object_id_field_name
        )

    def _check_generic_foreign_key_existence(self) -> list[Any]:
        target = self.remote_field.model
        if not isinstance(target, ModelBase) or any(
            map(self._points_here, target._meta.private_fields)
        ):
            return []
        return [
            checks.Error(
                f"The GenericRelation defines a relation with the model '{target._meta.label}', "
                "but that model does not have a GenericForeignKey.",
                obj=self,
                id="contenttypes.E004",
            )
        ]

    def resolve_related_fields(self) -> list[tuple[Any, Any]]:
        """Return the pair of fields that are equal: the key there, and here."""
        self.to_fields = [self.model._meta.pk.name]
        key = self.remote_field.model._meta.get_field(self.object_id_field_name)
        return [(key, self.model._meta.pk)]

    def _hop(self, origin: Any, target: Any, targets: Any, join: Any, filtered: Any) -> PathInfo:  # type: ignore[override]
        return PathInfo(
            from_opts=origin,
            to_opts=target,
            target_fields=targets,
            join_field=join,
            # Neither way it is one to one, nor may a join be left out: it has a condition.
            m2m=True,
            direct=False,
            filtered_relation=filtered,
        )

    def get_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hops to the objects that point here."""
        here, there = self.model._meta, self.remote_field.model._meta
        holder = there.get_field(self.object_id_field_name).model
        hop = functools.partial(self._hop, filtered=filtered_relation)
        if holder is self.remote_field.model:
            return [hop(here, there, (there.pk,), self.remote_field)]
        # A parent of the model holds the key; from there it is a way down to the model.
        first = hop(here, holder._meta, (here.pk,), self.remote_field)
        return [first, *self._way_down(there, holder)]

    @staticmethod
    def _way_down(opts: Any, holder: Any) -> list[PathInfo]:
        steps: list[PathInfo] = []
        for link in opts.get_path_from_parent(holder):
            steps.append(link)
        return steps

    def get_reverse_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hop from the objects that point here."""
        here, there = self.model._meta, self.remote_field.model._meta
        return [self._hop(there, here, (here.pk,), self, filtered_relation)]

    def value_to_string(self, obj: Any) -> str:
        """Return the keys of the objects that point to one, as text."""
        return json.dumps([instance.pk for instance in getattr(obj, self.name).all()])

    def set_attributes_from_rel(self) -> None:
        """Do nothing: there is no column to name."""

    def get_internal_type(self) -> str:
        """Return ``ManyToManyField``, which others treat alike."""
        return "ManyToManyField"

    def contribute_to_class(self, cls: Any, name: str, **kwargs: Any) -> None:  # type: ignore[override]
        """Put the relation on a model."""
        super().contribute_to_class(cls, name, private_only=True)
        self.model = cls
        # With multi-table inheritance each model has a manager of its own.
        if not cls._meta.abstract:
            setattr(cls, name, ReverseGenericManyToOneDescriptor(self.remote_field))

            lazy_related_operation(self._give_order_accessors, cls, self.remote_field.model)

    def _give_order_accessors(self, model: Any, related: Any) -> None:
        """Give a model the methods that read and set the order of objects that point to it."""
        if self._points_here(related._meta.order_with_respect_to):
            _add_order_accessors(related, model)

    def get_content_type(self) -> ContentType:
        """Return the content type that stands for this model."""
        return ContentType.objects.get_for_model(
            self.model, for_concrete_model=self.for_concrete_model
        )

    def get_extra_restriction(self, alias: str | None, remote_alias: str) -> WhereNode:
        """Return the condition on the content type, for a join."""
        field = self.remote_field.model._meta.get_field(self.content_type_field_name)
        of_type = field.get_lookup("exact")(field.get_col(remote_alias), self.get_content_type().pk)
        return WhereNode([of_type], connector=AND)

    def bulk_related_objects(self, objs: Iterable[Any], using: str = DEFAULT_DB_ALIAS) -> Any:
        """Return the objects that point to any of several."""
        of_type = ContentType.objects.db_manager(using).get_for_model(
            self.model, for_concrete_model=self.for_concrete_model
        )
        return self.remote_field.model._base_manager.db_manager(using).filter(
            **{
                f"{self.content_type_field_name}__pk": of_type.pk,
                f"{self.object_id_field_name}__in": [obj.pk for obj in objs],
            }
        )


class ReverseGenericManyToOneDescriptor(ReverseManyToOneDescriptor):
    """The attribute of a generic relation: a manager."""

    @cached_property
    def related_manager_cls(self) -> type:
        """The class of the manager."""
        return create_generic_related_manager(self.rel.model._default_manager.__class__, self.rel)


class _GenericManager(_ManyToOneManager):
    """Gives, makes and removes the objects that point to one."""

    def __init__(self, instance: Any = None) -> None:
        super(_ManyToOneManager, self).__init__()
        self.instance, self.model = instance, self.rel.model
        relation = self.field = self.rel.field
        known = ContentType.objects.db_manager(instance._state.db)
        self.content_type = known.get_for_model(
            instance, for_concrete_model=relation.for_concrete_model
        )
        self.content_type_field_name = relation.content_type_field_name
        self.object_id_field_name = relation.object_id_field_name
        self.pk_val = instance.pk
        self.core_filters = {
            f"{self.content_type_field_name}__pk": self.content_type.id,
            self.object_id_field_name: instance.pk,
        }

    def __str__(self) -> str:
        return repr(self)

    def _remade(self, superclass: type) -> type:
        return create_generic_related_manager(superclass, self.rel)

    @property
    def prefetch_cache_name(self) -> str:
        """Where instances keep prefetched objects."""
        return self.field.attname

    def _check_fk_val(self) -> None:
        """Do nothing: any key will do."""

    def _apply_rel_filters(self, queryset: Any) -> Any:
        if not self.instance._is_pk_set():
            raise ValueError(
                f"{type(self.instance).__name__!r} instance needs to have a primary key value "
                "before this relationship can be used."
            )
        queryset = queryset.using(
            self._db or router.db_for_read(self.model, instance=self.instance)
        )
        return queryset.fetch_mode(self.instance._state.fetch_mode).filter(**self.core_filters)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs for many instances."""
        given = one_queryset(querysets)
        rows = self._unfiltered() if given is None else given
        rows._add_hints(instance=instances[0])
        rows = rows.using(rows._db or self._db)
        by_type: defaultdict[Any, set[Any]] = defaultdict(set)
        known = ContentType.objects.db_manager(instances[0]._state.db)
        concrete = self.field.for_concrete_model
        types = {
            kind: known.get_for_model(kind, for_concrete_model=concrete).pk
            for kind in {type(instance) for instance in instances}
        }
        for instance in instances:
            by_type[types[type(instance)]].add(instance.pk)
        condition = models.Q(
            *(
                models.Q(
                    (f"{self.content_type_field_name}__pk", type_id),
                    (f"{self.object_id_field_name}__in", keys),
                )
                for type_id, keys in by_type.items()
            ),
            _connector=models.Q.OR,
        )
        to_key = functools.partial(self._key_as, instances[0]._meta.pk)
        type_attname = self.model._meta.get_field(self.content_type_field_name).attname
        return (
            rows.filter(condition),
            lambda row: (
                to_key(getattr(row, self.object_id_field_name)),
                getattr(row, type_attname),
            ),
            lambda instance: (instance.pk, types[type(instance)]),
            False,
            self.prefetch_cache_name,
            False,
        )

    @staticmethod
    def _key_as(field: Any, value: Any) -> Any:
        return field.to_python(value)

    def _pointed(self, obj: Any) -> Any:
        setattr(obj, self.content_type_field_name, self.content_type)
        setattr(obj, self.object_id_field_name, self.pk_val)
        return obj

    @twins
    def _add_steps(self, *objs: Any, bulk: bool = True) -> Steps[None]:
        """Let objects point to the instance.

        Args:
            bulk: by one update; otherwise each is saved.

        Raises:
            TypeError: one is of another model.
            ValueError: one is not saved, and ``bulk`` is set.
        """
        self._remove_prefetched_objects()
        db = self._write_db()
        self._expect_instances(objs)
        if not bulk:
            yield from atomic_steps(db, self._save_each(map(self._pointed, objs)), savepoint=False)
            return
        for obj in objs:
            if obj._state.adding or obj._state.db != db:
                raise ValueError(
                    f"{obj!r} instance isn't saved. Use bulk=False or save the object first."
                )
        changed = {
            self.content_type_field_name: self.content_type,
            self.object_id_field_name: self.pk_val,
        }
        rows = self.model._base_manager.using(db).filter(pk__in=[obj.pk for obj in objs])
        yield Call(rows.update, **changed)
        for obj in objs:
            self._pointed(obj)

    def _pointing_here(self, method: str, kwargs: dict[str, Any]) -> Any:
        self._remove_prefetched_objects()
        kwargs[self.content_type_field_name] = self.content_type
        kwargs[self.object_id_field_name] = self.pk_val
        return getattr(self._on(self._write_db()), method)

    @twins
    def _remove_steps(self, *objs: Any, bulk: bool = True) -> Steps[None]:
        """Delete those objects that point to the instance."""
        if objs:
            keys = [obj.pk for obj in objs]
            yield from self._delete_steps(self.filter(pk__in=keys), bulk)

    @twins
    def _clear_steps(self, *, bulk: bool = True) -> Steps[None]:
        """Delete all objects that point to the instance."""
        yield from self._delete_steps(self, bulk)

    def _delete_steps(self, rows: Any, bulk: bool) -> Steps[None]:
        self._remove_prefetched_objects()
        db = self._write_db()
        rows = rows.using(db)
        if bulk:
            yield Call(rows.all().delete)
            return

        def one_by_one() -> Steps[None]:
            for obj in (yield Call(list, rows.all())):
                yield Call(obj.delete)

        yield from atomic_steps(db, one_by_one(), savepoint=False)


def create_generic_related_manager(superclass: type, rel: Any) -> type:
    """Return the manager class of the objects that point by ``rel``, based on ``superclass``."""
    body = {"rel": rel, "__module__": __name__}
    return type("GenericRelatedObjectManager", (_GenericManager, superclass), body)
