"""Fields that point to other models. Manual: "Relationship fields"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, cast

from nuages.apps import apps
from nuages.core import exceptions
from nuages.db import router
from nuages.db.models import _relation_checks as checks
from nuages.db.models._typing import Target
from nuages.db.models.fields import Field
from nuages.db.models.fields.mixins import FieldCacheMixin
from nuages.db.models.fields.related_descriptors import (
    OWN_SETTERS,
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
    ManyToManyDescriptor,
    ReverseManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from nuages.db.models.fields.related_lookups import (
    RelatedExact,
    RelatedGreaterThan,
    RelatedGreaterThanOrEqual,
    RelatedIn,
    RelatedIsNull,
    RelatedLessThan,
    RelatedLessThanOrEqual,
)
from nuages.db.models.fields.reverse_related import (
    ForeignObjectRel,
    ManyToManyRel,
    ManyToOneRel,
    OneToOneRel,
)
from nuages.db.models.query_utils import PathInfo, Q
from nuages.db.models.utils import make_model_tuple
from nuages.utils.functional import cached_property
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.db.models._typing import ToOne
    from nuages.db.models.base import Model

RECURSIVE_RELATIONSHIP_CONSTANT = "self"


def resolve_relation(scope_model: type[Model], relation: Any) -> Any:
    """Return the model class, or ``"app.Model"``, that ``relation`` names within ``scope_model``.

    Args:
        relation: a class, a name with or without application, or ``"self"``.
    """
    if relation == RECURSIVE_RELATIONSHIP_CONSTANT:
        return scope_model
    if isinstance(relation, str) and "." not in relation:
        return f"{scope_model._meta.app_label}.{relation}"
    return relation


def lazy_related_operation(
    function: Callable[..., Any], model: type[Model], *related_models: Any, **kwargs: Any
) -> None:
    """Call ``function(model, *related models, **kwargs)`` once all of them are loaded."""
    named = (model, *(resolve_relation(model, related) for related in related_models))
    model._meta.apps.lazy_model_operation(
        partial(function, **kwargs), *map(make_model_tuple, named)
    )


def _model_key(model: Any) -> str:
    """Return how a deconstructed field names a model."""
    if not isinstance(model, str):
        return model._meta.label_lower
    label, dot, name = model.rpartition(".")
    return f"{label}{dot}{name.lower()}" if dot else model


class RelatedField(FieldCacheMixin, Field):
    """What all relations share: the names at the far end, and its late resolution."""

    # They say which keyword of ``remote_field`` is written down, and when.
    one_to_many = False
    one_to_one = False
    many_to_many = False
    many_to_one = False
    _field_checks = (*Field._field_checks, *checks.ANY_RELATION)

    def __init__(
        self,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # As they were given: the far end has them filled in.
        self._related_name, self._related_query_name = related_name, related_query_name
        self._limit_choices_to = limit_choices_to

    @cached_property
    def related_model(self) -> Any:
        """The model that is pointed to. ``AppRegistryNotReady`` before the models are loaded."""
        apps.check_models_ready()
        return self.remote_field.model

    cache_name = property(lambda self: self.name, doc="Where instances keep the object.")

    def contribute_to_class(
        self, cls: type[Model], name: str, private_only: bool = False, **kwargs: Any
    ) -> None:
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)
        self.opts = cls._meta
        if cls._meta.abstract:
            return
        relation = self.remote_field
        words = {
            "class": cls.__name__.lower(),
            "model_name": cls._meta.model_name.lower(),
            "app_label": cls._meta.app_label.lower(),
        }
        back = relation.related_name or cls._meta.default_related_name
        if back:
            relation.related_name = back % words
        if relation.related_query_name:
            relation.related_query_name = relation.related_query_name % words

        def resolve(model: type[Model], related: type[Model], field: Any) -> None:
            field.remote_field.model = related
            field.do_related_class(related, model)

        lazy_related_operation(resolve, cls, relation.model, field=self)

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        options = {
            "limit_choices_to": self._limit_choices_to,
            "related_name": self._related_name,
            "related_query_name": self._related_query_name,
        }
        for option, value in options.items():
            if value or (value is not None and option != "limit_choices_to"):
                kwargs[option] = value
        return name, path, args, kwargs

    def _write_target(self, kwargs: dict[str, Any]) -> None:
        """Put ``to`` into the keywords, marked if a setting can swap the model."""
        from nuages.conf import SettingsReference

        model = self.remote_field.model
        kwargs["to"] = _model_key(model)
        swappable_setting = self.swappable_setting
        if swappable_setting is None:
            return
        before = getattr(kwargs["to"], "setting_name", swappable_setting)
        if before != swappable_setting:
            raise ValueError(
                "Cannot deconstruct a ForeignKey pointing to a model that is swapped in place of "
                f"more than one model ({before} and {swappable_setting})"
            )
        kwargs["to"] = SettingsReference(kwargs["to"], swappable_setting)

    @property
    def swappable_setting(self) -> str | None:
        """The setting that decides what this relation points to, or ``None``."""
        if not self.swappable:
            return None
        model = self.remote_field.model
        label = model if isinstance(model, str) else model._meta.label
        return apps.get_swappable_settings_name(label)

    def set_attributes_from_rel(self) -> None:
        """Take names from the model that is pointed to."""
        relation = self.remote_field
        options = relation.model._meta
        self.name = self.name or f"{options.model_name}_{options.pk.name}"
        if self.verbose_name is None:
            self.verbose_name = options.verbose_name
        relation.set_field_name()

    def do_related_class(self, other: type[Model], cls: type[Model]) -> None:
        """Called once the model that is pointed to is there."""
        self.set_attributes_from_rel()
        self.contribute_to_related_class(other, self.remote_field)

    def contribute_to_related_class(self, cls: type[Model], related: Any) -> None:
        """Put the way back on the model that is pointed to."""

    def related_query_name(self) -> str:
        """Return the name of this relation in lookups from the far end."""
        relation = self.remote_field
        return relation.related_query_name or relation.related_name or self.opts.model_name

    @property
    def target_field(self) -> Any:
        """The one field that is pointed to. ``FieldError`` if there are several."""
        targets = self.path_infos[-1].target_fields
        if len(targets) > 1:
            raise exceptions.FieldError(
                "The relation has multiple target fields, but only single target field was asked "
                "for"
            )
        return targets[0]

    def get_limit_choices_to(self) -> Any:
        """Return which objects forms offer: a ``Q`` or a dictionary."""
        limit = self.remote_field.limit_choices_to
        return limit() if callable(limit) else limit

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        given = {}
        if hasattr(self.remote_field, "get_related_field"):
            # Evaluated by the form, each time.
            given["limit_choices_to"] = self.remote_field.limit_choices_to
        return super().formfield(**(given | kwargs))

    # What a subclass has: pairs of fields, the way to the other end, more conditions

    swappable: bool
    path_infos: list[Any]
    related_fields: list[tuple[Any, Any]]
    get_extra_descriptor_filter: Callable[..., Any]

    # Conditions that lead from one object to those at the other end

    def get_forward_related_filter(self, obj: Model) -> dict[str, Any]:
        """Return the lookups, on this field's model, for the objects that point to ``obj``."""
        return {
            f"{self.name}__{far.name}": getattr(obj, far.attname)
            for _near, far in self.related_fields
        }

    def get_reverse_related_filter(self, obj: Model) -> Q:
        """Return the condition, on the far model, for the object that ``obj`` points to."""
        near = {far.attname: getattr(obj, here.attname) for here, far in self.related_fields}
        extra = self.get_extra_descriptor_filter(obj)
        condition = Q(**near)
        if isinstance(extra, dict):
            return condition & Q(**extra)
        return condition & extra if extra else condition

    @cached_property
    def points_by_columns_alone(self) -> bool:
        """Whether neither the field nor a subclass of its type adds conditions to its columns."""
        cls = type(self)
        return (
            cls.get_extra_descriptor_filter is ForeignObject.get_extra_descriptor_filter
            and cls.get_reverse_related_filter is RelatedField.get_reverse_related_filter
        )

    @property
    def ties_plainly(self) -> bool:
        """Whether an object that has the key needs but an entry in its cache to be tied to another.

        That is so for foreign keys whose descriptor is ours, as long as no router has a say.
        """
        descriptor = getattr(self.model, self.name, None)
        return (
            not router.routers
            and self.remote_field is not None
            and self.remote_field.multiple
            and OWN_SETTERS.get(type(descriptor)) is type(descriptor).__dict__.get("__set__")
        )


