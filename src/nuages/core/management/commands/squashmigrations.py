"""``squashmigrations``: make one migration of several."""

from __future__ import annotations

import os
import shutil
from typing import Any

from nuages.conf import settings
from nuages.core.management._migrations import check_app, find_migration
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import run_formatters
from nuages.db import migrations
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.migration import SwappableTuple
from nuages.db.migrations.optimizer import MigrationOptimizer
from nuages.db.migrations.writer import MigrationWriter


class Command(BaseCommand):
    """Squashes migrations. Manual: "django-admin and manage.py", ``squashmigrations``."""

    help = (
        "Squashes an existing set of migrations (from first until specified) into a single new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", help="The application.")
        parser.add_argument(
            "start_migration_name", nargs="?", help="The first migration; all by default."
        )
        parser.add_argument("migration_name", help="The last migration.")
        parser.add_argument(
            "--no-optimize", action="store_true", help="Leave the operations as they are."
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask anything.",
        )
        parser.add_argument("--squashed-name", help="The name of the new migration.")
        parser.add_argument(
            "--no-header",
            action="store_false",
            dest="include_header",
            help="Leave out the comment at the top.",
        )

    def handle(self, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        label = options["app_label"]
        check_app(label)
        # All that can be replaced is: squashed migrations can be squashed anew.
        loader = MigrationLoader(None)
        if label not in loader.migrated_apps:
            raise CommandError(
                f"App '{label}' does not have migrations (so squashmigrations on it makes no sense)"
            )
        last = self.find_migration(loader, label, options["migration_name"])
        chosen = [
            loader.get_migration(*key)
            for key in loader.graph.forwards_plan((last.app_label, last.name))
            if key[0] == label
        ]
        first_name = options["start_migration_name"]
        if first_name:
            first = self.find_migration(loader, label, first_name)
            if first not in chosen:
                raise CommandError(
                    f"The migration '{first}' cannot be found. Maybe it comes after the "
                    f"migration '{last}'?\nHave a look at:\n  python manage.py showmigrations "
                    f"{label}\nto debug this issue."
                )
            chosen = chosen[chosen.index(first) :]
        if self.verbosity > 0 or options["interactive"]:
            self.stdout.write(self.style.MIGRATE_HEADING("Will squash the following migrations:"))
            for migration in chosen:
                self.stdout.write(f" - {migration.name}")
            if options["interactive"]:
                answer = input("Do you wish to proceed? [y/N] ")
                if answer.lower() not in ("y", "yes"):
                    return
        self._write(chosen, last, options)

    def _write(self, chosen: list[Any], last: Any, options: dict[str, Any]) -> None:
        label, first_name = options["app_label"], options["start_migration_name"]
        operations: list[Any] = []
        dependencies: dict[Any, None] = {}
        for index, migration in enumerate(chosen):
            operations += migration.operations
            for dependency in migration.dependencies:
                if isinstance(dependency, SwappableTuple):
                    if settings.AUTH_USER_MODEL == dependency.setting:
                        dependencies[("__setting__", "AUTH_USER_MODEL")] = None
                    else:
                        dependencies[dependency] = None
                elif dependency[0] != label or index == 0:
                    dependencies[dependency] = None
        if options["no_optimize"]:
            if self.verbosity > 0:
                self.stdout.write(self.style.MIGRATE_HEADING("(Skipping optimization.)"))
            fewer = operations
        else:
            fewer = self._optimized(operations, label)
        first = chosen[0]
        if chosen_name := options["squashed_name"]:
            name = f"{first.name.partition('_')[0] if first_name else '0001'}_{chosen_name}"
        elif first_name:
            name = f"{first.name}_squashed_{last.name}"
        else:
            name = f"0001_squashed_{last.name}"
        squashed = type(
            "Migration",
            (migrations.Migration,),
            {
                "dependencies": list(dependencies),
                "operations": fewer,
                "replaces": [(each.app_label, each.name) for each in chosen],
                "initial": True if first.initial or not first_name else None,
            },
        )(name, label)
        writer = MigrationWriter(squashed, options["include_header"])
        if os.path.exists(writer.path):
            raise CommandError(f"Migration {squashed.name} already exists. Use a different name.")
        with open(writer.path, "w", encoding="utf-8") as file:
            file.write(writer.as_string())
        run_formatters([writer.path], stderr=self.stderr)
        if self.verbosity > 0:
            self._say_what_next(writer)

    def _optimized(self, operations: list[Any], label: str) -> list[Any]:
        if self.verbosity > 0:
            self.stdout.write(self.style.MIGRATE_HEADING("Optimizing..."))
        fewer = MigrationOptimizer().optimize(operations, label)
        if self.verbosity > 0:
            if len(fewer) == len(operations):
                self.stdout.write("  No optimizations possible.")
            else:
                self.stdout.write(
                    f"  Optimized from {len(operations)} operations to {len(fewer)} operations."
                )
        return fewer

    def _say_what_next(self, writer: MigrationWriter) -> None:
        self.stdout.write(
            self.style.MIGRATE_HEADING(f"Created new squashed migration {writer.path}")
            + "\n  You should commit this migration but leave the old ones in place;\n"
            "  the new migration will be used for new installs. Once you are sure\n"
            "  all instances of the codebase have applied the migrations you squashed,\n"
            "  you can delete them."
        )
        if writer.needs_manual_porting:
            self.stdout.write(
                self.style.MIGRATE_HEADING("Manual porting required")
                + "\n  Your migrations contained functions that must be manually copied over,\n"
                "  as we could not safely copy their implementation.\n"
                "  See the comment at the top of the squashed migration for details."
            )
            if shutil.which("black"):
                self.stdout.write(
                    self.style.WARNING(
                        'Squashed migration couldn\'t be formatted using the "black" command. '
                        "You can call it manually."
                    )
                )

    def find_migration(self, loader: MigrationLoader, app_label: str, name: str) -> Any:
        """Return the migration whose name starts so. Raises ``CommandError``."""
        return find_migration(loader, app_label, name)
