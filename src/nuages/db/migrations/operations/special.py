"""Operations with code or SQL of the project's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nuages.db import router
from nuages.db.migrations.operations.base import Operation, OperationCategory


def _are_local(operations: list[Any], app_label: str, state: Any) -> bool:
    return all(each.is_local(app_label, state) for each in operations)


def _apply_all(operations: list[Any], app_label: str, state: Any) -> None:
    for each in operations:
        each.state_forwards(app_label, state)


@dataclass(eq=False, repr=False)
class SeparateDatabaseAndState(Operation):
    """Some operations for the database only, others for the state only."""

    database_operations: list[Any] = field(default_factory=list)
    state_operations: list[Any] = field(default_factory=list)

    category = OperationCategory.MIXED
    description = "Custom state/database change combination"
    serialization_expand_args = ["database_operations", "state_operations"]

    def __post_init__(self) -> None:
        self.database_operations = list(self.database_operations or ())
        self.state_operations = list(self.state_operations or ())

    def is_local(self, app_label: str, state: Any) -> bool:
        return _are_local(self.state_operations, app_label, state)

    def state_forwards(self, app_label: str, state: Any) -> None:
        _apply_all(self.state_operations, app_label, state)

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        # The states between are those of the database's operations.
        states = [after if back else before]
        for operation in self.database_operations:
            states.append(states[-1].clone())
            operation.state_forwards(app_label, states[-1])
        steps = list(zip(self.database_operations, states, states[1:], strict=False))
        for operation, earlier, later in reversed(steps) if back else steps:
            if back:
                operation.database_backwards(app_label, editor, later, earlier)
            else:
                operation.database_forwards(app_label, editor, earlier, later)


class _OfTheProject(Operation):
    """Base of operations whose way there and back the project says."""

    hints: dict[str, Any]

    def _ways(self) -> tuple[Any, Any]:
        """Return the way there and the way back, if there is one."""
        raise NotImplementedError

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether there is a way back."""
        return self._ways()[1] is not None

    def _run(self, way: Any, editor: Any, state: Any) -> None:
        raise NotImplementedError

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        way = self._ways()[back]
        if way is None:
            raise NotImplementedError("You cannot reverse this operation")
        self._prepare(before)
        if router.allow_migrate(editor.connection.alias, app_label, **self.hints):
            self._run(way, editor, before)

    def _prepare(self, state: Any) -> None:
        """Called before the routers are asked."""


@dataclass(eq=False, repr=False)
class RunSQL(_OfTheProject):
    """Runs SQL.

    Args:
        sql: a statement or script, or a list of statements or of statement and parameters.
        reverse_sql: the way back; without it, there is none.
        state_operations: what this means for the models.
        hints: for the database routers.
        elidable: whether it may be left out when migrations are squashed.
    """

    sql: Any
    reverse_sql: Any = None
    state_operations: list[Any] = field(default_factory=list)
    hints: dict[str, Any] = field(default_factory=dict)
    elidable: bool = False

    category = OperationCategory.SQL
    description = "Raw SQL operation"
    noop = ""

    def __post_init__(self) -> None:
        self.state_operations, self.hints = list(self.state_operations or ()), self.hints or {}

    def is_local(self, app_label: str, state: Any) -> bool:
        return _are_local(self.state_operations, app_label, state)

    def state_forwards(self, app_label: str, state: Any) -> None:
        _apply_all(self.state_operations, app_label, state)

    def _ways(self) -> tuple[Any, Any]:
        return self.sql, self.reverse_sql

    def _run(self, way: Any, editor: Any, state: Any) -> None:
        entries = way
        if not isinstance(way, list | tuple):
            if way == RunSQL.noop:
                return
            entries = editor.connection.ops.prepare_sql_script(way)
        for entry in entries:
            match entry:
                case (statement, parameters):
                    editor.execute(statement, params=parameters)
                case list() | tuple():
                    raise ValueError(f"Expected a 2-tuple but got {len(entry)}")
                case _ if entry != RunSQL.noop:
                    editor.execute(entry, params=None)


@dataclass(eq=False, repr=False)
class RunPython(_OfTheProject):
    """Runs a function.

    Args:
        code: called with the registry of the state's models, and the schema editor.
        reverse_code: the way back; without it, there is none.
        atomic: whether it runs in a transaction; as the migration does, if not said.
        hints: for the database routers.
        elidable: whether it may be left out when migrations are squashed.

    Raises:
        ValueError: something is no function.
    """

    code: Callable[[Any, Any], Any]
    reverse_code: Callable[[Any, Any], Any] | None = None
    atomic: bool | None = None
    hints: dict[str, Any] = field(default_factory=dict)
    elidable: bool = False

    category = OperationCategory.PYTHON
    description = "Raw Python operation"
    reduces_to_sql = False

    def __post_init__(self) -> None:
        self.hints = self.hints or {}
        for function, wanted in (
            (self.code, "a callable"),
            (self.reverse_code, "callable arguments"),
        ):
            if not callable(function) and (function is not None or wanted == "a callable"):
                raise ValueError(f"RunPython must be supplied with {wanted}")

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Functions change rows, not models."""

    def _ways(self) -> tuple[Any, Any]:
        return self.code, self.reverse_code

    def _prepare(self, state: Any) -> None:
        # The function may use any model: all must be as they are now.
        state.clear_delayed_apps_cache()

    def _run(self, way: Any, editor: Any, state: Any) -> None:
        way(state.apps, editor)

    @staticmethod
    def noop(apps: Any, schema_editor: Any) -> None:
        # Does nothing: the way back of code that needs none. A docstring would be shown in plans.
        return None
