"""From a call in code to a command's arguments and options."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

#: Actions whose presence alone says the value.
_FLAGS = (
    argparse._AppendConstAction,
    argparse._CountAction,
    argparse._StoreConstAction,
)


def _every_action(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Yield the actions of a parser and of its subparsers."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _every_action(subparser)


def _as_arguments(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list | tuple):
            yield from map(str, value)
        else:
            yield str(value)


def _spelled_out(parser: argparse.ArgumentParser, options: dict[str, Any]) -> Iterator[str]:
    """Yield, as a command line says them, the options that argparse insists on seeing.

    Raises:
        TypeError: an option could be one of several arguments.
    """
    exclusive = {
        id(action)
        for group in parser._mutually_exclusive_groups
        if group.required
        for action in group._group_actions
    }
    actions = list(_every_action(parser))
    for action in actions:
        if not (action.required or id(action) in exclusive) or action.dest not in options:
            continue
        if not action.option_strings:
            continue
        namesakes = sum(each.dest == action.dest for each in actions)
        if namesakes > 1:
            raise TypeError(
                f"Cannot pass the dest {action.dest!r} that matches multiple arguments via "
                "**options."
            )
        flag, value = min(action.option_strings), options[action.dest]
        if isinstance(action, _FLAGS):
            yield flag
        elif isinstance(value, list | tuple):
            yield flag
            yield from map(str, value)
        else:
            yield f"{flag}={value}"


def parsed_call(
    command: Any, name: str, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments and options with which ``command.execute`` is to be called.

    Raises:
        CommandError: the arguments do not parse.
        TypeError: an option is not known, or ambiguous.
    """
    parser = command.create_parser("", name)
    # Options may be named as on the command line, or as the parser stores them.
    stored_as = {
        min(action.option_strings).lstrip("-").replace("-", "_"): action.dest
        for action in parser._actions
        if action.option_strings
    }
    values = {stored_as.get(key, key): value for key, value in options.items()}
    line = [*_as_arguments(args), *_spelled_out(parser, values)]
    defaults = vars(parser.parse_args(args=line))
    actions = list(_every_action(parser))
    known = {action.dest for action in actions} | set(stored_as)
    known |= {*command.base_stealth_options, *command.stealth_options}
    if unknown := sorted(values.keys() - known):
        raise TypeError(
            f"Unknown option(s) for {name} command: {', '.join(unknown)}. Valid options are: "
            f"{', '.join(sorted(known))}."
        )
    merged = {**defaults, **values}
    return tuple(merged.pop("args", ())), merged
