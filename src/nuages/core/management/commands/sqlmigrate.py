"""``sqlmigrate``: show a migration as SQL."""

from __future__ import annotations

from typing import Any

from nuages.core.management._migrations import check_app, find_migration
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.color import no_style
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.db.migrations.loader import MigrationLoader


class Command(BaseCommand):
    """Shows SQL. Manual: "django-admin and manage.py", ``sqlmigrate``."""

    help = "Prints the SQL statements for the named migration."
    output_transaction = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", help="The application.")
        parser.add_argument("migration_name", help="The migration, or the start of its name.")
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database whose SQL to show; "default" by default.',
        )
        parser.add_argument(
            "--backwards", action="store_true", help="Show how the migration is undone."
        )

    def handle(self, *args: Any, **options: Any) -> str:
        # The SQL is for files and other programs: without colours.
        self.style = no_style()
        label, name = options["app_label"], options["migration_name"]
        connection = connections[options["database"]]
        loader = MigrationLoader(connection, replace_migrations=False)
        check_app(label)
        if label not in loader.migrated_apps:
            raise CommandError(f"App '{label}' does not have migrations")
        migration = find_migration(loader, label, name, if_missing=" Is it in INSTALLED_APPS?")
        self.output_transaction = migration.atomic and connection.features.can_rollback_ddl
        node = loader.graph.nodes[label, migration.name]
        statements = loader.collect_sql([(node, options["backwards"])])
        if not statements and options["verbosity"] >= 1:
            self.stderr.write("No operations found.")
        return "\n".join(statements)
