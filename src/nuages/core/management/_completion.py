"""Completions of command lines for bash."""

from __future__ import annotations

import argparse

from nuages.apps import apps
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.management import get_commands, load_command_class

#: Commands whose arguments are labels of applications.
_TAKE_LABELS = frozenset(
    ("dumpdata", "sqlmigrate", "sqlsequencereset", "test", "makemigrations", "migrate")
)


def completions(words: list[str], position: int) -> str:
    """Return what the word at ``position`` can become.

    Args:
        words: the command line without the program.
        position: the number of the word, counted from 1.
    """
    current = words[position - 1] if 0 < position <= len(words) else ""
    names = sorted([*get_commands(), "help"])
    if position == 1:
        return " ".join(name for name in names if name.startswith(current))
    if not words or words[0] not in names or words[0] == "help":
        return ""
    name = words[0]
    choices: list[tuple[str, bool]] = []
    if name in _TAKE_LABELS:
        try:
            choices += [(config.label, False) for config in apps.get_app_configs()]
        except (ImportError, ImproperlyConfigured):
            choices = []
    home = get_commands()[name]
    command = load_command_class(home, name) if isinstance(home, str) else home
    used = {word.partition("=")[0] for word in words[1 : position - 1]}
    for action in command.create_parser("", name)._actions:
        if action.option_strings and used.isdisjoint(action.option_strings):
            takes_value = action.nargs != 0 and not isinstance(action, argparse._HelpAction)
            # The long form is the first in order.
            choices.append((min(action.option_strings), takes_value))
    fitting = sorted(choice for choice in choices if choice[0].startswith(current))
    return "".join(
        f"{option}{'=' if takes_value and option.startswith('--') else ''}\n"
        for option, takes_value in fitting
    )
