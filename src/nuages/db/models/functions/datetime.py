"""Date functions. Manual: "Date functions"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nuages.conf import settings
from nuages.db.models.expressions import Func
from nuages.db.models.fields import (
    DateField,
    DateTimeField,
    DurationField,
    Field,
    IntegerField,
    TimeField,
)
from nuages.db.models.lookups import Transform, YearExact, YearGt, YearGte, YearLt, YearLte
from nuages.utils import timezone


class TimezoneMixin:
    """Says in which time zone moments are read."""

    tzinfo: Any = None

    def get_tzname(self) -> str | None:
        """Return the zone's name: the one given, or the current one; ``None`` without time zones."""
        if not settings.USE_TZ:
            return None
        zone = self.tzinfo
        return (
            timezone.get_current_timezone_name()
            if zone is None
            else timezone._get_timezone_name(zone)
        )


class Extract(TimezoneMixin, Transform):
    """A part of a date or time, as a number. Manual: "Extract"."""

    lookup_name: str | None = None
    output_field = IntegerField()

    def __init__(
        self, expression: Any, lookup_name: str | None = None, tzinfo: Any = None, **extra: Any
    ) -> None:
        part = self.lookup_name or lookup_name
        if part is None:
            raise ValueError("lookup_name must be provided")
        self.lookup_name, self.tzinfo = part, tzinfo
        super().__init__(expression, **extra)

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **named: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        field, ops = self.lhs.output_field, connection.ops
        params = tuple(params)
        # The backend turns the part's name into a parameter, or checks it.
        match field:
            case DateTimeField():
                return ops.datetime_extract_sql(self.lookup_name, sql, params, self.get_tzname())
            case _ if self.tzinfo:
                raise ValueError("tzinfo can only be used with DateTimeField.")
            case DateField():
                return ops.date_extract_sql(self.lookup_name, sql, params)
            case TimeField():
                return ops.time_extract_sql(self.lookup_name, sql, params)
            case DurationField():
                if not connection.features.has_native_duration_field:
                    raise ValueError("Extract requires native DurationField database support.")
                return ops.time_extract_sql(self.lookup_name, sql, params)
        raise AssertionError("Tried to Extract from an invalid type.")

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        field = getattr(resolved.lhs, "output_field", None)
        if field is None:
            return resolved
        if not isinstance(field, (DateField, DateTimeField, TimeField, DurationField)):
            raise ValueError(
                "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField."
            )
        part = resolved.lookup_name
        # A DateTimeField is a DateField, so exact classes are asked for.
        if type(field) is DateField and part in _CLOCK_PARTS:
            raise ValueError(
                f"Cannot extract time component '{part}' from DateField '{field.name}'."
            )
        if isinstance(field, DurationField) and part in _CALENDAR_PARTS:
            raise ValueError(
                f"Cannot extract component '{part}' from DurationField '{field.name}'."
            )
        return resolved


_CLOCK_PARTS = frozenset({"hour", "minute", "second"})
_CALENDAR_PARTS = frozenset(
    {"year", "iso_year", "month", "week", "week_day", "iso_week_day", "quarter"}
)


class ExtractYear(Extract, name="year"):
    """The year."""

    trail_safe = True


class ExtractIsoYear(Extract, name="iso_year"):
    """The year that the ISO 8601 week belongs to."""

    trail_safe = True


class ExtractQuarter(Extract, name="quarter"):
    """The quarter of the year."""

    trail_safe = True


class ExtractMonth(Extract, name="month"):
    """The month, from 1."""

    trail_safe = True


class ExtractWeek(Extract, name="week"):
    """The ISO 8601 week: 1 to 52 or 53, beginning on Monday."""

    trail_safe = True


class ExtractDay(Extract, name="day"):
    """The day of the month."""

    trail_safe = True


class ExtractWeekDay(Extract, name="week_day"):
    """The day of the week: Sunday is 1, Saturday 7."""

    trail_safe = True


class ExtractIsoWeekDay(Extract, name="iso_week_day"):
    """The day of the week: Monday is 1, Sunday 7."""

    trail_safe = True


class ExtractHour(Extract, name="hour"):
    """The hour."""

    trail_safe = True


class ExtractMinute(Extract, name="minute"):
    """The minute."""

    trail_safe = True


class ExtractSecond(Extract, name="second"):
    """The second, whole."""

    trail_safe = True


# A part that a type of field has can be looked up on it; a moment has the parts of both.
for _fields, _parts_of_them in (
    (
        (DateField,),
        [part for part in Extract.__subclasses__() if part.lookup_name not in _CLOCK_PARTS],
    ),
    ((TimeField, DateTimeField), [ExtractHour, ExtractMinute, ExtractSecond]),
):
    for _field in _fields:
        for _part in _parts_of_them:
            _field.register_lookup(_part)
# Comparisons of years look at the column itself.
for _comparison in (YearExact, YearGt, YearGte, YearLt, YearLte):
    for _year in (ExtractYear, ExtractIsoYear):
        _year.register_lookup(_comparison)


class Now(
    Func,
    gives=DateTimeField,
    # With milliseconds, in the form in which moments are stored.
    sqlite={"template": "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW')"},
    # CURRENT_TIMESTAMP would be the time of the transaction.
    postgresql={"template": "STATEMENT_TIMESTAMP()"},
    mysql={"template": "CURRENT_TIMESTAMP(6)"},
    oracle={"template": "LOCALTIMESTAMP"},
):
    """The database's date and time. Manual: "Now"."""

    template = "CURRENT_TIMESTAMP"
    allowed_default = True


