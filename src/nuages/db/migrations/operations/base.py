"""The base class of operations.

An operation is a dataclass: its fields are its arguments, in the order of the constructor, and what
:meth:`Operation.deconstruct` gives. Most say in class attributes how they are described, and have
one method, ``_change``, for both directions.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from nuages.db import router


class OperationCategory(enum.StrEnum):
    """What an operation does, as the sign that is shown before its description."""

    ADDITION, REMOVAL, ALTERATION = "+", "-", "~"
    PYTHON, SQL, MIXED = "p", "s", "?"


def is_of_the_house(function: Any) -> bool:
    """Whether a function is not a project's."""
    return bool(function.__module__.startswith("django."))


def _missing(method: str) -> NotImplementedError:
    return NotImplementedError(f"subclasses of Operation must provide a {method}() method")


class Operation:
    """One step of a migration: a change of the state, and of the database."""

    #: Whether :meth:`database_backwards` works, and whether it all can be shown as SQL.
    reversible = reduces_to_sql = True
    #: Whether it wants a transaction of its own; whether squashing may leave it out.
    atomic: bool | None = False
    elidable = False
    #: Arguments that are written one value a line.
    serialization_expand_args: list[str] = []
    category: OperationCategory | None = None
    #: How it is described, and what it adds to a migration's name; ``self`` is filled in.
    description = fragment = ""

    _constructor_args: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__new__(cls)
        made._constructor_args = args, kwargs
        return made

    def __getattr__(self, name: str) -> Any:
        # model_name_lower and the like: an argument in lower case.
        argument = name.removesuffix("_lower")
        if argument == name or argument.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self, argument).lower()

    def __repr__(self) -> str:
        args, kwargs = self._constructor_args
        words = (*map(str, args), *("=".join((name, str(kwargs[name]))) for name in kwargs))
        return f"<{' '.join((type(self).__name__, *words))}>"

    def deconstruct(self) -> tuple[str, Any, dict[str, Any]]:
        """Return name, positional and keyword arguments to make the operation again."""
        name = type(self).__name__
        if not dataclasses.is_dataclass(self):
            return name, *self._constructor_args
        given = {}
        for argument in dataclasses.fields(self):
            value = getattr(self, argument.name)
            usual = argument.default
            if argument.default_factory is not dataclasses.MISSING:
                usual = argument.default_factory()
            if value != usual:
                given[argument.name] = value
        return name, [], given

    def describe(self) -> str:
        """Return what it does, in words."""
        if self.description:
            return self.description.format(self=self)
        return f"{type(self).__name__}: {self._constructor_args}"

    def formatted_description(self) -> str:
        """Return the description after the sign of its category."""
        return f"{self.category or OperationCategory.MIXED} {self.describe()}"

    @property
    def migration_name_fragment(self) -> str | None:
        """What the operation adds to a migration's name, if anything."""
        return self.fragment.format(self=self) or None

    # What it does.

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change ``state`` to what it is after the operation."""
        raise _missing("state_forwards")

    def _change(self, app_label: str, editor: Any, before: Any, after: Any, back: bool) -> None:
        raise _missing("database_backwards" if back else "database_forwards")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Change the database back; ``to_state`` is the state before the operation."""
        self._change(app_label, schema_editor, from_state, to_state, True)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Change the database from one state to the next."""
        self._change(app_label, schema_editor, from_state, to_state, False)

    #: Whether :meth:`_change` asks states for single models only, and no registry.
    asks_for_models_alone = False

    def is_local(self, app_label: str, state: Any) -> bool:
        """Whether drafts of models are enough for the operation, from ``state`` on.

        It is so for operations of the house that change states by their methods alone: who
        subclasses them and changes a state by hand needs a copy of the whole.
        """
        return self.asks_for_models_alone and is_of_the_house(type(self).state_forwards)

    def allow_migrate_model(self, connection_alias: str, model: Any) -> bool:
        """Whether the model has a table in that database, as far as routers say."""
        asked = (model._meta.can_migrate, lambda alias: router.allow_migrate_model(alias, model))
        return all(answer(connection_alias) for answer in asked)

    # What it has to do with others.

    def references_field(self, model_name: str, name: str, app_label: str) -> bool:
        """Whether the operation may have to do with a field. Says yes if it cannot tell."""
        return self.references_model(model_name, app_label)

    def references_model(self, name: str, app_label: str) -> bool:
        """Whether the operation may have to do with a model. Says yes if it cannot tell."""
        return True

    def reduce(self, operation: Operation, app_label: str) -> Any:
        """Return what this operation and a later one come to.

        Returns:
            a list of operations for both; or whether the later one may go before this one.
        """
        for one, other in ((self, operation), (operation, self)):
            if one.elidable:
                return [other]
        return False
