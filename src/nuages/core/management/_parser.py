"""The parser of a command's options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn


class CommandError(Exception):
    """Something is wrong that the user of a command should read, without a traceback.

    Args:
        returncode: the status that the process leaves with.
    """

    def __init__(self, *args: Any, returncode: int = 1, **kwargs: Any) -> None:
        self.returncode = returncode
        super().__init__(*args, **kwargs)


class CommandParser(argparse.ArgumentParser):
    """An argparse parser whose errors are ``CommandError`` when code calls the command.

    Args:
        missing_args_message: what to say if there are no arguments at all.
        called_from_command_line: whether errors end the process, as argparse does it.
    """

    def __init__(
        self,
        *,
        missing_args_message: str | None = None,
        called_from_command_line: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self.missing_args_message = missing_args_message
        self.called_from_command_line = called_from_command_line
        super().__init__(**kwargs)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; see :meth:`argparse.ArgumentParser.parse_args`."""
        message = self.missing_args_message
        if message and not args:
            self.error(message)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End the process, or raise ``CommandError``."""
        if not self.called_from_command_line:
            raise CommandError(f"Error: {message}")
        super().error(message)

    def add_subparsers(self, **kwargs: Any) -> Any:
        """Add subparsers whose errors are treated as this parser's are."""
        kind = kwargs.get("parser_class", type(self))
        if issubclass(kind, CommandParser):
            kwargs["parser_class"] = partial(
                kind, called_from_command_line=self.called_from_command_line
            )
        return super().add_subparsers(**kwargs)


def terminal_width() -> int:
    """Return how many columns the terminal has: what ``COLUMNS`` says, or 80 without a terminal."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 80


class DjangoHelpFormatter(argparse.HelpFormatter):
    """Shows a command's own options before those of all commands."""

    show_last = {
        "--version",
        "--verbosity",
        "--traceback",
        "--settings",
        "--pythonpath",
        "--no-color",
        "--force-color",
        "--skip-checks",
    }

    def __init__(self, prog: str, **kwargs: Any) -> None:
        # argparse makes a formatter for each option it is told of; only help is ever shown in one.
        kwargs.setdefault("width", terminal_width() - 2)
        super().__init__(prog, **kwargs)

    def _own_first(self, actions: Iterable[argparse.Action]) -> list[argparse.Action]:
        return sorted(
            actions, key=lambda action: not self.show_last.isdisjoint(action.option_strings)
        )

    def add_usage(self, usage: Any, actions: Any, *args: Any, **kwargs: Any) -> None:
        super().add_usage(usage, self._own_first(actions), *args, **kwargs)

    def add_arguments(self, actions: Any) -> None:
        super().add_arguments(self._own_first(actions))


# Where the manual has them.
for _public in (CommandError, CommandParser, DjangoHelpFormatter):
    _public.__module__ = "django.core.management.base"
