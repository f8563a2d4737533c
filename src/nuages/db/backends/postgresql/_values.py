"""How values travel to the server: as text, with the type that they are declared to be of.

``written`` looks at each value. Once a statement is prepared, ``writer`` makes a function for parameters of the
same types as those it came with. What neither knows is left to the driver's dumpers.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from psycopg import postgres

from nuages.utils.codegen import compile_function


def oid_of(name: str) -> int:
    """Return the number that the server has for a type."""
    return postgres.types[name].oid


_INT4, _INT8 = oid_of("int4"), oid_of("int8")
_INT4S, _INT8S, _TEXTS = (postgres.types[name].array_oid for name in ("int4", "int8", "text"))
_LEAST, _MOST = -(2**31), 2**31 - 1
_LEAST_8, _MOST_8 = -(2**63), 2**63 - 1
_NONE = type(None)


def _moment(value: datetime.datetime) -> str:
    if value.tzinfo is None:
        raise KeyError
    return value.isoformat(" ")


#: For a type: the name that the server has for it, and the function that writes a value.
_SIMPLE: dict[type, tuple[str, Any]] = {
    bool: ("bool", {True: "t", False: "f"}.__getitem__),
    float: ("float8", repr),
    decimal.Decimal: ("numeric", str),
    datetime.date: ("date", datetime.date.isoformat),
    datetime.datetime: ("timestamptz", _moment),
    uuid.UUID: ("uuid", str),
}
_WRITERS = {
    kind: (write, oid_of(name), postgres.types[name].array_oid)
    for kind, (name, write) in _SIMPLE.items()
}
#: The types that are written here.
KINDS = (int, str, list, *_SIMPLE)


def written(params: Any) -> tuple[list[bytes | None], tuple[int, ...]]:
    """Return values as text, and the types they are declared to be of.

    Raises ``KeyError`` if one is of a type, or has a content, that is the driver's business.
    """
    values: list[bytes | None] = []
    types: list[int] = []
    for value in params:
        kind = type(value)
        if kind is int:
            values.append(b"%d" % value)
            if _LEAST <= value <= _MOST:
                types.append(_INT4)
            elif _LEAST_8 <= value <= _MOST_8:
                types.append(_INT8)
            else:
                raise KeyError
        elif kind is str:
            if "\0" in value:
                raise KeyError
            values.append(value.encode())
            types.append(0)
        elif value is None:
            values.append(None)
            types.append(0)
        elif kind is list:
            text, oid = _written_list(value)
            values.append(text.encode())
            types.append(oid)
        else:
            write, oid, _ = _WRITERS[kind]
            values.append(write(value).encode())
            types.append(oid)
    return values, tuple(types)


def _written_list(items: list[Any]) -> tuple[str, int]:
    """Return the text of an array of values of one type, and the array's type."""
    kinds = set(map(type, items))
    has_nulls = _NONE in kinds
    kinds.discard(_NONE)
    if len(kinds) != 1:
        raise KeyError
    kind = kinds.pop()
    given = [each for each in items if each is not None] if has_nulls else items
    texts: Any
    if kind is int:
        least, most = min(given), max(given)
        if least < _LEAST_8 or most > _MOST_8:
            raise KeyError
        oid = _INT4S if _LEAST <= least and most <= _MOST else _INT8S
        if not has_nulls:
            return f"{{{str(given)[1:-1]}}}", oid
        texts = map(str, given)
    elif kind is str:
        # Nothing else is in need of quotes, and no text that the server takes has such a character.
        whole = "\0".join(given)
        if whole.count("\0") != len(given) - 1:
            raise KeyError
        whole = whole.replace("\\", "\\\\").replace('"', '\\"')
        if not has_nulls:
            return '{"%s"}' % whole.replace("\0", '","'), _TEXTS
        oid, texts = _TEXTS, [f'"{each}"' for each in whole.split("\0")]
    else:
        write, _, oid = _WRITERS[kind]
        texts = map(write, given)
        if kind is datetime.datetime:
            texts = [f'"{each}"' for each in texts]
    if has_nulls:
        place = iter(texts)
        texts = ["NULL" if each is None else next(place) for each in items]
    return f"{{{','.join(texts)}}}", oid


#: For a type of the server's: the type here, what else a value has to be, and how it is written.
_RECIPES: dict[int, tuple[str, str, str]] = {
    0: ("str", "'\\0' not in {0}", "{0}.encode()"),
    _INT4: ("int", f"{_LEAST} <= {{0}} <= {_MOST}", "b'%d' % {0}"),
    _INT8: ("int", f"{_LEAST_8} <= {{0}} <= {_MOST_8}", "b'%d' % {0}"),
    oid_of("bool"): ("bool", "", "b't' if {0} else b'f'"),
    oid_of("float8"): ("float", "", "repr({0}).encode()"),
    oid_of("numeric"): ("Decimal", "", "str({0}).encode()"),
    oid_of("date"): ("date", "", "{0}.isoformat().encode()"),
    oid_of("timestamptz"): ("datetime", "{0}.tzinfo is not None", "{0}.isoformat(' ').encode()"),
    oid_of("uuid"): ("UUID", "", "str({0}).encode()"),
}
_SCOPE = {kind.__name__: kind for kind in _SIMPLE}
#: Statements with more parameters are written value by value.
_MOST_WRITTEN = 64


def writer(params: Sequence[Any], types: tuple[int, ...]) -> Callable[[Any], Any] | None:
    """Return a function that writes parameters of the types that these are of; ``None`` if there is none.

    It returns ``None`` for others. Nulls are welcome in each place: the statement has been understood without.

    Args:
        types: what :func:`written` said they are.
    """
    if None in params or not _RECIPES.keys() >= set(types) or len(types) > _MOST_WRITTEN:
        return None
    return _writer(types)


@lru_cache(1000)
def _writer(types: tuple[int, ...]) -> Callable[[Any], Any]:
    names = [f"v{place}" for place, _ in enumerate(types)]
    conditions, texts = [], []
    for name, oid in zip(names, types, strict=True):
        kind, also, text = _RECIPES[oid]
        also = f" and {also.format(name)}" if also else ""
        conditions.append(f"({name} is None or type({name}) is {kind}{also})")
        texts.append(f"None if {name} is None else {text.format(name)}")
    source = (
        "def write(params):\n"
        f"    {', '.join(names)}, = params\n"
        f"    if {' and '.join(conditions)}:\n"
        f"        return [{', '.join(texts)}]\n"
    )
    return compile_function(source, "write", _SCOPE, f"writer of {len(types)} parameters")
