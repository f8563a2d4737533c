"""``sqlsequencereset``: show how sequences are set to what the tables hold."""

from __future__ import annotations

from typing import Any

from nuages.core.management.base import AppCommand, CommandParser
from nuages.db import DEFAULT_DB_ALIAS, connections


class Command(AppCommand):
    """Shows SQL. Manual: "django-admin and manage.py", ``sqlsequencereset``."""

    help = "Prints the SQL statements for resetting sequences for the given app name(s)."
    output_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database; "default" by default.',
        )

    def handle_app_config(self, app_config: Any, **options: Any) -> str | None:
        if app_config.models_module is None:
            return None
        connection = connections[options["database"]]
        reset = connection.ops.sequence_reset_sql
        statements = reset(self.style, app_config.get_models(include_auto_created=True))
        if not (statements or options["verbosity"] < 1):
            self.stderr.write("No sequences found.")
        return "\n".join(statements)
