"""The base class of operations."""

from __future__ import annotations

import enum
from typing import Any

from nuages.db import router


class OperationCategory(enum.StrEnum):
    """What an operation does, as the sign that is shown before its description."""

    ADDITION = "+"
    REMOVAL = "-"
    ALTERATION = "~"
    PYTHON = "p"
    SQL = "s"
    MIXED = "?"


class Operation:
    """One step of a migration: a change of the state, and of the database."""

    #: Whether :meth:`database_backwards` works.
    reversible = True
    #: Whether it can be shown as SQL.
    reduces_to_sql = True
    #: Whether it wants a transaction of its own where the migration has none.
    atomic: bool | None = False
    #: Whether it may be left out when migrations are squashed.
    elidable = False
    #: Arguments that are written one value a line.
    serialization_expand_args: list[str] = []
    category: OperationCategory | None = None
    #: Arguments that :meth:`deconstruct` gives, with the value at which each is left out.
    _arguments: dict[str, Any] | None = None

    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        self = object.__new__(cls)
        self._constructor_args = (args, kwargs)
        return self

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        """Return name, positional and keyword arguments to make the operation again."""
        name = type(self).__name__
        if self._arguments is None:
            return name, *self._constructor_args
        kwargs = {
            argument: getattr(self, argument)
            for argument, left_out in self._arguments.items()
            if left_out is ALWAYS or getattr(self, argument) != left_out
        }
        return name, [], kwargs

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change ``state`` to what it is after the operation."""
        raise NotImplementedError("subclasses of Operation must provide a state_forwards() method")

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Change the database from one state to the next."""
        raise NotImplementedError(
            "subclasses of Operation must provide a database_forwards() method"
        )

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Change the database back; ``to_state`` is the state before the operation."""
        raise NotImplementedError(
            "subclasses of Operation must provide a database_backwards() method"
        )

    def describe(self) -> str:
        """Return what it does, in words."""
        args, kwargs = self._constructor_args
        return f"{type(self).__name__}: {(args, kwargs)}"

    def formatted_description(self) -> str:
        """Return the description after the sign of its category."""
        return f"{self.category or OperationCategory.MIXED} {self.describe()}"

    @property
    def migration_name_fragment(self) -> str | None:
        """What the operation adds to a migration's name, if anything."""
        return None

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether the operation may have to do with a model. Says yes if it cannot tell."""
        return True

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        """Whether the operation may have to do with a field. Says yes if it cannot tell."""
        return self.references_model(model_name, app_label)

    def allow_migrate_model(self, connection_alias: str, model: Any) -> bool:
        """Whether the model has a table in that database, as far as routers say."""
        return bool(
            model._meta.can_migrate(connection_alias)
            and router.allow_migrate_model(connection_alias, model)
        )

    def reduce(self, operation: Operation, app_label: str) -> Any:
        """Return what this operation and a later one come to.

        Returns:
            a list of operations for both; or whether the later one may go before this one.
        """
        if self.elidable:
            return [operation]
        return [self] if operation.elidable else False

    def __repr__(self) -> str:
        args, kwargs = self._constructor_args
        words = [str(arg) for arg in args] + [f"{name}={value}" for name, value in kwargs.items()]
        return f"<{type(self).__name__} {' '.join(words)}>"


class _Always:
    """Marks an argument that is never left out."""


ALWAYS = _Always()
