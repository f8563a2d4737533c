"""Creating, copying and destroying test databases on MariaDB and MySQL."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from nuages.db.backends.base.creation import BaseDatabaseCreation
from nuages.db.backends.mysql.client import DatabaseClient

_EXISTS = 1007


class DatabaseCreation(BaseDatabaseCreation):
    """Copies a database by what its own programs write and read."""

    def sql_table_creation_suffix(self) -> str:
        conf = self.connection.settings_dict["TEST"]
        wishes = {"CHARACTER SET": conf.get("CHARSET"), "COLLATE": conf.get("COLLATION")}
        return " ".join(f"{words} {value}" for words, value in wishes.items() if value)

    def _execute_create_test_db(
        self, cursor: Any, parameters: dict[str, str], keepdb: bool = False
    ) -> None:
        try:
            super()._execute_create_test_db(cursor, parameters, keepdb)
        except Exception as error:
            if error.args and error.args[0] == _EXISTS:
                raise
            # A database in the way can be dropped; no other problem is solved by that.
            self.log(f"Got an error creating the test database: {error}")
            sys.exit(2)

    def _clone_test_db(self, suffix: Any, verbosity: int, keepdb: bool = False) -> None:
        source = self.connection.settings_dict["NAME"]
        target = self.get_test_db_clone_settings(suffix)["NAME"]
        parameters = {
            "dbname": self.connection.ops.quote_name(target),
            "suffix": self.sql_table_creation_suffix(),
        }
        with self._nodb_cursor() as cursor:
            problem = self._try_to_create(cursor, parameters, keepdb)
            if problem is not None:
                if keepdb:
                    return
                if verbosity >= 1:
                    shown = self._display(verbosity, target)
                    self.log(f"Destroying old test database for {shown}...")
                problem = self._try_to_create(
                    cursor, parameters, keepdb, first=f"DROP DATABASE {parameters['dbname']}"
                )
            if problem is not None:
                self.log(f"Got an error recreating the test database: {problem}")
                sys.exit(2)
        self._clone_db(source, target)

    def _clone_db(self, source_database_name: str, target_database_name: str) -> None:
        """Pipe a dump of one database into another."""
        load, extra = DatabaseClient.settings_to_cmd_args_env(self.connection.settings_dict, [])
        arguments = load[1:]
        if arguments and not arguments[-1].startswith("-"):
            # The name of the database, which stands last.
            del arguments[-1]
        environ = {**os.environ, **extra} if extra else None
        # The first two are errors of one program each; the message says which.
        dump = ["mysqldump", *arguments, "--routines", "--events", source_database_name]
        load = [load[0], *arguments, target_database_name]
        piped: dict[str, Any] = {"stderr": subprocess.PIPE, "env": environ}
        with (
            subprocess.Popen(dump, stdout=subprocess.PIPE, **piped) as reading,
            subprocess.Popen(
                load, stdin=reading.stdout, stdout=subprocess.DEVNULL, **piped
            ) as writing,
        ):
            # The writer alone holds the pipe now, so that the reader hears of its end.
            reading.stdout.close()  # type: ignore[union-attr]
            written = _end(writing)
            read = _end(reading)
        for process, said, what in (
            (reading, read, "on mysqldump when cloning"),
            (writing, written, "cloning"),
        ):
            if process.returncode:
                self.log(f"Got an error {what} the test database: {said}")
                sys.exit(process.returncode)


def _end(process: Any) -> str:
    """Wait for the end of a process, and return what it complained of."""
    said = process.stderr.read()
    process.wait()
    return said.decode(errors="replace") if isinstance(said, bytes) else ""
