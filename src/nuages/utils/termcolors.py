"""Coloured text on terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

type Style = dict[str, Any]
type Palette = dict[str, Style]

color_names = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
foreground = {name: f"3{digit}" for digit, name in enumerate(color_names)}
background = {name: f"4{digit}" for digit, name in enumerate(color_names)}
RESET = "0"
opt_dict = {"bold": "1", "underscore": "4", "blink": "5", "reverse": "7", "conceal": "8"}

NOCOLOR_PALETTE = "nocolor"
DARK_PALETTE = "dark"
LIGHT_PALETTE = "light"
DEFAULT_PALETTE = DARK_PALETTE

# role: style on dark terminals, style on light ones ("=": the same). An asterisk means bold.
_ROLES = """
ERROR              red*      =
SUCCESS            green*    =
WARNING            yellow*   =
NOTICE             red       =
SQL_FIELD          green*    =
SQL_COLTYPE        green     =
SQL_KEYWORD        yellow    blue
SQL_TABLE          *         =
HTTP_INFO          *         =
HTTP_SUCCESS       -         =
HTTP_REDIRECT      green     green*
HTTP_NOT_MODIFIED  cyan      green
HTTP_BAD_REQUEST   red*      =
HTTP_NOT_FOUND     yellow    red
HTTP_SERVER_ERROR  magenta   magenta*
MIGRATE_HEADING    cyan*     =
MIGRATE_LABEL      *         =
"""


def _style(text: str) -> Style:
    style: Style = {}
    if color := text.strip("*-"):
        style["fg"] = color
    if text.endswith("*"):
        style["opts"] = ("bold",)
    return style


def _palettes() -> dict[str, Palette]:
    rows = [line.split() for line in _ROLES.split("\n") if line]
    return {
        NOCOLOR_PALETTE: {role: {} for role, _, _ in rows},
        DARK_PALETTE: {role: _style(dark) for role, dark, _ in rows},
        LIGHT_PALETTE: {
            role: _style(dark if light == "=" else light) for role, dark, light in rows
        },
    }


PALETTES = _palettes()


def colorize(text: str | None = "", opts: Iterable[str] = (), **kwargs: Any) -> str:
    """Return ``text`` between the escape codes of a style.

    Args:
        opts: of ``bold``, ``underscore``, ``blink``, ``reverse``, ``conceal``; ``noreset``
            leaves out the code that ends the style; ``("reset",)`` alone gives only that.
        kwargs: the colours ``fg`` and ``bg``.
    """
    opts = tuple(opts)
    end = f"\x1b[{RESET}m"
    if text == "" and opts == ("reset",):
        return end
    codes = [
        table[kwargs[place]]
        for place, table in (("fg", foreground), ("bg", background))
        if kwargs.get(place) in table
    ]
    codes += [opt_dict[opt] for opt in opts if opt in opt_dict]
    return f"\x1b[{';'.join(codes)}m{text or ''}{'' if 'noreset' in opts else end}"


def make_style(opts: Iterable[str] = (), **kwargs: Any) -> Callable[[str], str]:
    """Return :func:`colorize` with its style filled in."""
    opts = tuple(opts)
    return lambda text: colorize(text, opts, **kwargs)


def _parse_style(text: str) -> Style:
    """Read ``fg/bg,option,option``; what is unknown is left out."""
    colors, *options = text.split(",")
    style: Style = {}
    for place, name in zip(("fg", "bg"), colors.split("/"), strict=False):
        if name in color_names:
            style[place] = name
    # The last option named comes first.
    if known := tuple(option for option in reversed(options) if option in opt_dict):
        style["opts"] = known
    return style


def parse_color_setting(config_string: str) -> Palette | None:
    """Read the value of ``DJANGO_COLORS``: ``palette;role=fg/bg,option;…``.

    Returns:
        the palette, or ``None`` where no colours are wanted.
    """
    palette = dict(PALETTES[NOCOLOR_PALETTE])
    if not config_string:
        return PALETTES[DEFAULT_PALETTE]
    for part in config_string.lower().split(";"):
        role, equals, text = part.partition("=")
        if not equals:
            palette.update(PALETTES.get(part, {}))
        elif (role := role.upper()) in palette and (style := _parse_style(text)):
            palette[role] = style
    return None if palette == PALETTES[NOCOLOR_PALETTE] else palette
