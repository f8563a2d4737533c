"""Applying and unapplying migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nuages.apps.registry import apps as global_apps
from nuages.db.migrations.exceptions import InvalidMigrationPlan
from nuages.db.migrations.loader import MigrationLoader
from nuages.db.migrations.operations import AddField, CreateModel
from nuages.db.migrations.recorder import MigrationRecorder
from nuages.db.migrations.state import ProjectState

type Plan = list[tuple[Any, bool]]  # a migration, and whether it is to be unapplied


class MigrationExecutor:
    """Brings a database to certain migrations.

    Args:
        connection: the database.
        progress_callback: called with the name of each step and, where there is one, the
            migration and whether it is faked.
    """

    def __init__(
        self, connection: Any, progress_callback: Callable[..., Any] | None = None
    ) -> None:
        self.connection = connection
        self.loader = MigrationLoader(connection)
        self.recorder = MigrationRecorder(connection)
        self.progress_callback = progress_callback

    def _tell(self, step: str, *details: Any) -> None:
        if self.progress_callback:
            self.progress_callback(step, *details)

    # Plans.

    def migration_plan(self, targets: Iterable[Any], clean_start: bool = False) -> Plan:
        """Return what to do to have exactly the targets of their applications.

        Args:
            targets: keys; ``(label, None)`` is none of an application's migrations.
            clean_start: as if nothing were applied.
        """
        graph = self.loader.graph
        targets = list(targets)
        applied: dict[Any, Any] = {} if clean_start else dict(self.loader.applied_migrations or {})
        plan: Plan = []
        for target in targets:
            target = tuple(target)
            backwards: list[Any] = []
            if (
                target[1] is not None
                and target not in graph.node_map
                and self.loader.replace_migrations
            ):
                # It was squashed: find it beside what took its place.
                self.loader.replace_migrations = False
                self.loader.build_graph()
                return self.migration_plan(targets, clean_start=clean_start)
            if target[1] is None:
                for root in graph.root_nodes():
                    if root[0] == target[0]:
                        backwards += graph.backwards_plan(root)
            elif (
                not self.loader.replace_migrations
                and target in self.loader.replacements
                and target not in graph.node_map
            ):
                continue
            elif target in applied:
                # What comes after it in its own application goes, and what depends on that;
                # what merely depends on the target stays.
                later = sorted(
                    child.key
                    for child in graph.node_map[target].children
                    if child.key[0] == target[0]
                )
                backwards = [key for child in later for key in graph.backwards_plan(child)]
            else:
                for key in graph.forwards_plan(target):
                    if key not in applied:
                        plan.append((graph.nodes[key], False))
                        applied[key] = graph.nodes[key]
            for key in backwards:
                if key in applied:
                    plan.append((graph.nodes[key], True))
                    del applied[key]
        return plan

    def _create_project_state(self, with_applied_migrations: bool = False) -> ProjectState:
        """Return the state before everything, or after what is applied."""
        state = ProjectState(real_apps=self.loader.unmigrated_apps)
        if with_applied_migrations:
            applied = self.loader.applied_migrations or {}
            for migration, _ in self._full_plan():
                if (migration.app_label, migration.name) in applied:
                    migration.mutate_state(state, preserve=False)
        return state

    def _full_plan(self) -> Plan:
        return self.migration_plan(self.loader.graph.leaf_nodes(), clean_start=True)

    # Doing it.

    def migrate(
        self,
        targets: Any,
        plan: Plan | None = None,
        state: ProjectState | None = None,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        """Bring the database to the targets; return the state that it is in then.

        Args:
            plan: the plan for the targets, if it was made already.
            fake: only record.
            fake_initial: only record first migrations whose tables are there.

        Raises:
            InvalidMigrationPlan: the plan goes forwards and backwards.
        """
        if plan != []:
            self.recorder.ensure_schema()
        if plan is None:
            plan = self.migration_plan(targets)
        directions = {backwards for _, backwards in plan}
        if len(directions) > 1:
            raise InvalidMigrationPlan(
                "Migration plans with both forwards and backwards migrations are not supported. "
                "Please split your migration process into separate plans of only forwards OR "
                "backwards migrations.",
                plan,
            )
        if not plan:
            state = state or self._create_project_state(with_applied_migrations=True)
        elif directions == {True}:
            state = self._migrate_all_backwards(plan, self._full_plan(), fake)
        else:
            state = state or self._create_project_state(with_applied_migrations=True)
            state = self._migrate_all_forwards(state, plan, self._full_plan(), fake, fake_initial)
        self.check_replacements()
        return state

    def _tell_of_models(self, state: ProjectState) -> None:
        """Tell that the model classes are made. (They are made when an operation needs them.)"""
        if self.progress_callback and "apps" not in state.__dict__:
            self._tell("render_start")
            self._tell("render_success")

    def _migrate_all_forwards(
        self, state: ProjectState, plan: Plan, full_plan: Plan, fake: bool, fake_initial: bool
    ) -> ProjectState:
        """Apply a plan, in the order of the full one. The state has what is applied already."""
        todo = {migration for migration, _ in plan}
        self._tell_of_models(state)
        for migration, _ in full_plan:
            if not todo:
                break
            if migration in todo:
                state = self.apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
                todo.remove(migration)
        return state

    def _migrate_all_backwards(self, plan: Plan, full_plan: Plan, fake: bool) -> ProjectState:
        """Unapply a plan; the state before each is found first, on one walk."""
        todo = {migration for migration, _ in plan}
        applied = {
            self.loader.graph.nodes[key]
            for key in self.loader.applied_migrations or ()
            if key in self.loader.graph.nodes
        }
        before: dict[Any, ProjectState] = {}
        state = self._create_project_state()
        left = set(todo)
        self._tell_of_models(state)
        for migration, _ in full_plan:
            if not left:
                break
            if migration in left:
                before[migration] = state
                # The next ones change a copy: this one is needed.
                state = migration.mutate_state(state, preserve=True)
                left.remove(migration)
            elif migration in applied:
                migration.mutate_state(state, preserve=False)
        for migration, _ in plan:
            self.unapply_migration(before[migration], migration, fake=fake)
            applied.discard(migration)
        # Afterwards: what was before the last one unapplied, with what else is applied.
        last = plan[-1][0]
        state = before[last]
        for index, (migration, _) in enumerate(full_plan):
            if migration == last:
                for other, _ in full_plan[index:]:
                    if other in applied:
                        other.mutate_state(state, preserve=False)
                break
        return state

    def apply_migration(
        self, state: ProjectState, migration: Any, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        """Apply one migration and record it; return the state after it."""
        self._tell("apply_start", migration, fake)
        recorded = False
        if not fake and fake_initial:
            found, after = self.detect_soft_applied(state, migration)
            if found:
                fake, state = True, after
        if not fake:
            with self.connection.schema_editor(atomic=migration.atomic) as editor:
                state = migration.apply(state, editor)
                # In the migration's transaction, unless statements still wait for its end.
                if not editor.deferred_sql:
                    self.record_migration(migration.app_label, migration.name)
                    recorded = True
        if not recorded:
            self.record_migration(migration.app_label, migration.name)
        self._tell("apply_success", migration, fake)
        return state

    def unapply_migration(
        self, state: ProjectState, migration: Any, fake: bool = False
    ) -> ProjectState:
        """Unapply one migration and record it; return the state before it."""
        self._tell("unapply_start", migration, fake)
        if not fake:
            with self.connection.schema_editor(atomic=migration.atomic) as editor:
                state = migration.unapply(state, editor)
        self.record_migration(migration.app_label, migration.name, forward=False)
        self._tell("unapply_success", migration, fake)
        return state

    def record_migration(self, app_label: str, name: str, forward: bool = True) -> None:
        """Record that a migration, with all that it replaces, was applied or unapplied."""
        record = self.recorder.record_applied if forward else self.recorder.record_unapplied
        migration = (self.loader.disk_migrations or {}).get((app_label, name))
        for app, replaced in migration.replaces if migration is not None else ():
            self.record_migration(app, replaced, forward=forward)
        record(app_label, name)

    def check_replacements(self) -> None:
        """Record squashed migrations all of whose replaced ones are applied."""
        applied = self.recorder.applied_migrations()
        for key in self.loader.replacements:
            if key not in applied and self.loader.all_replaced_applied(key, applied):
                self.recorder.record_applied(*key)

    def detect_soft_applied(
        self, project_state: ProjectState | None, migration: Any
    ) -> tuple[bool, Any]:
        """Return whether the tables and columns of a first migration are there.

        Returns:
            the answer, and the state after the migration.
        """
        if migration.initial is None:
            depends_on_own = any(
                label == migration.app_label for label, _ in migration.dependencies
            )
            if depends_on_own:
                return False, project_state
        elif migration.initial is False:
            return False, project_state
        if project_state is None:
            after = self.loader.project_state((migration.app_label, migration.name), at_end=True)
        else:
            after = migration.mutate_state(project_state)
        with self.connection.cursor() as cursor:
            expected = _Expected(self.connection, cursor)
            makes_something = False
            for operation in migration.operations:
                match operation:
                    case CreateModel():
                        model = self._own_model(after, migration, operation.name)
                        there = model is None or expected.table(model._meta.db_table)
                    case AddField():
                        model = self._own_model(after, migration, operation.model_name)
                        there = model is None or expected.field(
                            model, model._meta.get_field(operation.name)
                        )
                    case _:
                        continue
                if not there:
                    return False, project_state
                makes_something = makes_something or model is not None
        return makes_something, after

    def _own_model(self, state: Any, migration: Any, name: str) -> Any:
        """Return the model, or ``None`` if its table is not this migration's business."""
        model = state.model(migration.app_label, name)
        if model._meta.swapped:
            # The project put another model in its place.
            model = global_apps.get_model(model._meta.swapped)
        manages = not (model._meta.proxy or not model._meta.managed)
        from nuages.db import router

        allowed = router.allow_migrate(
            self.connection.alias, migration.app_label, model_name=model._meta.model_name
        )
        return model if manages and allowed else None


class _Expected:
    """Looks for tables and columns, names compared as the database compares them."""

    def __init__(self, connection: Any, cursor: Any) -> None:
        self.connection = connection
        self.cursor = cursor
        self.fold = str.lower if connection.features.ignores_table_name_case else str
        names = connection.introspection.table_names(cursor)
        self.tables = {self.fold(name) for name in names}

    def table(self, name: str) -> bool:
        return self.fold(name) in self.tables

    def field(self, model: Any, field: Any) -> bool:
        table = model._meta.db_table
        if field.many_to_many:
            through = field.remote_field.through._meta
            return self.table(through.db_table) or not through.auto_created
        if not self.table(table):
            return False
        described = self.connection.introspection.get_table_description(self.cursor, table)
        return self.fold(field.column) in {self.fold(each.name) for each in described}
