"""The time between two dates, in words. Manual: ref/templates/builtins, ``timesince``."""

import datetime
from calendar import monthrange
from itertools import takewhile
from typing import Any

from nuages.utils.html import avoid_wrapping
from nuages.utils.timezone import is_aware
from nuages.utils.translation import gettext, ngettext_lazy

TIME_STRINGS = {
    "year": ngettext_lazy("%(num)d year", "%(num)d years", "num"),
    "month": ngettext_lazy("%(num)d month", "%(num)d months", "num"),
    "week": ngettext_lazy("%(num)d week", "%(num)d weeks", "num"),
    "day": ngettext_lazy("%(num)d day", "%(num)d days", "num"),
    "hour": ngettext_lazy("%(num)d hour", "%(num)d hours", "num"),
    "minute": ngettext_lazy("%(num)d minute", "%(num)d minutes", "num"),
}

# Units of constant length, in seconds; years and months are counted on the calendar.
_FIXED_UNITS = {"week": 604_800, "day": 86_400, "hour": 3_600, "minute": 60}


def _as_datetime(value: datetime.date) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value
    return datetime.datetime(value.year, value.month, value.day)


def _months_between(start: datetime.datetime, end: datetime.datetime) -> int:
    months = (end.year - start.year) * 12 + end.month - start.month
    unfinished = (start.day, start.time()) > (end.day, end.time())
    return months - unfinished


def _after_months(start: datetime.datetime, months: int) -> datetime.datetime:
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    day = min(start.day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)


def timesince(
    d: datetime.date,
    now: datetime.date | None = None,
    reversed: bool = False,
    time_strings: dict[str, Any] | None = None,
    depth: int = 2,
) -> str:
    """Return how long ago ``d`` was at ``now``, such as ``2 weeks, 3 days``.

    At most ``depth`` adjacent units are shown. With ``reversed`` the two change places.
    Raises ``ValueError`` for a depth below 1.
    """
    if depth <= 0:
        raise ValueError("depth must be greater than 0.")
    strings = TIME_STRINGS if time_strings is None else time_strings
    start = _as_datetime(d)
    end = (
        datetime.datetime.now(start.tzinfo if is_aware(start) else None)
        if now is None
        else _as_datetime(now)
    )
    if reversed:
        start, end = end, start
    counts = _counts(start, end)
    units = list(TIME_STRINGS)
    first = next((at for at, unit in enumerate(units) if counts[unit]), None)
    if first is None:
        return avoid_wrapping(strings["minute"] % {"num": 0})
    shown = takewhile(lambda unit: counts[unit], units[first : first + depth])
    return gettext(", ").join(avoid_wrapping(strings[u] % {"num": counts[u]}) for u in shown)


def _counts(start: datetime.datetime, end: datetime.datetime) -> dict[str, int]:
    """Return the number of each unit between two times; nothing for a negative distance."""
    counts = dict.fromkeys(TIME_STRINGS, 0)
    # Only now is it known that the two can be compared: zones are told apart by offset.
    if (end - start) < datetime.timedelta(minutes=1):
        return counts
    if is_aware(start) and is_aware(end):
        end = end.astimezone(start.tzinfo)
    months = _months_between(start, end)
    counts["year"], counts["month"] = divmod(months, 12)
    rest = end - _after_months(start, months)
    seconds = rest.days * 86_400 + rest.seconds
    for unit, size in _FIXED_UNITS.items():
        counts[unit], seconds = divmod(seconds, size)
    return counts


def timeuntil(
    d: datetime.date,
    now: datetime.date | None = None,
    time_strings: dict[str, Any] | None = None,
    depth: int = 2,
) -> str:
    """Return how long it is from ``now`` until ``d``; otherwise as `timesince()`."""
    return timesince(d, now, reversed=True, time_strings=time_strings, depth=depth)
