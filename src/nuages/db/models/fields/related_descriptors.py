"""The attributes by which related objects are reached.

A relation puts one on each side: the forward one on the model that declares the field, the reverse
one on the model that it points to. Those for one object give the object; those for many give a manager.
Manual: "Related objects reference".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nuages.db import router
from nuages.db.models.fields._many_to_many_managers import create_forward_many_to_many_manager
from nuages.db.models.fields._related_managers import (
    create_reverse_many_to_one_manager,
)
from nuages.db.models.query_utils import DeferredAttribute
from nuages.utils.functional import cached_property

__all__ = [
    "ForeignKeyDeferredAttribute",
    "ForwardManyToOneDescriptor",
    "ForwardOneToOneDescriptor",
    "ManyToManyDescriptor",
    "ReverseManyToOneDescriptor",
    "ReverseOneToOneDescriptor",
    "create_forward_many_to_many_manager",
    "create_reverse_many_to_one_manager",
]


class ForeignKeyDeferredAttribute(DeferredAttribute):
    """The key of a related object: with another key, the cached object is another one."""

    def __set__(self, instance: Any, value: Any) -> None:
        field = self.field
        data = instance.__dict__
        if data.get(field.attname) != value and field.is_cached(instance):
            field.delete_cached_value(instance)
        data[field.attname] = value


class _SingleObject:
    """What the descriptors of one related object share."""

    def fetch_one(self, instance: Any) -> None:
        """Read the related object of one instance."""
        raise NotImplementedError

    def fetch_many(self, instances: Collection[Any]) -> None:
        """Read the related objects of instances of one result, by one query."""
        from nuages.db.models import prefetch_related_objects

        missing = [each for each in instances if not self.is_cached(each)]
        prefetch_related_objects(missing, self.accessor)

    def is_cached(self, instance: Any) -> bool:
        raise NotImplementedError

    accessor: str

    @staticmethod
    def _one_queryset(querysets: Any, method: str = "get_prefetch_querysets") -> Any:
        if querysets and len(querysets) != 1:
            raise ValueError(f"querysets argument of {method}() should have a length of 1.")
        return querysets[0] if querysets else None

    def _same_database(self, instance: Any, value: Any) -> None:
        """Choose a database for the one that has none; both must be on one.

        Raises:
            ValueError: the router forbids the relation.
        """
        mine, theirs = instance._state, value._state
        if mine.db is None:
            mine.db = router.db_for_write(type(instance), instance=value)
        if theirs.db is None:
            theirs.db = router.db_for_write(type(value), instance=instance)
        if not router.allow_relation(value, instance):
            raise ValueError(
                f'Cannot assign "{value!r}": the current database router prevents this relation.'
            )


def _nothing_related(relation: Any, model: Any) -> type[Exception]:
    """Return the exception of a relation, a ``DoesNotExist`` of the model on its other side."""
    owner = relation.model
    return type(
        "RelatedObjectDoesNotExist",
        (model.DoesNotExist, AttributeError),
        {
            "__module__": owner.__module__,
            "__qualname__": f"{owner.__qualname__}.{relation.name}.RelatedObjectDoesNotExist",
        },
    )


class ForwardManyToOneDescriptor(_SingleObject):
    """``book.author``: the object that a ``ForeignKey`` points to."""

    def __init__(self, field_with_rel: Any) -> None:
        self.field = field_with_rel

    @property
    def accessor(self) -> str:  # type: ignore[override]
        """The name of the attribute."""
        return self.field.name

    @cached_property
    def RelatedObjectDoesNotExist(self) -> type[Exception]:
        """What is raised where there must be an object, and is none."""
        return _nothing_related(self.field, self.field.remote_field.model)

    def is_cached(self, instance: Any) -> bool:
        """Whether the object is at hand, so that reading it takes no query."""
        return self.field.is_cached(instance)

    def get_queryset(self, *, instance: Any = None, **hints: Any) -> Any:
        """Return all objects that could be related."""
        manager = self.field.remote_field.model._base_manager
        if instance is not None:
            hints["instance"] = instance
        queryset = manager.db_manager(hints=hints).all()
        if instance is not None:
            queryset._fetch_mode = instance._state.fetch_mode
        return queryset

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs to fetch the objects of many instances."""
        queryset = self._one_queryset(querysets)
        first = instances[0]
        if queryset is None:
            queryset = self.get_queryset(instance=first)
        queryset._add_hints(instance=first)
        field, relation = self.field, self.field.remote_field
        key_of, points_to = field.get_foreign_related_value, field.get_local_related_value
        pointing = {points_to(each): each for each in instances}
        if len(field.foreign_related_fields) == 1:
            # By the key: no join back is needed.
            target = field.foreign_related_fields[0]
            keys = {points_to(each)[0] for each in instances} - {None}
            queryset = queryset.filter(**{f"{target.name}__in": sorted_if_possible(keys)})
        else:
            queryset = self._narrowed(queryset, instances)
        # An order costs, and nobody sees it.
        queryset = _without_order(queryset)
        if not relation.multiple:
            # One-to-one: the way back is known too.
            for related in queryset:
                relation.set_cached_value(related, pointing[key_of(related)])
        return queryset, key_of, points_to, True, field.cache_name, False

    def _narrowed(self, queryset: Any, instances: Any) -> Any:
        """Narrow ``queryset`` to what ``instances`` point to by several columns."""
        from nuages.db.models.expressions import F
        from nuages.db.models.fields.tuple_lookups import TupleIn

        field = self.field
        pointing = [each for each in instances if None not in field.get_local_related_value(each)]
        if not pointing:
            return queryset.none()
        if not field.remote_field.hidden:
            return queryset.filter(**{f"{field.related_query_name()}__in": pointing})
        columns = tuple(F(target.name) for target in field.foreign_related_fields)
        keys = dict.fromkeys(map(field.get_local_related_value, pointing))
        return queryset.filter(TupleIn(columns, list(keys)))

    def get_object(self, instance: Any) -> Any:
        """Read the related object."""
        field, queryset = self.field, self.get_queryset(instance=instance)
        if queryset._path is not None and field.points_by_columns_alone:
            # The same as keywords: these can be a trail.
            return queryset.get(
                **{
                    far.attname: getattr(instance, near.attname)
                    for near, far in field.related_fields
                }
            )
        return queryset.get(field.get_reverse_related_filter(instance))

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        field = self.field
        cache = instance._state.fields_cache
        name = field.cache_name
        if name in cache:
            related = cache[name]
        else:
            related = self._inherited_object(instance)
            if related is None and None not in field.get_local_related_value(instance):
                instance._state.fetch_mode.fetch(self, instance)
                return cache[name]
            field.set_cached_value(instance, related)
        if related is None and not field.null:
            raise self.RelatedObjectDoesNotExist(f"{field.model.__name__} has no {field.name}.")
        return related

    def _inherited_object(self, instance: Any) -> Any:
        """Return the object that a multi-table parent has cached already, or ``None``."""
        field = self.field
        if None in field.get_local_related_value(instance):
            return None
        link = instance._meta.get_ancestor_link(field.model)
        if link and link.is_cached(instance):
            parent = link.get_cached_value(instance)
            return field.get_cached_value(parent, default=None)
        return None

    def fetch_one(self, instance: Any) -> None:
        related = self.get_object(instance)
        field = self.field
        field.set_cached_value(instance, related)
        if related is not None and not field.remote_field.multiple:
            field.remote_field.set_cached_value(related, instance)

    def __set__(self, instance: Any, value: Any) -> None:
        field, relation = self.field, self.field.remote_field
        if value is not None:
            wanted = relation.model._meta.concrete_model
            if not isinstance(value, wanted):
                options = instance._meta
                raise ValueError(
                    f'Cannot assign "{value!r}": "{options.object_name}.{field.name}" must be a '
                    f'"{relation.model._meta.object_name}" instance.'
                )
            self._same_database(instance, value)
            for near, far in field.related_fields:
                setattr(instance, near.attname, getattr(value, far.attname))
        else:
            # The object that is left behind must not point here any more.
            before = field.get_cached_value(instance, default=None)
            if before is not None:
                relation_forgets(relation, before)
            for near, _far in field.related_fields:
                setattr(instance, near.attname, None)
        field.set_cached_value(instance, value)
        if value is not None and not relation.multiple:
            relation.set_cached_value(value, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        # Found again by name; needed to pickle ``RelatedObjectDoesNotExist``.
        return getattr, (self.field.model, self.field.name)


def _without_order(queryset: Any) -> Any:
    if queryset._path is not None:
        return queryset._unordered()
    queryset.query.clear_ordering(force=True)
    return queryset


def relation_forgets(relation: Any, related: Any) -> None:
    """Let ``related`` remember that nothing is known of the way back."""
    if not relation.multiple:
        relation.set_cached_value(related, None)


def sorted_if_possible(keys: Any) -> list[Any]:
    """Return keys in a stable order."""
    try:
        return sorted(keys)
    except TypeError:
        return list(keys)


class ForwardOneToOneDescriptor(ForwardManyToOneDescriptor):
    """``restaurant.place``: the object that a ``OneToOneField`` points to."""

    def get_object(self, instance: Any) -> Any:
        relation = self.field.remote_field
        if relation.parent_link:
            # The parent's columns are on the child: no query, if all are loaded.
            deferred = instance.get_deferred_fields()
            parent = relation.model
            names = [field.attname for field in parent._meta.concrete_fields]
            if not any(name in names for name in deferred):
                made = parent(**{name: getattr(instance, name) for name in names})
                made._state.adding = instance._state.adding
                made._state.db = instance._state.db
                made._state.fetch_mode = instance._state.fetch_mode
                return made
        return super().get_object(instance)

    def __set__(self, instance: Any, value: Any) -> None:
        super().__set__(instance, value)
        field = self.field
        if not (field.primary_key and field.remote_field.parent_link):
            return
        # The child is another parent's now: with it go the keys of all parents above.
        for link in instance._meta.concrete_fields:
            if link.primary_key and link.remote_field:
                key = link.remote_field.model._meta.pk.attname
                setattr(instance, key, None if value is None else getattr(value, key))


class ReverseOneToOneDescriptor(_SingleObject):
    """``place.restaurant``: the object that points here by a ``OneToOneField``."""

    def __init__(self, related: Any) -> None:
        self.related = related

    @property
    def field(self) -> Any:
        """What a refused fetch names."""
        return self.related

    @property
    def accessor(self) -> str:  # type: ignore[override]
        """The name of the attribute."""
        return self.related.get_accessor_name()

    @cached_property
    def RelatedObjectDoesNotExist(self) -> type[Exception]:
        """What is raised where no object points here."""
        return _nothing_related(self.related, self.related.related_model)

    def is_cached(self, instance: Any) -> bool:
        """Whether the object is at hand, so that reading it takes no query."""
        return self.related.is_cached(instance)

    def get_queryset(self, *, instance: Any = None, **hints: Any) -> Any:
        """Return all objects that could point here."""
        if instance is not None:
            hints["instance"] = instance
        queryset = self.related.related_model._base_manager.db_manager(hints=hints).all()
        if instance is not None:
            queryset._fetch_mode = instance._state.fetch_mode
        return queryset

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> tuple[Any, ...]:
        """Return what ``prefetch_related()`` needs to fetch the objects of many instances."""
        queryset = self._one_queryset(querysets)
        first = instances[0]
        if queryset is None:
            queryset = self.get_queryset(instance=first)
        queryset._add_hints(instance=first)
        field = self.related.field
        key_of, points_from = field.get_local_related_value, field.get_foreign_related_value
        pointed = {points_from(each): each for each in instances}
        queryset = _without_order(queryset.filter(**{f"{field.name}__in": instances}))
        for related in queryset:
            field.set_cached_value(related, pointed[key_of(related)])
        return queryset, key_of, points_from, True, self.related.cache_name, False

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is None:
            return self
        related = self.related
        cache = instance._state.fields_cache
        if related.cache_name not in cache:
            if None in related.field.get_foreign_related_value(instance):
                related.set_cached_value(instance, None)
            else:
                instance._state.fetch_mode.fetch(self, instance)
        found = cache.get(related.cache_name)
        if found is None:
            raise self.RelatedObjectDoesNotExist(
                f"{type(instance).__name__} has no {related.get_accessor_name()}."
            )
        return found

    def fetch_one(self, instance: Any) -> None:
        related = self.related
        condition = related.field.get_forward_related_filter(instance)
        try:
            found = self.get_queryset(instance=instance).get(**condition)
        except related.related_model.DoesNotExist:
            found = None
        else:
            related.field.set_cached_value(found, instance)
        related.set_cached_value(instance, found)

    def __set__(self, instance: Any, value: Any) -> None:
        related, field = self.related, self.related.field
        if value is None:
            # The object that pointed here points nowhere.
            before = related.get_cached_value(instance, default=None)
            if before is not None:
                related.delete_cached_value(instance)
                setattr(before, field.name, None)
            return
        if not isinstance(value, related.related_model):
            raise ValueError(
                f'Cannot assign "{value!r}": "{instance._meta.object_name}.'
                f'{related.get_accessor_name()}" must be a '
                f'"{related.related_model._meta.object_name}" instance.'
            )
        self._same_database(instance, value)
        for near, far in field.related_fields:
            setattr(value, near.attname, getattr(instance, far.attname))
        related.set_cached_value(instance, value)
        field.set_cached_value(value, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.related.model, self.related.name)


class ReverseManyToOneDescriptor:
    """``author.book_set``: the manager of the objects that point here by a ``ForeignKey``."""

    def __init__(self, rel: Any) -> None:
        self.rel, self.field = rel, rel.field

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        return self if instance is None else self.related_manager_cls(instance)

    @cached_property
    def related_manager_cls(self) -> type:
        """The class of the manager: the pointing model's default one, narrowed."""
        base = self.rel.related_model._default_manager.__class__
        return create_reverse_many_to_one_manager(base, self.rel)

    def _get_set_deprecation_msg_params(self) -> tuple[str, str]:
        return "reverse side of a related set", self.rel.get_accessor_name()

    def __set__(self, instance: Any, value: Any) -> None:
        what, name = self._get_set_deprecation_msg_params()
        raise TypeError(f"Direct assignment to the {what} is prohibited. Use {name}.set() instead.")


class ManyToManyDescriptor(ReverseManyToOneDescriptor):
    """``pizza.toppings``, and ``topping.pizza_set``: the manager of a many-to-many relation."""

    through = property(lambda self: self.rel.through, doc="The model of the table between.")

    def __init__(self, rel: Any, reverse: bool = False) -> None:
        self.reverse = reverse
        super().__init__(rel)

    @cached_property
    def related_manager_cls(self) -> type:
        """The class of the managers that the attribute gives."""
        related = self.rel.related_model if self.reverse else self.rel.model
        return create_forward_many_to_many_manager(
            related._default_manager.__class__, self.rel, reverse=self.reverse
        )

    def _get_set_deprecation_msg_params(self) -> tuple[str, str]:
        side = "reverse" if self.reverse else "forward"
        name = self.rel.get_accessor_name() if self.reverse else self.field.name
        return f"{side} side of a many-to-many set", name


#: How relations are set here, to see whether they still are.
OWN_SETTERS: dict[Any, Any] = {
    ForwardManyToOneDescriptor: vars(ForwardManyToOneDescriptor)["__set__"]
}
