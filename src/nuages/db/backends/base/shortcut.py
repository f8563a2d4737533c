"""Whether a query may go straight to the driver, past the cursor and its wrappers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import modules
from threading import get_ident
from typing import Any

from nuages.conf import settings
from nuages.db.backends import utils
from nuages.utils import asyncio
from nuages.utils.links import unreplaced

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
_PLAIN_CURSOR = utils.CursorWrapper
remember(_PLAIN_CURSOR)


def guard(connection_class: type) -> Callable[[Any], bool]:
    """Return the function that says whether nobody looks at the queries of a connection.

    It compares the links of the chain with what they were made as, and also makes sure that the
    connection is open. A subclass is a chain of its own.
    """
    own = unreplaced(connection_class, _OF_CONNECTION, as_made(connection_class, _OF_CONNECTION))
    own_cursor = unreplaced(_PLAIN_CURSOR, _OF_CURSOR, as_made(_PLAIN_CURSOR, _OF_CURSOR))
    # Here it is known already that no event loop runs.
    connect = as_made(connection_class, ("ensure_connection",))[0]
    while hasattr(connect, "__wrapped__"):
        connect = connect.__wrapped__

    def nobody_looks(connection: Any) -> bool:
        # All that is asked for is here; asking the object looks into its class first.
        held = connection.__dict__
        if (
            held["execute_wrappers"]
            or held["force_debug_cursor"]
            or held["needs_rollback"]
            or settings.DEBUG
            or held["_thread_ident"] != get_ident()
            # Without asyncio there is no loop; with it, this is one call of C.
            or (
                (machinery := modules.get("_asyncio")) is not None
                and machinery._get_running_loop() is not None
                and not asyncio.may_block()
            )
            or (held["health_check_enabled"] and not held["health_check_done"])
            or "cursor" in held
            or "_cursor" in held
            or "ensure_connection" in held
            or "create_cursor" in held
            or "make_cursor" in held
            or "connect" in held
            or not own(type(connection))
            or not own_cursor(utils.CursorWrapper)
        ):
            return False
        if held["connection"] is None:
            connect(connection)
        return True

    return nobody_looks
