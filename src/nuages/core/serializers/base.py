"""What all formats have in common."""

from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from typing import Any

from nuages.core.exceptions import ObjectDoesNotExist
from nuages.db import models

# Stands for a reference to an object that is not there yet.
DEFER_FIELD = object()

_CHUNK = 2000


class SerializerDoesNotExist(KeyError):
    """There is no such format."""


class SerializationError(Exception):
    """Something went wrong while instances became data."""


class DeserializationError(Exception):
    """Something went wrong while data became instances."""

    @classmethod
    def WithData(
        cls, original_exc: Any, model: str, fk: Any, field_value: Any
    ) -> "DeserializationError":
        """Make one that says which object, and which of its values, was at fault."""
        return cls(f"{original_exc}: ({model}:pk={fk}) field_value was '{field_value}'")


class M2MDeserializationError(Exception):
    """One of the references of a many-to-many field cannot be resolved."""

    def __init__(self, original_exc: Exception, pk: Any) -> None:
        super().__init__(original_exc, pk)
        self.original_exc, self.pk = original_exc, pk


class ProgressBar:
    """A row of dots that grows with the share of objects that are done."""

    progress_width = 75

    def __init__(self, output: Any, total_count: int) -> None:
        self.output, self.total_count = output, total_count
        self.prev_done = 0

    def update(self, count: int) -> None:
        """Show that ``count`` objects are done."""
        if not self.output:
            return
        done = self.progress_width * count // self.total_count
        if done <= self.prev_done:
            return
        self.prev_done = done
        dots = ("." * done).ljust(self.progress_width)
        start = "\r" if self.total_count != 1 else ""
        end = "\n" if done == self.progress_width else ""
        print(f"{start}[{dots}]", end=end, file=self.output, flush=True)


