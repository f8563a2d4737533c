"""``makemigrations``: write migrations for what changed in the models."""

from __future__ import annotations

import os
import sys
import warnings
from itertools import takewhile
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from nuages.core.management.utils import run_formatters
from nuages.db import DEFAULT_DB_ALIAS, OperationalError, connections, router
from nuages.db.migrations import Migration
from nuages.db.migrations.autodetector import MigrationAutodetector
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.optimizer import MigrationOptimizer
from nuages.db.migrations.questioner import (
    InteractiveMigrationQuestioner,
    MigrationQuestioner,
    NonInteractiveMigrationQuestioner,
)
from nuages.db.migrations.recorder import MigrationRecorder
from nuages.db.migrations.state import ProjectState
from nuages.db.migrations.utils import get_migration_name_timestamp
from nuages.db.migrations.writer import MigrationWriter


class Command(BaseCommand):
    """Writes migrations. Manual: "django-admin and manage.py", ``makemigrations``."""

    autodetector = MigrationAutodetector
    help = "Creates new migration(s) for apps."

    # Options, as they were given.
    verbosity: int
    interactive: bool
    dry_run: bool
    merge: bool
    empty: bool
    include_header: bool

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "args", metavar="app_label", nargs="*", help="The applications to look at."
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask anything.",
        )
        parser.add_argument("-n", "--name", help="The name of the migrations.")
        parser.add_argument(
            "--no-header",
            action="store_false",
            dest="include_header",
            help="Leave out the comment at the top.",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            dest="check_changes",
            help="Leave with a status if migrations are missing; write none.",
        )
        for flag, text in (
            ("--dry-run", "Show what would be written, and write nothing."),
            ("--merge", "Join conflicting migrations."),
            ("--empty", "Write migrations without operations."),
            ("--scriptable", "Write nothing but the paths of new files to the standard output."),
            ("--update", "Add the changes to the last migration, and optimize it."),
        ):
            parser.add_argument(flag, action="store_true", help=text)

    def log(self, msg: str) -> None:
        """Say what is done."""
        self.log_output.write(msg)

    @property
    def log_output(self) -> Any:
        """Where to say what is done."""
        return self.stderr if self.scriptable else self.stdout

    @no_translations
    def handle(self, *app_labels: str, **options: Any) -> None:
        self.written_files: list[str] = []
        for name in ("verbosity", "interactive", "dry_run", "merge", "empty", "include_header"):
            setattr(self, name, options[name])
        self.scriptable = options["scriptable"]
        self.update = options["update"]
        self.migration_name = options["name"]
        if self.migration_name and not self.migration_name.isidentifier():
            raise CommandError("The migration name must be a valid Python identifier.")
        if self.scriptable:
            # Notices are for people; the standard output is for programs.
            self.stderr.style_func = None
        labels = set(app_labels)
        self._check_labels(labels)
        loader = MigrationLoader(None, ignore_no_migrations=True)
        self._check_history(loader)
        conflicts = loader.detect_conflicts()
        if labels:
            conflicts = {label: names for label, names in conflicts.items() if label in labels}
        if conflicts and not self.merge:
            found = "; ".join(
                f"{', '.join(names)} in {label}" for label, names in conflicts.items()
            )
            raise CommandError(
                "Conflicting migrations detected; multiple leaf nodes in the migration graph: "
                f"({found}).\nTo fix them run 'python manage.py makemigrations --merge'"
            )
        if self.merge:
            if conflicts:
                self.handle_merge(loader, conflicts)
            else:
                self.log("No conflicts detected to merge.")
            return
        kind: Any = (
            InteractiveMigrationQuestioner
            if self.interactive
            else NonInteractiveMigrationQuestioner
        )
        extra = (
            {"prompt_output": self.log_output}
            if self.interactive
            else {"verbosity": self.verbosity, "log": self.log}
        )
        questioner = kind(specified_apps=labels, dry_run=self.dry_run, **extra)
        detector = self.autodetector(
            loader.project_state(), ProjectState.from_apps(apps), questioner
        )
        if self.empty:
            if not labels:
                raise CommandError("You must supply at least one app label when using --empty.")
            changes = detector.arrange_for_graph(
                changes={label: [Migration("custom", label)] for label in labels},
                graph=loader.graph,
                migration_name=self.migration_name,
            )
            self.write_migration_files(changes)
            return
        # A folder for migrations may be empty, even of an ``__init__.py``.
        starting = {label for label in loader.unmigrated_apps if questioner.ask_initial(label)}
        changes = detector.changes(
            graph=loader.graph,
            trim_to_apps=labels or None,
            convert_apps=labels or starting,
            migration_name=self.migration_name,
        )
        if not changes:
            if self.verbosity >= 1:
                where = {0: "", 1: f" in app '{next(iter(labels), '')}'"}.get(
                    len(labels), f" in apps '{"', '".join(sorted(labels))}'"
                )
                self.log(f"No changes detected{where}")
            return
        if options["check_changes"]:
            if self.verbosity > 0:
                self.write_migration_files(changes, only_show=True)
            sys.exit(1)
        if self.update:
            self.write_to_last_migration(changes)
        else:
            self.write_migration_files(changes)

    def _check_labels(self, labels: set[str]) -> None:
        unknown = False
        for label in sorted(labels):
            try:
                apps.get_app_config(label)
            except LookupError as error:
                self.stderr.write(str(error))
                unknown = True
        if unknown:
            sys.exit(2)

    @staticmethod
    def _check_history(loader: MigrationLoader) -> None:
        """Check the history of every database that has tables of these applications."""
        aliases = list(connections) if settings.DATABASE_ROUTERS else [DEFAULT_DB_ALIAS]
        for alias in sorted(aliases):
            connection = connections[alias]
            if connection.settings_dict["ENGINE"] == "django.db.backends.dummy" or not any(
                router.allow_migrate(
                    connection.alias, config.label, model_name=model._meta.object_name
                )
                for config in apps.get_app_configs()
                for model in config.get_models()
            ):
                continue
            try:
                loader.check_consistent_history(connection)
            except OperationalError as error:
                warnings.warn(
                    "Got an error checking a consistent migration history performed for database "
                    f"connection '{alias}': {error}",
                    RuntimeWarning,
                    stacklevel=3,
                )

    # Writing.

    def write_migration_files(
        self,
        changes: dict[str, list[Any]],
        update_previous_migration_paths: dict[str, str] | None = None,
        only_show: bool = False,
    ) -> None:
        """Write the files of migrations.

        Args:
            update_previous_migration_paths: files that are replaced, by application.
            only_show: only say what would be written.
        """
        replaced = update_previous_migration_paths or {}
        writes = not (self.dry_run or only_show)
        made_folders: set[str] = set()
        for label, migrations in changes.items():
            if self.verbosity >= 1:
                self.log(self.style.MIGRATE_HEADING(f"Migrations for '{label}':"))
            for migration in migrations:
                writer = MigrationWriter(migration, self.include_header)
                shown = self.get_relative_path(writer.path)
                if self.verbosity >= 1:
                    self.log(f"  {self.style.MIGRATE_LABEL(shown)}")
                    for operation in migration.operations:
                        self.log(f"    {operation.formatted_description()}")
                    if self.scriptable and writes:
                        self.stdout.write(shown)
                elif self.scriptable and writes:
                    self.stdout.write(shown)
                if not writes:
                    if self.verbosity == 3 and not only_show:
                        self.log(
                            self.style.MIGRATE_HEADING(f"Full migrations file '{writer.filename}':")
                        )
                        self.log(writer.as_string())
                    continue
                text, path = writer.as_string(), writer.path
                if label not in made_folders:
                    folder = os.path.dirname(path)
                    os.makedirs(folder, exist_ok=True)
                    init = os.path.join(folder, "__init__.py")
                    if not os.path.isfile(init):
                        open(init, "w", encoding="utf-8").close()
                    made_folders.add(label)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                self.written_files.append(path)
                if old := replaced.get(label):
                    self._drop_replaced(old, writer)
        if writes:
            run_formatters(self.written_files, stderr=self.stderr)

    def _drop_replaced(self, old: str, writer: MigrationWriter) -> None:
        shown = self.get_relative_path(old)
        if writer.needs_manual_porting:
            self.log(
                self.style.WARNING(
                    f"Updated migration {self.get_relative_path(writer.path)} requires manual "
                    f"porting.\nPrevious migration {shown} was kept and must be deleted after "
                    "porting functions manually."
                )
            )
        elif os.path.realpath(old) != os.path.realpath(writer.path):
            os.remove(old)
            self.log(f"Deleted {shown}")

    @staticmethod
    def get_relative_path(path: str) -> str:
        """Return a path from the current folder, where that is inside of it."""
        try:
            relative = os.path.relpath(path)
        except ValueError:
            # On another drive.
            return path
        return path if relative.startswith("..") else relative

    def write_to_last_migration(self, changes: dict[str, list[Any]]) -> None:
        """Add changes to each application's last migration.

        Raises:
            CommandError: there is none, or it is in use already.
        """
        loader = MigrationLoader(connections[DEFAULT_DB_ALIAS])
        replaced = {}
        applied = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).applied_migrations()
        for label, (first, *rest) in list(changes.items()):
            leaves = loader.graph.leaf_nodes(app=label)
            if not leaves:
                raise CommandError(f"App {label} has no migration, cannot update last migration.")
            last = loader.graph.nodes[leaves[0]]
            self._check_updatable(loader, label, last, applied)
            last.operations.extend(first.operations)
            last.dependencies.extend(
                dependency
                for each in (first, *rest)
                for dependency in each.dependencies
                if dependency[0] != label and dependency not in last.dependencies
            )
            for each in rest:
                last.operations.extend(each.operations)
            last.operations = MigrationOptimizer().optimize(last.operations, label)
            old_path = MigrationWriter(last).path
            fragment = self.migration_name or last.suggest_name()
            replaced[label] = old_path
            number = last.name[:4]
            name = f"{number}_{fragment}"
            if name == last.name:
                name += "_updated"
            updated = Migration(name, label)
            for part in ("operations", "dependencies", "run_before", "replaces"):
                setattr(updated, part, getattr(last, part))
            updated.initial, updated.atomic = last.initial, last.atomic
            changes[label] = [updated]
        self.write_migration_files(changes, replaced)

    @staticmethod
    def _check_updatable(loader: MigrationLoader, label: str, last: Any, applied: Any) -> None:
        if last.replaces:
            raise CommandError(f"Cannot update squash migration '{last}'.")
        if (label, last.name) in applied:
            raise CommandError(f"Cannot update applied migration '{last}'.")
        depending = sorted(
            f"{migration}"
            for migration in (loader.disk_migrations or {}).values()
            if (label, last.name) in {tuple(each) for each in migration.dependencies}
        )
        if depending:
            names = ", ".join(f"'{name}'" for name in depending)
            raise CommandError(
                f"Cannot update migration '{last}' that migrations {names} depend on."
            )

    # Merging.

    def handle_merge(self, loader: MigrationLoader, conflicts: dict[str, list[str]]) -> None:
        """Join the branches of conflicting migrations.

        Raises:
            ValueError: they have nothing in common.
        """
        if self.interactive:
            questioner: MigrationQuestioner = InteractiveMigrationQuestioner(
                prompt_output=self.log_output
            )
        else:
            questioner = MigrationQuestioner(defaults={"ask_merge": True})
        for label, names in conflicts.items():
            branches = [self._branch(loader, label, name) for name in names]
            shared = sum(
                1 for _ in takewhile(lambda keys: len(set(keys)) == 1, zip(*branches, strict=False))
            )
            if not shared:
                raise ValueError(f"Could not find common ancestor of {set(names)}")
            if self.verbosity > 0:
                self.log(self.style.MIGRATE_HEADING(f"Merging {label}"))
                for name, branch in zip(names, branches, strict=True):
                    self.log(self.style.MIGRATE_LABEL(f"  Branch {name}"))
                    for key in branch[shared:]:
                        for operation in loader.get_migration(*key).operations:
                            self.log(f"    {operation.formatted_description()}")
            if questioner.ask_merge(label):
                self._write_merge(label, names)

    @staticmethod
    def _branch(loader: MigrationLoader, label: str, name: str) -> list[Any]:
        """Return the migrations of an application up to one."""
        return [key for key in loader.graph.forwards_plan((label, name)) if key[0] == label]

    def _write_merge(self, label: str, names: list[str]) -> None:
        numbers = [MigrationAutodetector.parse_number(name) for name in names]
        number = max((each for each in numbers if each is not None), default=0) + 1
        joined = "_".join(sorted(names))
        if self.migration_name:
            text = self.migration_name
        elif len(joined) <= 47:
            text = f"merge_{joined}"
        else:
            text = f"merge_{get_migration_name_timestamp()}"
        migration = Migration(f"{number:04}_{text}", label)
        migration.dependencies = [(label, name) for name in names]
        writer = MigrationWriter(migration, self.include_header)
        if not self.dry_run:
            with open(writer.path, "w", encoding="utf-8") as file:
                file.write(writer.as_string())
            run_formatters([writer.path], stderr=self.stderr)
            if self.verbosity > 0:
                self.log(f"\nCreated new merge migration {writer.path}")
            if self.scriptable:
                self.stdout.write(writer.path)
        elif self.verbosity == 3:
            self.log(self.style.MIGRATE_HEADING(f"Full merge migrations file '{writer.filename}':"))
            self.log(writer.as_string())
