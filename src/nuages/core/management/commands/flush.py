"""``flush``: empty the tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nuages.apps import apps
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.color import no_style
from nuages.core.management.sql import emit_post_migrate_signal, sql_flush
from nuages.db import DEFAULT_DB_ALIAS, connections


class Command(BaseCommand):
    """Empties a database. Manual: "django-admin and manage.py", ``flush``."""

    help = (
        "Removes ALL DATA from the database, including data added during migrations. Does not "
        'achieve a "fresh install" state.'
    )
    stealth_options = ("reset_sequences", "allow_cascade", "inhibit_post_migrate")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask anything.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database to empty; "default" by default.',
        )

    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        self.style = no_style()
        # Applications connect to the signals in these modules.
        for config in apps.get_app_configs():
            try:
                import_module(".management", config.name)
            except ImportError:
                pass
        statements = sql_flush(
            self.style,
            connection,
            reset_sequences=options.get("reset_sequences", True),
            # Rows of tables that are not known may point to those that are emptied.
            allow_cascade=options.get("allow_cascade", False),
        )
        name = connection.settings_dict["NAME"]
        if options["interactive"]:
            answer = input(
                "You have requested a flush of the database.\nThis will IRREVERSIBLY DESTROY all "
                f'data currently in the "{name}" database,\nand return each table to an empty '
                "state.\nAre you sure you want to do this?\n\n"
                "    Type 'yes' to continue, or 'no' to cancel: "
            )
            if answer != "yes":
                self.stdout.write("Flush cancelled.")
                return
        try:
            connection.ops.execute_sql_flush(statements)
        except Exception as error:
            raise CommandError(
                f"Database {name} couldn't be flushed. Possible reasons:\n"
                "  * The database isn't running or isn't configured correctly.\n"
                "  * At least one of the expected database tables doesn't exist.\n"
                "  * The SQL was invalid.\n"
                "Hint: Look at the output of 'django-admin sqlflush'. That's the SQL this command "
                "wasn't able to run."
            ) from error
        if statements and not options.get("inhibit_post_migrate", False):
            emit_post_migrate_signal(
                options["verbosity"], options["interactive"], options["database"]
            )
