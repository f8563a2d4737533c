"""``migrate``: bring a database to the migrations of the code."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import chain
from typing import Any

from nuages.apps import apps
from nuages.core.management._migrations import check_app, find_migration
from nuages.core.management._progress import Progress
from nuages.core.management.base import BaseCommand, CommandError, CommandParser, no_translations
from nuages.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from nuages.db import DEFAULT_DB_ALIAS, connections, router
from nuages.db.migrations.autodetector import MigrationAutodetector
from nuages.db.migrations.executor import MigrationExecutor
from nuages.db.migrations.state import ModelState, ProjectState
from nuages.db.models.signals import post_migrate, pre_migrate
from nuages.utils.functional import SimpleLazyObject
from nuages.utils.module_loading import module_has_submodule
from nuages.utils.text import Truncator


def _for_receivers(signal: Any, classes: Callable[[], Any]) -> Any:
    """Return the model classes that a signal's receivers get; without any, made if looked at."""
    return classes() if signal.receivers else SimpleLazyObject(classes)


class Command(BaseCommand):
    """Applies and unapplies migrations. Manual: "django-admin and manage.py", ``migrate``."""

    autodetector = MigrationAutodetector
    #: How far it is, once there is a plan.
    progress: Progress | None = None
    help = "Updates database schema. Manages both apps with migrations and those without."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "app_label", nargs="?", help="The application to migrate; all of them by default."
        )
        parser.add_argument(
            "migration_name",
            nargs="?",
            help='The migration to end with, earlier or later; "zero" is before the first.',
        )
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
            help='The database to change; "default" by default.',
        )
        for flag, text in (
            ("--fake", "Record migrations as applied without running them."),
            (
                "--fake-initial",
                "Record first migrations whose tables are there as applied. The tables are "
                "looked for by name only.",
            ),
            ("--plan", "Show what would be done, and do nothing."),
            ("--run-syncdb", "Also make the tables of applications without migrations."),
            ("--check", "Leave with a status if migrations are not applied; apply none."),
            ("--prune", "Forget recorded migrations of an application that are gone."),
        ):
            dest = {"dest": "check_unapplied"} if flag == "--check" else {}
            parser.add_argument(flag, action="store_true", help=text, **dest)  # type: ignore[arg-type]

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().get_check_kwargs(options), "databases": [options["database"]]}

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        self.interactive = options["interactive"]
        # Applications connect to the signals in these modules.
        for config in apps.get_app_configs():
            if module_has_submodule(config.module, "management"):
                import_module(".management", config.name)
        alias = options["database"]
        connection = connections[alias]
        connection.prepare_database()
        executor = MigrationExecutor(connection, self.migration_progress_callback)
        executor.loader.check_consistent_history(connection)
        if conflicts := executor.loader.detect_conflicts():
            found = "; ".join(
                f"{', '.join(names)} in {label}" for label, names in conflicts.items()
            )
            raise CommandError(
                f"Conflicting migrations detected; multiple leaf nodes in the migration graph: "
                f"({found}).\nTo fix them run 'python manage.py makemigrations --merge'"
            )
        targets, app_labels = self._targets(executor, options)
        if options["prune"]:
            self._prune(executor, options)
            return
        plan = executor.migration_plan(targets)
        if options["plan"]:
            self._show_plan(plan)
        if options["check_unapplied"]:
            if plan:
                sys.exit(1)
            return
        if options["plan"]:
            return
        # A label alone may be of an application without migrations.
        syncs = options["run_syncdb"] and bool(executor.loader.unmigrated_apps)
        if options["app_label"]:
            syncs = syncs and options["app_label"] in executor.loader.unmigrated_apps
        self._announce(executor, options, targets, app_labels, syncs)
        before = executor._create_project_state(with_applied_migrations=True)
        registry = _for_receivers(pre_migrate, lambda: before.apps)
        self._signal(emit_pre_migrate_signal, connection, registry, plan)
        if syncs:
            if self.verbosity >= 1:
                self.stdout.write(
                    self.style.MIGRATE_HEADING("Synchronizing apps without migrations:")
                )
            labels = (
                [options["app_label"]] if options["app_label"] else executor.loader.unmigrated_apps
            )
            self.sync_apps(connection, labels)
        if self.verbosity >= 1:
            self.stdout.write(self.style.MIGRATE_HEADING("Running migrations:"))
        if not plan and self.verbosity >= 1:
            self._say_nothing_to_do(executor)
        fake, fake_initial = options["fake"], options["fake_initial"]
        self.progress = Progress(self.stdout, len(plan))
        after = executor.migrate(
            targets, plan=plan, state=before.clone(), fake=fake, fake_initial=fake_initial
        )
        registry = _for_receivers(post_migrate, lambda: self._with_relations(after))
        self._signal(emit_post_migrate_signal, connection, registry, plan)

    def _signal(self, emit: Any, connection: Any, registry: Any, plan: Any) -> None:
        emit(
            self.verbosity,
            self.interactive,
            connection.alias,
            stdout=self.stdout,
            apps=registry,
            plan=plan,
        )

    @staticmethod
    def _with_relations(state: Any) -> Any:
        """Return a state's classes; models of apps without migrations have their relations, too."""
        # What was left as it was during the migrations is made anew.
        state.clear_delayed_apps_cache()
        registry = state.apps
        keys = [(each.app_label, each.name_lower) for each in registry.real_models]
        with registry.bulk_update():
            for key in keys:
                registry.unregister_model(*key)
        registry.render_multiple([ModelState.from_model(apps.get_model(*key)) for key in keys])
        return registry

    # What to migrate to.

    def _targets(
        self, executor: MigrationExecutor, options: dict[str, Any]
    ) -> tuple[list[Any], set[str]]:
        """Return the migrations to end with, and the applications they are of."""
        loader = executor.loader
        label, name = options["app_label"], options["migration_name"]
        if label:
            check_app(label)
            unmigrated = label in loader.unmigrated_apps
            if options["run_syncdb"]:
                if label in loader.migrated_apps:
                    raise CommandError(
                        f"Can't use run_syncdb with app '{label}' as it has migrations."
                    )
            elif unmigrated:
                raise CommandError(f"App '{label}' does not have migrations.")
        if not label:
            if options["prune"]:
                raise CommandError("Migrations can be pruned only when an app is specified.")
            leaves = loader.graph.leaf_nodes()
            return leaves, {key[0] for key in leaves}
        if not name:
            return [key for key in loader.graph.leaf_nodes() if key[0] == label], {label}
        if name == "zero":
            return [(label, None)], {label}
        migration = find_migration(loader, label, name)
        target = (label, migration.name)
        # What a squashed migration replaces is the squashed one now.
        if target not in loader.graph.nodes and target in loader.replacements:
            incomplete = loader.replacements[target]
            return [tuple(incomplete.replaces[-1])], {label}
        return [target], {label}

    def _announce(
        self,
        executor: MigrationExecutor,
        options: dict[str, Any],
        targets: list[Any],
        app_labels: set[str],
        syncs: bool,
    ) -> None:
        if self.verbosity < 1:
            return
        self.stdout.write(self.style.MIGRATE_HEADING("Operations to perform:"))
        label_style = self.style.MIGRATE_LABEL
        if syncs:
            labels = options["app_label"] or ", ".join(sorted(executor.loader.unmigrated_apps))
            self.stdout.write(
                label_style(
                    "  Synchronize unmigrated app" + ("" if options["app_label"] else "s") + ": "
                )
                + labels
            )
        if options["migration_name"]:
            label, name = targets[0]
            if name is None:
                self.stdout.write(label_style("  Unapply all migrations: ") + label)
            else:
                self.stdout.write(
                    label_style("  Target specific migration: ") + f"{name}, from {label}"
                )
        elif not (options["app_label"] and syncs):
            self.stdout.write(
                label_style("  Apply all migrations: ")
                + (", ".join(sorted(app_labels)) or "(none)")
            )

    def _say_nothing_to_do(self, executor: MigrationExecutor) -> None:
        self.stdout.write("  No migrations to apply.")
        detector = self.autodetector(executor.loader.project_state(), ProjectState.from_apps(apps))
        if changes := detector.changes(graph=executor.loader.graph):
            labels = ", ".join(repr(label) for label in sorted(changes))
            self.stdout.write(
                self.style.NOTICE(
                    f"  Your models in app(s): {labels} have changes that are not yet reflected "
                    "in a migration, and so won't be applied."
                )
            )
            self.stdout.write(
                self.style.NOTICE(
                    "  Run 'manage.py makemigrations' to make new migrations, and then re-run "
                    "'manage.py migrate' to apply them."
                )
            )

    def _prune(self, executor: MigrationExecutor, options: dict[str, Any]) -> None:
        """Forget recorded migrations whose files are gone."""
        label = options["app_label"]
        say = self.stdout.write if self.verbosity > 0 else (lambda *args, **kwargs: None)
        say(self.style.MIGRATE_HEADING("Pruning migrations:"))
        loader = executor.loader
        assert loader.applied_migrations is not None and loader.disk_migrations is not None
        gone = sorted(
            key
            for key in loader.applied_migrations.keys() - loader.disk_migrations.keys()
            if key[0] == label
        )
        squashed = sorted(
            f"{migration.app_label}.{migration.name}"
            for migration in loader.disk_migrations.values()
            if {tuple(key) for key in migration.replaces} & set(gone)
        )
        if squashed:
            say(
                self.style.NOTICE(
                    "  Cannot use --prune because the following squashed migrations have their "
                    "'replaces' attributes and may not be recorded as applied:"
                )
            )
            for name in squashed:
                say(f"    {name}")
            say(
                self.style.NOTICE(
                    "  Re-run 'manage.py migrate' if they are not marked as applied, and remove "
                    "'replaces' attributes in their Migration classes."
                )
            )
            return
        if not gone:
            say("  No migrations to prune.")
        for key in gone:
            say(self.style.MIGRATE_LABEL(f"  Pruning {key[0]}.{key[1]}"), ending="")
            executor.recorder.record_unapplied(*key)
            say(self.style.SUCCESS(" OK"))

    # What is shown.

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        """Show one step of the executor."""
        if self.verbosity < 1:
            return
        timed = self.verbosity > 1
        verbs = {"apply_start": "  Applying {}...", "unapply_start": "  Unapplying {}..."}
        # Classes are made in one step.
        progress = self.progress if migration and self.progress else Progress(self.stdout, 1)
        if action in verbs or action == "render_start":
            self.start = time.monotonic()
            progress.start(
                verbs[action].format(migration) if migration else "  Rendering model states..."
            )
            return
        elapsed = f" ({time.monotonic() - self.start:.3f}s)" if timed else ""
        done = " FAKED" if fake else " DONE" if action == "render_success" else " OK"
        progress.finish(self.style.SUCCESS(done + elapsed))

    def _show_plan(self, plan: Any) -> None:
        say = self.stdout.write
        say("Planned operations:", self.style.MIGRATE_LABEL)
        if not plan:
            say("  No planned migration operations.")
        for migration, backwards in plan:
            say(str(migration), self.style.MIGRATE_HEADING)
            for operation in migration.operations:
                message, is_error = self.describe_operation(operation, backwards)
                style = self.style.WARNING if is_error else None
                say("    " + message, style)

    @staticmethod
    def describe_operation(operation: Any, backwards: bool) -> tuple[str, bool]:
        """Return what an operation does in one line, and whether it cannot be done."""
        prefix, is_error = "", False
        action: Any = ""
        code = getattr(operation, "code", None)
        if code is not None:
            used = operation.reverse_code if backwards else code
            action = (used.__doc__ or "") if used else None
        elif hasattr(operation, "sql"):
            action = operation.reverse_sql if backwards else operation.sql
        else:
            if backwards:
                prefix = "Undo "
        if action is not None:
            action = str(action).replace("\n", "")
        elif backwards:
            action, is_error = "IRREVERSIBLE", True
        suffix = f" -> {action}" if action else ""
        return f"{prefix}{operation.describe()}{Truncator(suffix).chars(40)}", is_error

    # Applications without migrations.

    def sync_apps(self, connection: Any, app_labels: Any) -> None:
        """Make the tables of applications without migrations that are missing."""
        with connection.cursor() as cursor:
            existing = set(connection.introspection.table_names(cursor))
        convert = connection.introspection.identifier_converter

        def is_missing(model: Any) -> bool:
            meta = model._meta
            tables = {convert(meta.db_table)}
            if meta.auto_created:
                tables.add(convert(meta.auto_created._meta.db_table))
            return meta.can_migrate(connection) and not tables & existing

        manifest = [
            (config.label, [model for model in found if is_missing(model)])
            for config in apps.get_app_configs()
            if config.models_module is not None and config.label in app_labels
            for found in [router.get_migratable_models(config, connection.alias)]
        ]
        if self.verbosity >= 1:
            self.stdout.write("  Creating tables...")
        with connection.schema_editor() as editor:
            for model in chain.from_iterable(found for _, found in manifest):
                # Tables of relations are made with the model that has the relation.
                if not model._meta.can_migrate(connection) or model._meta.auto_created:
                    continue
                if self.verbosity >= 3:
                    self.stdout.write(f"    Processing {model._meta.label} model")
                if self.verbosity >= 1:
                    self.stdout.write(f"    Creating table {model._meta.db_table}")
                editor.create_model(model)
            if self.verbosity >= 1:
                self.stdout.write("    Running deferred SQL...")
