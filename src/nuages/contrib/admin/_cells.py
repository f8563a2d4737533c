"""Text of cells: functions that turn values of a column into escaped HTML, made once for a page.

They know the types that most values have, and hand all others to what shows any value (see
:mod:`django.contrib.admin.utils`). What depends on the language or the time zone is looked up when
a function is made: it serves one page.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter, methodcaller
from typing import Any

from nuages.conf import settings
from nuages.contrib.admin._display import field_shower
from nuages.db import models
from nuages.utils import dateformat, timezone
from nuages.utils.formats import get_format
from nuages.utils.functional import Promise
from nuages.utils.html import conditional_escape, escape
from nuages.utils.safestring import SafeString, mark_safe

type Writer = Callable[[Any], str]

BLANK = mark_safe("&nbsp;")
_SPECIAL = re.compile("[&<>\"']").search


def escaped(text: Any) -> str:
    """Return a value as text for HTML; faster than ``conditional_escape`` for plain text."""
    if type(text) is str and _SPECIAL(text) is None:
        return text
    return conditional_escape(text)


def attribute_text(value: Any) -> str:
    """Return a value for inside the quotes of an attribute: what is safe as HTML is escaped too."""
    text = str(value)
    return text if _SPECIAL(text) is None else escape(text)


def plain_writer(show: Callable[[Any], Any]) -> Writer:
    """Return a writer that asks ``show`` for each value."""
    return lambda value: escaped(show(value)) or BLANK


def text_writer(show: Callable[[Any], Any], empty: Any) -> Writer:
    """Return a writer for what is mostly plain text."""
    nothing = escaped(empty)

    def write(value: Any) -> str:
        if type(value) is str:
            text = value.strip()
            if not text:
                return nothing
            return text if _SPECIAL(text) is None else conditional_escape(text)
        if value is None:
            return nothing
        return escaped(show(value)) or BLANK

    return write


def object_writer(empty: Any) -> Writer:
    """Return a writer for related objects."""
    nothing = escaped(empty)

    def write(value: Any) -> str:
        if value is None:
            return nothing
        text = escaped(value if hasattr(value, "__html__") else str(value))
        return text if text.strip() else nothing

    return write


def mixed_writer(show: Callable[[Any], Any]) -> Writer:
    """Return a writer for what a method gives: any type, text and whole numbers most often."""
    plain_numbers = not settings.USE_THOUSAND_SEPARATOR

    def write(value: Any) -> str:
        kind = type(value)
        if kind is SafeString:
            return value or escaped(show(value)) or BLANK
        if kind is int and plain_numbers:
            return str(value)
        return escaped(show(value)) or BLANK

    return write


def _number_writer(show: Callable[[Any], Any], places: int | None) -> Writer:
    """Return a writer for numbers; ``places`` is how many decimals those of the column have."""
    plain = not settings.USE_THOUSAND_SEPARATOR
    point = get_format("DECIMAL_SEPARATOR") == "."

    def write(value: Any) -> str:
        kind = type(value)
        if plain and kind is int and places is None:
            return str(value)
        if plain and point and places and kind is Decimal:
            text = str(value)
            if text[-places - 1 : -places] == "." and "E" not in text:
                return text
        return escaped(show(value)) or BLANK

    return write


#: What letters of date formats depend on: one part of a date each. Those not here depend on more.
_PARTS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys("bEFmMnN", attrgetter("month")),
    **dict.fromkeys("djS", attrgetter("day")),
    **dict.fromkeys("yY", attrgetter("year")),
    **dict.fromkeys("Dlw", methodcaller("weekday")),
}
_TIMES = dict.fromkeys("aAfgGhHiP", attrgetter("hour", "minute"))


def _formatter(letters: str, with_time: bool) -> Callable[[Any], str]:
    """Return a function that formats dates: each letter's text is made once for each value.

    Args:
        letters: the format.
        with_time: whether the dates are moments.
    """
    known = {**_PARTS, **_TIMES} if with_time else _PARTS
    steps: list[tuple[str, Any, dict[Any, str]]] = []
    for sign in letters:
        if sign not in known and (sign == "\\" or (sign.isascii() and sign.isalpha())):
            return lambda moment: dateformat.format(moment, letters)
        steps.append((sign, known.get(sign), {}))

    def text(moment: Any) -> str:
        written = []
        for sign, part, texts in steps:
            if part is None:
                written.append(sign)
                continue
            key = part(moment)
            found = texts.get(key)
            if found is None:
                found = texts[key] = dateformat.format(moment, sign)
            written.append(found)
        return "".join(written)

    return text


def _date_writer(field: Any, show: Callable[[Any], Any]) -> Writer:
    """Return a writer for dates and moments."""
    with_time = isinstance(field, models.DateTimeField)
    wanted: type = datetime.datetime if with_time else datetime.date
    letters = get_format("DATETIME_FORMAT" if with_time else "DATE_FORMAT")
    formatted = _formatter(str(letters), with_time)
    zone = timezone.get_current_timezone() if with_time and settings.USE_TZ else None
    known: dict[Any, str] = {}

    def write(value: Any) -> str:
        if type(value) is not wanted:
            return escaped(show(value)) or BLANK
        text = known.get(value)
        if text is None:
            moment: Any = value
            if zone is not None and moment.tzinfo is not None:
                moment = moment.astimezone(zone)
            text = known[value] = escaped(formatted(moment))
        return text

    return write


def _finite_writer(show: Callable[[Any], Any]) -> Writer:
    """Return a writer for the few values of a column with choices or of booleans."""
    known: dict[Any, str] = {}

    def write(value: Any) -> str:
        # True and 1 are equal, but they may be shown in two ways.
        key = value, type(value)
        try:
            return known[key]
        except KeyError:
            text = known[key] = escaped(show(value)) or BLANK
            return text
        except TypeError:
            return escaped(show(value)) or BLANK

    return write


def field_writer(field: Any, empty: Any, linked: bool) -> Writer:
    """Return a writer for values of a field.

    Args:
        field: of the model, or at the end of a path.
        empty: stands for empty values.
        linked: whether the text will stand in a link, and can have none of its own.
    """
    if isinstance(empty, Promise):
        empty = str(empty)
    show = field_shower(field, empty, avoid_link=linked)
    if getattr(field, "flatchoices", None):
        return _finite_writer(show)
    match field:
        case models.BooleanField():
            return _finite_writer(show)
        case models.URLField() if not linked:
            return plain_writer(show)
        case models.CharField() | models.TextField() if field.name != "password":
            return text_writer(show, empty)
        case models.DecimalField():
            return _number_writer(show, field.decimal_places)
        case models.IntegerField():
            return _number_writer(show, None)
        case models.DateField():
            return _date_writer(field, show)
    return plain_writer(show)
