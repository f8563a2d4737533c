"""Model instances as data, and data as model instances. Manual: topics/serialization.

A format is a module with the classes ``Serializer`` and ``Deserializer``.
"""

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from nuages.conf import settings
from nuages.core.serializers.base import SerializerDoesNotExist as SerializerDoesNotExist

BUILTIN_SERIALIZERS = {
    "json": "django.core.serializers.json",
    "jsonl": "django.core.serializers.jsonl",
    "python": "django.core.serializers.python",
    "xml": "django.core.serializers.xml_serializer",
    "yaml": "django.core.serializers.pyyaml",
}

_SUBMODULES = frozenset({"json", "jsonl", "python", "pyyaml", "xml_serializer"})

# Format → module; empty until a format is asked for.
_serializers: dict[str, Any] = {}


def __getattr__(name: str) -> Any:
    # Those who subclass a built-in format name it as an attribute.
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@dataclass(frozen=True)
class BadSerializer:
    """Stands for a format whose module cannot be imported; says so when it is used."""

    exception: ImportError
    internal_use_only: bool = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise the error of the import."""
        raise self.exception


def _import_format(module_path: str) -> Any:
    try:
        return importlib.import_module(module_path)
    except ImportError as error:
        bad = BadSerializer(error)
        return type("BadSerializer", (), {"Serializer": bad, "Deserializer": bad})


def _formats() -> dict[str, Any]:
    """Return the registry, filled with the built-in formats and those of the settings."""
    global _serializers

    if not _serializers:
        paths = {**BUILTIN_SERIALIZERS, **(getattr(settings, "SERIALIZATION_MODULES", None) or {})}
        _serializers = {name: _import_format(path) for name, path in paths.items()}
    return _serializers


def register_serializer(
    format: str, serializer_module: str, serializers: dict[str, Any] | None = None
) -> None:
    """Register the module at a path for a format, here or in another registry."""
    registry = _formats() if serializers is None else serializers
    registry[format] = _import_format(serializer_module)


def unregister_serializer(format: str) -> None:
    """Forget a format; raises `SerializerDoesNotExist`."""
    _lookup(format)
    del _formats()[format]


def _lookup(format: str) -> Any:
    if format not in _formats():
        raise SerializerDoesNotExist(format)
    return _formats()[format]


def get_serializer(format: str) -> Any:
    """Return the ``Serializer`` of a format; raises `SerializerDoesNotExist`."""
    return _lookup(format).Serializer


def get_deserializer(format: str) -> Any:
    """Return the ``Deserializer`` of a format; raises `SerializerDoesNotExist`."""
    return _lookup(format).Deserializer


def get_serializer_formats() -> list[str]:
    """Return the names of all formats."""
    return list(_formats())


def get_public_serializer_formats() -> list[str]:
    """Return the names of the formats that produce text."""
    return [name for name, each in _formats().items() if not each.Serializer.internal_use_only]


def serialize(format: str, queryset: Iterable[Any], **options: Any) -> Any:
    """Return instances in a format; the options are those of its ``Serializer.serialize()``."""
    worker = get_serializer(format)()
    worker.serialize(queryset, **options)
    return worker.getvalue()


def deserialize(format: str, stream_or_string: Any, **options: Any) -> Iterator[Any]:
    """Yield a ``DeserializedObject`` for each instance in the data."""
    return get_deserializer(format)(stream_or_string, **options)


def _natural_dependencies(model: Any) -> set[Any]:
    """Return the models that must be loaded before ``model`` so that natural keys are found."""
    from nuages.apps import apps

    declared = getattr(getattr(model, "natural_key", None), "dependencies", ())
    related = [field.remote_field for field in model._meta.fields if field.remote_field]
    related += [
        field.remote_field
        for field in model._meta.many_to_many
        if field.remote_field.through._meta.auto_created
    ]
    by_key = {rel.model for rel in related if hasattr(rel.model, "natural_key")}
    return by_key - {model} | {apps.get_model(name) for name in declared}


def sort_dependencies(app_list: Iterable[Any], allow_cycles: bool = False) -> list[Any]:
    """Return the models of (application, models) pairs so that natural keys can be resolved.

    ``None`` in the place of models stands for all of the application. Raises ``RuntimeError``
    for models that depend on each other, unless ``allow_cycles``.
    """
    models = [
        m for app, listed in app_list for m in (app.get_models() if listed is None else listed)
    ]
    waiting = {model: _natural_dependencies(model) & set(models) for model in dict.fromkeys(models)}
    ordered: dict[Any, None] = {}
    while waiting:
        ready = [model for model, needed in waiting.items() if needed <= ordered.keys()]
        if not ready:
            if not allow_cycles:
                names = ", ".join(m._meta.label for m in sorted(waiting, key=lambda m: m.__name__))
                raise RuntimeError(
                    f"Can't resolve dependencies for {names} in serialized app list."
                )
            ready = list(waiting)
        for model in ready:
            ordered[model] = waiting.pop(model, None)  # type: ignore[assignment]
    return list(ordered)
