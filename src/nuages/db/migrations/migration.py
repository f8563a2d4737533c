"""The base class of migrations. Manual: "Migrations"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from nuages.db.migrations.exceptions import IrreversibleError
from nuages.db.migrations.utils import get_migration_name_timestamp
from nuages.db.transaction import atomic


class Migration:
    """A list of operations of one application, and what it depends on.

    Args:
        name: the module's name.
        app_label: the application's label.
    """

    #: Whether it runs in a transaction, where the database can roll DDL back.
    atomic = True
    #: Whether it makes an application's first tables; found out if not said.
    initial: bool | None = None
    #: (label, name) of migrations that this one stands for.
    replaces: list[Any] = []
    #: (label, name) of migrations that must be applied after.
    run_before: list[Any] = []
    #: (label, name) of migrations that must have been applied before.
    dependencies: list[Any] = []
    operations: list[Any] = []

    def __init__(self, name: str, app_label: str) -> None:
        self.app_label, self.name = app_label, name
        # Lists of its own: the class's are shared by all instances.
        for attribute in ("operations", "dependencies", "run_before", "replaces"):
            setattr(self, attribute, list(getattr(type(self), attribute)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Migration) and (self.name, self.app_label) == (
            other.name,
            other.app_label,
        )

    def __hash__(self) -> int:
        return hash(f"{self.app_label}.{self.name}")

    def __repr__(self) -> str:
        return f"<Migration {self}>"

    def __str__(self) -> str:
        return f"{self.app_label}.{self.name}"

    def mutate_state(self, project_state: Any, preserve: bool = True) -> Any:
        """Return the state after this migration.

        Args:
            preserve: whether the given state is left as it is.
        """
        after = project_state.clone() if preserve else project_state
        for operation in self.operations:
            operation.state_forwards(self.app_label, after)
        return after

    def apply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """Run the operations; return the state after them, which is the given one.

        Args:
            collect_sql: also write comments between the collected statements.
        """
        for operation in self.operations:
            if collect_sql and not self._comment(schema_editor, operation):
                continue
            collected = len(schema_editor.collected_sql) if collect_sql else 0
            is_local = operation.is_local(self.app_label, project_state)
            before = project_state.snapshot() if is_local else project_state.clone()
            operation.state_forwards(self.app_label, project_state)
            self._in_transaction(
                operation, schema_editor, operation.database_forwards, before, project_state
            )
            if not is_local:
                project_state.take_over(before)
            if collect_sql and collected == len(schema_editor.collected_sql):
                schema_editor.collected_sql.append("-- (no-op)")
        return project_state

    def unapply(self, project_state: Any, schema_editor: Any, collect_sql: bool = False) -> Any:
        """Run the operations backwards; return the state before them.

        Raises:
            IrreversibleError: an operation has no way back.
        """
        # The states between are found on the way forwards, and used on the way back.
        steps = []
        state = project_state
        for operation in self.operations:
            if not operation.reversible:
                raise IrreversibleError(f"Operation {operation} in {self} is not reversible")
            if operation.is_local(self.app_label, state):
                before, after = state, state.snapshot()
            else:
                after = state.clone()
                before = after.clone()
            operation.state_forwards(self.app_label, after)
            steps.append((operation, after, before))
            state = after
        for operation, after, before in reversed(steps):
            if collect_sql and not self._comment(schema_editor, operation):
                continue
            collected = len(schema_editor.collected_sql) if collect_sql else 0
            self._in_transaction(
                operation, schema_editor, operation.database_backwards, after, before
            )
            if collect_sql and collected == len(schema_editor.collected_sql):
                schema_editor.collected_sql.append("-- (no-op)")
        return project_state

    def _in_transaction(
        self, operation: Any, schema_editor: Any, method: Any, from_state: Any, to_state: Any
    ) -> None:
        own = operation.atomic or (self.atomic and operation.atomic is not False)
        if own and not schema_editor.atomic_migration:
            # The migration has no transaction; the operation gets one for itself.
            with atomic(schema_editor.connection.alias):
                method(self.app_label, schema_editor, from_state, to_state)
        else:
            method(self.app_label, schema_editor, from_state, to_state)

    @staticmethod
    def _comment(schema_editor: Any, operation: Any) -> bool:
        """Say what an operation does; return whether SQL can follow."""
        lines = ["--", f"-- {operation.describe()}", "--"]
        if not operation.reduces_to_sql:
            lines.append("-- THIS OPERATION CANNOT BE WRITTEN AS SQL")
        schema_editor.collected_sql += lines
        return bool(operation.reduces_to_sql)

    def suggest_name(self) -> str:
        """Return a name for the migration, made of what its operations do."""
        if self.initial:
            return "initial"
        parts = [
            re.sub(r"\W+", "_", fragment)
            for operation in self.operations
            if (fragment := operation.migration_name_fragment)
        ]
        if not parts or len(parts) != len(self.operations):
            return f"auto_{get_migration_name_timestamp()}"
        name = parts[0]
        for part in parts[1:]:
            longer = f"{name}_{part}"
            if len(longer) > 52:
                return f"{name}_and_more"
            name = longer
        return name


class SwappableTuple(tuple[str, str]):
    """A dependency on a model that a setting names.

    Args:
        value: label and migration.
        setting: the setting's name.
    """

    setting: str

    def __new__(cls, value: Iterable[str], setting: str) -> SwappableTuple:
        self = super().__new__(cls, value)
        self.setting = setting
        return self


def swappable_dependency(value: str) -> SwappableTuple:
    """Return the dependency on the first migration of what a setting's value names."""
    return SwappableTuple((value.partition(".")[0], "__first__"), value)
