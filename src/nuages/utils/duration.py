"""``timedelta`` as text, and as a number of microseconds."""

import datetime
from typing import NamedTuple


class _Parts(NamedTuple):
    days: int
    hours: int
    minutes: int
    seconds: int
    microseconds: int


def _parts(duration: datetime.timedelta) -> _Parts:
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return _Parts(duration.days, hours, minutes, seconds, duration.microseconds)


def duration_string(duration: datetime.timedelta) -> str:
    """Return ``[D ]HH:MM:SS[.ffffff]``; `parse_duration()` reads it back."""
    p = _parts(duration)
    days = f"{p.days} " if p.days else ""
    fraction = f".{p.microseconds:06d}" if p.microseconds else ""
    return f"{days}{p.hours:02d}:{p.minutes:02d}:{p.seconds:02d}{fraction}"


def duration_iso_string(duration: datetime.timedelta) -> str:
    """Return the ISO 8601 form, as in ``P1DT01H03M05S``."""
    sign = "-" if duration < datetime.timedelta(0) else ""
    p = _parts(abs(duration))
    fraction = f".{p.microseconds:06d}" if p.microseconds else ""
    return f"{sign}P{p.days}DT{p.hours:02d}H{p.minutes:02d}M{p.seconds:02d}{fraction}S"


def duration_microseconds(delta: datetime.timedelta) -> int:
    """Return the whole length in microseconds, exactly."""
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
