"""Python source for values, as migration files hold them.

A value becomes an expression and the import statements that the expression needs. What kinds of
values there are stands in two tables: :data:`_FIRST` is asked in order, :data:`_BY_TYPE` by type.
"""

from __future__ import annotations

import builtins
import datetime
import decimal
import enum
import functools
import os
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Callable, Collection, Iterable
from typing import Any

from nuages.conf import SettingsReference
from nuages.db import models
from nuages.db.migrations.operations.base import Operation
from nuages.db.models.manager import BaseManager
from nuages.utils.functional import LazyObject, Promise

type Source = tuple[str, Collection[str]]

_MODELS = "from django.db import models"


class BaseSerializer:
    """Base of serializers that a project registers; they implement :meth:`serialize`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def serialize(self) -> Source:
        """Return an expression and the imports it needs."""
        raise NotImplementedError(
            "Subclasses of BaseSerializer must implement the serialize() method."
        )


class _Known(BaseSerializer):
    """A serializer that is a function."""

    def __init__(self, value: Any, function: Callable[[Any], Source]) -> None:
        super().__init__(value)
        self.function = function

    def serialize(self) -> Source:
        return self.function(self.value)


class Serializer:
    """The serializers by type; those of projects are asked before the built-in ones."""

    _registry: dict[Any, type[BaseSerializer]] = {}

    @classmethod
    def register(cls, type_: Any, serializer: Any) -> None:
        """Register a serializer. Raises ``ValueError`` if it is none."""
        if issubclass(serializer, BaseSerializer):
            cls._registry[type_] = serializer
        else:
            raise ValueError(f"'{serializer.__name__}' must inherit from 'BaseSerializer'.")

    @classmethod
    def unregister(cls, type_: Any) -> None:
        """Forget a serializer."""
        del cls._registry[type_]


def serializer_factory(value: Any) -> BaseSerializer:
    """Return the serializer of a value.

    Raises:
        ValueError: there is none.
    """
    match value:
        case Promise():
            value = str(value)
        case LazyObject():
            # What it stands for, evaluated.
            _, (value,) = value.__reduce__()
    for is_of_kind, function in _FIRST:
        if is_of_kind(value):
            return _Known(value, function)
    for type_, serializer in Serializer._registry.items():
        if isinstance(value, type_):
            return serializer(value)
    for type_, function in _BY_TYPE:
        if isinstance(value, type_):
            return _Known(value, function)
    raise ValueError(
        f"Cannot serialize: {value!r}\nThere are some values Django cannot serialize into "
        "migration files.\nFor more, see https://docs.djangoproject.com/en/"
        f"{_docs_version()}/topics/migrations/#migration-serializing"
    )


def _docs_version() -> str:
    from nuages.utils.version import get_docs_version

    return get_docs_version()


def _source(value: Any) -> Source:
    return serializer_factory(value).serialize()


def _all(values: Iterable[Any]) -> tuple[list[str], set[str]]:
    """Return the expressions of several values, and all their imports."""
    texts: list[str] = []
    imports: set[str] = set()
    for value in values:
        text, needed = _source(value)
        texts.append(text)
        imports.update(needed)
    return texts, imports


def _arguments(args: Iterable[Any], kwargs: dict[str, Any]) -> Source:
    """Return the arguments of a call."""
    texts, imports = _all(args)
    awkward = {}
    for name, value in kwargs.items():
        if name.isidentifier():
            text, needed = _source(value)
            texts.append(f"{name}={text}")
            imports.update(needed)
        else:
            awkward[name] = value
    if awkward:
        text, needed = _source(awkward)
        texts.append(f"**{text}")
        imports.update(needed)
    return ", ".join(texts), imports


def _called(path: str, args: Iterable[Any], kwargs: dict[str, Any]) -> Source:
    """Return a call of what has been deconstructed to a path and arguments."""
    module, _, name = path.rpartition(".")
    if module == "django.db.models":
        callee, imports = f"models.{name}", {_MODELS}
    else:
        callee, imports = path, {f"import {module}"}
    text, needed = _arguments(args, dict(sorted(kwargs.items())))
    return f"{callee}({text})", {*imports, *needed}


def _plain(value: Any) -> Source:
    return repr(value), set()


def _with_import(module: str) -> Callable[[Any], Source]:
    return lambda value: (repr(value), {f"import {module}"})


def _float(value: float) -> Source:
    return (
        f'float("{value}")'
        if value != value or value in (float("inf"), -float("inf"))
        else repr(value)
    ), set()


def _list(value: Iterable[Any]) -> Source:
    texts, imports = _all(value)
    return f"[{', '.join(texts)}]", imports


def _tuple(value: Iterable[Any]) -> Source:
    texts, imports = _all(value)
    comma = "," if len(texts) == 1 else ""
    return f"({', '.join(texts)}{comma})", imports


def _unordered(value: Iterable[Any]) -> tuple[str, set[str]]:
    """Return the members of a set in an order that is always the same."""
    texts, imports = _all(value)
    return ", ".join(sorted(texts)), imports


def _set(value: set[Any]) -> Source:
    text, imports = _unordered(value)
    return (f"{{{text}}}" if text else "set()"), imports


def _frozenset(value: frozenset[Any]) -> Source:
    text, imports = _unordered(value)
    return f"frozenset([{text}])", imports


def _dict(value: dict[Any, Any]) -> Source:
    keys, imports = _all(value)
    values, needed = _all(value.values())
    pairs = sorted(zip(keys, values, strict=True))
    return f"{{{', '.join(f'{key}: {text}' for key, text in pairs)}}}", {*imports, *needed}


def _frozendict(value: Any) -> Source:
    text, imports = _dict(dict(value))
    return f"frozendict({text})", imports


def _datetime(value: datetime.datetime) -> Source:
    if value.tzinfo is not None and value.tzinfo is not datetime.UTC:
        value = value.astimezone(datetime.UTC)
    return repr(value), {"import datetime"}


def _decimal(value: decimal.Decimal) -> Source:
    return repr(value), {"from decimal import Decimal"}


def _enum(value: enum.Enum) -> Source:
    kind = type(value)
    members: list[enum.Enum] = list(value) if isinstance(value, enum.Flag) else []
    members = members or [value]
    names = " | ".join(f"{kind.__module__}.{kind.__qualname__}[{each.name!r}]" for each in members)
    return names, {f"import {kind.__module__}"}


def _regex_flags(value: re.RegexFlag) -> Source:
    names = " | ".join(f"re.RegexFlag[{each.name!r}]" for each in value)
    return names, {"import re"}


def _regex(value: re.Pattern[Any]) -> Source:
    text, imports = _source(value.pattern)
    # Those that any pattern of this type has need not be said.
    flags = value.flags ^ re.compile(value.pattern).flags
    if flags:
        more, needed = _source(re.RegexFlag(flags))
        text, imports = f"{text}, {more}", {*imports, *needed}
    return f"re.compile({text})", {"import re", *imports}


def _partial(value: Any) -> Source:
    kind = type(value).__name__
    text, imports = _source(value.func)
    more, needed = _arguments(value.args, value.keywords)
    inner = f"{text}, {more}" if more else text
    return f"functools.{kind}({inner})", {"import functools", *imports, *needed}


def _function(value: Any) -> Source:
    owner = getattr(value, "__self__", None)
    if isinstance(owner, type):
        # A class method.
        return f"{owner.__module__}.{owner.__qualname__}.{value.__name__}", {
            f"import {owner.__module__}"
        }
    if value.__name__ == "<lambda>":
        raise ValueError("Cannot serialize function: lambda")
    module = value.__module__
    if module is None:
        raise ValueError(f"Cannot serialize function {value!r}: No module")
    if "<" in value.__qualname__:
        raise ValueError(f"Could not find function {value.__name__} in {module}.\n")
    return f"{module}.{value.__qualname__}", {f"import {module}"}


def _type(value: Any) -> Source:
    if value is models.Model:
        return "models.Model", {_MODELS}
    if value is types.NoneType:
        return "types.NoneType", {"import types"}
    module = value.__module__
    if module == builtins.__name__:
        return value.__name__, set()
    return f"{module}.{value.__qualname__}", {f"import {module}"}


def _generic_alias(value: Any) -> Source:
    text, imports = _source(value.__origin__)
    texts, needed = _all(value.__args__)
    return f"{text}[{', '.join(texts)}]", {*imports, *needed}


def _path(value: pathlib.PurePath) -> Source:
    # Without what only the present system can do.
    pure = pathlib.PurePath(value) if isinstance(value, pathlib.Path) else value
    return f"pathlib.{pure!r}", {"import pathlib"}


def _path_like(value: os.PathLike[Any]) -> Source:
    return repr(value.__fspath__()), {}


def _operation(value: Operation) -> Source:
    from nuages.db.migrations.writer import OperationWriter

    text, imports = OperationWriter(value, indentation=0).serialize()
    # In a list of its own, the comma is the list's.
    return text.rstrip(","), imports


def _field(value: Any) -> Source:
    _, path, args, kwargs = value.deconstruct()
    return _called(path, args, kwargs)


def _manager(value: Any) -> Source:
    as_manager, manager_path, queryset_path, args, kwargs = value.deconstruct()
    if as_manager:
        module = queryset_path.rpartition(".")[0]
        return f"{queryset_path}.as_manager()", {f"import {module}"}
    return _called(manager_path, args, kwargs)


def _on_delete(value: Any) -> Source:
    name = f"{type(value).__module__}.{value.__name__}"
    return name, {f"import {type(value).__module__}"}


def _is_database_on_delete(value: Any) -> bool:
    return hasattr(value, "on_delete_sql") and not isinstance(value, type)


def _is_a(kind: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


#: Kinds that are more than their type says.
_FIRST: tuple[tuple[Callable[[Any], bool], Callable[[Any], Source]], ...] = (
    (_is_a(models.Field), _field),
    (_is_a(BaseManager), _manager),
    (_is_a(Operation), _operation),
    (_is_a(types.GenericAlias), _generic_alias),
    (_is_a(type), _type),
    (_is_database_on_delete, _on_delete),
    (lambda value: hasattr(value, "deconstruct"), lambda value: _called(*value.deconstruct())),
)
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools._lru_cache_wrapper,
)
#: Built-in kinds; a type stands before those it derives from.
_BY_TYPE: list[tuple[Any, Callable[[Any], Source]]] = [
    (frozenset, _frozenset),
    (list, _list),
    (set, _set),
    (tuple, _tuple),
    (dict, _dict),
    (models.Choices, lambda value: _source(value.value)),
    (re.RegexFlag, _regex_flags),
    (enum.Enum, _enum),
    (datetime.datetime, _datetime),
    (
        (datetime.date, datetime.timedelta, datetime.time, datetime.timezone),
        _with_import("datetime"),
    ),
    (
        SettingsReference,
        lambda value: (f"settings.{value.setting_name}", {"from django.conf import settings"}),
    ),
    (float, _float),
    ((bool, int, types.NoneType, bytes, str, range), _plain),
    (decimal.Decimal, _decimal),
    ((functools.partial, functools.partialmethod), _partial),
    (_FUNCTIONS, _function),
    (re.Pattern, _regex),
    (uuid.UUID, lambda value: (f"uuid.{value!r}", {"import uuid"})),
    (zoneinfo.ZoneInfo, _with_import("zoneinfo")),
    (pathlib.PurePath, _path),
    (os.PathLike, _path_like),
    (Iterable, lambda value: _tuple(value)),
]
if hasattr(builtins, "frozendict"):
    _BY_TYPE.insert(0, (builtins.frozendict, _frozendict))
