"""Databases: ``connection``, ``connections``, ``router`` and the exceptions.

Manual: topics/db/sql, topics/db/multi-db, ref/exceptions.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from nuages.core import signals
from nuages.db.utils import (
    DEFAULT_DB_ALIAS,
    DJANGO_VERSION_PICKLE_KEY,
    ConnectionHandler,
    ConnectionRouter,
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
)
from nuages.utils.asyncio import loop_here
from nuages.utils.connection import ConnectionProxy

__all__ = [
    "DEFAULT_DB_ALIAS",
    "DJANGO_VERSION_PICKLE_KEY",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "close_old_connections",
    "connection",
    "connections",
    "reset_queries",
    "router",
]

router, connections = ConnectionRouter(), ConnectionHandler()

#: The connection with the alias ``default``.
connection = ConnectionProxy(connections, DEFAULT_DB_ALIAS)


#: The signal that leaves connections open while it is sent, as a test client's: the test goes on.
sparing: ContextVar[Any] = ContextVar("sparing", default=None)


def close_old_connections(**kwargs: Any) -> None:
    """Close the connections that are unusable or past ``CONN_MAX_AGE``.

    Runs at the start and the end of each request. Manual: ref/databases, "Persistent
    connections".
    """
    if "signal" in kwargs and kwargs["signal"] is sparing.get():
        return
    if loop_here():
        # What sync code left in this thread before the loop started is not the request's.
        return
    for each in connections.all(initialized_only=True):
        each.close_if_unusable_or_obsolete()


def reset_queries(**kwargs: Any) -> None:
    """Forget the queries that were logged; runs at the start of each request."""
    for each in connections.all(initialized_only=True):
        each.queries_log.clear()


signals.request_started.connect(reset_queries)
signals.request_started.connect(close_old_connections)
signals.request_finished.connect(close_old_connections)
