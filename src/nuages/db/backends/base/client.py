"""The command line client that ``dbshell`` starts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class BaseDatabaseClient:
    """Starts the database's own command line client."""

    #: Name of the program; a subclass says it.
    executable_name: str | None = None

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Return the command line, and what to add to the environment, for some settings."""
        raise NotImplementedError(
            "subclasses of BaseDatabaseClient must provide a settings_to_cmd_args_env() method "
            "or override a runshell()."
        )

    def runshell(self, parameters: Iterable[str]) -> None:
        """Run the client in this terminal until it ends."""
        import subprocess

        command, extra = self.settings_to_cmd_args_env(self.connection.settings_dict, parameters)
        subprocess.run(command, env={**os.environ, **extra} if extra else None, check=True)


@contextmanager
def interrupts_go_to_the_client() -> Iterator[None]:
    """Leave Ctrl+C to the client in the block: there it stops a query."""
    import signal

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
