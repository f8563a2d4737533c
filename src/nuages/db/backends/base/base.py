"""The connection that a backend's ``DatabaseWrapper`` extends."""

from __future__ import annotations

import copy
import datetime
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.db.backends import utils
from nuages.db.backends.base import shortcut
from nuages.db.backends.base.transactions import Transactions
from nuages.db.backends.base.validation import BaseDatabaseValidation
from nuages.db.backends.signals import connection_created
from nuages.db.utils import (
    DEFAULT_DB_ALIAS,
    DatabaseErrorWrapper,
    NotSupportedError,
    ProgrammingError,
)
from nuages.utils.asyncio import async_unsafe

if TYPE_CHECKING:
    import zoneinfo

NO_DB_ALIAS = "__no_db__"

logger = logging.getLogger("django.db.backends.base")


def timezone_constructor(tzname: str) -> zoneinfo.ZoneInfo:
    """Return the time zone that ``DATABASES[…]["TIME_ZONE"]`` names."""
    import zoneinfo

    return zoneinfo.ZoneInfo(tzname)


class BaseDatabaseWrapper(Transactions):
    """One connection to one database, for one thread.

    It connects when it is first used. Manual: topics/db/sql, topics/db/instrumentation,
    ref/databases.
    """

    #: Whether the database is in memory: a backend that has such databases says so.
    is_in_memory_db: Callable[[], bool]
    #: What a test run restores after tests that empty tables.
    _test_serialized_contents: str

    # What a backend fills in.
    vendor = display_name = "unknown"
    #: The driver's module.
    Database: ClassVar[Any] = None
    SchemaEditorClass: ClassVar[Any] = None
    #: The classes of the parts below.
    ops_class: ClassVar[Any]
    features_class: ClassVar[Any]
    creation_class: ClassVar[Any]
    introspection_class: ClassVar[Any]
    client_class: ClassVar[Any]
    validation_class: ClassVar[Any] = BaseDatabaseValidation

    #: Column type per internal type of a field; a string to interpolate, or a function.
    data_types: Any = {}
    #: What stands after the type, such as AUTOINCREMENT.
    data_types_suffix: Any = {}
    #: The check that a column of that type carries.
    data_type_check_constraints: Any = {}

    queries_limit = 9000

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        self.alias, self.settings_dict = alias, settings_dict
        #: The driver's connection; ``None`` until it is needed.
        self.connection: Any = None
        # Recording.
        self.force_debug_cursor = False
        self.queries_log: deque[dict[str, str]] = deque(maxlen=self.queries_limit)
        #: Functions that ``execute_wrapper`` has installed, outermost first.
        self.execute_wrappers: list[Callable[..., Any]] = []
        # When to close, and whether the connection was seen to work since the request began.
        self.close_at: float | None = None
        self.errors_occurred = False
        self.health_check_enabled = False
        self.health_check_done = False
        # Which thread may use it, and how many times it was shared with others.
        self._thread_ident = threading.get_ident()
        self._thread_sharing_lock = threading.Lock()
        self._thread_sharing_count = 0
        self._start_transaction_state()

    # The parts are made when first asked for: many a process needs but a few of them.

    @cached_property
    def client(self) -> Any:
        """The command line client of the database."""
        return self.client_class(self)

    @cached_property
    def creation(self) -> Any:
        """Creates and destroys test databases."""
        return self.creation_class(self)

    @cached_property
    def features(self) -> Any:
        """What the database can do."""
        return self.features_class(self)

    @cached_property
    def introspection(self) -> Any:
        """Reads what tables, columns and constraints there are."""
        return self.introspection_class(self)

    @cached_property
    def ops(self) -> Any:
        """How the database writes its SQL and its values."""
        return self.ops_class(self)

    @cached_property
    def validation(self) -> Any:
        """The system checks of the backend."""
        return self.validation_class(self)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} vendor={self.vendor!r} alias={self.alias!r}>"

    # -- time zones --------------------------------------------------------------------------

    def ensure_timezone(self) -> bool:
        """Bring the connection's time zone in line with ours; return whether it had to change."""
        return False

    @cached_property
    def timezone(self) -> datetime.tzinfo | None:
        """The zone of the naive datetimes in the database; ``None`` where they have a zone."""
        if settings.USE_TZ:
            name = self.settings_dict["TIME_ZONE"]
            return timezone_constructor(name) if name is not None else datetime.UTC
        return None

    @cached_property
    def timezone_name(self) -> str:
        """The name of the connection's time zone."""
        if not settings.USE_TZ:
            return settings.TIME_ZONE
        return self.settings_dict["TIME_ZONE"] or "UTC"

    # -- the query log -----------------------------------------------------------------------

    @property
    def queries_logged(self) -> bool:
        """Whether what runs is recorded: in debug mode, or when a test captures it."""
        return self.force_debug_cursor or settings.DEBUG

    @property
    def queries(self) -> list[dict[str, str]]:
        """The recorded queries, oldest first. Warns if some were dropped."""
        if len(self.queries_log) == self.queries_log.maxlen:
            import warnings

            warnings.warn(
                f"Limit for query logging exceeded, only the last {self.queries_log.maxlen} "
                "queries will be returned.",
                stacklevel=2,
            )
        return list(self.queries_log)

    # -- what a backend has to say -----------------------------------------------------------

    def get_database_version(self) -> tuple[int, ...]:
        """Return the version of the database."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require a get_database_version() method."
        )

    def get_connection_params(self) -> dict[str, Any]:
        """Return the arguments for ``get_new_connection``."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require a get_connection_params() method"
        )

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new connection of the driver's."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require a get_new_connection() method"
        )

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor of the driver's; a server-side one if it has a name."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require a create_cursor() method"
        )

    def is_usable(self) -> bool:
        """Return whether the database still answers."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require an is_usable() method"
        )

    def _set_autocommit(self, autocommit: bool) -> None:
        raise NotImplementedError(
            "subclasses of BaseDatabaseWrapper may require a _set_autocommit() method"
        )

    def check_database_version_supported(self) -> None:
        """Raise ``NotSupportedError`` if the database is older than the backend supports."""
        minimum = self.features.minimum_database_version
        if minimum is None or self.get_database_version() >= minimum:
            return
        wanted, found = (
            ".".join(map(str, version)) for version in (minimum, self.get_database_version())
        )
        raise NotSupportedError(
            f"{self.display_name} {wanted} or later is required (found {found})."
        )

    def init_connection_state(self) -> None:
        """Set a new connection up; the first one of each alias also checks the version."""
        if self.alias not in _VERSION_CHECKED:
            self.check_database_version_supported()
            _VERSION_CHECKED.add(self.alias)

    # -- connecting and closing --------------------------------------------------------------

    @async_unsafe
    def connect(self) -> None:
        """Connect now. The connection must not be open."""
        self.check_settings()
        conf = self.settings_dict
        self._start_transaction_state()
        self._start_age(conf["CONN_MAX_AGE"], conf["CONN_HEALTH_CHECKS"])
        self.connection = self.get_new_connection(self.get_connection_params())
        self.set_autocommit(conf["AUTOCOMMIT"])
        self.init_connection_state()
        connection_created.send(sender=type(self), connection=self)

    def _start_age(self, max_age: float | None, health_checks: bool) -> None:
        self.errors_occurred = False
        self.close_at = max_age if max_age is None else time.monotonic() + max_age
        # What has just been made needs no check.
        self.health_check_enabled, self.health_check_done = health_checks, True

    def check_settings(self) -> None:
        """Raise ``ImproperlyConfigured`` if settings contradict one another."""
        if self.settings_dict["TIME_ZONE"] is not None and not settings.USE_TZ:
            raise ImproperlyConfigured(
                f"Connection '{self.alias}' cannot set TIME_ZONE because USE_TZ is False."
            )

    @async_unsafe
    def ensure_connection(self) -> None:
        """Connect if there is no connection. Raises within a block that has lost its own."""
        if self.connection is None:
            if self.closed_in_transaction and self.in_atomic_block:
                raise ProgrammingError("Cannot open a new connection in an atomic block.")
            with self.wrap_database_errors:
                self.connect()

    @async_unsafe
    def close(self) -> None:
        """Close the connection; the next use opens another one."""
        self.validate_thread_sharing()
        self.run_on_commit.clear()
        if self.connection is not None and not self.closed_in_transaction:
            try:
                self._close()
            finally:
                self._note_closed()

    def _note_closed(self) -> None:
        if self.in_atomic_block:
            # The closed connection stays until the block ends, so that no new one is opened.
            self.closed_in_transaction = self.needs_rollback = True
        else:
            self.connection = None

    def _close(self) -> None:
        if self.connection is not None:
            self.wrap_database_errors(self.connection.close)()

    def close_if_health_check_failed(self) -> None:
        """Close the connection if ``CONN_HEALTH_CHECKS`` asks for a check and it fails."""
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        if not self.is_usable():
            self.close()
        self.health_check_done = True

    def close_if_unusable_or_obsolete(self) -> None:
        """Close the connection if it failed, is too old, or its settings were changed by hand."""
        if self.connection is None or self.in_atomic_block:
            return
        self.health_check_done = False
        if self.get_autocommit() != self.settings_dict["AUTOCOMMIT"]:
            self.close()
            return
        if self.errors_occurred:
            if not self.is_usable():
                self.close()
                return
            self.errors_occurred = False
            self.health_check_done = True
        if self.close_at is not None and time.monotonic() >= self.close_at:
            self.close()

    # -- cursors -----------------------------------------------------------------------------

    @async_unsafe
    def cursor(self) -> Any:
        """Return a cursor, connecting if need be."""
        return self._cursor()

    @async_unsafe
    def chunked_cursor(self) -> Any:
        """Return a cursor that does not hold all the rows in memory, where there is such."""
        return self.cursor()

    def _cursor(self, name: str | None = None) -> Any:
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(self.create_cursor(name))

    def _prepare_cursor(self, cursor: Any) -> Any:
        self.validate_thread_sharing()
        make = self.make_debug_cursor if self.queries_logged else self.make_cursor
        return make(cursor)

    def make_debug_cursor(self, cursor: Any) -> utils.CursorDebugWrapper:
        """Return a cursor that records what it runs."""
        return utils.CursorDebugWrapper(cursor, self)

    def make_cursor(self, cursor: Any) -> utils.CursorWrapper:
        """Return a cursor that does not record what it runs."""
        return utils.CursorWrapper(cursor, self)

    def fetch_rows(self, sql: str, params: Any) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        rows = self.fetch_compiled(self.driver_sql(sql), params)
        if rows is not None:
            return rows
        with self.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    def driver_sql(self, sql: str) -> str:
        """Return a statement with the driver's own placeholders, for ``fetch_compiled``."""
        return sql

    def fetch_compiled(self, sql: str, params: Any) -> list[tuple[Any, ...]] | None:
        """Run a query that ``driver_sql`` gave, without wrappers, and return all its rows.

        Returns ``None``, and does nothing, if somebody may want to see the query go by.
        """
        return None

    #: Whether ``bare_columns()`` may give anything.
    reads_bare = False

    def bare_columns(self, columns: Mapping[int, tuple[str, str]]) -> Any:
        """Return which columns of an open connection's tables may be read as bare expressions (``+column``).

        That is cheaper where the driver looks up how to convert a column by its declared type. What is
        returned has their ``kinds``, and knows how to convert the values (``lines()``); ``None`` if it
        cannot be told now.

        Args:
            columns: table and column, by their place in the row.
        """
        return None

    def fetch_bare(self, sql: str, params: Any, bare: Any) -> list[tuple[Any, ...]] | None:
        """Do what ``fetch_compiled`` does, for a query that reads columns as ``bare_columns()`` said.

        Returns ``None``, too, if that is so no more.
        """
        return None

    def stream_compiled(
        self, sql: str, params: Any, size: int, bare: Any
    ) -> Iterator[list[tuple[Any, ...]]] | None:
        """Run a query like ``fetch_compiled``, or ``fetch_bare``, and return an iterator over lists of rows.

        Returns ``None`` also where streams take another way.
        """
        return None

    def execute_compiled(self, sql: str, params: Any) -> int | None:
        """Do what ``fetch_compiled`` does for a statement that gives no rows, and return how many it changed."""
        return None

    def execute_batch(self, statements: Sequence[tuple[str, Any]]) -> list[int] | None:
        """Run statements with their parameters in one round trip; return how many rows each changed.

        They give no rows, and do not depend on one another's outcome. ``None`` means that the database
        has no such thing (``features.has_statement_batches``), or that somebody may want to see each of
        them go by; nothing has been done then.
        """
        return None

    def shows_nobody(self) -> bool:
        """Whether nobody may want to see the next query go by."""
        return False

    @contextmanager
    def execute_wrapper(self, wrapper: Callable[..., Any]) -> Iterator[None]:
        """Call ``wrapper(execute, sql, params, many, context)`` for each statement in the block.

        Manual: topics/db/instrumentation.
        """
        self.execute_wrappers.append(wrapper)
        try:
            yield
        finally:
            self.execute_wrappers.pop()

    @property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        """A block and decorator that turns the driver's exceptions into ours."""
        # Made anew each time, so that the connection is in no reference cycle.
        return DatabaseErrorWrapper(self)

    # -- constraints -------------------------------------------------------------------------

    @contextmanager
    def constraint_checks_disabled(self) -> Iterator[None]:
        """Turn foreign key checks off in the block, where the database can."""
        with ExitStack() as after:
            if self.disable_constraint_checking():
                after.callback(self.enable_constraint_checking)
            yield

    def disable_constraint_checking(self) -> bool:
        """Turn foreign key checks off; return whether that was possible and they were on."""
        return False

    def enable_constraint_checking(self) -> None:
        """Turn foreign key checks on again."""

    def row_changes(self) -> int | None:
        """Return how many rows the connection has changed so far; ``None`` if that is not known."""
        return None

    def check_constraints(self, table_names: list[str] | None = None) -> None:
        """Raise ``IntegrityError`` if rows break a foreign key, as at the end of a transaction."""

    # -- threads -----------------------------------------------------------------------------

    @property
    def allow_thread_sharing(self) -> bool:
        """Whether threads other than its own may use the connection."""
        return self._thread_sharing_count > 0

    def inc_thread_sharing(self) -> None:
        """Let other threads use the connection, until ``dec_thread_sharing`` is called."""
        self._share(+1)

    def dec_thread_sharing(self) -> None:
        """Take one ``inc_thread_sharing`` back. Raises ``RuntimeError`` if there was none."""
        self._share(-1)

    def _share(self, change: int) -> None:
        with self._thread_sharing_lock:
            count = self._thread_sharing_count + change
            if count < 0:
                raise RuntimeError("Cannot decrement the thread sharing count below zero.")
            self._thread_sharing_count = count

    def validate_thread_sharing(self) -> None:
        """Raise ``DatabaseError`` if this thread may not use the connection."""
        here = threading.get_ident()
        if here == self._thread_ident or self.allow_thread_sharing:
            return
        from nuages.db.utils import DatabaseError

        raise DatabaseError(
            "DatabaseWrapper objects created in a thread can only be used in that same thread. "
            f"The object with alias '{self.alias}' was created in thread id {self._thread_ident} "
            f"and this is thread id {here}."
        )

    # -- other connections -------------------------------------------------------------------

    @contextmanager
    def temporary_connection(self) -> Iterator[Any]:
        """Give a cursor; if the connection was closed before, it is closed after."""
        was_closed = self.connection is None
        try:
            with self.cursor() as cursor:
                yield cursor
        finally:
            if was_closed:
                self.close()

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        """Give a cursor that is connected to the server but to no database of the project's."""
        other = type(self)({**self.settings_dict, "NAME": None}, alias=NO_DB_ALIAS)
        try:
            with other.cursor() as cursor:
                yield cursor
        finally:
            other.close()

    def prepare_database(self) -> None:
        """Do what the database needs once before ``migrate`` runs."""

    def schema_editor(self, *args: Any, **kwargs: Any) -> Any:
        """Return a schema editor: a block in which tables can be changed."""
        if self.SchemaEditorClass is None:
            raise NotImplementedError(
                "The SchemaEditorClass attribute of this database wrapper is still None"
            )
        return self.SchemaEditorClass(self, *args, **kwargs)

    def copy(self, alias: str | None = None) -> Self:
        """Return another connection object, not connected, with a copy of the settings."""
        return type(self)(copy.deepcopy(self.settings_dict), self.alias if alias is None else alias)


shortcut.remember(BaseDatabaseWrapper)
_VERSION_CHECKED: set[str] = set()
