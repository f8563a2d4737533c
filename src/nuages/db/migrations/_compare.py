"""Plain data to compare fields and other declarations by."""

from __future__ import annotations

import functools
import re
from typing import Any

from nuages.db.migrations.utils import RegexObject


def deep_deconstruct(obj: Any) -> Any:
    """Return what an object is made of, all the way down."""
    match obj:
        case list():
            return [deep_deconstruct(each) for each in obj]
        case dict():
            return {key: deep_deconstruct(value) for key, value in obj.items()}
        case functools.partial():
            return obj.func, deep_deconstruct(obj.args), deep_deconstruct(obj.keywords)
        case re.Pattern():
            return RegexObject(obj)
        case type():
            # A class that can be deconstructed is, as a class, itself.
            return obj
        case tuple() if not hasattr(obj, "deconstruct"):
            return tuple(deep_deconstruct(each) for each in obj)
    if not hasattr(obj, "deconstruct"):
        return obj
    made_of = obj.deconstruct()
    if hasattr(obj, "contribute_to_class"):
        # A field says its name first.
        made_of = made_of[1:]
    path, args, kwargs = made_of
    return path, deep_deconstruct(list(args)), deep_deconstruct(dict(kwargs))


def relation_agnostic(fields: dict[str, Any]) -> list[Any]:
    """Return what fields are made of, without where relations point to or names."""
    found = []
    for _, field in sorted(fields.items()):
        parts = deep_deconstruct(field)
        if field.remote_field and field.remote_field.model:
            parts[2].pop("to", None)
        found.append(parts)
    return found
