"""The application and the migration that a command's arguments name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nuages.apps import apps
from nuages.core.management.base import CommandError
from nuages.db.migrations.exceptions import AmbiguityError

if TYPE_CHECKING:
    from nuages.db.migrations import Migration
    from nuages.db.migrations.loader import MigrationLoader


def check_app(label: str) -> None:
    """Raise ``CommandError`` if no application has the label."""
    try:
        apps.get_app_config(label)
    except LookupError as error:
        raise CommandError(str(error)) from error


def find_migration(
    loader: MigrationLoader, label: str, name: str, *, if_missing: str = ""
) -> Migration:
    """Return the migration of an application whose name starts so.

    Args:
        if_missing: ends the message where there is none.

    Raises:
        CommandError: there is none, or several.
    """
    try:
        return loader.get_migration_by_prefix(label, name)
    except AmbiguityError as error:
        raise CommandError(
            f"More than one migration matches '{name}' in app '{label}'. Please be more specific."
        ) from error
    except KeyError as error:
        raise CommandError(
            f"Cannot find a migration matching '{name}' from app '{label}'.{if_missing}"
        ) from error
