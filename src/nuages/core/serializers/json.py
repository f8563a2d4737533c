"""The JSON format. Manual: topics/serialization, "JSON"."""

import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from nuages.conf import switches
from nuages.core.serializers.base import DeserializationError
from nuages.utils.duration import duration_iso_string
from nuages.utils.functional import Promise
from nuages.utils.timezone import is_aware


def ecma_datetime(value: datetime.datetime) -> str:
    """Return the format of ECMA-262: milliseconds at most, and ``Z`` for UTC."""
    text = value.isoformat(timespec="milliseconds") if value.microsecond else value.isoformat()
    if value.tzinfo is None:
        return text
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def ecma_time(value: datetime.time) -> str:
    """Return a time in the notation of JavaScript.

    Raises:
        ValueError: it has a time zone.
    """
    if is_aware(value):  # type: ignore[arg-type]
        raise ValueError("JSON can't represent timezone-aware times.")
    return value.isoformat(timespec="milliseconds" if value.microsecond else "auto")


# The first type that fits decides: a datetime is a date too.
_ENCODERS: tuple[tuple[Any, Any], ...] = (
    (datetime.datetime, ecma_datetime),
    (datetime.date, datetime.date.isoformat),
    (datetime.time, ecma_time),
    (datetime.timedelta, duration_iso_string),
    ((decimal.Decimal, uuid.UUID, Promise), str),
)
_EXACT: dict[type, Any] = {
    kind: encode
    for kinds, encode in _ENCODERS
    for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
    if kind is not Promise
}


class DjangoJSONEncoder(json.JSONEncoder):
    """Encodes dates, times, durations, decimals, UUIDs and lazy strings too."""

    def default(self, o: Any) -> Any:
        """Return text for ``o``; raises ``TypeError`` for other types."""
        # Dates and times come by the thousand, and most often they are just that.
        if (encode := _EXACT.get(o.__class__)) is not None:
            return encode(o)
        for types, encode in _ENCODERS:
            if isinstance(o, types):
                return encode(o)
        return super().default(o)


_DEFAULT = DjangoJSONEncoder.default

# After the encoder, which the database room needs without the rest.
from nuages.core.serializers.python import Deserializer as PythonDeserializer  # noqa: E402
from nuages.core.serializers.python import Serializer as PythonSerializer  # noqa: E402
from nuages.core.serializers.python import hooks_of  # noqa: E402


def encoder_of(options: dict[str, Any]) -> Callable[[Any], str]:
    """Return what ``json.dumps`` does with these options, without a new encoder each time."""
    rest = dict(options)
    kind = rest.pop("cls")
    return kind(**rest).encode


def usual(serializer: PythonSerializer, hooks: tuple[Any, ...]) -> bool:
    """Return whether a serializer and the encoder do what these methods of the house do."""
    return (
        switches.enabled("COMPILED_SERIALIZERS")
        and hooks_of(type(serializer)) == hooks
        and DjangoJSONEncoder.default is _DEFAULT
    )


class Serializer(PythonSerializer):
    """Writes a list of objects, each as it comes."""

    internal_use_only = False

    def _init_options(self) -> None:
        self._current = None
        # What is meant for us does not concern the encoder.
        mine = ("stream", "fields")
        options = {key: value for key, value in self.options.items() if key not in mine}
        if options.get("indent"):
            # The line break takes the place of the space.
            options["separators"] = (",", ": ")
        self.json_kwargs = {"cls": DjangoJSONEncoder, "ensure_ascii": False, **options}
        self._encode = encoder_of(self.json_kwargs)
        # Texts of instances that are written together.
        self._waiting: list[str] = []

    def start_serialization(self) -> None:
        """Open the list."""
        self._init_options()
        self.stream.write("[")

    def end_object(self, obj: Any) -> None:
        """Write an object, after a comma unless it is the first."""
        indented = bool(self.options.get("indent"))
        comma = "" if self.first else "," if indented else ", "
        self.stream.write(comma + "\n" * indented)
        self.stream.write(self._encode(self.get_dump_object(obj)))
        self._current = None

    def _writer(self) -> Callable[[Any], None]:
        indent = self.options.get("indent")
        known = self.options.keys() <= {"indent"} and (indent is None or type(indent) is int)
        if not known or indent == 0 or not usual(self, _OURS):
            return super()._writer()
        from nuages.core.serializers._written import Layout, collector

        layout = Layout(",", indent) if indent else Layout()
        self._lead, self._between = ("\n", ",\n") if indent else ("", ", ")
        return collector(self, layout, self._waiting, self._write_batch)

    def _write_batch(self) -> None:
        self.stream.write(self._lead + self._between.join(self._waiting))
        self._lead = self._between
        self._waiting.clear()

    def end_serialization(self) -> None:
        """Close the list."""
        if self._waiting:
            self._write_batch()
        self.stream.write("\n]\n" if self.options.get("indent") else "]\n")

    def getvalue(self) -> Any:
        """Return what was written, if the stream keeps it."""
        return super(PythonSerializer, self).getvalue()


_OURS = hooks_of(Serializer)


class Deserializer(PythonDeserializer):
    """Reads a list of objects from text, bytes or a stream."""

    def __init__(self, stream_or_string: Any, **options: Any) -> None:
        text = stream_or_string
        if not isinstance(text, str | bytes):
            text = text.read()
        try:
            objects = json.loads(text)
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
