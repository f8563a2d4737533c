"""Test databases of PostgreSQL. Manual: topics/testing/advanced, ref/settings "TEST"."""

from __future__ import annotations

import sys
from typing import Any

from psycopg import errors

from nuages.core.exceptions import ImproperlyConfigured
from nuages.db.backends.base.creation import BaseDatabaseCreation
from nuages.db.utils import DatabaseError


class DatabaseCreation(BaseDatabaseCreation):
    """Databases of the server; clones are made by the server, from a template."""

    destroy_test_db_connection_close_method = "close_all_ways"

    def sql_table_creation_suffix(self) -> str:
        test = self.connection.settings_dict["TEST"]
        if test["COLLATION"] is not None:
            raise ImproperlyConfigured(
                "PostgreSQL does not support collation setting at database creation time. "
                f"Remove TEST['COLLATION'] of the database {self.connection.alias!r}."
            )
        return self._suffix(test["CHARSET"], test.get("TEMPLATE"))

    def _suffix(self, encoding: str | None, template: str | None) -> str:
        words = []
        if encoding:
            words.append(f"ENCODING '{encoding}'")
        if template:
            words.append(f"TEMPLATE {self.connection.ops.quote_name(template)}")
        return " ".join(["WITH", *words]) if words else ""

    def _database_exists(self, cursor: Any, database_name: str) -> bool:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s)",
            [database_name.strip('"')],
        )
        return cursor.fetchone()[0]

    def _execute_create_test_db(
        self, cursor: Any, parameters: dict[str, str], keepdb: bool = False
    ) -> None:
        if keepdb and self._database_exists(cursor, parameters["dbname"]):
            return
        try:
            super()._execute_create_test_db(cursor, parameters, keepdb)
        except DatabaseError as error:
            if not isinstance(error.__cause__, errors.DuplicateDatabase):
                self.log(f"Got an error creating the test database: {error}")
                sys.exit(2)
            if not keepdb:
                raise

    def _clone_test_db(self, suffix: Any, verbosity: int, keepdb: bool = False) -> None:
        source = self.connection.settings_dict["NAME"]
        target = self.get_test_db_clone_settings(suffix)["NAME"]
        quoted = self.connection.ops.quote_name(target)
        parameters = {"dbname": quoted, "suffix": self._suffix(None, source)}
        # A template must not be in use.
        self.connection.close_all_ways()
        with self._nodb_cursor() as cursor:
            problem = self._try_to_create(cursor, parameters, keepdb)
            if problem is None:
                return
            if verbosity >= 1:
                self.log(f"Destroying old test database for {self._display(verbosity, target)}...")
            problem = self._try_to_create(
                cursor, parameters, keepdb, first=f"DROP DATABASE {quoted}"
            )
        if problem is not None:
            self.log(f"Got an error cloning the test database: {problem}")
            sys.exit(2)
