"""Functions that SQLite lacks, in Python: dates and times, regular expressions, hashes, statistics.

They are registered in a connection when the first statement needs one of them: most connections
never do, and registering all of them takes longer than opening the file.
"""

from __future__ import annotations

import datetime
import hashlib
import math
import operator
import random
import re
import uuid
import zoneinfo
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from nuages.db.backends.utils import split_tzname_delta, typecast_time, typecast_timestamp
from nuages.utils import timezone

type Moment = datetime.datetime | datetime.date | datetime.time


def register(connection: Any) -> None:
    """Register all the functions in a ``sqlite3.Connection``."""
    for name, arguments, function, deterministic in _FUNCTIONS:
        connection.create_function(name, arguments, function, deterministic=deterministic)
    for name, arguments, aggregate in _AGGREGATES:
        connection.create_aggregate(name, arguments, aggregate)
    known = _built_in(connection)
    for name, (arguments, function) in _MATH.items():
        if name not in known:
            connection.create_function(
                name, arguments, _null_in_null_out(function), deterministic=True
            )


def register_once(connection: Any) -> None:
    """Register the functions in a connection that notes it."""
    pristine = connection.pristine
    register(connection)
    # These are ours, and the next user's too.
    connection.has_our_functions, connection.pristine = True, pristine


def _built_in(connection: Any) -> set[str]:
    rows = connection.execute("SELECT DISTINCT name FROM pragma_function_list").fetchall()
    return {name.upper() for (name,) in rows}


# -- dates and times -----------------------------------------------------------------------------


def _parse(text: Any, tzname: str | None = None, stored: str | None = None) -> Any:
    """The moment that a text stands for, in the zone ``tzname``; ``None`` if it stands for none."""
    if text is None:
        return None
    try:
        moment: Any = typecast_timestamp(text)
    except (TypeError, ValueError):
        return None
    if stored:
        moment = moment.replace(tzinfo=_zone(stored))
    if tzname is not None and tzname != stored:
        tzname, sign, offset = split_tzname_delta(tzname)
        if offset:
            hours, minutes = map(int, offset.split(":"))
            shift = datetime.timedelta(hours=hours, minutes=minutes)
            moment = moment + shift if sign == "+" else moment - shift
        moment = timezone.localtime(moment, _zone(tzname))
    return moment


_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)?", re.ASCII)


@lru_cache
def _zone(name: str) -> datetime.tzinfo:
    """The zone of that name; zones with a fixed offset may be called by it."""
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return zoneinfo.ZoneInfo(name)
    sign, hours, minutes = offset.groups("0")
    shift = datetime.timedelta(hours=int(hours), minutes=int(minutes))
    return datetime.timezone(shift if sign == "+" else -shift)


#: What ``EXTRACT`` can ask for; everything else is an attribute of the moment.
_PARTS: dict[str, Callable[[Any], int]] = {
    "week_day": lambda moment: moment.isoweekday() % 7 + 1,
    "iso_week_day": lambda moment: moment.isoweekday(),
    "week": lambda moment: moment.isocalendar().week,
    "iso_year": lambda moment: moment.isocalendar().year,
    "quarter": lambda moment: (moment.month + 2) // 3,
}
for _part in ("year", "month", "day", "hour", "minute", "second", "microsecond"):
    _PARTS[_part] = operator.attrgetter(_part)


def _sqlite_datetime_extract(
    part: str, text: Any, tzname: str | None = None, stored: str | None = None
) -> int | None:
    moment = _parse(text, tzname, stored)
    return None if moment is None else _PARTS[part](moment)


def _sqlite_time_extract(part: str, text: Any) -> int | None:
    if text is None:
        return None
    try:
        return _PARTS[part](typecast_time(text))
    except (TypeError, ValueError):
        return None


