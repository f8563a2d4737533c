"""The SQLite connection. Manual: ref/databases, "SQLite notes"."""

from __future__ import annotations

import decimal
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from sqlite3 import dbapi2 as Database
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.db.backends.base.shortcut import guard
from nuages.db.backends.sqlite3._bare import Bare, bare_columns, holds, is_settled
from nuages.db.backends.sqlite3.client import DatabaseClient
from nuages.db.backends.sqlite3.creation import DatabaseCreation
from nuages.db.backends.sqlite3.features import DatabaseFeatures
from nuages.db.backends.sqlite3.introspection import DatabaseIntrospection
from nuages.db.backends.sqlite3.operations import DatabaseOperations
from nuages.db.backends.sqlite3.parking import (
    Handle,
    ParkingWrapper,
    identify,
    key_of,
    note,
    note_script,
    only_sets,
    set_up,
    skips_none_but,
    take,
)
from nuages.db.utils import IntegrityError
from nuages.utils.asyncio import async_unsafe
from nuages.utils.functional import classproperty


def register_if_missing(connection: Any, error: Exception) -> bool:
    """Register the functions in Python if ``error`` says that one is missing; say if that helps."""
    if "no such function" not in (text := str(error)) and "unknown function" not in text:
        return False
    if getattr(connection, "has_our_functions", True):
        return False
    from nuages.db.backends.sqlite3._functions import register_once

    register_once(connection)
    return True


Database.register_adapter(decimal.Decimal, str)


@lru_cache(2048)
def to_qmark(sql: str) -> str:
    """Return a statement with ``%s`` as SQLite's ``?``, and ``%%`` as ``%``."""
    return "%".join(part.replace("%s", "?") for part in sql.split("%%"))


def _to_named(sql: str, names: Iterable[str]) -> str:
    return sql % {name: f":{name}" for name in names}


class SQLiteCursorWrapper(Database.Cursor):
    """A driver's cursor that takes ``%s`` and ``%(name)s`` as placeholders."""

    def execute(self, query: str, params: Any = None) -> Any:
        if params is None:
            arguments: tuple[Any, ...] = (query,)
        elif isinstance(params, Mapping):
            arguments = (_to_named(query, params), params)
        else:
            arguments = (to_qmark(query), params)
        note(self.connection, query)
        try:
            return super().execute(*arguments)
        except Database.OperationalError as error:
            if not register_if_missing(self.connection, error):
                raise
            return super().execute(*arguments)

    def executescript(self, script: str) -> Any:
        note_script(self.connection)
        # A statement in the middle cannot be tried again.
        if not getattr(self.connection, "has_our_functions", True):
            from nuages.db.backends.sqlite3._functions import register_once

            register_once(self.connection)
        return super().executescript(script)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        # The parameters may come from a generator, so the first one is put back.
        rest = iter(param_list)
        first: Any = next(rest, None)
        everything = () if first is None else chain((first,), rest)
        named = isinstance(first, Mapping)
        converted = _to_named(query, first) if named else to_qmark(query)
        try:
            return super().executemany(converted, everything)
        except Database.OperationalError as error:
            # The statement failed before it took a second set of parameters.
            if not register_if_missing(self.connection, error):
                raise
            return super().executemany(converted, chain((first,), rest))

    def convert_query(self, query: str, *, param_names: Iterable[str] | None = None) -> str:
        """Return the query in SQLite's style of placeholders."""
        return to_qmark(query) if param_names is None else _to_named(query, param_names)


def _varchar(column: Mapping[str, Any]) -> str:
    length = column["max_length"]
    return "varchar" if length is None else f"varchar({length})"


