"""Dates, times and durations from text.

Each function returns ``None`` for text of another shape, and raises `ValueError` for text
of the right shape that names no date, time or duration. Manual: ref/utils,
"django.utils.dateparse".
"""

import datetime
import re

from nuages.utils.timezone import get_fixed_timezone

_DATE = r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,6})\d{0,6})?)?"
_OFFSET = r"\s*(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"

date_re = re.compile(rf"{_DATE}\Z")
time_re = re.compile(rf"{_CLOCK}\Z")
datetime_re = re.compile(rf"{_DATE}[T ]{_CLOCK}{_OFFSET}\Z")

_NUMBER = r"\d+(?:[.,]\d+)?"

standard_duration_re = re.compile(
    r"(?:(?P<days>-?\d+) (?:days?, )?)?"
    r"(?P<sign>-?)"
    r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?"
    r"(?P<seconds>\d+)(?:[.,](?P<fraction>\d{1,6})\d{0,6})?\Z"
)

iso8601_duration_re = re.compile(
    r"(?P<sign>[-+]?)P"
    rf"(?:(?P<weeks>{_NUMBER})W)?(?:(?P<days>{_NUMBER})D)?"
    rf"(?:T(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?(?:(?P<seconds>{_NUMBER})S)?)?\Z"
)

postgres_interval_re = re.compile(
    r"(?:(?P<days>-?\d+) days? ?)?"
    r"(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
    r"(?:\.(?P<fraction>\d{1,6}))?)?\Z"
)


def parse_date(value: str) -> datetime.date | None:
    """Parse ``YYYY-MM-DD`` (or another ISO 8601 date).

    Raises ``ValueError`` for a well-formed date that does not exist.
    """
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        found = date_re.match(value)
    return datetime.date(*map(int, found.groups())) if found else None


def parse_time(value: str) -> datetime.time | None:
    """Parse ``HH:MM[:SS[.ffffff]]`` (or another ISO 8601 time); an offset is dropped.

    Raises ``ValueError`` for a well-formed time that does not exist.
    """
    try:
        return datetime.time.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        found = time_re.match(value)
    return datetime.time(*_clock(found)) if found else None


def parse_datetime(value: str) -> datetime.datetime | None:
    """Parse an ISO 8601 date and time, with or without an offset from UTC.

    Raises ``ValueError`` for a well-formed value that does not exist.
    """
    try:
        return datetime.datetime.fromisoformat(value)
    except ValueError:
        found = datetime_re.match(value)
    if found is None:
        return None
    return datetime.datetime(
        int(found["year"]),
        int(found["month"]),
        int(found["day"]),
        *_clock(found),
        tzinfo=_zone(found["zone"]),
    )


def _clock(found: re.Match[str]) -> tuple[int, int, int, int]:
    hour, minute, second, fraction = found.group("hour", "minute", "second", "fraction")
    return int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0"))


def _zone(text: str | None) -> datetime.tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return datetime.UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return get_fixed_timezone(-minutes if text[0] == "-" else minutes)


def parse_duration(value: str) -> datetime.timedelta | None:
    """Parse ``[DD ][HH:]MM:SS[.ffffff]``, an ISO 8601 duration, or PostgreSQL's interval.

    Returns ``None`` for other text; ISO years and months are other text.
    """
    for pattern in (standard_duration_re, iso8601_duration_re, postgres_interval_re):
        if found := pattern.match(value):
            break
    else:
        return None
    texts = {name: text for name, text in found.groupdict().items() if text}
    sign = -1 if texts.pop("sign", "+") == "-" else 1
    microseconds = int(texts.pop("fraction", "0").ljust(6, "0"))
    numbers = {name: float(text.replace(",", ".")) for name, text in texts.items()}
    # In the ISO form the sign stands before the days and holds for them too.
    day_sign = sign if pattern is iso8601_duration_re else 1
    days = datetime.timedelta(numbers.pop("days", 0.0)) * day_sign
    return days + sign * datetime.timedelta(**numbers, microseconds=microseconds)