class Serializer:
    """Base of serializers: walks over instances and their fields, and calls the hooks.

    A format defines the hooks ``start_serialization``, ``end_serialization``, ``start_object``,
    ``end_object``, ``handle_field``, ``handle_fk_field`` and ``handle_m2m_field``.
    """

    stream_class: Any = StringIO
    progress_class = ProgressBar
    # True for what is not offered by commands and the like: the result is no text.
    internal_use_only = False

    def serialize(
        self,
        queryset: Iterable[Any],
        *,
        stream: Any = None,
        fields: Iterable[str] | None = None,
        use_natural_foreign_keys: bool = False,
        use_natural_primary_keys: bool = False,
        progress_output: Any = None,
        object_count: int = 0,
        **options: Any,
    ) -> Any:
        """Serialize instances into ``stream`` (default: memory); return what came out.

        ``fields`` restricts the fields by name. Other options depend on the format.
        """
        self.stream = self.stream_class() if stream is None else stream
        self.options, self.selected_fields = options, fields
        self.use_natural_primary_keys = use_natural_primary_keys
        self.use_natural_foreign_keys = use_natural_foreign_keys
        # What to do with the fields of a model is decided when its first instance comes.
        self._plans: dict[Any, Any] = {}
        self.start_serialization()
        progress = self.progress_class(progress_output, object_count)
        watched = progress_output or self.progress_class is not ProgressBar
        self.first = True
        write = self._writer()
        for count, obj in enumerate(queryset, start=1):
            write(obj)
            if watched:
                progress.update(count)
            self.first = False
        self.end_serialization()
        return self.getvalue()

    def _writer(self) -> Callable[[Any], None]:
        """Return what is called with each instance."""
        return self._write_by_hooks

    def _write_by_hooks(self, obj: Any) -> None:
        self.start_object(obj)
        self._handle_fields(obj)
        self.end_object(obj)

    def _handle_fields(self, obj: Any) -> None:
        """Give each of the instance's fields to its hook."""
        model = obj._meta.concrete_model
        pairs = self._plans.get(model)
        if pairs is None:
            pairs = self._plans[model] = tuple(self._fields_of(model))
        for hook, field in pairs:
            hook(obj, field)

    def _fields_of(self, model: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the fields of a concrete model, each with the hook that takes it."""
        chosen = self.selected_fields
        # A child's link to its parent is its primary key: it must go along when that does not.
        pk = model._meta.pk
        linked = self.use_natural_primary_keys and getattr(pk.remote_field, "parent_link", False)
        for field in model._meta.local_fields:
            if not field.serialize and not (linked and field is pk):
                continue
            if field.remote_field is None:
                if chosen is None or field.attname in chosen:
                    yield self.handle_field, field
            # Selected without the "_id" that the column ends in.
            elif chosen is None or field.attname[:-3] in chosen:
                yield self.handle_fk_field, field
        for field in model._meta.local_many_to_many:
            if field.serialize and (chosen is None or field.attname in chosen):
                yield self.handle_m2m_field, field

    # Hooks.

    def start_serialization(self) -> None:
        """Begin the output."""
        raise self._not_provided("a start_serialization()")

    def end_serialization(self) -> None:
        """Finish the output."""

    def start_object(self, obj: Any) -> None:
        """Begin an instance."""
        raise self._not_provided("a start_object()")

    def end_object(self, obj: Any) -> None:
        """Finish an instance."""

    def handle_field(self, obj: Any, field: Any) -> None:
        """Write a field that is no relation."""
        raise self._not_provided("a handle_field()")

    def handle_fk_field(self, obj: Any, field: Any) -> None:
        """Write a foreign key."""
        raise self._not_provided("a handle_fk_field()")

    def handle_m2m_field(self, obj: Any, field: Any) -> None:
        """Write a many-to-many field."""
        raise self._not_provided("a handle_m2m_field()")

    def _not_provided(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"subclasses of Serializer must provide {method} method")

    def getvalue(self) -> Any:
        """Return what was written, if the stream keeps it."""
        read = getattr(self.stream, "getvalue", None)
        return read() if callable(read) else None

    # Natural keys.

    def _model_supports_natural_key(self, model: Any) -> bool:
        return hasattr(model, "natural_key")

    def _resolve_natural_key(self, obj: Any) -> Any:
        """Return the natural key of an instance; ``None`` if it has none, or opted out."""
        return (obj.natural_key() or None) if self._model_supports_natural_key(obj) else None

    def _resolve_fk_natural_key(self, obj: Any, field: Any) -> Any:
        """Return the natural key of what a foreign key refers to; ``None`` likewise."""
        if not self.use_natural_foreign_keys:
            return None
        if not self._model_supports_natural_key(field.remote_field.model):
            return None
        related = getattr(obj, field.name)
        return None if related is None else self._resolve_natural_key(related)

    def _has_natural_primary_key(self, obj: Any) -> bool:
        return self.use_natural_primary_keys and self._resolve_natural_key(obj) is not None

    def _m2m_objects(self, obj: Any, field: Any) -> Iterable[tuple[Any, Any]]:
        """Yield (instance, natural key or ``None``) for what a many-to-many field refers to.

        Nothing for a field with a model of its own between: that is serialized itself.
        """
        if not field.remote_field.through._meta.auto_created:
            return
        natural = self.use_natural_foreign_keys and self._model_supports_natural_key(
            field.remote_field.model
        )
        related = getattr(obj, "_prefetched_objects_cache", {}).get(field.name)
        if related is None:
            related = getattr(obj, field.name).select_related(None)
            # The same data each time, whatever the database finds first.
            related = related if related.ordered else related.order_by("pk")
            related = _in_chunks(related if natural else related.only("pk"))
        for each in related:
            yield each, self._resolve_natural_key(each) if natural else None


def _in_chunks(rows: Any) -> Iterable[Any]:
    """Return the rows of a queryset; by and by where they are many."""
    # Mostly they are few, and a query that was met before is the quicker one.
    few = list(rows[:_CHUNK])
    return few if len(few) < _CHUNK else rows.iterator(chunk_size=_CHUNK)


class Deserializer:
    """Base of deserializers: iterators of `DeserializedObject`."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        self.options = options
        text = isinstance(stream_or_string, str)
        self.stream = StringIO(stream_or_string) if text else stream_or_string

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        raise NotImplementedError("subclasses of Deserializer must provide a __next__() method")


class DeserializedObject:
    """An instance that was read but not saved, and what can only be saved after it."""

    def __init__(
        self,
        obj: Any,
        m2m_data: dict[str, list[Any]] | None = None,
        deferred_fields: dict[Any, Any] | None = None,
    ) -> None:
        self.object, self.m2m_data = obj, m2m_data
        self.deferred_fields = deferred_fields

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.object._meta.label}(pk={self.object.pk})>"

    def save(self, save_m2m: bool = True, using: str | None = None, **kwargs: Any) -> None:
        """Save the instance as it is, without its own ``save()``, and its relations."""
        models.Model.save_base(self.object, using=using, raw=True, **kwargs)
        if save_m2m:
            for accessor, related in (self.m2m_data or {}).items():
                getattr(self.object, accessor).set(related)
        # Relations are changed by their own managers from now on.
        self.m2m_data = None

    def save_deferred_fields(self, using: str | None = None) -> None:
        """Resolve the references that could not be resolved before, and save them.

        Raises `DeserializationError` for what is still not there.
        """
        self.m2m_data = {}
        label, pk = str(self.object._meta), self.object.pk
        for field, value in (self.deferred_fields or {}).items():
            if isinstance(field.remote_field, models.ManyToManyRel):
                try:
                    found = deserialize_m2m_values(field, value, using, False)
                except M2MDeserializationError as error:
                    raise DeserializationError.WithData(
                        error.original_exc, label, pk, error.pk
                    ) from error
                self.m2m_data[field.name] = found
            elif isinstance(field.remote_field, models.ManyToOneRel):
                try:
                    found = deserialize_fk_value(field, value, using, False)
                except Exception as error:
                    raise DeserializationError.WithData(error, label, pk, value) from error
                setattr(self.object, field.attname, found)
        self.save()