class ForeignObject(RelatedField):
    """A relation by any columns, none of its own.

    Args:
        from_fields: names of fields of this model (``"self"``: the field itself).
        to_fields: names of the fields that they are equal to (``None``: the primary key).
    """

    many_to_one = True
    requires_unique_target = True
    related_accessor_class: ClassVar[Any] = ReverseManyToOneDescriptor
    forward_related_accessor_class: ClassVar[Any] = ForwardManyToOneDescriptor
    rel_class: ClassVar[Any] = ForeignObjectRel
    _field_checks = (*RelatedField._field_checks, *checks.FOREIGN_OBJECT)

    def __init__(
        self,
        to: Any,
        on_delete: Callable[..., Any],
        from_fields: Sequence[str],
        to_fields: Sequence[str | None],
        rel: Any = None,
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        parent_link: bool = False,
        swappable: bool = True,
        **kwargs: Any,
    ) -> None:
        names = {
            "related_name": related_name,
            "related_query_name": related_query_name,
            "limit_choices_to": limit_choices_to,
        }
        if rel is None:
            rel = self.rel_class(self, to, parent_link=parent_link, on_delete=on_delete, **names)
        super().__init__(rel=rel, **names, **kwargs)
        self.from_fields, self.to_fields = from_fields, to_fields
        self.swappable = swappable

    def __copy__(self) -> Field:
        twin = super().__copy__()
        # Of the other model, the copy knows nothing.
        for derived in ("path_infos", "reverse_path_infos"):
            twin.__dict__.pop(derived, None)
        return twin

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        kwargs |= {
            "on_delete": self.remote_field.on_delete,
            "from_fields": self.from_fields,
            "to_fields": self.to_fields,
        }
        if self.remote_field.parent_link:
            kwargs["parent_link"] = True
        self._write_target(kwargs)
        return name, path, args, kwargs

    # Which columns

    def resolve_related_fields(self) -> list[tuple[Any, Any]]:
        """Return the pairs of fields that are equal: here, and at the far end.

        Raises:
            ValueError: there are none, or the far model is not loaded.
        """
        if not self.from_fields or len(self.from_fields) != len(self.to_fields):
            raise ValueError("Foreign Object from and to fields must be the same non-zero length")
        target = self.remote_field.model
        if isinstance(target, str):
            raise ValueError(f"Related model {target!r} cannot be resolved")
        pairs = []
        for here, there in zip(self.from_fields, self.to_fields, strict=True):
            near = self if here == RECURSIVE_RELATIONSHIP_CONSTANT else self.opts.get_field(here)
            far = target._meta.pk if there is None else target._meta.get_field(there)
            pairs.append((near, far))
        return pairs

    @cached_property
    def related_fields(self) -> list[tuple[Any, Any]]:
        """Pairs of a field here and the one it points to."""
        return self.resolve_related_fields()

    @cached_property
    def reverse_related_fields(self) -> list[tuple[Any, Any]]:
        """The pairs of :attr:`related_fields`, turned round."""
        return [(far, near) for near, far in self.related_fields]

    @cached_property
    def local_related_fields(self) -> tuple[Any, ...]:
        """The fields of the relation on its own model."""
        return tuple(near for near, _far in self.related_fields)

    @cached_property
    def foreign_related_fields(self) -> tuple[Any, ...]:
        """The fields of the relation on the model that it points to."""
        return tuple(far for _near, far in self.related_fields if far)

    def get_local_related_value(self, instance: Model) -> tuple[Any, ...]:
        """Return the values on an instance that points."""
        return self.get_instance_value_for_fields(instance, self.local_related_fields)

    def get_foreign_related_value(self, instance: Model) -> tuple[Any, ...]:
        """Return the values on an instance that is pointed to."""
        return self.get_instance_value_for_fields(instance, self.foreign_related_fields)

    def key_readers(self, target: Model) -> tuple[Any, Any]:
        """Return how to read the key from an instance that points, and from one like ``target``."""
        if self._reads_one_plainly:
            ((near, far),) = self.related_fields
            if not near.primary_key and target._meta.concrete_model is far.model:
                return attrgetter(near.attname), attrgetter(far.attname)
        return self.get_local_related_value, self.get_foreign_related_value

    @property
    def _reads_one_plainly(self) -> bool:
        cls = type(self)
        return len(self.related_fields) == 1 and (
            cls.get_local_related_value is ForeignObject.get_local_related_value
            and cls.get_foreign_related_value is ForeignObject.get_foreign_related_value
            and cls.get_instance_value_for_fields is ForeignObject.get_instance_value_for_fields
        )

    @property
    def model_of_key(self) -> type[Model] | None:
        """The model of whose primary key it holds the value, and no more; ``None`` if there is none."""
        far = self.related_fields[0][1]
        return far.model if self._reads_one_plainly and far.primary_key else None

    @staticmethod
    def get_instance_value_for_fields(instance: Model, fields: Iterable[Any]) -> tuple[Any, ...]:
        """Return the values of ``fields`` on ``instance``, without reading parents for a key."""

        def value_of(field: Any) -> Any:
            if field.primary_key:
                # The link to a parent has the value of the parent's key, which may be deferred.
                link = instance._meta.get_ancestor_link(field.model)
                if not link or link.primary_key:
                    return instance.pk
            return getattr(instance, field.attname)

        return tuple(map(value_of, fields))

    def get_attname_column(self) -> tuple[str, str | None]:
        return super().get_attname_column()[0], None

    # How it is joined

    def get_joining_fields(self, reverse_join: bool = False) -> tuple[tuple[Any, Any], ...]:
        """Return the pairs of fields that a join compares, nearest first."""
        return tuple(self.reverse_related_fields if reverse_join else self.related_fields)

    def get_reverse_joining_fields(self) -> tuple[tuple[Any, Any], ...]:
        """Return the pairs that a join from the other side compares."""
        return self.get_joining_fields(reverse_join=True)

    def get_extra_descriptor_filter(self, instance: Model) -> Any:
        """Return lookups that a fetch of the related object adds: for subclasses."""
        return {}

    def get_extra_restriction(self, alias: Any, related_alias: Any) -> Any:
        """Return a condition that joins add, or ``None``: for subclasses."""
        return None

    def _hop(
        self, from_opts: Any, to_opts: Any, targets: Any, join: Any, filtered: Any, direct: bool
    ) -> list[PathInfo]:
        return [
            PathInfo(
                from_opts=from_opts,
                to_opts=to_opts,
                target_fields=targets,
                join_field=join,
                m2m=not (direct or self.unique),
                direct=direct,
                filtered_relation=filtered,
            )
        ]

    def get_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hop to the model that is pointed to."""
        far = self.remote_field.model._meta
        return self._hop(
            self.model._meta, far, self.foreign_related_fields, self, filtered_relation, True
        )

    def get_reverse_path_info(self, filtered_relation: Any = None) -> list[PathInfo]:
        """Return the hop back."""
        near = self.model._meta
        far = self.remote_field.model._meta
        return self._hop(far, near, (near.pk,), self.remote_field, filtered_relation, False)

    @cached_property
    def path_infos(self) -> list[PathInfo]:
        """The hops to the related model, found once."""
        return self.get_path_info()

    @cached_property
    def reverse_path_infos(self) -> list[PathInfo]:
        """The hops from the related model, found once."""
        return self.get_reverse_path_info()

    def contribute_to_class(
        self, cls: type[Model], name: str, private_only: bool = False, **kwargs: Any
    ) -> None:
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)
        setattr(cls, self.name, self.forward_related_accessor_class(self))

    def contribute_to_related_class(self, cls: type[Model], related: Any) -> None:
        # A hidden relation has no way back, nor has one from a model that is swapped out.
        if not related.hidden and not related.related_model._meta.swapped:
            setattr(
                cls._meta.concrete_model,
                related.get_accessor_name(),
                self.related_accessor_class(related),
            )
            # Forms of models that are loaded already may limit their choices by a callable.
            if related.limit_choices_to:
                cls._meta.related_fkey_lookups.append(related.limit_choices_to)


@cache
def _lookups_of_relations(cls: type) -> dict[str, Any]:
    """Return the lookups of relations alone: those of columns are not for objects."""
    below = cls.__mro__[: cls.__mro__.index(ForeignObject) + 1]
    return {
        name: lookup
        for base in reversed(below)
        for name, lookup in base.__dict__.get("class_lookups", {}).items()
    }


ForeignObject.get_class_lookups = classmethod(cast(Any, _lookups_of_relations))
for _lookup in (
    RelatedIn,
    RelatedExact,
    RelatedLessThan,
    RelatedGreaterThan,
    RelatedGreaterThanOrEqual,
    RelatedLessThanOrEqual,
    RelatedIsNull,
):
    ForeignObject.register_lookup(_lookup)


def _as_target_does(name: str) -> Callable[..., Any]:
    """Return the method ``name`` that calls that of the target field."""

    def method(self: ForeignKey, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.target_field, name)(*args, **kwargs)

    method.__name__ = name
    return method


if not TYPE_CHECKING:
    ToOne = {Target: ForeignObject}  # (the base itself)


class ForeignKey(ToOne[Target]):
    """A relation from many objects to one. Manual: "ForeignKey"."""

    # Its column takes plain values; its lookups speak for themselves.
    trail_safe = True
    descriptor_class = ForeignKeyDeferredAttribute
    rel_class = ManyToOneRel
    _usual = {"db_index": True}
    empty_strings_allowed = False
    default_error_messages = {
        "invalid": _("%(model)s instance with %(field)s %(value)r is not a valid choice.")
    }
    description: Any = _("Foreign Key (type determined by related field)")
    _field_checks = (*ForeignObject._field_checks, *checks.FOREIGN_KEY)

    def __init__(
        self,
        to: type[Target] | str,
        on_delete: Callable[..., Any],
        related_name: str | None = None,
        related_query_name: str | None = None,
        limit_choices_to: Any = None,
        parent_link: bool = False,
        to_field: Any = None,
        db_constraint: bool = True,
        **kwargs: Any,
    ) -> None:
        options = getattr(to, "_meta", None)
        if options is not None:
            # The primary key may not be known yet; then it is found out when it is needed.
            to_field = to_field or (options.pk and options.pk.name)
        elif not isinstance(to, str):
            raise TypeError(
                f"{type(self).__name__}({to!r}) is invalid. First parameter to ForeignKey must be "
                f"either a model, a model name, or the string "
                f"{RECURSIVE_RELATIONSHIP_CONSTANT!r}"
            )
        if not callable(on_delete):
            raise TypeError("on_delete must be callable.")
        names = {
            "related_name": related_name,
            "related_query_name": related_query_name,
            "limit_choices_to": limit_choices_to,
        }
        kwargs["rel"] = self.rel_class(
            self, to, to_field, parent_link=parent_link, on_delete=on_delete, **names
        )
        kwargs = self._usual | kwargs
        super().__init__(
            to,
            on_delete,
            from_fields=[RECURSIVE_RELATIONSHIP_CONSTANT],
            to_fields=[to_field],
            **names,
            **kwargs,
        )
        self.db_constraint = db_constraint

    @classmethod
    def __class_getitem__(cls, *args: Any, **kwargs: Any) -> type[ForeignKey]:
        """Return the class: for annotations such as ``ForeignKey["Author"]``."""
        return cls

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["to_fields"], kwargs["from_fields"]
        if self.db_constraint is not True:
            kwargs["db_constraint"] = self.db_constraint
        # The key of the far model is what a foreign key points to anyway.
        target = self.remote_field.model
        points_to = self.remote_field.field_name
        options = getattr(target, "_meta", None)
        at_key = options is not None and options.pk is not None and points_to == options.pk.name
        if points_to and not at_key:
            kwargs["to_field"] = points_to
        return name, path, args, kwargs

    target_field = property(
        lambda self: self.foreign_related_fields[0], doc="The field that is pointed to."
    )

    def validate(self, value: Any, model_instance: Any) -> None:
        inherited = self.remote_field.parent_link
        if not inherited:
            super().validate(value, model_instance)
        if inherited or value is None:
            return
        target = self.remote_field.model
        using = router.db_for_read(target, instance=model_instance)
        points_to = self.remote_field.field_name
        found = (
            target._base_manager.using(using)
            .filter(**{points_to: value})
            .complex_filter(self.get_limit_choices_to())
        )
        if not found.exists():
            raise exceptions.ValidationError(
                self.error_messages["invalid"],
                code="invalid",
                params={
                    "model": target._meta.verbose_name,
                    "pk": value,
                    "field": points_to,
                    "value": value,
                },
            )

    def resolve_related_fields(self) -> list[tuple[Any, Any]]:
        pairs = super().resolve_related_fields()
        for _near, far in pairs:
            target = self.remote_field.model._meta
            if far and far.model != self.remote_field.model._meta.concrete_model:
                raise exceptions.FieldError(
                    f"'{self.model._meta.label}.{self.name}' refers to field '{far.name}' which "
                    f"is not local to model '{target.concrete_model._meta.label}'."
                )
        return pairs

    # Its column

    def get_attname(self) -> str:
        return f"{self.name}_id"

    def get_attname_column(self) -> tuple[str, str]:
        attname = self.get_attname()
        return attname, self.db_column or attname

    @property
    def column_type_field(self) -> Any:
        """The field whose type the column has."""
        return self.target_field

    def get_default(self) -> Any:
        value = super().get_default()
        if isinstance(value, self.remote_field.model):
            return getattr(value, self.target_field.attname)
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        empty = value is None or (
            value == ""
            and self.target_field.empty_strings_allowed
            and connection.features.interprets_empty_strings_as_nulls
        )
        return None if empty else self.target_field.get_db_prep_save(value, connection)

    # A key is what the field that is pointed to makes of it.
    to_python = _as_target_does("to_python")
    get_prep_value = _as_target_does("get_prep_value")
    get_db_prep_value = _as_target_does("get_db_prep_value")
    cast_db_type = _as_target_does("cast_db_type")

    def contribute_to_related_class(self, cls: type[Model], related: Any) -> None:
        super().contribute_to_related_class(cls, related)
        if related.field_name is None:
            related.field_name = cls._meta.pk.name

    def db_check(self, connection: Any) -> None:
        """Return ``None``: the far end checks."""

    def db_type(self, connection: Any) -> str | None:
        return self.target_field.rel_db_type(connection=connection)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        there = self.target_field.db_parameters(connection)
        return {
            "type": self.db_type(connection),
            "check": None,
            "collation": there.get("collation"),
        }

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        found = super().get_db_converters(connection)
        if connection.features.interprets_empty_strings_as_nulls:
            found = [*found, lambda value, *_rest: None if value == "" else value]
        return found

    def get_col(self, alias: str, output_field: Field | None = None) -> Any:
        return super().get_col(alias, output_field or self._end_of_chain())

    def _end_of_chain(self) -> Field:
        """Follow keys that are keys of other models to the field that has a type of its own."""
        met: list[Field] = [self]
        while isinstance(met[-1], ForeignKey):
            met.append(met[-1].target_field)
            if met[-1] is self:
                raise ValueError("Cannot resolve output_field.")
        return met[-1]

    # Forms

    def formfield(self, *, using: str | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        from nuages import forms

        target = self.remote_field.model
        if isinstance(target, str):
            raise ValueError(
                f"Cannot create form field for {self.name!r} yet, because its related model "
                f"{target!r} has not been loaded yet"
            )
        given = {
            "form_class": forms.ModelChoiceField,
            "queryset": target._default_manager.using(using),
            "to_field_name": self.remote_field.field_name,
        }
        given |= kwargs
        return super().formfield(**given, blank=self.blank)


class OneToOneField(ForeignKey[Target]):
    """A relation from one object to one. Manual: "OneToOneField"."""

    # Its column takes plain values; its lookups speak for themselves.
    trail_safe = True
    many_to_one = False
    one_to_one = True
    related_accessor_class = ReverseOneToOneDescriptor
    forward_related_accessor_class = ForwardOneToOneDescriptor
    description = _("One-to-one relationship")
    rel_class = OneToOneRel

    def __init__(
        self,
        to: type[Target] | str,
        on_delete: Callable[..., Any],
        to_field: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(to, on_delete, to_field=to_field, **(kwargs | {"unique": True}))

    def deconstruct(self) -> tuple[Any, ...]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("unique", None)
        return name, path, args, kwargs

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return None if self.remote_field.parent_link else super().formfield(**kwargs)

    def save_form_data(self, instance: Model, data: Any) -> None:
        if isinstance(data, self.remote_field.model):
            setattr(instance, self.name, data)
            return
        setattr(instance, self.attname, data)
        # Without an object, the cached one must go as well.
        if data is None:
            setattr(instance, self.name, data)


__all__ = [
    "RECURSIVE_RELATIONSHIP_CONSTANT",
    "ForeignKey",
    "ForeignObject",
    "ForeignObjectRel",
    "ManyToManyDescriptor",
    "ManyToManyField",
    "ManyToManyRel",
    "ManyToOneRel",
    "OneToOneField",
    "OneToOneRel",
    "RelatedField",
    "create_many_to_many_intermediary_model",
    "lazy_related_operation",
    "resolve_relation",
]

from nuages.db.models.fields._many_to_many import (  # noqa: E402  (it needs the names above)
    ManyToManyField,
    create_many_to_many_intermediary_model,
)
