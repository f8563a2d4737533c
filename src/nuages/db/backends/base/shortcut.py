"""Whether a query may go straight to the driver, past the cursor and its wrappers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from operator import attrgetter
from threading import get_ident
from typing import Any

from nuages.conf import settings
from nuages.db.backends.utils import CursorWrapper
from nuages.utils import asyncio
from nuages.utils.concurrency import _get_running_loop

#: Class → its methods as they were made. A package may replace some before a backend is imported.
_AS_MADE: dict[type, dict[str, Any]] = {}


def remember(kind: type) -> None:
    """Take down the methods of a class that backends extend, when it has just been made."""
    _AS_MADE[kind] = dict(vars(kind))


def as_made(kind: type, names: Iterable[str]) -> tuple[Any, ...]:
    """Return the methods of a class, those that it inherits as :func:`remember` saw them."""
    makings = [_AS_MADE.get(owner) or vars(owner) for owner in kind.__mro__]
    return tuple(next(made[name] for made in makings if name in made) for name in names)


# The links of the chain that the shortcut skips.
_OF_CONNECTION = (
    "_cursor",
    "_prepare_cursor",
    "close_if_health_check_failed",
    "create_cursor",
    "cursor",
    "ensure_connection",
    "make_cursor",
    "validate_no_broken_transaction",
    "validate_thread_sharing",
    "queries_logged",
)
_OF_CURSOR = ("__init__", "__enter__", "__exit__", "execute", "_execute", "_execute_with_wrappers")
_of_connection, _of_cursor = attrgetter(*_OF_CONNECTION), attrgetter(*_OF_CURSOR)
remember(CursorWrapper)
_HOOKS = ("cursor", "_cursor", "ensure_connection", "create_cursor", "make_cursor", "connect")


def guard(connection_class: type) -> Callable[[Any], bool]:
    """Return the function that says whether nobody looks at the queries of a connection.

    It compares the links of the chain with what they were made as, and also makes sure that the
    connection is open. A subclass is a chain of its own.
    """
    own = as_made(connection_class, _OF_CONNECTION)
    own_cursor = as_made(CursorWrapper, _OF_CURSOR)
    # Here it is known already that no event loop runs.
    connect = inspect.unwrap(as_made(connection_class, ("ensure_connection",))[0])

    def nobody_looks(connection: Any) -> bool:
        if (
            connection.execute_wrappers
            or connection.force_debug_cursor
            or connection.needs_rollback
            or settings.DEBUG
            or connection._thread_ident != get_ident()
            or (_get_running_loop() is not None and not asyncio.may_block())
            or (connection.health_check_enabled and not connection.health_check_done)
        ):
            return False
        attributes = connection.__dict__
        for name in _HOOKS:
            if name in attributes:
                return False
        if _of_connection(type(connection)) != own or _of_cursor(CursorWrapper) != own_cursor:
            return False
        if connection.connection is None:
            connect(connection)
        return True

    return nobody_looks