def build_instance(Model: Any, data: dict[str, Any], db: str | None) -> Any:
    """Make an instance; without a primary key in ``data`` it gets that of its natural key."""
    manager, pk = Model._meta.default_manager, Model._meta.pk
    natural = hasattr(manager, "get_by_natural_key") and hasattr(Model, "natural_key")
    if natural and data.get(pk.attname) is None:
        unsaved = Model(**data)
        unsaved._state.db = db
        try:
            # The key may lead through relations that are not there yet.
            key = unsaved.natural_key()
            if key:
                found = manager.db_manager(db).get_by_natural_key(*key)
                data[pk.attname] = pk.to_python(found.pk)
        except (Model.DoesNotExist, ObjectDoesNotExist):
            pass
    return Model(**data)


def _is_natural_key(manager: Any, value: Any) -> bool:
    return (
        hasattr(manager, "get_by_natural_key")
        and hasattr(value, "__iter__")
        and not isinstance(value, str)
    )


def deserialize_m2m_values(
    field: Any, field_value: Any, using: str | None, handle_forward_references: bool
) -> Any:
    """Return the primary keys for the references of a many-to-many field.

    `DEFER_FIELD` stands for references that may be resolved later. Raises
    `M2MDeserializationError`.
    """
    target = field.remote_field.model
    manager = target._default_manager

    def resolve(value: Any) -> Any:
        if _is_natural_key(manager, value):
            return manager.db_manager(using).get_by_natural_key(*value).pk
        return target._meta.pk.to_python(value)

    keys: list[Any] = []
    current = field_value
    try:
        for current in field_value:
            keys.append(resolve(current))
    except Exception as error:
        if handle_forward_references and isinstance(error, ObjectDoesNotExist):
            return DEFER_FIELD
        raise M2MDeserializationError(error, current) from error
    return keys


def deserialize_fk_value(
    field: Any, field_value: Any, using: str | None, handle_forward_references: bool
) -> Any:
    """Return the value of a foreign key's column; `DEFER_FIELD` for later."""
    if field_value is None:
        return None
    target, name = field.remote_field.model, field.remote_field.field_name
    manager = target._default_manager
    if _is_natural_key(manager, field_value):
        try:
            found = manager.db_manager(using).get_by_natural_key(*field_value)
        except ObjectDoesNotExist:
            if handle_forward_references:
                return DEFER_FIELD
            raise
        value = getattr(found, name)
        # A primary key that is itself a relation gives an instance.
        return value.pk if target._meta.pk.remote_field else value
    return target._meta.get_field(name).to_python(field_value)
