"""Test databases of SQLite: in memory, unless a name is given."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from nuages.db.backends.base.creation import BaseDatabaseCreation
from nuages.db.utils import NotSupportedError


class DatabaseCreation(BaseDatabaseCreation):
    """Nothing is created but files, and in memory not even those."""

    @staticmethod
    def is_in_memory_db(database_name: Any) -> bool:
        """Return whether that name stands for a database in memory."""
        return not isinstance(database_name, Path) and (
            database_name == ":memory:" or "mode=memory" in str(database_name)
        )

    def _get_test_db_name(self) -> str:
        name = self.connection.settings_dict["TEST"]["NAME"] or ":memory:"
        if name == ":memory:":
            # A shared cache, so that the threads of a test see the same database.
            return f"file:memorydb_{self.connection.alias}?mode=memory&cache=shared"
        return name

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name = self._get_test_db_name()
        if keepdb or self.is_in_memory_db(name):
            return name
        if verbosity >= 1:
            self.log(f"Destroying old test database for {self._display(verbosity, name)}...")
        if os.access(name, os.F_OK):
            self._ask_to_destroy(autoclobber, "test database", name)
            try:
                os.remove(name)
            except OSError as error:
                self.log(f"Got an error deleting the old test database: {error}")
                sys.exit(2)
        return name

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        if test_database_name and not self.is_in_memory_db(test_database_name):
            os.remove(test_database_name)

    def test_db_signature(self) -> tuple[Any, ...]:
        """Return what tells two test databases apart: in memory, it is the alias that does."""
        name = self._get_test_db_name()
        conf = self.connection.settings_dict
        return conf["NAME"], self.connection.alias if self.is_in_memory_db(name) else name

    # -- parallel processes ------------------------------------------------------------------

    def get_test_db_clone_settings(self, suffix: Any) -> dict[str, Any]:
        conf = self.connection.settings_dict
        return {**conf, "NAME": self._clone_name(conf["NAME"], suffix)}

    def _clone_name(self, name: Any, suffix: Any) -> Any:
        if not self.is_in_memory_db(name):
            return f"_{suffix}".join(os.path.splitext(name))
        method = _start_method()
        # A forked process takes the memory, and so the database, along.
        names = dict.fromkeys(("spawn", "forkserver"), f"{self.connection.alias}_{suffix}.sqlite3")
        try:
            return {**names, "fork": name}[method]
        except KeyError:
            raise NotSupportedError(
                f"Cloning with start method {method!r} is not supported."
            ) from None

    def _clone_test_db(self, suffix: Any, verbosity: int, keepdb: bool = False) -> None:
        names = (self.connection.settings_dict, self.get_test_db_clone_settings(suffix))
        source, target = (conf["NAME"] for conf in names)
        if not self.is_in_memory_db(source):
            there = os.path.exists(target)
            if there and keepdb:
                return
            if there and verbosity > 0:
                self.log(f"Replacing the clone {self._display(verbosity, target)}...")
            try:
                import shutil

                shutil.copy(source, target)
            except Exception as error:
                self.log(f"Got an error cloning the test database: {error}")
                sys.exit(2)
        elif target != source:
            on_disk = sqlite3.connect(target, uri=True)
            self.connection.connection.backup(on_disk)
            on_disk.close()

    def setup_worker_connection(self, _worker_id: Any) -> None:
        conf = self.get_test_db_clone_settings(_worker_id)
        alias = self.connection.alias
        match _start_method():
            case "fork":
                self.connection.settings_dict.update(conf)
                self.connection.close()
            case "spawn" | "forkserver":
                name = f"file:memorydb_{alias}_{_worker_id}?mode=memory&cache=shared"
                on_disk = self.connection.Database.connect(f"file:{conf['NAME']}?mode=ro", uri=True)
                in_memory = sqlite3.connect(name, uri=True)
                on_disk.backup(in_memory)
                on_disk.close()
                self.connection.settings_dict.update({**conf, "NAME": name})
                # The database lives as long as one connection to it does.
                self.connection.connect()
                in_memory.close()


def _start_method() -> str:
    import multiprocessing

    return multiprocessing.get_start_method()