#: The first day of the unit that a day is in.
_FIRST_DAY: dict[str, Callable[[Any], tuple[int, int, int]]] = {
    "year": lambda day: (day.year, 1, 1),
    "quarter": lambda day: (day.year, (day.month - 1) // 3 * 3 + 1, 1),
    "month": lambda day: (day.year, day.month, 1),
    "week": lambda day: _ymd(day - datetime.timedelta(days=day.weekday())),
    "day": lambda day: _ymd(day),
}
_FIRST_SECOND: dict[str, Callable[[Any], tuple[int, int, int]]] = {
    "hour": lambda moment: (moment.hour, 0, 0),
    "minute": lambda moment: (moment.hour, moment.minute, 0),
    "second": lambda moment: (moment.hour, moment.minute, moment.second),
}


def _ymd(day: Any) -> tuple[int, int, int]:
    return day.year, day.month, day.day


def _unsupported(unit: str) -> ValueError:
    return ValueError(f"Unsupported lookup type: {unit!r}")


def _sqlite_date_trunc(unit: str, text: Any, tzname: str | None, stored: str | None) -> str | None:
    day = _parse(text, tzname, stored)
    if day is None:
        return None
    if unit not in _FIRST_DAY:
        raise _unsupported(unit)
    return "{:04}-{:02}-{:02}".format(*_FIRST_DAY[unit](day))


def _sqlite_time_trunc(unit: str, text: Any, tzname: str | None, stored: str | None) -> str | None:
    if text is None:
        return None
    moment = _parse(text, tzname, stored)
    if moment is None:
        try:
            moment = typecast_time(text)
        except (TypeError, ValueError):
            return None
    if unit not in _FIRST_SECOND:
        raise _unsupported(unit)
    return "{:02}:{:02}:{:02}".format(*_FIRST_SECOND[unit](moment))


def _sqlite_datetime_trunc(
    unit: str, text: Any, tzname: str | None, stored: str | None
) -> str | None:
    moment = _parse(text, tzname, stored)
    if moment is None:
        return None
    if unit in _FIRST_DAY:
        return "{:04}-{:02}-{:02} 00:00:00".format(*_FIRST_DAY[unit](moment))
    if unit in _FIRST_SECOND:
        time = _FIRST_SECOND[unit](moment)
        return "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*_ymd(moment), *time)
    raise _unsupported(unit)


def _sqlite_datetime_cast_date(text: Any, tzname: str | None, stored: str | None) -> str | None:
    moment = _parse(text, tzname, stored)
    if moment is None:
        return None
    return (moment.date() if isinstance(moment, datetime.datetime) else moment).isoformat()


def _sqlite_datetime_cast_time(text: Any, tzname: str | None, stored: str | None) -> str | None:
    moment = _parse(text, tzname, stored)
    return None if moment is None else moment.time().isoformat()


def _duration_or_moment(value: Any) -> Any:
    if isinstance(value, int):
        return datetime.timedelta(microseconds=value)
    return typecast_timestamp(value)


def _sqlite_format_dtdelta(connector: str, left: Any, right: Any) -> Any:
    """Arithmetic with durations (numbers of microseconds) and moments (texts)."""
    if left is None or right is None:
        return None
    try:
        match connector:
            case "*":
                return left * right
            case "/":
                return left / right
        sign = operator.add if connector.strip() == "+" else operator.sub
        result = sign(_duration_or_moment(left), _duration_or_moment(right))
    except (TypeError, ValueError):
        return None
    return str(result)


def _microseconds(duration: datetime.timedelta) -> int:
    return duration // datetime.timedelta(microseconds=1)


def _sqlite_time_diff(left: Any, right: Any) -> int | None:
    if left is None or right is None:
        return None
    day = datetime.date.min
    first, second = typecast_time(left), typecast_time(right)
    if first is None or second is None:
        return None
    combine = datetime.datetime.combine
    return _microseconds(combine(day, first) - combine(day, second))


def _sqlite_timestamp_diff(left: Any, right: Any) -> int | None:
    if left is None or right is None:
        return None
    first: Any = typecast_timestamp(left)
    return _microseconds(first - typecast_timestamp(right))


# -- text ----------------------------------------------------------------------------------------


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*args: Any) -> Any:
        return None if None in args else function(*args)

    return guarded


def _lpad(text: str, length: int, fill: str) -> str:
    missing = length - len(text)
    return text[:length] if missing <= 0 else (fill * length)[:missing] + text


def _rpad(text: str, length: int, fill: str) -> str:
    return (text + fill * length)[:length]


def _digest(algorithm: str, text: Any) -> str:
    return hashlib.new(algorithm, str(text).encode(), usedforsecurity=False).hexdigest()


def _regexp(pattern: str, text: Any) -> bool:
    return re.search(pattern, str(text)) is not None


# -- aggregates ----------------------------------------------------------------------------------


class _Values:
    """An aggregate that gathers all its values, for a function of the ``statistics`` module."""

    least = 1

    def __init__(self) -> None:
        self.values: list[Any] = []

    def step(self, value: Any) -> None:
        if value is not None:
            self.values.append(value)

    def finalize(self) -> Any:
        return self.result() if len(self.values) >= self.least else None

    def result(self) -> Any:
        return self.values[0]


