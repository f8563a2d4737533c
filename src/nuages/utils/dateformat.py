"""Dates and times formatted by letters, as PHP's ``date()`` does.

Manual: ref/templates/builtins, the ``date`` filter.
"""

import calendar
import re
from datetime import date, datetime, time
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from nuages.utils.dates import (
    MONTHS,
    MONTHS_3,
    MONTHS_ALT,
    MONTHS_AP,
    WEEKDAYS,
    WEEKDAYS_ABBR,
)
from nuages.utils.timezone import (
    _datetime_ambiguous_or_imaginary,
    get_default_timezone,
    is_naive,
    make_aware,
)
from nuages.utils.translation import gettext as _

_token = re.compile(
    r"\\(?P<escaped>.)|(?P<letter>[aAbcdDeEfFgGhHiIjlLmMnNoOPrsStTuUwWyYzZ])|.", re.DOTALL
)


@lru_cache(maxsize=500)
def _tokens(formatstr: str) -> tuple[tuple[bool, str], ...]:
    """Split a format into (is a letter, text) pairs, joining literal text."""
    tokens: list[tuple[bool, str]] = []
    for found in _token.finditer(formatstr):
        if letter := found["letter"]:
            tokens.append((True, letter))
            continue
        literal = found["escaped"] or found[0]
        if tokens and not tokens[-1][0]:
            literal = tokens.pop()[1] + literal
        tokens.append((False, literal))
    return tuple(tokens)


class Formatter:
    """Replaces each letter of a format by what the method of that name returns."""

    def format(self, formatstr: Any) -> str:
        """Return ``formatstr`` with its letters replaced; a backslash keeps the next one."""
        return "".join(
            [
                str(getattr(self, text)()) if is_letter else text
                for is_letter, text in _tokens(str(formatstr))
            ]
        )


class TimeFormat(Formatter):
    """The letters that need a time."""

    def __init__(self, obj: Any) -> None:
        self.data = obj
        self.timezone = None
        if isinstance(obj, datetime):
            self.timezone = get_default_timezone() if is_naive(obj) else obj.tzinfo

    def _hour12(self) -> int:
        return self.data.hour % 12 or 12

    def _without_answer(self) -> bool:
        """No zone, or a time that clocks there show twice or never."""
        return self.timezone is None or _datetime_ambiguous_or_imaginary(
            self.data.replace(tzinfo=None), self.timezone
        )

    def _localized(self) -> datetime:
        return self.data if self.data.tzinfo else self.data.replace(tzinfo=self.timezone)

    # The hour, on a clock of 12 hours and on one of 24, with and without a leading zero.

    def g(self) -> int:
        """``1`` to ``12``."""
        return self._hour12()

    def h(self) -> str:
        """``01`` to ``12``."""
        return f"{self._hour12():02d}"

    def G(self) -> int:
        """``0`` to ``23``."""
        return self.data.hour

    def H(self) -> str:
        """``00`` to ``23``."""
        return f"{self.data.hour:02d}"

    def i(self) -> str:
        """Minutes, ``00`` to ``59``."""
        return f"{self.data.minute:02d}"

    def s(self) -> str:
        """Seconds, ``00`` to ``59``."""
        return f"{self.data.second:02d}"

    def u(self) -> str:
        """Microseconds, six digits."""
        return f"{self.data.microsecond:06d}"

    def a(self) -> str:
        """``a.m.`` or ``p.m.``."""
        return _("p.m.") if self.data.hour >= 12 else _("a.m.")

    def A(self) -> str:
        """``AM`` or ``PM``."""
        return _("PM") if self.data.hour >= 12 else _("AM")

    def f(self) -> str:
        """``1``, ``1:30``: minutes only if there are any."""
        return f"{self.g()}:{self.i()}" if self.data.minute else str(self.g())

    def P(self) -> str:
        """``1 a.m.``, ``1:30 p.m.``, ``midnight``, ``noon``."""
        match self.data.hour, self.data.minute:
            case 0, 0:
                return _("midnight")
            case 12, 0:
                return _("noon")
        return f"{self.f()} {self.a()}"

    # The time zone.

    def e(self) -> str:
        """Its name, as an aware value has it."""
        if getattr(self.data, "tzinfo", None) is None or isinstance(self.data, time):
            return ""
        try:
            return self.data.tzname() or ""
        except NotImplementedError:
            return ""

    def T(self) -> str:
        """Its abbreviation."""
        return "" if self._without_answer() else str(self._localized().tzname() or "")

    def Z(self) -> int | str:
        """Its offset in seconds, positive east of UTC."""
        if self._without_answer():
            return ""
        offset = self._localized().utcoffset()
        return offset.days * 86_400 + offset.seconds  # type: ignore[union-attr]

    def O(self) -> str:  # noqa: E743
        """Its offset as ``+0200``."""
        seconds = self.Z()
        if isinstance(seconds, str):
            return ""
        minutes = abs(seconds) // 60
        return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}{minutes % 60:02d}"


