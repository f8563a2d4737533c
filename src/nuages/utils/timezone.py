"""The current time zone, and conversions between aware and naive datetimes.

Manual: ref/utils, "django.utils.timezone"; topics/i18n/timezones.
"""

from __future__ import annotations

import functools
from contextlib import ContextDecorator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from types import TracebackType
from typing import TYPE_CHECKING

from nuages.conf import settings
from nuages.utils.concurrency import Local, peek

if TYPE_CHECKING:
    import zoneinfo

__all__ = [
    "activate",
    "deactivate",
    "get_current_timezone",
    "get_current_timezone_name",
    "get_default_timezone",
    "get_default_timezone_name",
    "get_fixed_timezone",
    "is_aware",
    "is_naive",
    "localdate",
    "localtime",
    "make_aware",
    "make_naive",
    "now",
    "override",
    "template_localtime",
]

_active = Local()


def get_fixed_timezone(offset: timedelta | int) -> timezone:
    """Return the zone at ``offset`` (a timedelta, or minutes east of UTC)."""
    minutes = offset // timedelta(minutes=1) if isinstance(offset, timedelta) else offset
    hours, rest = divmod(abs(minutes), 60)
    name = f"{'-' if minutes < 0 else '+'}{hours:02d}{rest:02d}"
    return timezone(timedelta(minutes=minutes), name)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    # Here: those who only compare instants need no zones.
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


@functools.lru_cache
def get_default_timezone() -> zoneinfo.ZoneInfo:
    """Return the zone that `TIME_ZONE` names."""
    return _zone(settings.TIME_ZONE)


def get_default_timezone_name() -> str:
    """Return the name of `get_default_timezone()`."""
    return _get_timezone_name(get_default_timezone())


def get_current_timezone() -> tzinfo:
    """Return the zone that `activate()` set here, else the default one."""
    return peek(_active, "value") or get_default_timezone()


def get_current_timezone_name() -> str:
    """Return the name of the current time zone."""
    return _get_timezone_name(get_current_timezone())


def _get_timezone_name(zone: tzinfo) -> str:
    # A zone with a fixed offset answers None's name; others only know a name per instant.
    return zone.tzname(None) or str(zone)


def activate(timezone: tzinfo | str) -> None:
    """Make ``timezone`` (a zone, or its name) the current one for this thread or task.

    Raises ``ValueError`` for anything else.
    """
    if isinstance(timezone, str):
        timezone = _zone(timezone)
    elif not isinstance(timezone, tzinfo):
        raise ValueError(f"Invalid timezone: {timezone!r}")
    _active.value = timezone


def deactivate() -> None:
    """Go back to the default time zone."""
    _active.value = None


class override(ContextDecorator):
    """Set the current time zone for a block or a function; ``None`` means the default."""

    def __init__(self, timezone: tzinfo | str | None) -> None:
        self.timezone = timezone

    def __enter__(self) -> None:
        self.old_timezone = peek(_active, "value")
        _set(self.timezone)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _set(self.old_timezone)


def _set(zone: tzinfo | str | None) -> None:
    if zone is None:
        deactivate()
    else:
        activate(zone)


def template_localtime(value: object, use_tz: bool | None = None) -> object:
    """Convert an aware datetime for display in a template; give other values back.

    ``use_tz`` takes the place of `USE_TZ` unless it is ``None``; a value whose
    ``convert_to_local_time`` is false stays in its zone.
    """
    convertible = (
        isinstance(value, datetime)
        and (settings.USE_TZ if use_tz is None else use_tz)
        and not is_naive(value)
        and getattr(value, "convert_to_local_time", True)
    )
    return localtime(value) if convertible else value  # type: ignore[arg-type]


def localtime(value: datetime | None = None, timezone: tzinfo | None = None) -> datetime:
    """Convert an aware datetime (default: now) to ``timezone`` (default: the current one).

    Raises ``ValueError`` for a naive one.
    """
    value = now() if value is None else value
    if is_naive(value):
        raise ValueError("localtime() cannot be applied to a naive datetime")
    return value.astimezone(get_current_timezone() if timezone is None else timezone)


def localdate(value: datetime | None = None, timezone: tzinfo | None = None) -> date:
    """Return the date of `localtime()`."""
    return localtime(value, timezone).date()


def now() -> datetime:
    """Return the current time: aware, in UTC, with `USE_TZ`; naive and local without."""
    return datetime.now(UTC if settings.USE_TZ else None)


def is_aware(value: datetime) -> bool:
    """Say whether a datetime or time knows its offset from UTC."""
    return value.utcoffset() is not None


def is_naive(value: datetime) -> bool:
    """Say whether a datetime or time does not know its offset from UTC."""
    return value.utcoffset() is None


def make_aware(value: datetime, timezone: tzinfo | None = None) -> datetime:
    """Read a naive datetime as one of ``timezone`` (default: the current one).

    Raises ``ValueError`` for an aware one.
    """
    if is_aware(value):
        raise ValueError(f"make_aware expects a naive datetime, got {value}")
    return value.replace(tzinfo=get_current_timezone() if timezone is None else timezone)


def make_naive(value: datetime, timezone: tzinfo | None = None) -> datetime:
    """Return what a clock in ``timezone`` (default: the current one) shows at ``value``.

    Raises ``ValueError`` for a naive datetime.
    """
    if is_naive(value):
        raise ValueError("make_naive() cannot be applied to a naive datetime")
    zone = get_current_timezone() if timezone is None else timezone
    return value.astimezone(zone).replace(tzinfo=None)


def _datetime_ambiguous_or_imaginary(dt: datetime, tz: tzinfo) -> bool:
    first, second = (dt.replace(tzinfo=tz, fold=fold).utcoffset() for fold in (0, 1))
    return first != second
