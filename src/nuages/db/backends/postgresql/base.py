"""The PostgreSQL connection. Manual: ref/databases, "PostgreSQL notes"."""

from __future__ import annotations

import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property, lru_cache
from itertools import count
from typing import Any, ClassVar

from nuages.core.exceptions import ImproperlyConfigured

try:
    import psycopg as Database
except ImportError as error:
    raise ImproperlyConfigured(
        'Error loading the psycopg module. Install it with the extra "nuages[postgres]".'
    ) from error

from psycopg import IsolationLevel, Pipeline

from nuages.db import DatabaseError as WrappedDatabaseError
from nuages.db import connections
from nuages.db.backends.base.base import BaseDatabaseWrapper
from nuages.db.backends.base.shortcut import guard
from nuages.db.backends.postgresql._driver import (
    Connection,
    Cursor,
    ServerBindingCursor,
    StreamCursor,
    adaptation,
)
from nuages.db.backends.postgresql._pooled import Pooled
from nuages.db.backends.postgresql.client import DatabaseClient
from nuages.db.backends.postgresql.creation import DatabaseCreation
from nuages.db.backends.postgresql.features import DatabaseFeatures
from nuages.db.backends.postgresql.introspection import DatabaseIntrospection
from nuages.db.backends.postgresql.operations import DatabaseOperations
from nuages.db.backends.utils import CursorDebugWrapper as BaseCursorDebugWrapper
from nuages.db.engine.pools import close_pools
from nuages.utils.asyncio import async_unsafe
from nuages.utils.functional import classproperty

__all__ = ["Cursor", "CursorDebugWrapper", "DatabaseWrapper", "ServerBindingCursor"]

#: The database that every server has.
_EVERYWHERE = "postgres"
_stream_numbers = count(1)
#: The protocol counts parameters with 16 bits.
MOST_PARAMETERS = 2**16 - 1


@cache
def psycopg_version() -> tuple[int, ...]:
    """Return the driver's version: the leading numbers of each of its parts."""
    numbers = []
    for part in Database.__version__.split()[0].split("."):
        found = re.match(r"\d+", part)
        if found is None:
            break
        numbers.append(int(found[0]))
        if found[0] != part:
            break
    return tuple(numbers)


def _varchar(column: Mapping[str, Any]) -> str:
    length = column["max_length"]
    return "varchar" if length is None else f"varchar({length})"


def _numeric(column: Mapping[str, Any]) -> str:
    digits = column["max_digits"]
    return "numeric" if digits is None else f"numeric({digits}, {column['decimal_places']})"


_AUTOMATIC = ("AutoField", "BigAutoField", "SmallAutoField")
_POSITIVE = ("PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField")


