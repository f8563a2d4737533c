"""Instances straight to JSON text, by a function that is generated for each model.

The values of most fields are texts, numbers and dates that lie on the instance; they are written between
constant pieces. What is no such value is asked of the hook of the serializer, and encoded like anything
else. The plain twin is the serializer itself, with one dictionary for each instance.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache, partial
from json import JSONEncoder
from json.encoder import encode_basestring as quoted
from typing import TYPE_CHECKING, Any, NamedTuple

from nuages.core.serializers.json import ecma_datetime, ecma_time
from nuages.core.serializers.python import AS_IS, MISSING
from nuages.utils.codegen import compile_function

if TYPE_CHECKING:
    from nuages.core.serializers.python import Serializer

Write = Callable[[Any], str]
Encoders = Mapping[type, Write]

_encode_float = JSONEncoder(ensure_ascii=False).encode


def _write_datetime(value: datetime) -> str:
    if value.microsecond or value.tzinfo is not None:
        return f'"{ecma_datetime(value)}"'
    return f'"{value.isoformat()}"'


#: How the values are written that every format gets as they are.
_PLAIN: dict[type, Write] = {
    type(None): lambda value: "null",
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    float: _encode_float,
    Decimal: lambda value: f'"{value}"',
    datetime: _write_datetime,
    date: lambda value: f'"{value.isoformat()}"',
    time: lambda value: f'"{ecma_time(value)}"',
}
#: The same, and what is text for the format.
_WITH_TEXT: dict[type, Write] = {**_PLAIN, str: quoted, uuid.UUID: lambda value: f'"{value}"'}
_NONE: dict[type, Write] = {}

#: How many texts are written to the stream at once.
_BATCH = 100


class Layout(NamedTuple):
    """Where line breaks and spaces go.

    Args:
        between: what separates two entries.
        indent: spaces per level; 0 where all is on one line.
    """

    between: str = ", "
    indent: int = 0

    def line(self, level: int) -> str:
        """Return what stands before an entry at ``level``."""
        return f"\n{' ' * (self.indent * level)}" if self.indent else ""

    def mapping(self, entries: list[str], level: int) -> str:
        """Return a JSON object that stands at ``level``."""
        if not entries:
            return "{}"
        start = self.line(level + 1)
        return f"{{{start}{f'{self.between}{start}'.join(entries)}{self.line(level)}}}"

    def deeper(self, text: str) -> str:
        """Return the text of a value that was encoded by itself, as a value of a field."""
        # Line breaks of values are escaped: these are between entries.
        return text.replace("\n", self.line(2)) if self.indent else text


class _Column(NamedTuple):
    hook: Callable[[Any, Any], None]
    field: Any
    key: str
    attname: str
    encoders: Encoders


def writer(serializer: Serializer, obj: Any, layout: Layout, encode: Callable[[Any], str]) -> Write:
    """Return a function that writes instances of the class of ``obj`` as one JSON object.

    Args:
        serializer: decides which fields there are, and takes unusual values by its hooks.
        encode: writes any other value as JSON, in the same layout.
    """
    model, meta = obj.__class__, obj._meta
    columns = [
        _Column(hook, field, encode(name) + ": ", attname or "", _encoders(kept))
        for hook, field, name, attname, kept in serializer._plan(model)
    ]
    label = f'"model": {encode(meta.label_lower)}'
    mixed: Write = partial(_write_mixed, serializer, layout, encode, label, columns)
    pk_encoders = _encoders(serializer._kept(model, (serializer.handle_field, meta.pk)))
    if not pk_encoders or not all(column.encoders for column in columns):
        return mixed
    escaped = [column.key.replace("%", "%%") + "%s" for column in columns]
    entries = [label.replace("%", "%%"), '"pk": %s', f'"fields": {layout.mapping(escaped, 1)}']
    attnames = meta.pk.attname, *(column.attname for column in columns)
    encoders = pk_encoders, *(column.encoders for column in columns)
    # What the first instance has is what the others will most often have.
    first = [obj.__dict__.get(attname).__class__ for attname in attnames]
    kinds = tuple(
        kind if kind in _IN_PLACE and kind in known else None
        for kind, known in zip(first, encoders, strict=True)
    )
    return _maker(layout.mapping(entries, 0), attnames, kinds, meta.label)(mixed, *encoders)


def collector(
    serializer: Serializer, layout: Layout, waiting: list[str], flush: Callable[[], None]
) -> Callable[[Any], None]:
    """Return a function that adds the text of an instance to ``waiting``, flushed by the hundred."""
    encode = serializer._encode  # type: ignore[attr-defined]
    writers: dict[type, Write] = {}

    def by_hooks(obj: Any) -> str:
        serializer.start_object(obj)
        serializer._handle_fields(obj)
        text: str = encode(serializer.get_dump_object(obj))
        serializer._current = None
        return text

    def add(obj: Any) -> Write:
        model = obj.__class__
        natural = serializer.use_natural_primary_keys
        if natural and serializer._model_supports_natural_key(model):
            writers[model] = by_hooks
        else:
            writers[model] = writer(serializer, obj, layout, encode)
        return writers[model]

    def collect(obj: Any) -> None:
        waiting.append((writers.get(obj.__class__) or add(obj))(obj))
        if len(waiting) == _BATCH:
            flush()

    return collect


def _encoders(kept: frozenset[type]) -> Encoders:
    if not kept:
        return _NONE
    return _WITH_TEXT if str in kept else _PLAIN


#: How a value of an expected type is written in place.
_IN_PLACE: dict[type | None, str] = {
    str: "quoted(v) if v.__class__ is str else other",
    int: "v if v.__class__ is int else other",
    bool: "'true' if v is True else 'false' if v is False else other",
}


@lru_cache(maxsize=256)
def _maker(
    template: str, attnames: tuple[str, ...], kinds: tuple[type | None, ...], label: str
) -> Callable[..., Write]:
    """Return a function that takes the encoders of the values and gives the writer."""
    numbers = range(len(attnames))
    lines = []
    for number, attname, kind in zip(numbers, attnames, kinds, strict=True):
        text = _IN_PLACE.get(kind, "other").replace("other", f"e{number}[v.__class__](v)")
        lines.append(f"            v = values[{attname!r}]; v{number} = {text}\n")
    source = (
        f"def make(mixed, {', '.join(f'e{n}' for n in numbers)}):\n"
        "    def write(obj):\n"
        "        values = obj.__dict__\n"
        "        try:\n"
        f"{''.join(lines)}"
        "        except KeyError:\n"
        "            return mixed(obj)\n"
        f"        return {template!r} % ({', '.join(f'v{n}' for n in numbers)},)\n"
        "    return write\n"
    )
    return compile_function(source, "make", {"quoted": quoted}, f"JSON of {label}")


def _write_mixed(
    serializer: Serializer,
    layout: Layout,
    encode: Callable[[Any], str],
    label: str,
    columns: list[_Column],
    obj: Any,
) -> str:
    """Write an instance some of whose values only their hooks can tell."""
    values = obj.__dict__
    entries: list[str] = []
    for hook, field, key, attname, encoders in columns:
        value = values.get(attname, MISSING)
        if (encoder := encoders.get(value.__class__)) is not None:
            entries.append(f"{key}{encoder(value)}")
        else:
            told: dict[str, Any] = {}
            serializer._current = told
            hook(obj, field)
            entries += [f"{encode(k)}: {layout.deeper(encode(v))}" for k, v in told.items()]
    serializer._current = None
    key_value = serializer._value_from_field(obj, obj._meta.pk)
    pk = encode(key_value)
    if layout.indent:
        pk = pk.replace("\n", layout.line(1))
    fields = f'"fields": {layout.mapping(entries, 1)}'
    return layout.mapping([label, f'"pk": {pk}', fields], 0)


assert set(_PLAIN) == AS_IS
