"""Operations with code or SQL of the project's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nuages.db import router
from nuages.db.migrations.operations.base import ALWAYS, Operation, OperationCategory


class SeparateDatabaseAndState(Operation):
    """Some operations for the database only, others for the state only."""

    category = OperationCategory.MIXED
    serialization_expand_args = ["database_operations", "state_operations"]
    _arguments = {"database_operations": [], "state_operations": []}

    def __init__(
        self,
        database_operations: Iterable[Operation] | None = None,
        state_operations: Iterable[Operation] | None = None,
    ) -> None:
        self.database_operations = list(database_operations or ())
        self.state_operations = list(state_operations or ())

    def state_forwards(self, app_label: str, state: Any) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        # The states between are those of the database's operations.
        state = from_state
        for operation in self.database_operations:
            after = state.clone()
            operation.state_forwards(app_label, after)
            operation.database_forwards(app_label, schema_editor, state, after)
            state = after

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        states = [to_state]
        for operation in self.database_operations:
            after = states[-1].clone()
            operation.state_forwards(app_label, after)
            states.append(after)
        for operation in reversed(self.database_operations):
            after = states.pop()
            operation.database_backwards(app_label, schema_editor, after, states[-1])

    def describe(self) -> str:
        return "Custom state/database change combination"


class RunSQL(Operation):
    """Runs SQL.

    Args:
        sql: a statement or script, or a list of statements or of statement and parameters.
        reverse_sql: the way back; without it, there is none.
        state_operations: what this means for the models.
        hints: for the database routers.
        elidable: whether it may be left out when migrations are squashed.
    """

    category = OperationCategory.SQL
    noop = ""
    _arguments = {"sql": ALWAYS, "reverse_sql": None, "state_operations": [], "hints": {}, "elidable": False}

    def __init__(
        self,
        sql: Any,
        reverse_sql: Any = None,
        state_operations: Iterable[Operation] | None = None,
        hints: dict[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        self.sql = sql
        self.reverse_sql = reverse_sql
        self.state_operations = list(state_operations or ())
        self.hints = hints or {}
        self.elidable = elidable

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether there is SQL for the way back."""
        return self.reverse_sql is not None

    def state_forwards(self, app_label: str, state: Any) -> None:
        for operation in self.state_operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self._run_sql(schema_editor, self.sql)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if self.reverse_sql is None:
            raise NotImplementedError("You cannot reverse this operation")
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            self._run_sql(schema_editor, self.reverse_sql)

    def describe(self) -> str:
        return "Raw SQL operation"

    def _run_sql(self, schema_editor: Any, sqls: Any) -> None:
        if not isinstance(sqls, list | tuple):
            if sqls != RunSQL.noop:
                for statement in schema_editor.connection.ops.prepare_sql_script(sqls):
                    schema_editor.execute(statement, params=None)
            return
        for entry in sqls:
            match entry:
                case str():
                    schema_editor.execute(entry, params=None)
                case (statement, parameters):
                    schema_editor.execute(statement, params=parameters)
                case list() | tuple():
                    raise ValueError(f"Expected a 2-tuple but got {len(entry)}")
                case _:
                    schema_editor.execute(entry, params=None)


class RunPython(Operation):
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

    category = OperationCategory.PYTHON
    reduces_to_sql = False
    _arguments = {"code": ALWAYS, "reverse_code": None, "atomic": None, "hints": {}, "elidable": False}

    def __init__(
        self,
        code: Callable[[Any, Any], Any],
        reverse_code: Callable[[Any, Any], Any] | None = None,
        atomic: bool | None = None,
        hints: dict[str, Any] | None = None,
        elidable: bool = False,
    ) -> None:
        if not callable(code):
            raise ValueError("RunPython must be supplied with a callable")
        if reverse_code is not None and not callable(reverse_code):
            raise ValueError("RunPython must be supplied with callable arguments")
        self.atomic = atomic
        self.code = code
        self.reverse_code = reverse_code
        self.hints = hints or {}
        self.elidable = elidable

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        """Whether there is a function for the way back."""
        return self.reverse_code is not None

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Functions change rows, not models."""

    def _run(self, function: Any, app_label: str, schema_editor: Any, state: Any) -> None:
        # The function may use any model: all must be as they are now.
        state.clear_delayed_apps_cache()
        if router.allow_migrate(schema_editor.connection.alias, app_label, **self.hints):
            # The state before the operation: nobody may change what this function sees.
            function(state.apps, schema_editor)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._run(self.code, app_label, schema_editor, from_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if self.reverse_code is None:
            raise NotImplementedError("You cannot reverse this operation")
        self._run(self.reverse_code, app_label, schema_editor, from_state)

    def describe(self) -> str:
        return "Raw Python operation"

    @staticmethod
    def noop(apps: Any, schema_editor: Any) -> None:
        """Do nothing."""
