"""Connections of the driver that wait for the next request, instead of being opened anew.

With ``CONN_MAX_AGE`` at 0 a connection ends with the request. Opening an SQLite file again, and reading
its schema, takes several times longer than a query. So the driver's connection is parked, if nothing
was done to it that the next user could notice, and taken by whoever opens the same file with the same
options. A call of ``connection.close()`` closes it for good.

The first connecting and closing of a request go all the way. What they have found out is remembered, and
the next ones only take up the driver's connection and lay it down, as long as the settings are the same
and no method that this skips was replaced.
"""

from __future__ import annotations

import os
import re
import time
from operator import attrgetter
from sqlite3 import dbapi2 as Database
from typing import Any

from nuages.db.backends.base.base import BaseDatabaseWrapper
from nuages.db.backends.base.shortcut import as_made
from nuages.db.backends.signals import connection_created
from nuages.db.backends.sqlite3._bare import Declared, schema_changes
from nuages.utils.asyncio import async_unsafe

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
    #: What its columns are declared as, if the driver looks for converters by that.
    declared: Any = None


def _noting(name: str) -> Any:
    original = getattr(Database.Connection, name)

    def method(self: Handle, *args: Any, **kwargs: Any) -> Any:
        if name == "executescript":
            note_script(self)
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
_WORD = re.compile(r"\s*(\w+)")
#: Those that may leave more behind, but no other tables.
_OF_CONNECTION = frozenset("ANALYZE EXPLAIN PRAGMA REINDEX VACUUM".split())


def note(handle: Any, statement: str) -> None:
    """Take down that a statement runs, which may change the state of the connection or the schema."""
    if handle.__class__ is Handle:
        found = _WORD.match(statement)
        word = "" if found is None else found[1].upper()
        if word not in _HARMLESS:
            handle.pristine = False
            if word not in _OF_CONNECTION or "schema" in statement.lower():
                schema_changes(handle)


def note_script(handle: Any) -> None:
    """Take down that several statements run."""
    if handle.__class__ is Handle:
        handle.pristine = False
        schema_changes(handle)


def identify(handle: Any, name: Any, detect_types: int) -> None:
    """Take down which file a new connection has opened, and how."""
    if handle.__class__ is Handle:
        handle.file = _identity(name)
        if detect_types & Database.PARSE_DECLTYPES:
            handle.declared = Declared()


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


def key_of(params: dict[str, Any]) -> Any:
    """Return what connections opened with these arguments are parked under; ``None`` if nothing."""
    key = tuple(params.items())
    try:
        hash(key)
    except TypeError:
        # An option is something that cannot be compared.
        return None
    return key


_PRAGMAS = re.compile(
    r"(\s*PRAGMA\s+[\w.]+\s*(=\s*[\w.+-]+|\(\s*[\w.+-]+\s*\))?\s*(;|$))+\s*", re.I
)


def only_sets(script: str) -> bool:
    """Return whether a script does nothing but set what a connection keeps: plain PRAGMAs."""
    return _PRAGMAS.fullmatch(script) is not None


def set_up(handle: Any, script: str) -> None:
    """Run a script of settings, which belong to how the connection is opened."""
    handle.executescript(script)
    if handle.__class__ is Handle:
        handle.pristine = True


def park(handle: Any, key: Any) -> bool:
    """Keep a connection for the next user; return ``False`` if it has to be closed."""
    if (
        key is None
        or handle.__class__ is not Handle
        or handle.file is None
        or not handle.pristine
        or handle.in_transaction
        or handle.row_factory is not None
        or handle.text_factory is not str
    ):
        return False
    waiting = _parked.get(key)
    if waiting is None:
        waiting = _parked.setdefault(key, [])
    if len(waiting) >= PLACES:
        return False
    waiting.append(handle)
    return True


def take(key: Any, name: Any) -> Any:
    """Return a parked connection to the file of that name; ``None`` if there is none."""
    waiting = None if key is None else _parked.get(key)
    if not waiting:
        return None
    try:
        # Threads may take at the same time: pop() gives each a connection of its own.
        handle = waiting.pop()
    except IndexError:
        return None
    if _identity(name) == handle.file:
        return handle
    handle.close()
    return None


_LINKS = (
    "_close",
    "_set_autocommit",
    "close",
    "close_if_unusable_or_obsolete",
    "connect",
    "get_connection_params",
    "get_new_connection",
    "init_connection_state",
    "set_autocommit",
    "validate_thread_sharing",
)
_links = attrgetter(*_LINKS)
#: Class → the methods that are skipped, as they were when it was made.
_own_links: dict[type, Any] = {}


def skips_none_but(kind: type) -> None:
    """Take down the methods of a class of connections whose instances may be parked quickly."""
    _own_links[kind] = as_made(kind, _LINKS)


class ParkingWrapper(BaseDatabaseWrapper):
    """A connection that lays down the driver's one between requests."""

    #: The settings it was opened with, and the key of its place.
    _place: tuple[dict[str, Any], Any] | None = None
    _parks = False

    def _remember_place(self, key: Any) -> None:
        conf = self.settings_dict
        self._place = ({**conf, "OPTIONS": {**conf["OPTIONS"]}}, key)

    def _goes_quickly(self) -> bool:
        """Whether all that happens between two requests is what this class would do."""
        kind, own = type(self), self.__dict__
        place = self._place
        return (
            place is not None
            and place[0] == self.settings_dict
            and _links(kind) == _own_links.get(kind)
            and not ("close" in own or "_close" in own or "get_new_connection" in own)
        )

    def _stays_open(self) -> bool:
        """Whether ``close()`` would do nothing; for a subclass to say that knows."""
        return False

    @async_unsafe
    def connect(self) -> None:
        """Connect now. The connection must not be open."""
        if self._goes_quickly():
            conf, key = self._place  # type: ignore[misc]
            self.check_settings()
            handle = take(key, conf["NAME"]) if conf["AUTOCOMMIT"] else None
            if handle is not None:
                self._start_transaction_state()
                self._start_age(conf["CONN_MAX_AGE"], conf["CONN_HEALTH_CHECKS"])
                self.connection, self.autocommit = handle, True
                connection_created.send(sender=type(self), connection=self)
                return
        super().connect()

    def close_if_unusable_or_obsolete(self) -> None:
        """Close the connection if need be; the next request may get the driver's one again."""
        handle = self.connection
        if handle is None:
            return
        if (
            not self.errors_occurred
            and self.autocommit
            and self.settings_dict["AUTOCOMMIT"]
            and self._stays_open()
        ):
            self.validate_thread_sharing()
            if not self.in_atomic_block:
                self.health_check_done = False
            return
        if (
            self.close_at is not None
            and self.autocommit
            and not (self.errors_occurred or self.in_atomic_block)
            and time.monotonic() >= self.close_at
            and self._goes_quickly()
        ):
            self.validate_thread_sharing()
            conf, key = self._place  # type: ignore[misc]
            if conf["AUTOCOMMIT"] and handle.isolation_level is None and park(handle, key):
                self.run_on_commit.clear()
                self.health_check_done = False
                self.connection = None
                return
        self._parks = not self.errors_occurred
        try:
            super().close_if_unusable_or_obsolete()
        finally:
            self._parks = False

    def _close(self) -> None:
        place = self._place
        parked = self._parks and place is not None and park(self.connection, place[1])
        if not parked:
            super()._close()
