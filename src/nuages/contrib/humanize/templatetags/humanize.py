"""Filters that say numbers and dates as people do. Manual: ref/contrib/humanize."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from nuages.template import Library
from nuages.template.defaultfilters import date as formatted_date
from nuages.utils.formats import number_format
from nuages.utils.safestring import mark_safe
from nuages.utils.timesince import timesince, timeuntil
from nuages.utils.timezone import is_aware
from nuages.utils.translation import gettext as _
from nuages.utils.translation import (
    gettext_lazy,
    ngettext_lazy,
    npgettext_lazy,
    pgettext,
)

register = Library()


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


# -- Numbers ---------------------------------------------------------------------------------


def _ending(number: int) -> str:
    """Return the English form for a number, in the language's words."""
    if number == 1:
        # Translators: Ordinal for 1 itself; 21 and others have their own.
        return pgettext("ordinal is 1", "{}st")
    if number % 100 in (11, 12, 13):
        # Translators: Ordinal for a number that ends with 11, 12 or 13.
        return pgettext("ordinal 11, 12, 13", "{}th")
    # One message for each last digit, since languages group them in other ways.
    match number % 10:
        case 0:
            return pgettext("ordinal 0", "{}th")
        case 1:
            return pgettext("ordinal 1", "{}st")
        case 2:
            return pgettext("ordinal 2", "{}nd")
        case 3:
            return pgettext("ordinal 3", "{}rd")
        case 4:
            return pgettext("ordinal 4", "{}th")
        case 5:
            return pgettext("ordinal 5", "{}th")
        case 6:
            return pgettext("ordinal 6", "{}th")
        case 7:
            return pgettext("ordinal 7", "{}th")
        case 8:
            return pgettext("ordinal 8", "{}th")
    return pgettext("ordinal 9", "{}th")


@register.filter(is_safe=True)
def ordinal(value: Any) -> Any:
    """Return ``1st`` for 1, ``2nd`` for 2 and so on; a negative number as it is."""
    number = _whole(value)
    if number is None:
        return value
    return mark_safe(_ending(number).format(number)) if number >= 0 else str(number)


@register.filter(is_safe=True)
def intcomma(value: Any, use_l10n: bool = True) -> Any:
    """Return a number with its thousands separated; anything else as it is."""
    number = value
    if not isinstance(value, float | Decimal):
        number = _whole(value)
    if number is None:
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return str(value)
    finite = number.is_finite() if isinstance(number, Decimal) else abs(number) != math.inf
    if not finite or number != number:
        return str(number)
    if use_l10n:
        return number_format(number, use_l10n=True, force_grouping=True)
    return f"{number:,}"


# What a power of ten is called.
_LARGE = {
    6: ngettext_lazy("%(value)s million", "%(value)s million", "count"),
    9: ngettext_lazy("%(value)s billion", "%(value)s billion", "count"),
    12: ngettext_lazy("%(value)s trillion", "%(value)s trillion", "count"),
    15: ngettext_lazy("%(value)s quadrillion", "%(value)s quadrillion", "count"),
    18: ngettext_lazy("%(value)s quintillion", "%(value)s quintillion", "count"),
    21: ngettext_lazy("%(value)s sextillion", "%(value)s sextillion", "count"),
    24: ngettext_lazy("%(value)s septillion", "%(value)s septillion", "count"),
    27: ngettext_lazy("%(value)s octillion", "%(value)s octillion", "count"),
    30: ngettext_lazy("%(value)s nonillion", "%(value)s nonillion", "count"),
    33: ngettext_lazy("%(value)s decillion", "%(value)s decillion", "count"),
    100: ngettext_lazy("%(value)s googol", "%(value)s googol", "count"),
}


