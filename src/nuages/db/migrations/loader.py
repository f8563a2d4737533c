"""Migrations from files, joined to a graph, with what the database has."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module, reload
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.db.migrations.exceptions import (
    AmbiguityError,
    BadMigrationError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from nuages.db.migrations.graph import Key, MigrationGraph
from nuages.db.migrations.recorder import MigrationRecorder

MIGRATIONS_MODULE_NAME = "migrations"


def _look_again() -> None:
    """Let files be found that were written a moment ago.

    As ``importlib.invalidate_caches()`` does it, which also has the metadata of installed packages
    read anew, and loads what that takes.
    """
    for finder in sys.meta_path:
        if finder is not PathFinder and hasattr(finder, "invalidate_caches"):
            finder.invalidate_caches()
    for of_path in list(sys.path_importer_cache.values()):
        if of_path is not None and hasattr(of_path, "invalidate_caches"):
            of_path.invalidate_caches()


class MigrationLoader:
    """Loads migrations.

    Args:
        connection: the database whose applied migrations count; ``None`` for none.
        load: load now.
        ignore_no_migrations: whether a setting may name a package that is not there.
        replace_migrations: whether squashed migrations take the place of what they replace.
    """

    def __init__(
        self,
        connection: Any,
        load: bool = True,
        ignore_no_migrations: bool = False,
        replace_migrations: bool = True,
    ) -> None:
        self.connection = connection
        self.ignore_no_migrations = ignore_no_migrations
        self.replace_migrations = replace_migrations
        self.disk_migrations: dict[Key, Any] | None = None
        self.applied_migrations: dict[Key, Any] | None = None
        if load:
            self.build_graph()

    # Files.

    @classmethod
    def migrations_module(cls, app_label: str) -> tuple[str | None, bool]:
        """Return the package of an application's migrations, and whether a setting names it."""
        if app_label in settings.MIGRATION_MODULES:
            return settings.MIGRATION_MODULES[app_label], True
        return f"{apps.get_app_config(app_label).name}.{MIGRATIONS_MODULE_NAME}", False

    def load_disk(self) -> None:
        """Load the migrations of all installed applications."""
        _look_again()
        self.disk_migrations = {}
        self.unmigrated_apps: set[str] = set()
        self.migrated_apps: set[str] = set()
        for config in apps.get_app_configs():
            package = self._package_of(config.label)
            if package is None:
                self.unmigrated_apps.add(config.label)
                continue
            self.migrated_apps.add(config.label)
            for _, name, is_package in pkgutil.iter_modules(package.__path__):
                if not is_package and name[0] not in "_~":
                    self.disk_migrations[config.label, name] = self._load(
                        config.label, package.__name__, name
                    )

    def _package_of(self, label: str) -> ModuleType | None:
        """Return the package of migrations, or ``None`` if an application has none."""
        name, is_explicit = self.migrations_module(label)
        if name is None:
            return None
        known = name in sys.modules
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            missing = (error.name or "").endswith(MIGRATIONS_MODULE_NAME) and error.name == name
            if is_explicit and self.ignore_no_migrations or not is_explicit and missing:
                return None
            raise
        # A module named so, or a folder without __init__.py, holds no migrations.
        if not hasattr(module, "__path__"):
            return None
        if getattr(module, "__file__", None) is None and not isinstance(module.__path__, list):
            return None
        # Files may have been added or changed since.
        return reload(module) if known else module

    @staticmethod
    def _load(label: str, package: str, name: str) -> Any:
        path = f"{package}.{name}"
        try:
            module = import_module(path)
        except ImportError as error:
            if "bad magic number" not in str(error):
                raise
            raise ImportError(
                f"Couldn't import {path!r} as it appears to be a stale .pyc file."
            ) from error
        if not hasattr(module, "Migration"):
            raise BadMigrationError(f"Migration {name} in app {label} has no Migration class")
        return module.Migration(name, label)

    # Look-ups.

    def get_migration(self, app_label: str, name_prefix: str) -> Any:
        """Return a migration by its whole name. Raises ``KeyError``."""
        return self.graph.nodes[app_label, name_prefix]

    def get_migration_by_prefix(self, app_label: str, name_prefix: str) -> Any:
        """Return the migration whose name starts so.

        Raises:
            AmbiguityError: there are several.
            KeyError: there is none.
        """
        assert self.disk_migrations is not None
        found = [
            key
            for key in self.disk_migrations
            if key[0] == app_label and key[1].startswith(name_prefix)
        ]
        if len(found) > 1:
            raise AmbiguityError(
                f"There is more than one migration for '{app_label}' with the prefix "
                f"'{name_prefix}'"
            )
        if not found:
            raise KeyError(
                f"There is no migration for '{app_label}' with the prefix '{name_prefix}'"
            )
        return self.disk_migrations[found[0]]

    def check_key(self, key: Key, current_app: str) -> Key | None:
        """Return the migration that a dependency names; ``None`` if there is nothing to wait for.

        Raises:
            ValueError: the dependency's application is unknown, or has no migrations.
        """
        label, name = key
        if name not in ("__first__", "__latest__") or key in self.graph:
            return key
        # The first migration of one's own application, or tables that are there from the start.
        if label == current_app or label in self.unmigrated_apps:
            return None
        if label not in self.migrated_apps:
            raise ValueError(f"Dependency on unknown app: {label}")
        ends = self.graph.root_nodes if name == "__first__" else self.graph.leaf_nodes
        if found := ends(label):
            return found[0]
        if self.ignore_no_migrations:
            return None
        raise ValueError(f"Dependency on app with no migrations: {label}")

    # The graph.

    def add_internal_dependencies(self, key: Key, migration: Any) -> None:
        """Join a migration to those of its own application."""
        for parent in migration.dependencies:
            # "__first__" of one's own application says nothing.
            if parent[0] == key[0] and parent[1] != "__first__":
                self.graph.add_dependency(migration, key, tuple(parent), skip_validation=True)

    def add_external_dependencies(self, key: Key, migration: Any) -> None:
        """Join a migration to those of other applications."""
        for parent in migration.dependencies:
            if parent[0] != key[0]:
                if found := self.check_key(tuple(parent), key[0]):
                    self.graph.add_dependency(migration, key, found, skip_validation=True)
        for child in migration.run_before:
            if found := self.check_key(tuple(child), key[0]):
                self.graph.add_dependency(migration, found, key, skip_validation=True)

    def _resolve_replaced_migration_keys(self, migration: Any) -> list[Key]:
        """Return what a squashed migration replaces, through others that are squashed too.

        Raises:
            CommandError: squashed migrations replace one another in a circle.
        """
        leaves: dict[Key, None] = {}
        start = (migration.app_label, migration.name)
        stack: list[tuple[Key, tuple[Key, ...]]] = [
            (tuple(key), (start,)) for key in reversed(migration.replaces)
        ]
        while stack:
            key, path = stack.pop()
            if key in path:
                from nuages.core.management.base import CommandError

                raise CommandError(
                    f"Cyclical squash replacement found, starting at {key!r}",
                    returncode=2,
                )
            inner = self.replacements.get(key)
            if inner is None:
                leaves.setdefault(key)
            else:
                stack += [(tuple(each), (*path, key)) for each in reversed(inner.replaces)]
        return list(leaves)

    def replace_migration(self, migration_key: Key) -> None:
        """Put a squashed migration in its place, or take it out if only a part was applied."""
        migration = self.replacements[migration_key]
        replaced = [tuple(key) for key in migration.replaces]
        targets = self._resolve_replaced_migration_keys(migration)
        assert self.applied_migrations is not None
        applied = [key in self.applied_migrations for key in targets]
        # It counts as applied if, and only if, all that it replaces is.
        if all(applied):
            self.applied_migrations[migration_key] = migration
        else:
            self.applied_migrations.pop(migration_key, None)
        if all(applied) or not any(applied):
            self.graph.remove_replaced_nodes(migration_key, [*replaced, *targets])
        else:
            self.graph.remove_replacement_node(migration_key, replaced)

    def build_graph(self) -> None:
        """Load everything anew, from files and from the database.

        Raises:
            NodeNotFoundError: a dependency is missing.
            CircularDependencyError: migrations wait for one another.
        """
        self.load_disk()
        assert self.disk_migrations is not None
        recorder = None if self.connection is None else MigrationRecorder(self.connection)
        self.applied_migrations = {} if recorder is None else recorder.applied_migrations()
        self.graph = MigrationGraph()
        self.replacements: dict[Key, Any] = {}
        for key in self.disk_migrations:
            self.graph.add_node(key, self.disk_migrations[key])
        self.replacements.update(
            (key, each) for key, each in self.disk_migrations.items() if each.replaces
        )
        for join in (self.add_internal_dependencies, self.add_external_dependencies):
            for key, migration in self.disk_migrations.items():
                join(key, migration)
        if self.replace_migrations:
            for key in self._innermost_first():
                self.replace_migration(key)
        try:
            self.graph.validate_consistency()
        except NodeNotFoundError as error:
            self._explain(error)
            raise
        self.graph.ensure_not_cyclic()

    def _innermost_first(self) -> list[Key]:
        """Return the squashed migrations, those that others replace before these."""
        order: dict[Key, None] = {}

        def visit(key: Key, path: tuple[Key, ...]) -> None:
            if key in path:
                from nuages.core.management.base import CommandError

                raise CommandError(
                    f"Cyclical squash replacement found, starting at {key!r}", returncode=2
                )
            for inner in self.replacements[key].replaces:
                if tuple(inner) in self.replacements:
                    visit(tuple(inner), (*path, key))
            order.setdefault(key)

        for key in self.replacements:
            visit(key, ())
        return list(order)

    def _explain(self, error: NodeNotFoundError) -> None:
        """Raise a clearer error if a squashed migration could have stood for what is missing."""
        candidates = [
            f"{key[0]}.{key[1]}"
            for key, migration in self.replacements.items()
            if error.node in {tuple(each) for each in migration.replaces}
            and key not in self.graph.nodes
        ]
        if candidates:
            label, name = error.node
            raise NodeNotFoundError(
                f"Migration {error.origin} depends on nonexistent node ('{label}', '{name}'). "
                f"Django tried to replace migration {label}.{name} with any of "
                f"[{', '.join(candidates)}] but wasn't able to because some of the replaced "
                "migrations are already applied.",
                error.node,
            ) from error

    # What follows from it.

    def check_consistent_history(self, connection: Any) -> None:
        """Raise ``InconsistentMigrationHistory`` if one was applied before its dependency."""
        applied = MigrationRecorder(connection).applied_migrations()
        for key in applied:
            if key not in self.graph.nodes:
                continue
            for parent in self.graph.node_map[key].parents:
                if parent.key in applied or self.all_replaced_applied(parent.key, applied):
                    continue
                raise InconsistentMigrationHistory(
                    f"Migration {key[0]}.{key[1]} is applied before its dependency "
                    f"{parent.key[0]}.{parent.key[1]} on database '{connection.alias}'."
                )

    def all_replaced_applied(self, migration_key: Key, applied: Any) -> bool:
        """Whether a squashed migration has nothing left to do."""
        migration = self.replacements.get(migration_key)
        return migration is not None and all(
            key in applied for key in self._resolve_replaced_migration_keys(migration)
        )

    def detect_conflicts(self) -> dict[str, list[str]]:
        """Return the applications with several last migrations, and these."""
        last: dict[str, list[str]] = {}
        for label, name in self.graph.leaf_nodes():
            last.setdefault(label, []).append(name)
        return {label: sorted(names) for label, names in last.items() if len(names) > 1}

    def project_state(self, nodes: Any = None, at_end: bool = True) -> Any:
        """Return the state after some migrations; see :meth:`MigrationGraph.make_state`."""
        return self.graph.make_state(nodes=nodes, at_end=at_end, real_apps=self.unmigrated_apps)

    def collect_sql(self, plan: list[tuple[Any, bool]]) -> list[str]:
        """Return the statements of a plan."""
        statements: list[str] = []
        state = None
        for migration, backwards in plan:
            with self.connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
                if state is None:
                    state = self.project_state((migration.app_label, migration.name), at_end=False)
                run = migration.unapply if backwards else migration.apply
                state = run(state, editor, collect_sql=True)
            statements += editor.collected_sql
        return statements
