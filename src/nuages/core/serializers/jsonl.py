"""The format of one JSON object per line. Manual: topics/serialization, "JSONL"."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nuages.core.serializers.base import DeserializationError
from nuages.core.serializers.json import DjangoJSONEncoder, encoder_of, usual
from nuages.core.serializers.python import Deserializer as PythonDeserializer
from nuages.core.serializers.python import Serializer as PythonSerializer
from nuages.core.serializers.python import hooks_of


class Serializer(PythonSerializer):
    """Writes a line for each instance."""

    internal_use_only = False

    def _init_options(self) -> None:
        self._current = None
        fixed = ("stream", "fields", "indent")
        self.json_kwargs = {
            "cls": DjangoJSONEncoder,
            "ensure_ascii": False,
            "separators": (",", ": "),
            **{key: value for key, value in self.options.items() if key not in fixed},
        }
        self._encode = encoder_of(self.json_kwargs)
        # Texts of instances that are written together.
        self._waiting: list[str] = []

    def _writer(self) -> Callable[[Any], None]:
        if self.options.keys() <= {"indent"} and usual(self, _OURS):
            from nuages.core.serializers._written import Layout, collector

            return collector(self, Layout(","), self._waiting, self._write_batch)
        return super()._writer()

    def _write_batch(self) -> None:
        self.stream.write("\n".join(self._waiting) + "\n")
        self._waiting.clear()

    def start_serialization(self) -> None:
        """Write nothing yet."""
        self._init_options()

    def end_object(self, obj: Any) -> None:
        """Write a line."""
        self.stream.write(f"{self._encode(self.get_dump_object(obj))}\n")
        self._current = None

    def end_serialization(self) -> None:
        """Write what is left."""
        if self._waiting:
            self._write_batch()

    def getvalue(self) -> Any:
        """Return what was written, if the stream keeps it."""
        return super(PythonSerializer, self).getvalue()


_OURS = hooks_of(Serializer)


class Deserializer(PythonDeserializer):
    """Reads line by line, from text, bytes or a stream."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        lines: Iterable[Any] = stream_or_string
        if isinstance(lines, bytes):
            lines = lines.decode()
        if isinstance(lines, str):
            lines = lines.splitlines()
        super().__init__(_objects(lines), **options)

    def _handle_object(self, obj: Any) -> Iterator[Any]:
        try:
            yield from super()._handle_object(obj)
        except (GeneratorExit, DeserializationError):
            raise
        except Exception as error:
            raise DeserializationError(f"Error deserializing object: {error}") from error


def _objects(lines: Iterable[Any]) -> Iterator[Any]:
    for line in lines:
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except Exception as error:
            raise DeserializationError from error
