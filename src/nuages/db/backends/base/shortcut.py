"""Whether a query may go straight to the driver, past the cursor and its wrappers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import attrgetter
from threading import get_ident
from typing import Any

from nuages.conf import settings
from nuages.db.backends.utils import CursorWrapper
from nuages.utils import asyncio
from nuages.utils.concurrency import _get_running_loop

# The links of the chain that the shortcut skips.
_of_connection = attrgetter(
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
_of_cursor = attrgetter(
    "__init__", "__enter__", "__exit__", "execute", "_execute", "_execute_with_wrappers"
)
_HOOKS = ("cursor", "_cursor", "ensure_connection", "create_cursor", "make_cursor", "connect")


def guard(connection_class: type) -> Callable[[Any], bool]:
    """Return the function that says whether nobody looks at the queries of a connection.

    It compares the links of the chain with what they are now, and also makes sure that the connection
    is open. A subclass is a chain of its own.
    """
    own, own_cursor = _of_connection(connection_class), _of_cursor(CursorWrapper)
    # Here it is known already that no event loop runs.
    connect = inspect.unwrap(connection_class.ensure_connection)  # type: ignore[attr-defined]

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
