"""Instances as dictionaries of simple values; the basis of the JSON and YAML formats."""

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.apps import apps
from nuages.core.serializers import base
from nuages.db import DEFAULT_DB_ALIAS, models
from nuages.db.models import CompositePrimaryKey
from nuages.utils.encoding import is_protected_type


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

    def end_object(self, obj: Any) -> None:
        """Add the instance to the list."""
        self.objects.append(self.get_dump_object(obj))
        self._current = None

    def get_dump_object(self, obj: Any) -> dict[str, Any]:
        """Return the dictionary of an instance whose fields were handled."""
        data: dict[str, Any] = {"model": str(obj._meta)}
        if not self._has_natural_primary_key(obj):
            data["pk"] = self._value_from_field(obj, obj._meta.pk)
        return {**data, "fields": self._current}

    def _value_from_field(self, obj: Any, field: Any) -> Any:
        match field:
            case CompositePrimaryKey():
                return [self._value_from_field(obj, part) for part in field]
            case _ if is_protected_type(value := field.value_from_object(obj)):
                # Dates and numbers are left to the format; anything else is text.
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
        for data in self.stream:
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
