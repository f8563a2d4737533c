"""``showmigrations``: list the migrations."""

from __future__ import annotations

import sys
from typing import Any

from nuages.apps import apps
from nuages.core.management.base import BaseCommand, CommandParser
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.recorder import MigrationRecorder


class Command(BaseCommand):
    """Lists migrations. Manual: "django-admin and manage.py", ``showmigrations``."""

    help = "Shows all available migrations for the current project"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_label", nargs="*", help="The applications to show.")
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database; "default" by default.',
        )
        formats = parser.add_mutually_exclusive_group()
        for short, name, text in (
            ("-l", "list", "Show the migrations of each application, and which are applied."),
            ("-p", "plan", "Show all migrations in the order in which they are applied."),
        ):
            formats.add_argument(
                f"--{name}", short, action="store_const", dest="format", const=name, help=text
            )
        parser.set_defaults(format="list")

    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        connection = connections[options["database"]]
        show = self.show_plan if options["format"] == "plan" else self.show_list
        show(connection, options["app_label"])

    def _validate_app_names(self, loader: MigrationLoader, app_names: list[str]) -> None:
        unknown = []
        for name in app_names:
            try:
                apps.get_app_config(name)
            except LookupError as error:
                unknown.append(str(error))
        for text in unknown:
            self.stderr.write(text)
        if unknown:
            sys.exit(2)

    def show_list(self, connection: Any, app_names: list[str] | None = None) -> None:
        """Show the migrations of each application."""
        loader = MigrationLoader(connection, ignore_no_migrations=True)
        recorded = MigrationRecorder(connection).applied_migrations()
        self._validate_app_names(loader, app_names or [])
        for app_name in app_names or sorted(loader.migrated_apps):
            self.stdout.write(app_name, self.style.MIGRATE_LABEL)
            keys: dict[Any, None] = {}
            for leaf in loader.graph.leaf_nodes(app_name):
                keys.update(
                    (key, None) for key in loader.graph.forwards_plan(leaf) if key[0] == app_name
                )
            for key in keys:
                self._show_one(loader, key, recorded)
            if not keys:
                self.stdout.write(" (no migrations)", self.style.ERROR)

    def _show_one(self, loader: MigrationLoader, key: Any, recorded: Any) -> None:
        migration = loader.graph.nodes[key]
        title = key[1]
        if migration.replaces:
            title += f" ({len(migration.replaces)} squashed migrations)"
        applied = (loader.applied_migrations or {}).get(key)
        if applied is None:
            self.stdout.write(f" [ ] {title}")
        elif key not in recorded:
            title += " run 'manage.py migrate' to finish recording."
            self.stdout.write(f" [-] {title}")
        else:
            if self.verbosity >= 2 and hasattr(applied, "applied"):
                title += f" (applied at {applied.applied:%Y-%m-%d %H:%M:%S})"
            self.stdout.write(f" [X] {title}")

    def show_plan(self, connection: Any, app_names: list[str] | None = None) -> None:
        """Show all migrations in order."""
        loader = MigrationLoader(connection)
        graph = loader.graph
        if app_names:
            self._validate_app_names(loader, app_names)
        targets = [key for key in graph.leaf_nodes() if not app_names or key[0] in app_names]
        plan: dict[Any, Any] = {}
        for target in targets:
            for key in graph.forwards_plan(target):
                plan.setdefault(key, graph.node_map[key])
        for key, node in plan.items():
            parents = ""
            if self.verbosity >= 2 and node.parents:
                names = ", ".join(".".join(parent.key) for parent in sorted(node.parents))
                parents = f" ... ({names})"
            mark = "X" if key in (loader.applied_migrations or {}) else " "
            self.stdout.write(f"[{mark}]  {key[0]}.{key[1]}{parents}")
        if not plan:
            self.stdout.write("(no migrations)", self.style.ERROR)