@register.filter(is_safe=False)
def intword(value: Any) -> Any:
    """Return a number from a million on as ``1.2 million``; anything else as it is."""
    number = _whole(value)
    if number is None:
        return value
    size = abs(number)
    power = next((each for each in _LARGE if size < 10 ** (each + 3)), None)
    if size < 10**6 or power is None:
        return value if isinstance(value, str) else number
    shown = number_format(round(number / 10**power, 1), decimal_pos=1)
    # Only exactly one is singular, and nothing between one and two.
    return _LARGE[power] % {"value": shown, "count": math.ceil(size / 10**power)}


_WORDS = dict(
    enumerate(
        (
            gettext_lazy("one"),
            gettext_lazy("two"),
            gettext_lazy("three"),
            gettext_lazy("four"),
            gettext_lazy("five"),
            gettext_lazy("six"),
            gettext_lazy("seven"),
            gettext_lazy("eight"),
            gettext_lazy("nine"),
        ),
        start=1,
    )
)


@register.filter(is_safe=True)
def apnumber(value: Any) -> Any:
    """Return the word for a number from 1 to 9, as the Associated Press writes it."""
    number = _whole(value)
    if number is None:
        return value
    return str(_WORDS[number]) if number in _WORDS else number


# -- Dates and times ---------------------------------------------------------------------------


@register.filter(expects_localtime=True)
def naturalday(value: Any, arg: str | None = None) -> Any:
    """Return ``yesterday``, ``today`` or ``tomorrow``, or the date in the format ``arg``."""
    try:
        day = date(value.year, value.month, value.day)
    except AttributeError:
        return value  # Nothing like a date.
    match (day - datetime.now(getattr(value, "tzinfo", None)).date()).days:
        case 0:
            return _("today")
        case 1:
            return _("tomorrow")
        case -1:
            return _("yesterday")
    return formatted_date(value, arg)


# Less than a day: the message for each unit of so many seconds, the longest first.
_AGO = {
    3600: ngettext_lazy("an hour ago", "%(count)s\xa0hours ago", "count"),
    60: ngettext_lazy("a minute ago", "%(count)s\xa0minutes ago", "count"),
    1: ngettext_lazy("a second ago", "%(count)s\xa0seconds ago", "count"),
}
_AHEAD = {
    3600: ngettext_lazy("an hour from now", "%(count)s\xa0hours from now", "count"),
    60: ngettext_lazy("a minute from now", "%(count)s\xa0minutes from now", "count"),
    1: ngettext_lazy("a second from now", "%(count)s\xa0seconds from now", "count"),
}
# A day and more: the units of `timesince()`, in the case that the language puts them in.
_PAST_UNITS = {
    "year": npgettext_lazy("naturaltime-past", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("naturaltime-past", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("naturaltime-past", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("naturaltime-past", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("naturaltime-past", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("naturaltime-past", "%(num)d minute", "%(num)d minutes", "num"),
}
_FUTURE_UNITS = {
    "year": npgettext_lazy("naturaltime-future", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("naturaltime-future", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("naturaltime-future", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("naturaltime-future", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("naturaltime-future", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("naturaltime-future", "%(num)d minute", "%(num)d minutes", "num"),
}


@register.filter
def naturaltime(value: Any) -> Any:
    """Return how long ago a time was, or how far ahead it is, in words."""
    if not isinstance(value, date):
        return value
    if not isinstance(value, datetime) and not hasattr(value, "hour"):
        value = datetime(value.year, value.month, value.day)
    now = datetime.now(UTC if is_aware(value) else None)
    past = value < now
    distance = now - value if past else value - now
    if distance.days and past:
        return _("%(delta)s ago") % {"delta": timesince(value, now, time_strings=_PAST_UNITS)}
    if distance.days:
        words = timeuntil(value, now, time_strings=_FUTURE_UNITS)
        return _("%(delta)s from now") % {"delta": words}
    for size, message in (_AGO if past else _AHEAD).items():
        if distance.seconds >= size:
            return message % {"count": distance.seconds // size}
    return _("now")
