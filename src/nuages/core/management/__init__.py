"""Finding and running management commands. Manual: "django-admin and manage.py"."""

from __future__ import annotations

import functools
import os
import pkgutil
from importlib import import_module
from typing import Any

from nuages.core.management._calls import parsed_call
from nuages.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    handle_default_options,
)
from nuages.core.management.color import color_style

__all__ = [
    "BaseCommand",
    "CommandError",
    "CommandParser",
    "ManagementUtility",
    "call_command",
    "color_style",
    "execute_from_command_line",
    "find_commands",
    "get_commands",
    "handle_default_options",
    "load_command_class",
]


def find_commands(management_dir: str) -> list[str]:
    """Return the names of the commands in the ``commands`` folder of a folder."""
    folder = os.path.join(management_dir, "commands")
    modules = pkgutil.iter_modules([folder])
    return [name for _, name, is_package in modules if not (is_package or name.startswith("_"))]


def load_command_class(app_name: str, name: str) -> BaseCommand:
    """Return the command ``name`` of an application, ready to run."""
    module = import_module(f"{app_name}.management.commands.{name}")
    command: BaseCommand = module.Command()
    return command


@functools.cache
def get_commands() -> dict[str, Any]:
    """Return the application that each command comes from, by the command's name.

    Applications that are installed first win; all of them win over the built-in commands.
    """
    from nuages.apps import apps
    from nuages.conf import settings

    homes = [("django.core", __path__[0])]
    if settings.configured:
        configs = reversed(list(apps.get_app_configs()))
        homes += [(config.name, os.path.join(config.path, "management")) for config in configs]
    return {name: home for home, folder in homes for name in find_commands(folder)}


def call_command(command_name: Any, *args: Any, **options: Any) -> Any:
    """Run a command and return what its ``handle()`` returns.

    Args:
        command_name: its name, or a command object.
        args: arguments, as on a command line.
        options: options by name, with values of the right type.

    Raises:
        CommandError: there is no such command, or it failed.
        TypeError: an option is not known.
    """
    if isinstance(command_name, BaseCommand):
        command = command_name
        name = type(command).__module__.rpartition(".")[2]
    else:
        name = command_name[0] if isinstance(command_name, tuple) else command_name
        home = get_commands().get(name)
        if home is None:
            raise CommandError(f"Unknown command: {name!r}")
        command = home if isinstance(home, BaseCommand) else load_command_class(home, name)
    arguments, values = parsed_call(command, name, args, options)
    # The parser's own default is for command lines.
    values["skip_checks"] = options.get("skip_checks", True)
    return command.execute(*arguments, **values)


def __getattr__(name: str) -> Any:
    if name == "ManagementUtility":
        # Only command lines need it.
        from nuages.core.management._utility import ManagementUtility

        return ManagementUtility
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def execute_from_command_line(argv: list[str] | None = None) -> None:
    """Run the command that ``argv`` (``sys.argv`` by default) names."""
    from nuages.core.management._utility import ManagementUtility

    ManagementUtility(argv).execute()