@lru_cache(2048)
def to_numbered(sql: str) -> str:
    """Return a statement with ``%s`` as the server's ``$1``, ``$2`` …, and ``%%`` as ``%``."""
    numbers = count(1)
    return re.sub("%[s%]", lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", sql)


#: Lookups that look for a piece of text, and the pattern around it.
_PIECES = {"contains": "%%{}%%", "startswith": "{}%%", "endswith": "%%{}"}


class CursorDebugWrapper(BaseCursorDebugWrapper):
    """A cursor that records COPY as well."""

    @contextmanager
    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Run COPY; a context manager, as psycopg's is."""
        with self.debug_sql(str(statement)), self.cursor.copy(statement, *args, **kwargs) as copy:
            yield copy

    def debug_sql(self, sql: str) -> Any:
        """Return a block whose duration is recorded for ``sql``."""
        from nuages.db.backends.utils import debug_sql

        return debug_sql(self.db, sql)


class DatabaseWrapper(Pooled, BaseDatabaseWrapper):
    """A connection to a database of a PostgreSQL server."""

    vendor, display_name = "postgresql", "PostgreSQL"
    Database: ClassVar[Any] = Database
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations

    data_types: Any = {
        **dict.fromkeys(("BigAutoField", "BigIntegerField", "PositiveBigIntegerField"), "bigint"),
        **dict.fromkeys(
            ("AutoField", "IntegerField", "PositiveIntegerField", "OneToOneField"), "integer"
        ),
        **dict.fromkeys(
            ("SmallAutoField", "SmallIntegerField", "PositiveSmallIntegerField"), "smallint"
        ),
        **dict.fromkeys(("FileField", "FilePathField", "SlugField"), "varchar(%(max_length)s)"),
        **dict.fromkeys(("IPAddressField", "GenericIPAddressField"), "inet"),
        "BinaryField": "bytea",
        "BooleanField": "boolean",
        "CharField": _varchar,
        "DateField": "date",
        "DateTimeField": "timestamp with time zone",
        "DecimalField": _numeric,
        "DurationField": "interval",
        "FloatField": "double precision",
        "JSONField": "jsonb",
        "TextField": "text",
        "TimeField": "time",
        "UUIDField": "uuid",
    }
    data_type_check_constraints = dict.fromkeys(_POSITIVE, '"%(column)s" >= 0')
    data_types_suffix = dict.fromkeys(_AUTOMATIC, "GENERATED BY DEFAULT AS IDENTITY")

    #: The right side of a lookup; case is ignored by putting both sides into upper case.
    operators = {
        **{
            name: f"{sign} %s"
            for name, sign in zip(("gt", "gte", "lt", "lte"), "> >= < <=".split())
        },
        "exact": "= %s",
        "iexact": "= UPPER(%s)",
        "regex": "~ %s",
        "iregex": "~* %s",
        **dict.fromkeys(_PIECES, "LIKE %s"),
        **dict.fromkeys(["i" + name for name in _PIECES], "LIKE UPPER(%s)"),
    }
    #: The same where the right side is SQL: then SQL does the escaping.
    pattern_esc = r"REPLACE(REPLACE(REPLACE({}, E'\\', E'\\\\'), E'%%', E'\\%%'), E'_', E'\\_')"
    pattern_ops = {
        prefix + name: "LIKE "
        + " || ".join(
            ("UPPER({})" if prefix else "{}") if piece == "{}" else f"'{piece}'"
            for piece in re.split(r"({})", shape)
            if piece
        )
        for prefix in ("", "i")
        for name, shape in _PIECES.items()
    }

    #: By alias: connections of the driver's that are not in use.
    _pools: ClassVar[dict[str, Any]] = {}
    _pools_lock = threading.Lock()

    @classproperty
    def SchemaEditorClass(cls) -> Any:  # noqa: N802
        """The schema editor, imported when it is needed."""
        from nuages.db.backends.postgresql.schema import DatabaseSchemaEditor

        return DatabaseSchemaEditor

    # -- connecting --------------------------------------------------------------------------

    def get_connection_params(self) -> dict[str, Any]:
        """Return the arguments of the driver's ``connect``."""
        conf = self.settings_dict
        options = dict(conf["OPTIONS"])
        name, longest = conf["NAME"], self.ops.max_name_length()
        if name == "" and not options.get("service"):
            raise ImproperlyConfigured(
                "settings.DATABASES is improperly configured. Please supply the NAME or "
                "OPTIONS['service'] value."
            )
        if name and len(name) > longest:
            raise ImproperlyConfigured(
                f"The database name '{name}' ({len(name)} characters) is longer than PostgreSQL's "
                f"limit of {longest} characters. Supply a shorter NAME in settings.DATABASES."
            )
        if name is None:
            # Not the database of the service, then.
            options.pop("service", None)
            options["dbname"] = _EVERYWHERE
        elif name:
            options["dbname"] = name
        for ours in ("assume_role", "isolation_level", "pool"):
            options.pop(ours, None)
        binds_there = options.pop("server_side_binding", False)
        for setting, parameter in (("USER", "user"), ("PASSWORD", "password"), ("HOST", "host")):
            if conf[setting]:
                options[parameter] = conf[setting]
        # A pooler between us and the server may not know our prepared statements.
        prepares = not binds_there and not conf.get("DISABLE_SERVER_SIDE_CURSORS")
        if conf["PORT"]:
            options["port"] = conf["PORT"]
        return {
            "context": adaptation(),
            "cursor_factory": ServerBindingCursor if binds_there else Cursor,
            "prepare_threshold": 5 if prepares else None,
            **options,
            "client_encoding": "UTF8",
        }

    @cached_property
    def _isolation_level(self) -> IsolationLevel | None:
        given = self.settings_dict["OPTIONS"].get("isolation_level")
        if given is None:
            return None
        try:
            return IsolationLevel(given)
        except ValueError:
            raise ImproperlyConfigured(
                f"Invalid transaction isolation level {given} specified. Use one of the "
                "psycopg.IsolationLevel values."
            ) from None

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the driver's: a new one, or one out of the pool."""
        self.__dict__.pop("_isolation_level", None)
        level = self._isolation_level
        pool = None if self.of_async_pool else self.pool
        self.opened = time.monotonic()
        conn = Connection.open(conn_params) if pool is None else pool.getconn()
        if conn.isolation_level != level:
            conn.isolation_level = level
        return conn

    @property
    def pool(self) -> Any:
        """The pool of this alias; ``None`` unless ``OPTIONS["pool"]`` asks for one.

        Raises ``ImproperlyConfigured`` where it contradicts other settings. Manual: "Connection pool".
        """
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == "__no_db__" or not options:
            return None
        pool = self._pools.get(self.alias)
        return self._new_pool({} if options is True else dict(options)) if pool is None else pool

    def _new_pool(self, options: dict[str, Any]) -> Any:
        conf = self.settings_dict
        if conf["CONN_MAX_AGE"] != 0:
            raise ImproperlyConfigured("Pooling doesn't support persistent connections.")
        try:
            from psycopg_pool import ConnectionPool
        except ImportError as error:
            raise ImproperlyConfigured(
                'Error loading the psycopg_pool module. Install it with "psycopg[pool]".'
            ) from error
        if conf["CONN_HEALTH_CHECKS"]:
            options.setdefault("check", ConnectionPool.check_connection)
        with self._pools_lock:
            if self.alias not in self._pools:
                pool = ConnectionPool(
                    kwargs=self.get_connection_params(),
                    connection_class=Connection,
                    open=False,
                    **options,
                )
                pool.open()
                self._pools[self.alias] = pool
            return self._pools[self.alias]

    def close_pool(self) -> None:
        """Close the pool of this alias, and the connections in it."""
        close_pools(self.alias)
        with self._pools_lock:
            pool = self._pools.pop(self.alias, None)
        if pool is not None:
            pool.close()

    def close_all_ways(self) -> None:
        """Close the connection, and those that pools hold: nothing of ours is in the database then."""
        self.close()
        self.close_pool()

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if self._configure_connection(self.connection) and not self.get_autocommit():
            # A rollback would undo it.
            self.connection.commit()

    def _configure_connection(self, connection: Any) -> bool:
        """Set up a connection of the driver's; return whether that took a statement."""
        changed = [self._configure_timezone(connection), self._configure_role(connection)]
        return any(changed)

    def _configure_timezone(self, connection: Any) -> bool:
        """Bring the session's time zone in line; return whether that took a statement."""
        if connection.info.parameter_status("TimeZone") == self.timezone_name:
            return False
        connection.execute("SELECT set_config('TimeZone', %s, false)", [self.timezone_name])
        return True

    def _configure_role(self, connection: Any) -> bool:
        """Take on the role of ``OPTIONS["assume_role"]``; return whether that took a statement."""
        role = self.settings_dict["OPTIONS"].get("assume_role")
        if not role or role == getattr(connection, "role", None):
            return False
        connection.execute(self.ops.compose_sql_for(connection, "SET ROLE %s", [role]))
        connection.role = role
        return True

    def ensure_timezone(self) -> bool:
        return self.connection is not None and self._configure_timezone(self.connection)

    def _close(self) -> None:
        handle = self.connection
        if handle is None:
            return
        with self.wrap_database_errors:
            pool = getattr(handle, "_pool", None)
            if pool is None:
                handle.close()
            else:
                # From now on it is somebody else's.
                self.connection = None
                pool.putconn(handle)

    def is_usable(self) -> bool:
        if self.connection is None:
            return False
        try:
            self.connection.execute("SELECT 1")
        except Database.Error:
            return False
        return True

    @cached_property
    def pg_version(self) -> int:
        """The server's version as one number, such as 150009."""
        with self.temporary_connection():
            return self.connection.info.server_version

    def get_database_version(self) -> tuple[int, ...]:
        """Return the server's version: major and minor."""
        return divmod(self.pg_version, 10000)

    # -- cursors -----------------------------------------------------------------------------

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor of the driver's; with a name one on the server, which survives a commit
        where each statement is one."""
        handle = self.connection
        handle.zone = self.timezone
        if name is None:
            return handle.cursor()
        binds_there = self.settings_dict["OPTIONS"].get("server_side_binding")
        handle.server_cursor_factory = Database.ServerCursor if binds_there else StreamCursor
        return handle.cursor(name, scrollable=False, withhold=handle.autocommit)

    @async_unsafe
    def chunked_cursor(self) -> Any:
        if self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self.cursor()
        return self._cursor(f"_django_curs_{threading.get_ident()}_{next(_stream_numbers)}")

    def driver_sql(self, sql: str) -> str:
        return to_numbered(sql)

    def shows_nobody(self) -> bool:
        return nobody_looks(self)

    def fetch_compiled(self, sql: str, params: Any) -> list[tuple[Any, ...]] | None:
        if len(params) > MOST_PARAMETERS or not nobody_looks(self):
            return None
        handle = self.connection
        if handle.pgconn.pipeline_status:
            return None
        handle.zone = self.timezone
        try:
            return handle.statements.rows(sql, params)
        except Database.Error:
            with self.wrap_database_errors:
                raise

    def execute_compiled(self, sql: str, params: Any) -> int | None:
        if len(params) > MOST_PARAMETERS or not nobody_looks(self):
            return None
        handle = self.connection
        if handle.pgconn.pipeline_status:
            return None
        try:
            return handle.statements.count(sql, params)
        except Database.Error:
            with self.wrap_database_errors:
                raise

    def execute_batch(self, statements: Sequence[tuple[str, Any]]) -> list[int] | None:
        handle = self.connection
        if not nobody_looks(self) or handle.pgconn.pipeline_status or not Pipeline.is_supported():
            return None
        with self.wrap_database_errors:
            with handle.pipeline():
                cursors = [handle.execute(sql, params) for sql, params in statements]
            return [cursor.rowcount for cursor in cursors]

    def _tell(self, statement: Callable[[str], str], sid: str) -> None:
        if not nobody_looks(self) or self.connection.pgconn.pipeline_status:
            super()._tell(statement, sid)
            return
        with self.wrap_database_errors:
            self.connection.statements.tell(statement(sid))

    def fetch_rows(self, sql: str, params: Any) -> list[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        return CursorDebugWrapper(cursor, self)

    # -- transactions and constraints --------------------------------------------------------

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit = autocommit

    def check_constraints(self, table_names: Any = None) -> None:
        """Check now what is deferred to the end of the transaction. Raises ``IntegrityError``."""
        with self.cursor() as cursor:
            for mode in ("IMMEDIATE", "DEFERRED"):
                cursor.execute(f"SET CONSTRAINTS ALL {mode}")

    # -- other connections -------------------------------------------------------------------

    @contextmanager
    def _nodb_cursor(self) -> Iterator[Any]:
        """Give a cursor that is connected to the database ``postgres``, or to another of ours."""
        with ExitStack() as opened:
            try:
                cursor = opened.enter_context(super()._nodb_cursor())
            except (Database.DatabaseError, WrappedDatabaseError):
                warnings.warn(
                    "Normally Django will use a connection to the 'postgres' database to avoid "
                    "running initialization queries against the production database when it's "
                    "not needed (for example, when running tests). Django was unable to create "
                    "a connection to the 'postgres' database and will use the first PostgreSQL "
                    "database instead.",
                    RuntimeWarning,
                    stacklevel=3,
                )
                substitute = self._substitute()
                if substitute is None:
                    raise
                opened.callback(substitute.close)
                cursor = opened.enter_context(substitute.cursor())
            yield cursor

    def _substitute(self) -> DatabaseWrapper | None:
        """A new connection with this one's settings to another PostgreSQL database of the project."""
        for other in connections.all():
            name = other.settings_dict["NAME"]
            if other.vendor == self.vendor and name != _EVERYWHERE:
                return type(self)({**self.settings_dict, "NAME": name}, alias=self.alias)
        return None


nobody_looks = guard(DatabaseWrapper)
