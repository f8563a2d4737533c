"""The connection to MariaDB or MySQL. Manual: ref/databases, "MariaDB notes", "MySQL notes"."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.db import IntegrityError
from nuages.db.backends.base.base import BaseDatabaseWrapper
from nuages.db.backends.mysql._driver import CLIENT, Database, conversions
from nuages.db.backends.mysql.client import DatabaseClient
from nuages.db.backends.mysql.creation import DatabaseCreation
from nuages.db.backends.mysql.features import DatabaseFeatures
from nuages.db.backends.mysql.introspection import DatabaseIntrospection
from nuages.db.backends.mysql.operations import DatabaseOperations
from nuages.db.backends.mysql.validation import DatabaseValidation
from nuages.utils.asyncio import async_unsafe
from nuages.utils.functional import classproperty

#: What breaks a constraint, where drivers speak of an operational error: a NULL in a column that takes
#: none, a value out of range in an expression, a check (MySQL's, MariaDB's).
_BROKEN_CONSTRAINTS = frozenset({1048, 1690, 3819, 4025})

#: Asked for once per connection.
_SERVER_DATA = {
    "version": "VERSION()",
    "sql_mode": "@@sql_mode",
    "default_storage_engine": "@@default_storage_engine",
    "sql_auto_is_null": "@@sql_auto_is_null",
    "lower_case_table_names": "@@lower_case_table_names",
    "has_zoneinfo_database": "CONVERT_TZ('2001-01-01 01:00:00', 'UTC', 'UTC') IS NOT NULL",
}
_FLAGS = ("sql_auto_is_null", "lower_case_table_names", "has_zoneinfo_database")

#: The driver's name of a connection parameter, per setting.
_PARAMETERS = {"USER": "user", "NAME": "database", "PASSWORD": "password", "PORT": "port"}

_VERSION = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)")


class CursorWrapper:
    """A driver's cursor that calls the breaking of a constraint what it is."""

    codes_for_integrityerror = tuple(sorted(_BROKEN_CONSTRAINTS))

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        #: The driver's own methods, found once.
        self._execute, self._executemany = cursor.execute, cursor.executemany

    def execute(self, query: str, args: Any = None) -> Any:
        """Run a statement. Without parameters a percent sign means itself."""
        try:
            return self._execute(query, args)
        except Database.OperationalError as error:
            raise _named_rightly(error) from error.__cause__

    def executemany(self, query: str, args: Any) -> Any:
        """Run a statement for each set of parameters."""
        try:
            return self._executemany(query, args)
        except Database.OperationalError as error:
            raise _named_rightly(error) from error.__cause__

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)

    def __iter__(self) -> Any:
        return iter(self.cursor)


def _named_rightly(error: Any) -> Any:
    """Return the exception, as one about integrity if it is."""
    if error.args and error.args[0] in _BROKEN_CONSTRAINTS:
        return IntegrityError(*error.args)
    return error


