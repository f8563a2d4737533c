"""Open the command line client of a database."""

from __future__ import annotations

import subprocess
from typing import Any

from nuages.core.management.base import BaseCommand, CommandError
from nuages.db import DEFAULT_DB_ALIAS, connections


class Command(BaseCommand):
    """Runs the database's own client with the parameters of the settings."""

    help = (
        "Runs the command-line client for specified database, or the default database if none is "
        "provided."
    )
    requires_system_checks: Any = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database whose client is opened; 'default' if not given.",
        )
        parser.add_argument(
            "parameters", nargs="*", help="Arguments for the client; put -- in front of them."
        )

    def handle(self, **options: Any) -> None:
        client = connections[options["database"]].client
        try:
            client.runshell(options["parameters"])
        except FileNotFoundError as error:
            # It is assumed to be the client, which is what one most likely has not installed.
            raise CommandError(
                f"You appear not to have the {client.executable_name!r} program installed or on "
                "your path."
            ) from error
        except subprocess.CalledProcessError as error:
            command = " ".join(map(str, error.cmd))
            raise CommandError(
                f'"{command}" returned non-zero exit status {error.returncode}.',
                returncode=error.returncode,
            ) from error
