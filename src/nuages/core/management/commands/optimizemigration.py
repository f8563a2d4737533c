"""``optimizemigration``: shorten a migration."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from nuages.core.management._migrations import check_app, find_migration
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import run_formatters
from nuages.db import migrations
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.optimizer import MigrationOptimizer
from nuages.db.migrations.writer import MigrationWriter
from nuages.utils.version import get_docs_version


class Command(BaseCommand):
    """Optimizes a migration. Manual: "django-admin and manage.py", ``optimizemigration``."""

    help = "Optimizes the operations for the named migration."

    def add_arguments(self, parser: CommandParser) -> None:
        for argument, text in (
            ("app_label", "The application."),
            ("migration_name", "The migration, or the start of its name."),
        ):
            parser.add_argument(argument, help=text)
        check = "Leave with a status if it can be optimized; write nothing."
        parser.add_argument("--check", help=check, action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        verbosity = options["verbosity"]
        label, name = options["app_label"], options["migration_name"]
        check_app(label)
        loader = MigrationLoader(None)
        if label not in loader.migrated_apps:
            raise CommandError(f"App '{label}' does not have migrations.")
        migration = find_migration(loader, label, name)
        before = len(migration.operations)
        fewer = MigrationOptimizer().optimize(migration.operations, migration.app_label)
        if len(fewer) == before:
            if verbosity > 0:
                self.stdout.write("No optimizations possible.")
            return
        if verbosity > 0:
            self.stdout.write(f"Optimizing from {before} operations to {len(fewer)} operations.")
        if options["check"]:
            sys.exit(1)
        migration.operations = fewer
        writer = MigrationWriter(migration)
        # Only writing tells whether functions must be copied.
        writer.as_string()
        if writer.needs_manual_porting:
            if migration.replaces:
                raise CommandError(
                    "Migration will require manual porting but is already a squashed "
                    "migration.\nTransition to a normal migration first: https://docs.djangoproject"
                    f".com/en/{get_docs_version()}/topics/migrations/#squashing-migrations"
                )
            # The functions are in the file as it is: the new one stands beside it.
            optimized = type("Migration", (migrations.Migration,), dict(type(migration).__dict__))(
                f"{migration.name}_optimized", label
            )
            optimized.operations = fewer
            optimized.replaces = [(migration.app_label, migration.name)]
            writer = MigrationWriter(optimized)
        with open(writer.path, "w", encoding="utf-8") as file:
            file.write(writer.as_string())
        run_formatters([writer.path], stderr=self.stderr)
        if verbosity > 0:
            if writer.needs_manual_porting:
                self.stdout.write(
                    self.style.MIGRATE_HEADING("Manual porting required")
                    + "\n  Your migrations contained functions that must be manually copied over,"
                    "\n  as we could not safely copy their implementation.\n"
                    "  See the comment at the top of the optimized migration for details."
                )
                if shutil.which("black"):
                    self.stdout.write(
                        self.style.WARNING(
                            'Optimized migration couldn\'t be formatted using the "black" '
                            "command. You can call it manually."
                        )
                    )
            self.stdout.write(self.style.MIGRATE_HEADING(f"Optimized migration {writer.path}"))
