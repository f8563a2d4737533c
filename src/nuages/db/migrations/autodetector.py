"""Finding the migrations that lead from one state to another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from nuages.conf import settings
from nuages.db.migrations._compare import deep_deconstruct, relation_agnostic
from nuages.db.migrations._dependencies import OperationDependency, is_met_by
from nuages.db.migrations._detection import Detection
from nuages.db.migrations._two_states import Change
from nuages.db.migrations.migration import Migration, SwappableTuple
from nuages.db.migrations.optimizer import MigrationOptimizer
from nuages.db.migrations.questioner import MigrationQuestioner
from nuages.utils.topological_sort import stable_topological_sort

__all__ = ["MigrationAutodetector", "OperationDependency"]

type Changes = dict[str, list[Migration]]


class MigrationAutodetector:
    """Compares two project states.

    Args:
        from_state: the state after the existing migrations.
        to_state: the state of the models.
        questioner: is asked what cannot be known.
    """

    def __init__(self, from_state: Any, to_state: Any, questioner: Any = None) -> None:
        self.questioner = questioner or MigrationQuestioner()
        self.from_state, self.to_state = from_state, to_state
        self.existing_apps = {label for label, _ in from_state.models}

    def changes(
        self,
        graph: Any,
        trim_to_apps: Iterable[str] | None = None,
        convert_apps: Iterable[str] | None = None,
        migration_name: str | None = None,
    ) -> Changes:
        """Return the migrations to add to a graph, by application.

        Args:
            trim_to_apps: only those of these applications, with what they depend on.
            convert_apps: applications that had no migrations and get them.
            migration_name: the name to use.
        """
        found = self._detect_changes(convert_apps, graph)
        arranged = self.arrange_for_graph(found, graph, migration_name)
        return self._trim_to_apps(arranged, set(trim_to_apps)) if trim_to_apps else arranged

    def deep_deconstruct(self, obj: Any) -> Any:
        """Return what an object is made of, all the way down."""
        return deep_deconstruct(obj)

    def only_relation_agnostic_fields(self, fields: dict[str, Any]) -> list[Any]:
        """Return what fields are made of, without names and targets of relations."""
        return relation_agnostic(fields)

    # From operations to migrations.

    def _detect_changes(self, convert_apps: Any = None, graph: Any = None) -> Changes:
        """Return the migrations, under provisional names."""
        detection = Detection(self.from_state, self.to_state, self.questioner, convert_apps)
        self.operations: dict[str, list[Change]] = defaultdict(list)
        for change in detection.changes():
            self.operations[change.app_label].append(change)
        for label, found in self.operations.items():
            # New models come before all else.
            found.sort(key=lambda change: not change.first)
            self.operations[label] = self._sorted(label, found)
        self.migrations: Changes = {}
        self._cut(graph)
        for label, migrations in self.migrations.items():
            for before, after in zip(migrations, migrations[1:], strict=False):
                after.dependencies.append((label, before.name))
            for migration in migrations:
                migration.dependencies = list(dict.fromkeys(migration.dependencies))
                migration.operations = MigrationOptimizer().optimize(migration.operations, label)
        return self.migrations

    def _resolve(self, dependency: OperationDependency) -> tuple[OperationDependency, bool]:
        """Return a dependency on what a setting names as one on a model."""
        if dependency.app_label != "__setting__":
            return dependency, False
        label, name = getattr(settings, dependency.model_name).split(".")
        return dependency._replace(app_label=label, model_name=name), True

    def _sorted(self, label: str, changes: list[Change]) -> list[Change]:
        """Return the changes of an application, each after those it waits for."""
        waits: dict[Change, set[Change]] = {}
        for change in changes:
            own = [
                resolved
                for dependency in change.dependencies
                if (resolved := self._resolve(dependency)[0]).app_label == label
            ]
            waits[change] = {
                other
                for other in changes
                if any(is_met_by(dependency, other.operation) for dependency in own)
            }
        return stable_topological_sort(changes, waits)

    def _cut(self, graph: Any) -> None:
        """Cut each application's operations in as few migrations as dependencies allow.

        Raises:
            ValueError: they wait for one another.
        """
        may_split = False
        while left := sum(map(len, self.operations.values())):
            for label in sorted(self.operations):
                ready, waits_for = self._ready(label, graph, may_split)
                if not ready and not waits_for:
                    continue
                if len(ready) == len(self.operations[label]) or may_split:
                    self._add_migration(label, ready, waits_for)
                    del self.operations[label][: len(ready)]
                    may_split = False
            if sum(map(len, self.operations.values())) < left:
                continue
            if may_split:
                raise ValueError(
                    f"Cannot resolve operation dependencies: {dict(self.operations)!r}"
                )
            # Nothing goes in one piece: start an application, finish it later.
            may_split = True

    def _ready(
        self, label: str, graph: Any, may_split: bool
    ) -> tuple[list[Change], list[tuple[str, str]]]:
        """Return the first operations that wait for nothing, and the migrations they need."""
        ready: list[Change] = []
        waits_for: dict[tuple[str, str], None] = {}
        for change in self.operations[label]:
            needed = self._needed(label, change, graph, may_split)
            if needed is None:
                break
            waits_for.update(dict.fromkeys(needed))
            ready.append(change)
        return ready, list(waits_for)

    def _needed(
        self, label: str, change: Change, graph: Any, may_split: bool
    ) -> list[tuple[str, str]] | None:
        """Return the migrations of other applications that an operation needs.

        Returns:
            ``None`` if one of them is not there yet.
        """
        needed = []
        for dependency in change.dependencies:
            resolved, is_setting = self._resolve(dependency)
            other = resolved.app_label
            if other == label:
                continue
            if any(is_met_by(resolved, each.operation) for each in self.operations.get(other, ())):
                return None
            if is_setting:
                needed.append((dependency.app_label, dependency.model_name))
            elif other in self.migrations:
                needed.append((other, self.migrations[other][-1].name))
            elif may_split:
                # It was there before: its last migration has what is needed.
                leaves = graph.leaf_nodes(other) if graph else ()
                needed.append(leaves[0] if leaves else (other, "__first__"))
            else:
                return None
        return needed

    def _add_migration(
        self, label: str, changes: list[Change], dependencies: list[tuple[str, str]]
    ) -> None:
        own = self.migrations.setdefault(label, [])
        kind = type("Migration", (Migration,), {"operations": [], "dependencies": []})
        migration = kind(f"auto_{len(own) + 1}", label)
        migration.dependencies = [
            SwappableTuple(key, key[1]) if key[0] == "__setting__" else key for key in dependencies
        ]
        migration.operations = [change.operation for change in changes]
        migration.initial = label not in self.existing_apps
        own.append(migration)

    # Names.

    def arrange_for_graph(
        self, changes: Changes, graph: Any, migration_name: str | None = None
    ) -> Changes:
        """Name migrations as the next ones of a graph, and let them depend on its last ones."""
        last = {label: (label, name) for label, name in graph.leaf_nodes()}
        names: dict[tuple[str, str], tuple[str, str]] = {}
        for label, migrations in list(changes.items()):
            leaf = last.get(label)
            if leaf is None and migrations and not self.questioner.ask_initial(label):
                # An application that shall have no migrations.
                for migration in migrations:
                    names[label, migration.name] = (label, "__first__")
                del changes[label]
                continue
            number = (self.parse_number(leaf[1]) or 0) if leaf else 0
            for index, migration in enumerate(migrations):
                number += 1
                if index == 0 and leaf:
                    migration.dependencies.append(leaf)
                if migration_name:
                    text = migration_name
                elif index == 0 and not leaf:
                    text = "initial"
                else:
                    text = migration.suggest_name()[:100]
                names[label, migration.name] = (label, f"{number:04}_{text}")
                migration.name = f"{number:04}_{text}"
        for migrations in changes.values():
            for migration in migrations:
                migration.dependencies = [
                    names.get(dependency, dependency) for dependency in migration.dependencies
                ]
        return changes

    def _trim_to_apps(self, changes: Changes, app_labels: set[str]) -> Changes:
        """Return the migrations of some applications, and of those they depend on."""
        needs = {
            label: {other for migration in migrations for other, _ in migration.dependencies}
            for label, migrations in changes.items()
        }
        wanted, waiting = set(), list(app_labels)
        while waiting:
            label = waiting.pop()
            if label not in wanted:
                wanted.add(label)
                waiting.extend(needs.get(label, ()))
        for label in changes.keys() - wanted:
            del changes[label]
        return changes

    @classmethod
    def parse_number(cls, name: str) -> int | None:
        """Return the number of a migration, of the last one if it is squashed, or ``None``."""
        if squashed := re.search(r".*_squashed_(\d+)", name):
            return int(squashed[1])
        first = re.match(r"\d+", name)
        return int(first[0]) if first else None
