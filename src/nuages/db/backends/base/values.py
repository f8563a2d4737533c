"""Values on their way into the database and back, as drivers without types of their own take them."""

from __future__ import annotations

import datetime
import decimal
import json
from typing import Any

from nuages.conf import settings
from nuages.utils import timezone


class ValueAdapters:
    """The part of the dialect that turns Python values into the driver's, and back."""

    connection: Any

    def adapt_unknown_value(self, value: Any) -> Any:
        """Return a value adapted by its own type, where no field says what it is."""
        # A datetime is a date as well, so it comes first.
        if isinstance(value, datetime.datetime):
            return self.adapt_datetimefield_value(value)
        if isinstance(value, datetime.date):
            return self.adapt_datefield_value(value)
        if isinstance(value, datetime.time):
            return self.adapt_timefield_value(value)
        if isinstance(value, decimal.Decimal):
            return self.adapt_decimalfield_value(value)
        return value

    def adapt_integerfield_value(self, value: Any, internal_type: str) -> Any:
        """Return what the driver takes for an integer."""
        return value

    def adapt_datefield_value(self, value: datetime.date | None) -> Any:
        """Return what the driver takes for a date."""
        return None if value is None else str(value)

    def adapt_datetimefield_value(self, value: datetime.datetime | None) -> Any:
        """Return what the driver takes for a datetime."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return str(value)

    def _without_zone(self, value: Any, backend: str) -> Any:
        """Return a datetime as text in the connection's zone, for columns that hold no zone.

        Raises:
            ValueError: it has a zone, although ``USE_TZ`` is off.
        """
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if timezone.is_aware(value):
            if not settings.USE_TZ:
                raise ValueError(
                    f"{backend} backend does not support timezone-aware datetimes when USE_TZ is "
                    "False."
                )
            value = timezone.make_naive(value, self.connection.timezone)
        return str(value)

    def adapt_timefield_value(self, value: Any) -> Any:
        """Return what the driver takes for a time. Raises ``ValueError`` if it has a zone."""
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if value.tzinfo is not None and value.utcoffset() is not None:
            raise ValueError("Django does not support timezone-aware times.")
        return str(value)

    def adapt_decimalfield_value(
        self, value: Any, max_digits: int | None = None, decimal_places: int | None = None
    ) -> Any:
        """Return what the driver takes for a decimal."""
        return value

    def adapt_durationfield_value(self, value: datetime.timedelta | None) -> Any:
        """Return what the driver takes for a duration: microseconds."""
        return None if value is None else value // datetime.timedelta(microseconds=1)

    def adapt_ipaddressfield_value(self, value: Any) -> Any:
        """Return what the driver takes for an IP address."""
        return value or None

    def adapt_json_value(self, value: Any, encoder: Any) -> Any:
        """Return what the driver takes for a JSON value."""
        return json.dumps(value, cls=encoder)

    def validate_autopk_value(self, value: Any) -> Any:
        """Return a primary key that was given for an automatic one. Raises if it cannot be."""
        return value

    def convert_durationfield_value(
        self, value: int | None, expression: Any, connection: Any
    ) -> datetime.timedelta | None:
        """Return the duration for microseconds from the database."""
        return None if value is None else datetime.timedelta(0, 0, value)

    def convert_trunc_expression(self, value: Any, expression: Any) -> Any:
        """Return what ``Trunc`` gave as the driver gave it."""
        return value

    def year_lookup_bounds_for_date_field(self, value: int, iso_year: bool = False) -> list[Any]:
        """Return the first and the last day of a year, for BETWEEN."""
        first, last = _year(value, iso_year)
        return [self.adapt_datefield_value(first), self.adapt_datefield_value(last)]

    def year_lookup_bounds_for_datetime_field(
        self, value: int, iso_year: bool = False
    ) -> list[Any]:
        """Return the first and the last moment of a year in the current zone, for BETWEEN."""
        from nuages.conf import settings
        from nuages.utils import timezone

        first, last = _year(value, iso_year)
        bounds = [
            datetime.datetime.combine(first, datetime.time.min),
            datetime.datetime.combine(last, datetime.time.max),
        ]
        if settings.USE_TZ:
            zone = timezone.get_current_timezone()
            bounds = [timezone.make_aware(bound, zone) for bound in bounds]
        return [self.adapt_datetimefield_value(bound) for bound in bounds]


def _year(value: int, iso_year: bool) -> tuple[datetime.date, datetime.date]:
    if not iso_year:
        return datetime.date(value, 1, 1), datetime.date(value, 12, 31)
    first = datetime.date.fromisocalendar(value, 1, 1)
    # The next ISO year may be out of range, its eve is not.
    return first, datetime.date.fromisocalendar(value, 52, 7) + datetime.timedelta(
        days=7 if _has_week_53(value) else 0
    )


def _has_week_53(year: int) -> bool:
    return datetime.date(year, 12, 28).isocalendar().week == 53
