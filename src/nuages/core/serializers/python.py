"""Instances as dictionaries of simple values; the basis of the JSON and YAML formats."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from nuages.apps import apps
from nuages.core.serializers import base
from nuages.db import DEFAULT_DB_ALIAS, models
from nuages.db.models import CompositePrimaryKey, Field
from nuages.db.models.query_utils import DeferredAttribute
from nuages.utils.encoding import is_protected_type
from nuages.utils.functional import cached_property

MISSING: Any = object()
#: What formats are given as it is, whatever the field says; and that plus text.
AS_IS = frozenset((type(None), bool, int, float, Decimal, datetime, date, time))
AS_IS_OR_TEXT = AS_IS | {str}
_NUMBERED = frozenset((models.AutoField, models.BigAutoField, models.IntegerField))
_NOTHING: frozenset[type] = frozenset()


_HOOKS = (
    "start_object",
    "end_object",
    "handle_field",
    "handle_fk_field",
    "handle_m2m_field",
    "get_dump_object",
    "_fields_of",
    "_handle_fields",
    "_value_from_field",
    "_write_by_hooks",
)


def hooks_of(kind: type) -> tuple[Any, ...]:
    """Return what a class of serializers calls for each instance, to be compared."""
    return tuple(getattr(kind, name) for name in _HOOKS)


class Serializer(base.Serializer):
    """Makes a list of dictionaries with the keys ``model``, ``pk`` and ``fields``."""

    internal_use_only = True

    def start_serialization(self) -> None:
        """Begin an empty list."""
        self._current: dict[str, Any] | None = None
        self.objects: list[dict[str, Any]] = []

    def start_object(self, obj: Any) -> None:
        """Begin the fields of an instance."""
        self._current = {}

    def _handle_fields(self, obj: Any) -> None:
        plan = self._plans.get(obj.__class__) or self._plan(obj.__class__)
        value_of, current = obj.__dict__.get, self._current
        for hook, field, name, attname, kept in plan:
            if (value := value_of(attname, MISSING)).__class__ in kept:
                current[name] = value  # type: ignore[index]
            else:
                hook(obj, field)

    def _plan(self, model: Any) -> tuple[Any, ...]:
        """Return hook, field, name, attribute of each field, and the types that need no hook."""
        pairs = self._fields_of(model._meta.concrete_model)
        plan = self._plans[model] = tuple(
            (hook, field, field.name, getattr(field, "attname", None), self._kept(model, pair))
            for pair in pairs
            for hook, field in (pair,)
        )
        return plan

    def _kept(self, model: Any, pair: tuple[Any, Any]) -> frozenset[type]:
        """Return the types whose values, as they lie on an instance, a hook would just keep.

        None where the hook, the field or the attribute is not as we made it.
        """
        hook, field = pair
        ours = (Serializer.handle_field, Serializer.handle_fk_field)
        own = type(self)
        if (
            getattr(hook, "__func__", None) not in ours
            or own._value_from_field is not Serializer._value_from_field
            or (field.remote_field is not None and self.use_natural_foreign_keys)
            or isinstance(field, CompositePrimaryKey)
            or type(field).value_from_object is not Field.value_from_object
            or not isinstance(getattr(model, field.attname, None), DeferredAttribute)
        ):
            return _NOTHING
        plain = type(field).value_to_string is Field.value_to_string
        return AS_IS_OR_TEXT if plain else AS_IS

    def end_object(self, obj: Any) -> None:
        """Add the instance to the list."""
        self.objects.append(self.get_dump_object(obj))
        self._current = None

    def get_dump_object(self, obj: Any) -> dict[str, Any]:
        """Return the dictionary of an instance whose fields were handled."""
        label, attname, pk = self._names.get(obj.__class__) or self._name(obj)
        if self.use_natural_primary_keys and self._has_natural_primary_key(obj):
            return {"model": label, "fields": self._current}
        value = obj.__dict__.get(attname)
        if value.__class__ is not int:
            value = self._value_from_field(obj, pk)
        return {"model": label, "pk": value, "fields": self._current}

    @cached_property
    def _names(self) -> dict[Any, tuple[str, str, Any]]:
        """Label, key attribute and key of each model that was met."""
        return {}

    def _name(self, obj: Any) -> tuple[str, str, Any]:
        meta = obj._meta
        # A key that is a number and lies on the instance needs no second look.
        attname = meta.pk.attname if meta.pk.__class__ in _NUMBERED else ""
        found = self._names[obj.__class__] = (meta.label_lower, attname, meta.pk)
        return found

    def _value_from_field(self, obj: Any, field: Any) -> Any:
        if isinstance(field, CompositePrimaryKey):
            return [self._value_from_field(obj, part) for part in field]
        value = field.value_from_object(obj)
        # Dates and numbers are left to the format; anything else is text.
        if value.__class__ is int or is_protected_type(value):
            return value
        return field.value_to_string(obj)

    def handle_field(self, obj: Any, field: Any) -> None:
        """Keep a value."""
        self._current[field.name] = self._value_from_field(obj, field)  # type: ignore[index]

    def handle_fk_field(self, obj: Any, field: Any) -> None:
        """Keep the natural key of what is referred to, or the column's value."""
        key = self._resolve_fk_natural_key(obj, field)
        value = self._value_from_field(obj, field) if key is None else key
        self._current[field.name] = value  # type: ignore[index]

    def handle_m2m_field(self, obj: Any, field: Any) -> None:
        """Keep the natural or primary keys of what is referred to."""
        if field.remote_field.through._meta.auto_created:
            self._current[field.name] = [  # type: ignore[index]
                self._value_from_field(each, each._meta.pk) if key is None else key
                for each, key in self._m2m_objects(obj, field)
            ]

    def getvalue(self) -> Any:
        """Return the list."""
        return self.objects


