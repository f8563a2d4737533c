"""The ``mysql`` program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nuages.db.backends.base.client import BaseDatabaseClient, interrupts_go_to_the_client


class DatabaseClient(BaseDatabaseClient):
    executable_name = "mysql"

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        options = settings_dict["OPTIONS"]

        def said(setting: str, *names: str) -> Any:
            """The first option that is given, else the setting."""
            return next(
                (options[name] for name in names if name in options), settings_dict[setting]
            )

        host = said("HOST", "host")
        secure = options.get("ssl", {})
        arguments = {
            "defaults-file": options.get("read_default_file"),
            "user": said("USER", "user"),
            # A path is that of a socket.
            "socket" if host and "/" in host else "host": host,
            "port": said("PORT", "port"),
            **{f"ssl-{part}": secure.get(part) for part in ("ca", "cert", "key")},
            "default-character-set": options.get("charset"),
        }
        database = said("NAME", "database", "db")
        password = said("PASSWORD", "password", "passwd")

        def command() -> Iterator[str]:
            yield cls.executable_name
            yield from (f"--{name}={value}" for name, value in arguments.items() if value)
            if database:
                yield database
            yield from parameters

        # On the command line everybody could read the password.
        return list(command()), {"MYSQL_PWD": password} if password else None

    def runshell(self, parameters: Iterable[str]) -> None:
        with interrupts_go_to_the_client():
            super().runshell(parameters)