class DatabaseWrapper(BaseDatabaseWrapper):
    """A connection to a MariaDB or MySQL server."""

    vendor = "mysql"
    Database = Database
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations
    validation_class = DatabaseValidation

    _native_types = {
        **dict.fromkeys(
            ("CharField", "FileField", "FilePathField", "SlugField"), "varchar(%(max_length)s)"
        ),
        "AutoField": "integer AUTO_INCREMENT",
        "BigAutoField": "bigint AUTO_INCREMENT",
        "SmallAutoField": "smallint AUTO_INCREMENT",
        "BigIntegerField": "bigint",
        "IntegerField": "integer",
        "SmallIntegerField": "smallint",
        "PositiveBigIntegerField": "bigint UNSIGNED",
        "PositiveIntegerField": "integer UNSIGNED",
        "PositiveSmallIntegerField": "smallint UNSIGNED",
        "BooleanField": "bool",
        "DecimalField": "numeric(%(max_digits)s, %(decimal_places)s)",
        "FloatField": "double precision",
        "DurationField": "bigint",
        "DateField": "date",
        "DateTimeField": "datetime(6)",
        "TimeField": "time(6)",
        "BinaryField": "longblob",
        "TextField": "longtext",
        "JSONField": "json",
        "IPAddressField": "char(15)",
        "GenericIPAddressField": "char(39)",
        "UUIDField": "char(32)",
    }
    #: Types whose columns have no default before MySQL 8.0.13 had expressions there, and no index
    #: without a length.
    _limited_data_types = frozenset(
        {"tinyblob", "blob", "mediumblob", "longblob", "tinytext", "text", "mediumtext", "longtext"}
        | {"json"}
    )

    #: The right side of a lookup. Collations ignore case, unless the comparison is binary.
    operators = {
        "exact": "= %s",
        "gt": "> %s",
        "gte": ">= %s",
        "lt": "< %s",
        "lte": "<= %s",
        **dict.fromkeys(("iexact", "icontains", "istartswith", "iendswith"), "LIKE %s"),
        **dict.fromkeys(("contains", "startswith", "endswith"), "LIKE BINARY %s"),
    }
    #: The same where the right side is SQL: it is escaped by SQL, and put together by CONCAT.
    pattern_esc = r"REPLACE(REPLACE(REPLACE({}, '\\', '\\\\'), '%%', '\%%'), '_', '\_')"
    pattern_ops = {
        prefix + name: f"LIKE {'' if prefix else 'BINARY '}CONCAT({parts})"
        for prefix in ("", "i")
        for name, parts in {
            "contains": "'%%', {}, '%%'",
            "startswith": "{}, '%%'",
            "endswith": "'%%', {}",
        }.items()
    }

    isolation_levels = {"read uncommitted", "read committed", "repeatable read", "serializable"}

    @classproperty
    def SchemaEditorClass(cls) -> Any:  # noqa: N802 (a class, made available late)
        """The schema editor, imported when it is needed."""
        from nuages.db.backends.mysql.schema import DatabaseSchemaEditor

        return DatabaseSchemaEditor

    # -- which server ------------------------------------------------------------------------

    @cached_property
    def mysql_server_data(self) -> dict[str, Any]:
        """What the server says of itself, asked for in one query."""
        # A cursor of the driver's, so that the query log tells of the project's queries alone.
        with self.temporary_connection() as wrapped:
            cursor = wrapped.connection.cursor()
            cursor.execute("SELECT " + ", ".join(_SERVER_DATA.values()))
            found = dict(zip(_SERVER_DATA, cursor.fetchone(), strict=True))
            cursor.close()
        return found | {name: bool(found[name]) for name in _FLAGS}

    @cached_property
    def mysql_server_info(self) -> str:
        """The server's version, as it writes it."""
        info: str = self.mysql_server_data["version"]
        return info

    @cached_property
    def mysql_version(self) -> tuple[int, ...]:
        """The server's version, in numbers."""
        match = _VERSION.match(self.mysql_server_info)
        if match is None:
            raise ImproperlyConfigured(
                f"Unable to determine MySQL version from version string {self.mysql_server_info!r}"
            )
        return tuple(map(int, match.groups()))

    @cached_property
    def mysql_is_mariadb(self) -> bool:
        """Whether it is MariaDB."""
        return "mariadb" in self.mysql_server_info.lower()

    @cached_property
    def display_name(self) -> str:  # type: ignore[override]
        """The name of the server's make."""
        return "MariaDB" if self.mysql_is_mariadb else "MySQL"

    @cached_property
    def sql_mode(self) -> set[str]:
        """The modes that are on."""
        return {*(self.mysql_server_data["sql_mode"] or "").split(",")} - {""}

    @cached_property
    def data_types(self) -> dict[str, str]:
        """Column type per internal type."""
        if self.features.has_native_uuid_field:
            return {**self._native_types, "UUIDField": "uuid"}
        return self._native_types

    @cached_property
    def data_type_check_constraints(self) -> dict[str, str]:
        """The check that a column of a type carries."""
        names = [name for name in self._native_types if name.startswith("Positive")]
        checks = dict.fromkeys(names, "`%(column)s` >= 0")
        if self.mysql_is_mariadb:
            # Its JSON is text.
            checks["JSONField"] = "JSON_VALID(`%(column)s`)"
        return checks

    def get_database_version(self) -> tuple[int, ...]:
        return self.mysql_version

    # -- connecting --------------------------------------------------------------------------

    def get_connection_params(self) -> dict[str, Any]:
        conf = self.settings_dict
        params: dict[str, Any] = {"conv": conversions(), "charset": "utf8mb4"}
        for setting, name in _PARAMETERS.items():
            if value := conf[setting]:
                params[name] = int(value) if setting == "PORT" else value
        if host := conf["HOST"]:
            # A path is that of a socket.
            params["unix_socket" if host.startswith("/") else "host"] = host
        # UPDATE says how many rows it matched, not how many it found different.
        params["client_flag"] = CLIENT.FOUND_ROWS
        options = dict(conf["OPTIONS"])
        self.isolation_level = self._isolation(options.pop("isolation_level", "read committed"))
        return params | options

    def _isolation(self, level: str | None) -> str | None:
        """Return a level of ``OPTIONS`` in lower case.

        Raises:
            ImproperlyConfigured: there is no such level.
        """
        if not level:
            return None
        if level.lower() in self.isolation_levels:
            return level.lower()
        known = ", ".join(f"'{each}'" for each in sorted(self.isolation_levels))
        raise ImproperlyConfigured(
            f"Invalid transaction isolation level '{level}' specified.\nUse one of {known}, or None."
        )

    isolation_level: str | None = None

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        return Database.connect(**conn_params)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        settings = []
        if self.features.is_sql_auto_is_null_enabled:
            settings.append("SET SQL_AUTO_IS_NULL = 0")
        if self.isolation_level:
            settings.append(
                f"SET SESSION TRANSACTION ISOLATION LEVEL {self.isolation_level.upper()}"
            )
        if settings:
            with self.cursor() as cursor:
                cursor.execute("; ".join(settings))
                while cursor.nextset():
                    pass

    @async_unsafe
    def create_cursor(self, name: str | None = None) -> CursorWrapper:
        return CursorWrapper(self.connection.cursor())

    def is_usable(self) -> bool:
        try:
            self.connection.ping()
        except Database.Error:
            return False
        return True

    # -- transactions and constraints --------------------------------------------------------

    def _rollback(self) -> None:
        # Tables without transactions cannot roll back.
        with suppress(Database.NotSupportedError):
            super()._rollback()

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit(autocommit)

    def _foreign_key_checks(self, on: bool) -> None:
        with self.cursor() as cursor:
            cursor.execute(f"SET foreign_key_checks={int(on)}")

    def disable_constraint_checking(self) -> bool:
        self._foreign_key_checks(False)
        return True

    def enable_constraint_checking(self) -> None:
        # Within a failed block as well, and that stays failed.
        failed, self.needs_rollback = self.needs_rollback, False
        try:
            self._foreign_key_checks(True)
        finally:
            self.needs_rollback = failed

    def check_constraints(self, table_names: list[str] | None = None) -> None:
        """Raise ``IntegrityError`` for the first row whose foreign key leads nowhere."""
        introspection, quote = self.introspection, self.ops.quote_name
        with self.cursor() as cursor:
            tables = introspection.table_names(cursor) if table_names is None else table_names
            for table in tables:
                key = introspection.get_primary_key_column(cursor, table)
                if not key:
                    continue
                relations = introspection.get_relations(cursor, table)
                for column, (other_column, other_table, _) in relations.items():
                    own = f"{quote(table)}.{quote(column)}"
                    # The tables may be one and the same.
                    cursor.execute(
                        f"SELECT {quote(table)}.{quote(key)}, {own} FROM {quote(table)} "
                        f"LEFT JOIN {quote(other_table)} AS target "
                        f"ON {own} = target.{quote(other_column)} "
                        f"WHERE {own} IS NOT NULL AND target.{quote(other_column)} IS NULL LIMIT 1"
                    )
                    for pk, value in cursor.fetchall():
                        raise IntegrityError(
                            f"The row in table '{table}' with primary key '{pk}' has an invalid "
                            f"foreign key: {table}.{column} contains a value '{value}' that does "
                            f"not have a corresponding value in {other_table}.{other_column}."
                        )
