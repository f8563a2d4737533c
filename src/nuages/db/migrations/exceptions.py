"""What can be wrong with migrations."""

from __future__ import annotations

from typing import Any

from nuages.db.utils import DatabaseError


class AmbiguityError(Exception):
    """The start of a name fits several migrations."""


class BadMigrationError(Exception):
    """A migration module without a ``Migration`` class, or the like."""


class CircularDependencyError(Exception):
    """Migrations that wait for one another."""


class InconsistentMigrationHistory(Exception):
    """A migration was applied before one that it depends on."""


class InvalidBasesError(ValueError):
    """A model's bases cannot be found."""


class IrreversibleError(RuntimeError):
    """An operation without a way back."""


class InvalidMigrationPlan(ValueError):
    """A plan that goes forwards and backwards."""


class MigrationSchemaMissing(DatabaseError):
    """The table of applied migrations is missing and cannot be made."""


class NodeNotFoundError(LookupError):
    """A migration that is named and is not there.

    Args:
        node: the migration's key.
        origin: the migration that names it.
    """

    def __init__(self, message: str, node: tuple[str, str], origin: Any = None) -> None:
        super().__init__(message, node, origin)
        self.message, self.node, self.origin = message, node, origin

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"NodeNotFoundError({self.node!r})"
