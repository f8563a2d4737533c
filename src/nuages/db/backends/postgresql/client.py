"""The ``psql`` program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nuages.db.backends.base.client import BaseDatabaseClient, interrupts_go_to_the_client

#: The environment variable for each option of the connection.
_VARIABLES = {
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


class DatabaseClient(BaseDatabaseClient):
    executable_name = "psql"

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        options = settings_dict["OPTIONS"]
        database = settings_dict.get("NAME")
        if not database and not options.get("service"):
            # The one that every server has.
            database = "postgres"
        command = [cls.executable_name]
        for letter, setting in (("U", "USER"), ("h", "HOST"), ("p", "PORT")):
            if value := settings_dict.get(setting):
                command += [f"-{letter}", str(value)]
        command += parameters
        if database:
            command.append(database)
        environment = {
            variable: str(options[name])
            for name, variable in _VARIABLES.items()
            if options.get(name)
        }
        if password := settings_dict.get("PASSWORD"):
            # On the command line everybody could read it.
            environment["PGPASSWORD"] = str(password)
        return command, environment or None

    def runshell(self, parameters: Iterable[str]) -> None:
        with interrupts_go_to_the_client():
            super().runshell(parameters)
