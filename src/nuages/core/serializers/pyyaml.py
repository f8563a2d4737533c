"""The YAML format. Needs PyYAML. Manual: topics/serialization, "YAML"."""

import datetime
import decimal
from collections.abc import Iterator
from io import StringIO
from typing import Any

import yaml

from nuages.core.serializers.base import DeserializationError
from nuages.core.serializers.python import Deserializer as PythonDeserializer
from nuages.core.serializers.python import Serializer as PythonSerializer
from nuages.db import models

# The library's C code, where it was built with it.
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class DjangoSafeDumper(SafeDumper):
    """Writes decimals and times, which YAML has no types for, as text."""

    def represent_as_text(self, data: Any) -> Any:
        """Return ``data`` as a string node."""
        return self.represent_scalar("tag:yaml.org,2002:str", str(data))


for _type in (decimal.Decimal, datetime.time):
    DjangoSafeDumper.add_representer(_type, DjangoSafeDumper.represent_as_text)


class Serializer(PythonSerializer):
    """Writes a list of mappings."""

    internal_use_only = False

    def _value_from_field(self, obj: Any, field: Any) -> Any:
        # Times come back from YAML as numbers: "10:30" is 630 in base 60.
        if isinstance(field, models.TimeField) and field.value_from_object(obj) is not None:
            return field.value_to_string(obj)
        return super()._value_from_field(obj, field)

    def end_serialization(self) -> None:
        """Write all mappings at once."""
        options = {"sort_keys": False, "allow_unicode": True, "default_flow_style": False}
        yaml.dump(self.objects, self.stream, DjangoSafeDumper, **{**options, **self.options})

    def getvalue(self) -> Any:
        """Return what was written, if the stream keeps it."""
        return super(PythonSerializer, self).getvalue()


class Deserializer(PythonDeserializer):
    """Reads a list of mappings from text, bytes or a stream."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        source = stream_or_string
        if isinstance(source, bytes):
            source = source.decode()
        if isinstance(source, str):
            source = StringIO(source)
        try:
            objects = yaml.load(source, Loader=SafeLoader)
        except Exception as error:
            raise DeserializationError from error
        super().__init__(objects, **options)

    def _handle_object(self, obj: Any) -> Iterator[Any]:
        try:
            yield from super()._handle_object(obj)
        except (GeneratorExit, DeserializationError):
            raise
        except Exception as error:
            raise DeserializationError(f"Error deserializing object: {error}") from error
