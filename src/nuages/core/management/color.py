"""Colours of command output. Manual: "Syntax coloring"."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

from nuages.utils import termcolors

HAS_COLORAMA = False
if sys.platform == "win32":
    try:
        import colorama
    except ImportError:
        pass
    else:
        just_fix = getattr(colorama, "just_fix_windows_console", None)
        if just_fix is not None:
            just_fix()
            HAS_COLORAMA = True


def supports_color() -> bool:
    """Whether the standard output is a terminal that shows colours."""
    is_terminal = getattr(sys.stdout, "isatty", bool)()
    if sys.platform != "win32":
        return bool(is_terminal)
    return bool(is_terminal) and (
        HAS_COLORAMA or not {"ANSICON", "WT_SESSION"}.isdisjoint(os.environ)
    )


class Style:
    """Functions from text to coloured text, as attributes named for roles (``ERROR`` …)."""

    ERROR_OUTPUT: Any

    def __getattr__(self, name: str) -> Any:
        if name.isupper():
            # A role that the palette does not know is shown plainly.
            return str
        raise AttributeError(name)


def make_style(config_string: str = "") -> Style:
    """Return the style that a ``DJANGO_COLORS`` value describes."""
    style = Style()
    chosen = termcolors.parse_color_setting(config_string) or {}
    for role in termcolors.PALETTES[termcolors.NOCOLOR_PALETTE]:
        setattr(style, role, termcolors.make_style(**chosen[role]) if chosen else _plain)
    style.ERROR_OUTPUT = style.ERROR
    return style


def _plain(text: str) -> str:
    return text


@functools.cache
def no_style() -> Style:
    """Return the style without colours."""
    return make_style("nocolor")


def color_style(force_color: bool = False) -> Style:
    """Return the style for the standard output: colours only where they are shown."""
    if force_color or supports_color():
        return make_style(os.environ.get("DJANGO_COLORS", ""))
    return no_style()