def _statistic(name: str, at_least: int) -> type:
    """Return the aggregate that calls the function ``name`` of the statistics module."""

    def result(self: _Values) -> Any:
        import statistics

        return getattr(statistics, name)(self.values)

    return type(name, (_Values,), {"least": at_least, "result": result})


class _AnyValue:
    """The first value, whatever it is."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def step(self, value: Any) -> None:
        if not self.values:
            self.values.append(value)

    def finalize(self) -> Any:
        return self.values[0] if self.values else None


def _bitwise(combine: Callable[[int, int], int]) -> type:
    class Bits:
        """An aggregate over the bits of integers; NULL if there were none."""

        def __init__(self) -> None:
            self.bits: int | None = None

        def step(self, value: int | None) -> None:
            if value is not None:
                self.bits = value if self.bits is None else combine(self.bits, value)

        def finalize(self) -> int | None:
            return self.bits

    return Bits


# -- the tables ----------------------------------------------------------------------------------

#: Name, number of arguments, function, whether it depends on nothing but its arguments.
_FUNCTIONS: list[tuple[str, int, Callable[..., Any], bool]] = [
    ("django_date_extract", 2, _sqlite_datetime_extract, True),
    ("django_date_trunc", 4, _sqlite_date_trunc, True),
    ("django_datetime_cast_date", 3, _sqlite_datetime_cast_date, True),
    ("django_datetime_cast_time", 3, _sqlite_datetime_cast_time, True),
    ("django_datetime_extract", 4, _sqlite_datetime_extract, True),
    ("django_datetime_trunc", 4, _sqlite_datetime_trunc, True),
    ("django_format_dtdelta", 3, _sqlite_format_dtdelta, True),
    ("django_time_diff", 2, _sqlite_time_diff, True),
    ("django_time_extract", 2, _sqlite_time_extract, True),
    ("django_time_trunc", 4, _sqlite_time_trunc, True),
    ("django_timestamp_diff", 2, _sqlite_timestamp_diff, True),
    ("RAND", 0, random.random, False),
    ("UUIDV4", 0, lambda: uuid.uuid4().hex, False),
]
#: The same, of functions that give NULL where an argument is NULL.
_OF_VALUES: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("regexp", 2, _regexp),
    ("LPAD", 3, _lpad),
    ("RPAD", 3, _rpad),
    ("REPEAT", 2, operator.mul),
    ("REVERSE", 1, lambda text: text[::-1]),
    ("BITXOR", 2, operator.xor),
    ("COT", 1, lambda x: 1 / math.tan(x)),
    ("SIGN", 1, lambda x: (x > 0) - (x < 0)),
    *(
        (name, 1, partial(_digest, name.lower()))
        for name in ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
    ),
)
_FUNCTIONS += [
    (name, arguments, _null_in_null_out(function), True) for name, arguments, function in _OF_VALUES
]
_AGGREGATES: list[tuple[str, int, type]] = [
    ("STDDEV_POP", 1, _statistic("pstdev", 1)),
    ("STDDEV_SAMP", 1, _statistic("stdev", 2)),
    ("VAR_POP", 1, _statistic("pvariance", 1)),
    ("VAR_SAMP", 1, _statistic("variance", 2)),
    ("ANY_VALUE", 1, _AnyValue),
    ("BIT_AND", 1, _bitwise(operator.and_)),
    ("BIT_OR", 1, _bitwise(operator.or_)),
    ("BIT_XOR", 1, _bitwise(operator.xor)),
]
#: Most builds of SQLite have these.
_MATH: dict[str, tuple[int, Callable[..., Any]]] = {
    **{
        name: (1, getattr(math, name.lower()))
        for name in ("ACOS", "ASIN", "ATAN", "COS", "DEGREES", "EXP", "FLOOR")
    },
    **{name: (1, getattr(math, name.lower())) for name in ("RADIANS", "SIN", "SQRT", "TAN")},
    "ATAN2": (2, math.atan2),
    "CEILING": (1, math.ceil),
    "LN": (1, math.log),
    "LOG": (2, lambda base, x: math.log(x, base)),
    "MOD": (2, math.fmod),
    "PI": (0, lambda: math.pi),
    "POWER": (2, operator.pow),
}