class DatabaseWrapper(ParkingWrapper):
    """A connection to a database file, or to a database in memory."""

    vendor = "sqlite"
    display_name = "SQLite"
    Database = Database  # type: ignore[misc]  # a module, as its name in the base class says
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations

    # SQLite itself knows but a handful of types. The names say more to people and to inspectdb.
    data_types = {
        **dict.fromkeys(("AutoField", "BigAutoField", "SmallAutoField"), "integer"),
        **dict.fromkeys(("FileField", "FilePathField", "SlugField"), "varchar(%(max_length)s)"),
        **dict.fromkeys(("JSONField", "TextField"), "text"),
        "BinaryField": "BLOB",
        "BooleanField": "bool",
        "CharField": _varchar,
        "DateField": "date",
        "DateTimeField": "datetime",
        "TimeField": "time",
        "DecimalField": "decimal",
        "FloatField": "real",
        "DurationField": "bigint",
        "BigIntegerField": "bigint",
        "IntegerField": "integer",
        "SmallIntegerField": "smallint",
        "PositiveBigIntegerField": "bigint unsigned",
        "PositiveIntegerField": "integer unsigned",
        "PositiveSmallIntegerField": "smallint unsigned",
        "IPAddressField": "char(15)",
        "GenericIPAddressField": "char(39)",
        "UUIDField": "char(32)",
    }
    data_type_check_constraints = {
        **dict.fromkeys(
            ("PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField"),
            '"%(column)s" >= 0',
        ),
        "JSONField": '(JSON_VALID("%(column)s") OR "%(column)s" IS NULL)',
    }
    data_types_suffix = dict.fromkeys(
        ("AutoField", "BigAutoField", "SmallAutoField"), "AUTOINCREMENT"
    )

    #: The right side of a lookup. LIKE ignores case for ASCII letters in any case.
    operators = {
        "exact": "= %s",
        **dict.fromkeys(
            (
                "iexact",
                "contains",
                "icontains",
                "startswith",
                "istartswith",
                "endswith",
                "iendswith",
            ),
            "LIKE %s ESCAPE '\\'",
        ),
        "regex": "REGEXP %s",
        "iregex": "REGEXP '(?i)' || %s",
        "gt": "> %s",
        "gte": ">= %s",
        "lt": "< %s",
        "lte": "<= %s",
    }
    #: The same where the right side is SQL: it is escaped by SQL.
    pattern_esc = r"REPLACE(REPLACE(REPLACE({}, '\', '\\'), '%%', '\%%'), '_', '\_')"
    pattern_ops = {
        prefix + name: "LIKE " + shape.format("UPPER({})" if prefix else "{}") + r" ESCAPE '\'"
        for prefix in ("", "i")
        for name, shape in {
            "contains": "'%%' || {} || '%%'",
            "startswith": "{} || '%%'",
            "endswith": "'%%' || {}",
        }.items()
    }

    reads_bare = True
    #: A cursor that is done with, for the next query.
    _spare: Any = None

    transaction_modes = frozenset({"DEFERRED", "EXCLUSIVE", "IMMEDIATE"})

    @classproperty
    def SchemaEditorClass(cls) -> Any:  # noqa: N802 (a class, made available late)
        """The schema editor, imported when it is needed."""
        from nuages.db.backends.sqlite3.schema import DatabaseSchemaEditor

        return DatabaseSchemaEditor

    def get_connection_params(self) -> dict[str, Any]:
        """Return the arguments of ``sqlite3.connect``, and our two options."""
        if not self.settings_dict["NAME"]:
            raise ImproperlyConfigured(
                "settings.DATABASES is improperly configured. Please supply the NAME value."
            )
        params = {
            "database": self.settings_dict["NAME"],
            "detect_types": Database.PARSE_DECLTYPES | Database.PARSE_COLNAMES,
            **self.settings_dict["OPTIONS"],
        }
        if params.get("check_same_thread"):
            warnings.warn(
                "The `check_same_thread` option was provided and set to True. It will be "
                "overridden with False. Use the `DatabaseWrapper.allow_thread_sharing` property "
                "instead for controlling thread shareability.",
                RuntimeWarning,
                stacklevel=2,
            )
        # Threads are our own business: see validate_thread_sharing().
        params.update(check_same_thread=False, uri=True)
        mode = params.pop("transaction_mode", None)
        if mode is not None and mode.upper() not in self.transaction_modes:
            *most, last = (repr(name) for name in sorted(self.transaction_modes))
            raise ImproperlyConfigured(
                f"settings.DATABASES[{self.alias!r}]['OPTIONS']['transaction_mode'] is improperly "
                f"configured to '{mode}'. Use one of {', '.join(most)}, {last}, or None."
            )
        self.transaction_mode = mode.upper() if mode else None
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a new ``sqlite3.Connection`` with our functions, foreign keys checked."""
        options = {"factory": Handle, **conn_params}
        key = key_of(options)
        init_command = options.pop("init_command", "")
        settings_only = only_sets(init_command) if init_command else True
        if not settings_only:
            # It runs for every request, and what it leaves behind is not handed on.
            key = None
        conn = take(key, conn_params["database"])
        if conn is None:
            conn = Database.connect(**options)
            identify(conn, conn_params["database"], conn_params["detect_types"])
            if not isinstance(conn, Handle):
                from nuages.db.backends.sqlite3._functions import register

                register(conn)
            conn.execute("PRAGMA foreign_keys = ON")
            # Renaming a table has to follow the references to it.
            conn.execute("PRAGMA legacy_alter_table = OFF")
            if init_command and settings_only:
                set_up(conn, init_command)
            elif init_command:
                conn.executescript(init_command)
        self._remember_place(key)
        return conn

    def get_database_version(self) -> tuple[int, ...]:
        return Database.sqlite_version_info

    def driver_sql(self, sql: str) -> str:
        return to_qmark(sql)

    def shows_nobody(self) -> bool:
        return nobody_looks(self)

    def fetch_compiled(self, sql: str, params: Any) -> list[tuple[Any, ...]] | None:
        return self._fetched(sql, params) if nobody_looks(self) else None

    def _fetched(self, sql: str, params: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that goes straight to the driver."""
        # A function of the database's may run a query of its own meanwhile: that takes another cursor.
        cursor, self._spare = self._spare, None
        handle = self.connection
        if cursor is None or cursor.connection is not handle:
            cursor = handle.cursor()
        try:
            rows = cursor.execute(sql, params).fetchall()
        except Database.Error as error:
            return self._second_try(error, sql, params).fetchall()
        self._spare = cursor
        return rows

    def bare_columns(self, columns: Mapping[int, tuple[str, str]]) -> Bare | None:
        return bare_columns(self.connection, columns)

    def fetch_bare(self, sql: str, params: Any, bare: Bare) -> list[tuple[Any, ...]] | None:
        if not nobody_looks(self) or not holds(self.connection, bare):
            return None
        return self._fetched(sql, params)

    def stream_compiled(
        self, sql: str, params: Any, size: int, bare: Bare | None
    ) -> Iterator[list[tuple[Any, ...]]] | None:
        if not nobody_looks(self) or not (bare is None or holds(self.connection, bare)):
            return None
        try:
            cursor = self.connection.execute(sql, params)
        except Database.Error as error:
            cursor = self._second_try(error, sql, params)
        return self._chunks(cursor, size)

    def _chunks(self, cursor: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
        try:
            while rows := cursor.fetchmany(size):
                yield rows
        except Database.Error:
            with self.wrap_database_errors:
                raise
        finally:
            cursor.close()

    def execute_compiled(self, sql: str, params: Any) -> int | None:
        if not nobody_looks(self):
            return None
        try:
            return self.connection.execute(sql, params).rowcount
        except Database.Error as error:
            return self._second_try(error, sql, params).rowcount

    def _second_try(self, error: Exception, sql: str, params: Any) -> Any:
        """Run a statement again if all it lacked was our functions; raise ``error`` if not."""
        with self.wrap_database_errors:
            if not register_if_missing(self.connection, error):
                raise error
            return self.connection.execute(sql, params)

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=SQLiteCursorWrapper)

    @async_unsafe
    def close(self) -> None:
        """Close the connection; a database in memory stays, as closing would destroy it."""
        if self.is_in_memory_db():
            self.validate_thread_sharing()
        else:
            super().close()

    def _stays_open(self) -> bool:
        own = type(self).close is DatabaseWrapper.close and "close" not in vars(self)
        return own and self.is_in_memory_db()

    def is_usable(self) -> bool:
        """A file is always there to be used."""
        return True

    def is_in_memory_db(self) -> bool:
        """Return whether the database is in memory."""
        return is_in_memory(self.settings_dict["NAME"])

    # -- transactions ------------------------------------------------------------------------

    def _savepoint_allowed(self) -> bool:
        # The driver's autocommit has other ideas, so a savepoint needs our own BEGIN.
        return self.in_atomic_block

    def _set_autocommit(self, autocommit: bool) -> None:
        handle = self.connection
        if autocommit and handle.isolation_level is None and not handle.in_transaction:
            # Saying so again would run a COMMIT.
            return
        with self.wrap_database_errors:
            handle.isolation_level = None if autocommit else ""

    def _start_transaction_under_autocommit(self) -> None:
        # While it is open it would seem to be what changed the schema last.
        is_settled()
        mode = self.transaction_mode
        text = "BEGIN" if mode is None else f"BEGIN {mode}"
        if self.execute_compiled(text, ()) is None:
            with self.cursor() as cursor:
                cursor.execute(text)

    def row_changes(self) -> int | None:
        return None if self.connection is None else self.connection.total_changes

    # -- constraints -------------------------------------------------------------------------

    def disable_constraint_checking(self) -> bool:
        with self.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys = OFF")
            # Within a transaction the statement has no effect.
            return not cursor.execute("PRAGMA foreign_keys").fetchone()[0]

    def enable_constraint_checking(self) -> None:
        with self.cursor() as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")

    def check_constraints(self, table_names: Iterable[str] | None = None) -> None:
        """Raise ``IntegrityError`` for the first row whose foreign key leads nowhere."""
        if table_names is None and self.fetch_compiled("PRAGMA foreign_key_check", ()) == []:
            return
        quote = self.ops.quote_name
        with self.cursor() as cursor:
            if table_names is None:
                found = cursor.execute("PRAGMA foreign_key_check").fetchall()
            else:
                found = list(
                    chain.from_iterable(
                        cursor.execute(f"PRAGMA foreign_key_check({quote(name)})").fetchall()
                        for name in table_names
                    )
                )
            if not found:
                return
            table, rowid, referenced_table, key_index = found[0]
            keys = cursor.execute(f"PRAGMA foreign_key_list({quote(table)})").fetchall()
            column, referenced_column = keys[key_index][3:5]
            primary_key = self.introspection.get_primary_key_column(cursor, table)
            key_value, bad_value = cursor.execute(
                f"SELECT {quote(primary_key)}, {quote(column)} FROM {quote(table)} "
                "WHERE rowid = %s",
                (rowid,),
            ).fetchone()
        raise IntegrityError(
            f"The row in table '{table}' with primary key '{key_value}' has an invalid foreign "
            f"key: {table}.{column} contains a value '{bad_value}' that does not have a "
            f"corresponding value in {referenced_table}.{referenced_column}."
        )


nobody_looks = guard(DatabaseWrapper)
skips_none_but(DatabaseWrapper)


def is_in_memory(name: Any) -> bool:
    """Return whether a database name stands for a database in memory."""
    return not isinstance(name, Path) and (name == ":memory:" or "mode=memory" in str(name))