class TruncBase(TimezoneMixin, Transform):
    """A date or time cut off at some unit. ``kind`` is that unit."""

    kind: str | None = None
    allowed_default = False

    def __init_subclass__(cls, *, kind: str | None = None, **declared: Any) -> None:
        if kind is not None:
            cls.kind = kind
        super().__init_subclass__(**declared)

    def __init__(
        self, expression: Any, output_field: Any = None, tzinfo: Any = None, **extra: Any
    ) -> None:
        self.tzinfo = tzinfo
        super().__init__(expression, output_field=output_field, **extra)

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **named: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        params = tuple(params)
        zone = self.get_tzname() if isinstance(self.lhs.output_field, DateTimeField) else None
        if self.tzinfo and zone is None:
            raise ValueError("tzinfo can only be used with DateTimeField.")
        match self.output_field:
            case DateTimeField():
                truncate = connection.ops.datetime_trunc_sql
            case DateField():
                truncate = connection.ops.date_trunc_sql
            case TimeField():
                truncate = connection.ops.time_trunc_sql
            case _:
                raise ValueError("Trunc only valid on DateField, TimeField, or DateTimeField.")
        return truncate(self.kind, sql, params, zone)

    def resolve_expression(
        self,
        query: Any = None,
        allow_joins: bool = True,
        reuse: set[str] | None = None,
        summarize: bool = False,
        for_save: bool = False,
    ) -> Any:
        resolved = super().resolve_expression(query, allow_joins, reuse, summarize, for_save)
        source = resolved.lhs.output_field
        if not isinstance(source, (DateField, TimeField)):
            raise TypeError(f"{source.name!r} isn't a DateField, TimeField, or DateTimeField.")
        # The class may fix the type, or the user, or it stays what it was.
        fixed = getattr(type(resolved), "output_field", None)
        fixed = fixed if isinstance(fixed, Field) else None
        given = resolved.__dict__.get("output_field")
        target = fixed or given or source
        if not isinstance(target, (DateField, DateTimeField, TimeField)):
            raise ValueError("output_field must be either DateField, TimeField, or DateTimeField")
        chosen = fixed or given
        changed = chosen is not None and type(chosen) is not type(source)
        if type(source) is DateField and (
            isinstance(target, DateTimeField)
            or resolved.kind in ("hour", "minute", "second", "time")
        ):
            raise ValueError(
                _cannot(source, target.__class__.__name__ if changed else "DateTimeField")
            )
        if isinstance(source, TimeField) and (
            isinstance(target, DateTimeField)
            or resolved.kind in ("year", "quarter", "month", "week", "day", "date")
        ):
            raise ValueError(
                _cannot(source, target.__class__.__name__ if changed else "DateTimeField")
            )
        return resolved

    def convert_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Make a datetime of the type and zone that the result has."""
        match self.output_field, value:
            # A server that does not know the zones gives NULL where it converts to one.
            case DateTimeField(), None if (
                settings.USE_TZ and not connection.features.has_zoneinfo_database
            ):
                raise ValueError(
                    "Database returned an invalid datetime value. Are time zone definitions for your "
                    "database installed?"
                )
            case DateTimeField(), datetime() if settings.USE_TZ:
                return timezone.make_aware(value.replace(tzinfo=None), self.tzinfo)
            case DateTimeField(), _:
                return value
            case DateField(), datetime():
                return value.date()
            case TimeField(), datetime():
                return value.time()
        return value


def _cannot(source: Field, target: str) -> str:
    return f"Cannot truncate {type(source).__name__} '{source.name}' to {target}."


class Trunc(TruncBase):
    """Cut off at ``kind``. Manual: "Trunc"."""

    def __init__(
        self,
        expression: Any,
        kind: str,
        output_field: Any = None,
        tzinfo: Any = None,
        **extra: Any,
    ) -> None:
        self.kind = kind
        super().__init__(expression, output_field=output_field, tzinfo=tzinfo, **extra)


class TruncYear(TruncBase, kind="year"):
    """The first moment of the year."""


class TruncQuarter(TruncBase, kind="quarter"):
    """The first moment of the quarter."""


class TruncMonth(TruncBase, kind="month"):
    """The first moment of the month."""


class TruncWeek(TruncBase, kind="week"):
    """Midnight on the Monday of the week."""


class TruncDay(TruncBase, kind="day"):
    """Midnight of the day."""


class TruncHour(TruncBase, kind="hour"):
    """The full hour."""


class TruncMinute(TruncBase, kind="minute"):
    """The full minute."""


class TruncSecond(TruncBase, kind="second"):
    """The full second."""


class _TruncToPart(TruncBase):
    """Casts to the date or time of a moment, in a time zone."""

    def as_sql(self, compiler: Any, connection: Any, *given: Any, **named: Any) -> Any:
        sql, params = compiler.compile(self.lhs)
        cast = getattr(connection.ops, f"datetime_cast_{self.kind}_sql")
        return cast(sql, tuple(params), self.get_tzname())


class TruncDate(_TruncToPart, kind="date", name="date", gives=DateField):
    """The date of a moment."""

    trail_safe = True


class TruncTime(_TruncToPart, kind="time", name="time", gives=TimeField):
    """The time of a moment."""

    trail_safe = True


for _cast in (TruncDate, TruncTime):
    DateTimeField.register_lookup(_cast)
del _cast, _comparison, _field, _fields, _part, _parts_of_them, _year
