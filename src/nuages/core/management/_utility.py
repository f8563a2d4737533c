"""The command line of ``manage.py`` and ``django-admin``."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from difflib import get_close_matches
from typing import NoReturn

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.management import get_commands, load_command_class
from nuages.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    handle_default_options,
)
from nuages.core.management.color import color_style


class ManagementUtility:
    """Runs the command that an argument list names."""

    def __init__(self, argv: list[str] | None = None) -> None:
        self.argv = list(argv or sys.argv)
        self.prog_name = os.path.basename(self.argv[0])
        if self.prog_name == "__main__.py":
            self.prog_name = "python -m django"
        self.settings_exception: Exception | None = None

    def main_help_text(self, commands_only: bool = False) -> str:
        """Return the list of commands, with headings unless ``commands_only``."""
        homes = get_commands()
        if commands_only:
            return "\n".join(sorted(homes))
        by_home: dict[str, list[str]] = defaultdict(list)
        for name, home in homes.items():
            by_home["django" if home == "django.core" else str(home).rpartition(".")[2]].append(
                name
            )
        style = color_style()
        lines = [
            "",
            f"Type '{self.prog_name} help <subcommand>' for help on a specific subcommand.",
            "",
            "Available subcommands:",
        ]
        for home in sorted(by_home):
            lines += ["", style.NOTICE(f"[{home}]")]
            lines += [f"    {name}" for name in sorted(by_home[home])]
        if self.settings_exception is not None:
            lines.append(
                style.NOTICE(
                    "Note that only Django core commands are listed as settings are not "
                    f"properly configured (error: {self.settings_exception})."
                )
            )
        return "\n".join(lines)

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return a command; leave with an error if there is none of that name."""
        home = get_commands().get(subcommand)
        if home is None:
            self._unknown(subcommand)
        return home if isinstance(home, BaseCommand) else load_command_class(home, subcommand)

    def _unknown(self, subcommand: str) -> NoReturn:
        if os.environ.get("DJANGO_SETTINGS_MODULE"):
            # If the settings cannot be loaded, that is what is wrong: say it.
            settings.INSTALLED_APPS  # noqa: B018
        elif not settings.configured:
            sys.stderr.write("No Django settings specified.\n")
        guess = get_close_matches(subcommand, get_commands())
        hint = f". Did you mean {guess[0]}?" if guess else ""
        sys.stderr.write(
            f"Unknown command: {subcommand!r}{hint}\nType '{self.prog_name} help' for usage.\n"
        )
        sys.exit(1)

    def autocomplete(self) -> None:
        """Print completions for the shell, if it asks for them, and leave."""
        if "DJANGO_AUTO_COMPLETE" not in os.environ:
            return
        from nuages.core.management._completion import completions

        words = os.environ["COMP_WORDS"].split()[1:]
        sys.stdout.write(completions(words, int(os.environ["COMP_CWORD"])))
        sys.exit(0)

    def execute(self) -> None:
        """Load the project and run the command."""
        subcommand = self.argv[1] if len(self.argv) > 1 else "help"
        rest = self.argv[2:]
        words = self._default_options(rest)
        try:
            settings.INSTALLED_APPS  # noqa: B018
        except (ImproperlyConfigured, ImportError) as error:
            self.settings_exception = error
        if settings.configured:
            self._set_up(subcommand)
        self.autocomplete()
        if subcommand == "help":
            if "--commands" in rest:
                sys.stdout.write(self.main_help_text(commands_only=True) + "\n")
            elif not words:
                sys.stdout.write(self.main_help_text() + "\n")
            else:
                self.fetch_command(words[0]).print_help(self.prog_name, words[0])
        elif subcommand == "version" or self.argv[1:] == ["--version"]:
            from nuages import get_version

            sys.stdout.write(get_version() + "\n")
        elif self.argv[1:] in (["--help"], ["-h"]):
            sys.stdout.write(self.main_help_text() + "\n")
        else:
            self.fetch_command(subcommand).run_from_argv(self.argv)

    def _default_options(self, rest: list[str]) -> list[str]:
        """Act on the options that decide where the settings are; return what is left."""
        parser = CommandParser(
            prog=self.prog_name,
            usage="%(prog)s subcommand [options] [args]",
            add_help=False,
            allow_abbrev=False,
        )
        for option in ("--settings", "--pythonpath"):
            parser.add_argument(option)
        parser.add_argument("args", nargs="*")
        try:
            options, _ = parser.parse_known_args(rest)
        except CommandError:
            # The command's own parser will say what is wrong.
            return []
        handle_default_options(options)
        arguments: list[str] = options.args
        return arguments

    def _set_up(self, subcommand: str) -> None:
        import nuages

        if subcommand != "runserver" or "--noreload" in self.argv:
            nuages.setup()
            return
        from nuages.utils import autoreload

        try:
            autoreload.check_errors(nuages.setup)()
        except Exception:
            # The reloader shows the error, and waits for it to be repaired.
            apps.all_models = defaultdict(dict)
            apps.app_configs = {}
            apps.apps_ready = apps.models_ready = apps.ready = True
            # Options of a command that replaces runserver are not known now.
            from nuages.core.management.commands.runserver import Command

            _, unknown = (
                Command().create_parser("django", "runserver").parse_known_args(self.argv[2:])
            )
            self.argv = [word for word in self.argv if word not in unknown]


# Where the manual has them.
ManagementUtility.__module__ = "django.core.management"
