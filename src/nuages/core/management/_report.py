"""What a command prints of the system checks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from nuages.core.checks import messages as levels
from nuages.core.management._parser import CommandError


class SystemCheckError(CommandError):
    """The system checks found something serious."""


class Report(NamedTuple):
    """The text, how many messages it shows, and whether one of them is serious."""

    text: str
    shown: int
    serious: bool


#: From this level on: heading, and the style of its messages.
_GROUPS = (
    (levels.CRITICAL, "CRITICALS", "ERROR"),
    (levels.ERROR, "ERRORS", "ERROR"),
    (levels.WARNING, "WARNINGS", "WARNING"),
    (levels.INFO, "INFOS", "SUCCESS"),
    (levels.DEBUG, "DEBUGS", "SUCCESS"),
)


def _group(message: Any) -> int:
    return next(
        (number for number, (level, *_) in enumerate(_GROUPS) if message.level >= level),
        len(_GROUPS) - 1,
    )


def system_check_report(
    messages: Iterable[Any], style: Any, fail_level: int, always: bool
) -> Report:
    """Return the report of some messages.

    Args:
        fail_level: from which level on a message is serious.
        always: whether there is a text if no message is to be shown.
    """
    everything = list(messages)
    shown = [message for message in everything if not message.is_silenced()]
    serious = any(message.is_serious(fail_level) for message in shown)
    sections = []
    # The sort is stable, and within a group messages are in the order of their texts.
    for number, group in groupby(sorted(shown, key=lambda m: (_group(m), str(m))), key=_group):
        _, heading, role = _GROUPS[number]
        lines = [getattr(style, "ERROR" if m.is_serious() else role)(str(m)) for m in group]
        sections.append("\n".join((f"\n{heading}:", *lines, "")))
    text = "".join(sections)
    if text:
        title = "System check identified some issues:\n"
        text = (style.ERROR(f"SystemCheckError: {title}") if serious else title) + text
    if always:
        issues = {0: "no issues", 1: "1 issue"}.get(len(shown), f"{len(shown)} issues")
        text += "\n" if text else ""
        text += f"System check identified {issues} ({len(everything) - len(shown)} silenced)."
    return Report(text, len(shown), serious)


# Where the manual has them.
SystemCheckError.__module__ = "django.core.management.base"