class DateFormat(TimeFormat):
    """The letters of `TimeFormat`, and those that need a date."""

    def format(self, formatstr: Any) -> str:
        """Return ``formatstr`` with its letters replaced.

        Raises ``TypeError`` for a letter that needs a time where there is a plain date.
        """
        if type(self.data) is date:
            for is_letter, text in _tokens(str(formatstr)):
                if is_letter and hasattr(TimeFormat, text):
                    raise TypeError(
                        "The format for date objects may not contain time-related format "
                        f"specifiers (found {text!r})."
                    )
        return super().format(formatstr)

    # The day.

    def d(self) -> str:
        """Of the month, ``01`` to ``31``."""
        return f"{self.data.day:02d}"

    def j(self) -> int:
        """Of the month, ``1`` to ``31``."""
        return self.data.day

    def S(self) -> str:
        """The English ending of its number: ``st``, ``nd``, ``rd`` or ``th``."""
        tens, ones = divmod(self.data.day, 10)
        return "th" if tens == 1 else {1: "st", 2: "nd", 3: "rd"}.get(ones, "th")

    def z(self) -> int:
        """Of the year, from ``1``."""
        return self.data.timetuple().tm_yday

    def D(self) -> str:
        """Of the week, abbreviated."""
        return WEEKDAYS_ABBR[self.data.weekday()]

    def l(self) -> str:  # noqa: E743
        """Of the week, in full."""
        return WEEKDAYS[self.data.weekday()]

    def w(self) -> int:
        """Of the week, ``0`` (Sunday) to ``6``."""
        return self.data.isoweekday() % 7

    # The month.

    def m(self) -> str:
        """``01`` to ``12``."""
        return f"{self.data.month:02d}"

    def n(self) -> int:
        """``1`` to ``12``."""
        return self.data.month

    def F(self) -> str:
        """In full."""
        return MONTHS[self.data.month]

    def E(self) -> str:
        """In full, in the form that it has in a date."""
        return MONTHS_ALT[self.data.month]

    def M(self) -> str:
        """Three letters, capitalized."""
        return MONTHS_3[self.data.month].title()

    def b(self) -> str:
        """Three letters."""
        return MONTHS_3[self.data.month]

    def N(self) -> str:
        """Abbreviated in the style of the Associated Press."""
        return MONTHS_AP[self.data.month]

    def t(self) -> int:
        """Its number of days."""
        return calendar.monthrange(self.data.year, self.data.month)[1]

    # The week and the year.

    def W(self) -> int:
        """The ISO 8601 number of the week."""
        return self.data.isocalendar().week

    def o(self) -> int:
        """The ISO 8601 year of the week."""
        return self.data.isocalendar().year

    def Y(self) -> str:
        """Four digits."""
        return f"{self.data.year:04d}"

    def y(self) -> str:
        """Two digits."""
        return f"{self.data.year % 100:02d}"

    def L(self) -> bool:
        """Whether it is a leap year."""
        return calendar.isleap(self.data.year)

    # All of it.

    def I(self) -> str:  # noqa: E743
        """``1`` in daylight saving time, else ``0``."""
        return "" if self._without_answer() else str(int(bool(self._localized().dst())))

    def c(self) -> str:
        """ISO 8601."""
        return self.data.isoformat()

    def r(self) -> str:
        """RFC 5322."""
        value = self.data
        if not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if is_naive(value):
            value = make_aware(value, get_default_timezone())
        return format_datetime(value)

    def U(self) -> int:
        """Seconds since the epoch."""
        value = self.data
        if not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if is_naive(value):
            value = make_aware(value, get_default_timezone())
        return int(value.timestamp())


def format(value: Any, format_string: Any) -> str:
    """Return a date, time or datetime in ``format_string``."""
    return DateFormat(value).format(format_string)


def time_format(value: Any, format_string: Any) -> str:
    """Return a time in ``format_string``, which has letters for times only."""
    return TimeFormat(value).format(format_string)
