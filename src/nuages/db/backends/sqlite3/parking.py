"""Connections of the driver that wait for the next request, instead of being opened anew.

With ``CONN_MAX_AGE`` at 0 a connection ends with the request. Opening an SQLite file again, and reading
its schema, takes several times longer than a query. So the driver's connection is parked, if nothing
was done to it that the next user could notice, and taken by whoever opens the same file with the same
options. A call of ``connection.close()`` closes it for good.
"""

from __future__ import annotations

import os
from sqlite3 import dbapi2 as Database
from typing import Any

#: How many connections may wait for each database.
PLACES = 4

#: By the options they were opened with.
_parked: dict[Any, list[Any]] = {}
#: What a process has from its parent: neither used nor closed here.
_of_parent: list[Any] = []


def _leave_to_parent() -> None:
    global _parked
    _of_parent.append(_parked)
    _parked = {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


class Handle(Database.Connection):
    """A driver's connection that notes what was done to it."""

    #: Whether our functions are registered in it.
    has_our_functions = False
    #: Whether it is as it was opened, as far as can be told.
    pristine = True
    #: The file that it has open; ``None`` if that cannot be told.
    file: Any = None


def _noting(name: str) -> Any:
    original = getattr(Database.Connection, name)

    def method(self: Handle, *args: Any, **kwargs: Any) -> Any:
        self.pristine = False
        return original(self, *args, **kwargs)

    method.__name__ = name
    return method


for _name in (
    "create_aggregate",
    "create_collation",
    "create_function",
    "create_window_function",
    "enable_load_extension",
    "executescript",
    "load_extension",
    "set_authorizer",
    "set_progress_handler",
    "set_trace_callback",
    "setconfig",
    "setlimit",
):
    if hasattr(Database.Connection, _name):
        setattr(Handle, _name, _noting(_name))

#: What statements begin with that leave nothing behind but rows and tables.
_HARMLESS = frozenset(
    "SELECT INSERT UPDATE DELETE WITH REPLACE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE".split()
)


def note(handle: Any, statement: str) -> None:
    """Take down that a statement ran, which may have changed the state of the connection."""
    if handle.__class__ is Handle and handle.pristine:
        word = statement.lstrip().partition(" ")[0]
        if word.upper() not in _HARMLESS:
            handle.pristine = False


def identify(handle: Any, name: Any) -> None:
    """Take down which file a new connection has opened."""
    if handle.__class__ is Handle:
        handle.file = _identity(name)


def _identity(name: Any) -> Any:
    """What the file is, so that a new file of the same name is not mistaken for it."""
    path = name if type(name) is str else os.fspath(name)
    if path.startswith("file:"):
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def park(handle: Any, params: dict[str, Any]) -> bool:
    """Keep a connection for the next user; return ``False`` if it has to be closed."""
    if (
        handle.__class__ is not Handle
        or handle.file is None
        or not handle.pristine
        or handle.in_transaction
        or handle.row_factory is not None
        or handle.text_factory is not str
    ):
        return False
    try:
        waiting = _parked.setdefault(tuple(params.items()), [])
    except TypeError:
        # An option is something that cannot be compared.
        return False
    if len(waiting) >= PLACES:
        return False
    waiting.append(handle)
    return True


def take(params: dict[str, Any]) -> Any:
    """Return a parked connection to this file with these options; ``None`` if there is none."""
    try:
        # Threads may take at the same time: pop() gives each a connection of its own.
        handle = _parked[tuple(params.items())].pop()
    except (KeyError, IndexError, TypeError):
        return None
    if _identity(params["database"]) == handle.file:
        return handle
    handle.close()
    return None