class Deserializer(base.Deserializer):
    """Reads such dictionaries."""

    def __init__(
        self,
        object_list: Iterable[dict[str, Any]],
        *,
        using: str = DEFAULT_DB_ALIAS,
        ignorenonexistent: bool = False,
        **options: Any,
    ) -> None:
        self.handle_forward_references = options.pop("handle_forward_references", False)
        super().__init__(object_list, **options)
        self.using, self.ignorenonexistent = using, ignorenonexistent
        self.field_names_cache: dict[Any, set[str]] = {}
        self._results: Iterator[Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        objects: Any = self.stream
        for data in objects:
            yield from self._handle_object(data)

    def __next__(self) -> Any:
        if self._results is None:
            self._results = iter(self)
        return next(self._results)

    def _known_fields(self, model: Any) -> set[str]:
        if model not in self.field_names_cache:
            self.field_names_cache[model] = {f.name for f in model._meta.get_fields()}
        return self.field_names_cache[model]

    def _handle_object(self, obj: dict[str, Any]) -> Iterator[base.DeserializedObject]:
        try:
            model = self._get_model_from_node(obj["model"])
        except base.DeserializationError:
            if self.ignorenonexistent:
                return
            raise
        pk_field = model._meta.pk
        values: dict[str, Any] = {}
        m2m: dict[str, Any] = {}
        deferred: dict[Any, Any] = {}
        if "pk" in obj:
            try:
                values[pk_field.attname] = pk_field.to_python(obj["pk"])
            except Exception as error:
                raise base.DeserializationError.WithData(
                    error, obj["model"], obj["pk"], None
                ) from error
        for name, value in obj["fields"].items():
            if self.ignorenonexistent and name not in self._known_fields(model):
                continue
            field = model._meta.get_field(name)
            try:
                match field.remote_field:
                    case models.ManyToManyRel():
                        place, key = m2m, field.name
                        found = self._handle_m2m_field_node(field, value)
                    case models.ManyToOneRel():
                        place, key = values, field.attname
                        found = self._handle_fk_field_node(field, value)
                    case _:
                        place, key, found = values, field.name, field.to_python(value)
            except base.M2MDeserializationError as error:
                raise base.DeserializationError.WithData(
                    error.original_exc, obj["model"], obj.get("pk"), error.pk
                ) from error
            except Exception as error:
                raise base.DeserializationError.WithData(
                    error, obj["model"], obj.get("pk"), value
                ) from error
            if found is base.DEFER_FIELD:
                deferred[field] = value
            else:
                place[key] = found
        instance = base.build_instance(model, values, self.using)
        yield base.DeserializedObject(instance, m2m, deferred)

    @staticmethod
    def _get_model_from_node(model_identifier: str) -> Any:
        try:
            return apps.get_model(model_identifier)
        except (LookupError, TypeError):
            problem = f"Invalid model identifier: {model_identifier}"
            raise base.DeserializationError(problem) from None

    def _handle_fk_field_node(self, field: Any, field_value: Any) -> Any:
        later = self.handle_forward_references
        return base.deserialize_fk_value(field, field_value, self.using, later)

    def _handle_m2m_field_node(self, field: Any, field_value: Any) -> Any:
        later = self.handle_forward_references
        return base.deserialize_m2m_values(field, field_value, self.using, later)
