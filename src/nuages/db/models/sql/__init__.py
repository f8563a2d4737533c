"""From queries to SQL: the syntax tree and its compilers."""

from typing import Any

from nuages.db.models.sql import constants as constants

# Expressions and lookups import parts of this package, and the tree is made of both: so the tree comes
# when it is asked for.
_HOMES = {
    **dict.fromkeys(("AND", "OR", "XOR"), "where"),
    **dict.fromkeys(("Query", "RawQuery"), "query"),
    **dict.fromkeys(("AggregateQuery", "DeleteQuery", "InsertQuery", "UpdateQuery"), "subqueries"),
}

__all__ = [
    "AND",
    "OR",
    "XOR",
    "AggregateQuery",
    "DeleteQuery",
    "InsertQuery",
    "Query",
    "RawQuery",
    "UpdateQuery",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOMES[name]}")
    value = globals()[name] = getattr(module, name)
    return value
