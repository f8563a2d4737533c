"""Types of extensions, made known to each new connection."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from nuages.db import connections
from nuages.db.backends.base.base import NO_DB_ALIAS

_OIDS = "SELECT oid, typarray FROM pg_type WHERE typname = %s"


def _oids(alias: str, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of a type, and of arrays of it, in all schemas of a database."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_OIDS, (name,))
        rows = cursor.fetchall()
    return tuple(row[0] for row in rows), tuple(row[1] for row in rows)


@lru_cache
def get_hstore_oids(connection_alias: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of ``hstore`` and its arrays, asked for once per database."""
    return _oids(connection_alias, "hstore")


@lru_cache
def get_citext_oids(connection_alias: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the numbers of ``citext`` and its arrays, asked for once per database."""
    return _oids(connection_alias, "citext")


def _register_hstore(context: Any, oid: int, array_oid: int) -> None:
    from psycopg.types import TypeInfo
    from psycopg.types.hstore import register_hstore

    register_hstore(TypeInfo("hstore", oid, array_oid), context)


def _register_citext(context: Any, oid: int, array_oid: int) -> None:
    """Let arrays of ``citext`` be read as lists of text; single values are text anyway."""
    from psycopg.types import TypeInfo

    TypeInfo("citext", oid, array_oid).register(context)


def register_type_handlers(connection: Any, **kwargs: Any) -> None:
    """Make the types of the extensions known to a connection, if its database has them."""
    if connection.vendor != "postgresql" or connection.alias == NO_DB_ALIAS:
        return
    for of_alias, register in (
        (get_hstore_oids, _register_hstore),
        (get_citext_oids, _register_citext),
    ):
        for oid, array_oid in zip(*of_alias(connection.alias), strict=True):
            register(connection.connection, oid, array_oid)
