"""Values brought to the types that JSON has."""

from collections.abc import Mapping, Sequence
from typing import Any


def normalize_json(obj: Any) -> Any:
    """Return ``obj`` with lists, dictionaries, strings and numbers only.

    Bytes become text. Raises ``ValueError`` for bytes that are none, and ``TypeError`` for
    other types.
    """
    match obj:
        case None | bool() | int() | float() | str():
            return obj
        case bytes():
            try:
                return obj.decode()
            except UnicodeDecodeError as error:
                raise ValueError(f"Unsupported value: {type(obj)}") from error
        case Mapping():
            return {normalize_json(key): normalize_json(value) for key, value in obj.items()}
        case Sequence():
            return list(map(normalize_json, obj))
    raise TypeError(f"Unsupported type: {type(obj)}")
