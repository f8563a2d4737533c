"""Checks of management commands that a project has replaced."""

from __future__ import annotations

import sys
from typing import Any

from nuages.core.checks import Error, Tags, register


@register(Tags.commands)
def migrate_and_makemigrations_autodetector(**kwargs: Any) -> list[Error]:
    """Find ``migrate`` and ``makemigrations`` with different autodetectors."""
    from nuages.core.management import get_commands, load_command_class
    from nuages.db.migrations.autodetector import MigrationAutodetector

    found: dict[str, Any] = {}
    for name in ("makemigrations", "migrate"):
        if (home := get_commands().get(name)) is None:
            # A project may take commands away.
            return []
        if home == "django.core" and f"{home}.management.commands.{name}" not in sys.modules:
            # Nobody has changed what is not even loaded.
            found[name] = MigrationAutodetector
            continue
        command: Any = load_command_class(home, name) if isinstance(home, str) else home
        found[name] = command.autodetector
    if found["makemigrations"] is found["migrate"]:
        return []
    names = {name: getattr(each, "__name__", each) for name, each in found.items()}
    return [
        Error(
            "The migrate and makemigrations commands must have the same autodetector.",
            hint=(
                f"makemigrations.Command.autodetector is {names['makemigrations']}, but "
                f"migrate.Command.autodetector is {names['migrate']}."
            ),
            id="commands.E001",
        )
    ]
