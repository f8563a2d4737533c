"""Views by date. Manual: "Generic date views", "Date-based mixins"."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import Http404, HttpRequest
from nuages.utils import timezone
from nuages.utils.functional import cached_property
from nuages.utils.translation import gettext as _
from nuages.views.generic.base import View
from nuages.views.generic.detail import BaseDetailView, SingleObjectTemplateResponseMixin
from nuages.views.generic.list import MultipleObjectMixin, MultipleObjectTemplateResponseMixin

Date = datetime.date
DAY = datetime.timedelta(days=1)


def _from_url_or_query(view: Any, part: str, message: str) -> str:
    """Return a part of the date: the view's own, the URL's, or the query's.

    Raises:
        Http404: none of them.
    """
    own = getattr(view, part)
    if own is not None:
        return own
    for source in (view.kwargs, view.request.GET):
        if part in source:
            return source[part]
    raise Http404(message)


def _accessors(part: str) -> dict[str, Callable[..., Any]]:
    """Return the four methods that every part of a date has."""

    def read_format(self: Any) -> str:
        return getattr(self, f"{part}_format")

    def read(self: Any) -> str:
        return _from_url_or_query(self, part, _(f"No {part} specified"))

    def after(self: Any, date: Date) -> Date | None:
        return _get_next_prev(self, date, is_previous=False, period=part)

    def before(self: Any, date: Date) -> Date | None:
        return _get_next_prev(self, date, is_previous=True, period=part)

    read_format.__doc__ = f"Return the ``strptime`` format of the {part}."
    read.__doc__ = f"Return the {part} as text."
    after.__doc__ = f"Return the first day of the next {part} that has objects."
    before.__doc__ = f"Return the first day of the last {part} before that has objects."
    return {
        f"get_{part}_format": read_format,
        f"get_{part}": read,
        f"get_next_{part}": after,
        f"get_previous_{part}": before,
    }


class _DatePart:
    """Base of the mixins that know a part of the date: its text, its format, its neighbours."""

    def __init_subclass__(cls, part: str = "", format: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if part:
            own: dict[str, Any] = {part: None, f"{part}_format": format, **_accessors(part)}
            for name, value in own.items():
                setattr(cls, name, value)


def _in_range(make: Callable[[], Date]) -> Date:
    """Return the date that ``make`` gives.

    Raises:
        Http404: the calendar ends before.
    """
    try:
        return make()
    except (ValueError, OverflowError):
        raise Http404(_("Date out of range")) from None


class YearMixin(_DatePart, part="year", format="%Y"):
    """Knows the year. ``year`` and ``year_format`` are texts."""

    if TYPE_CHECKING:
        get_year: Any
        get_year_format: Any

    def _get_current_year(self, date: Date) -> Date:
        return date.replace(month=1, day=1)

    def _get_next_year(self, date: Date) -> Date:
        return _in_range(lambda: Date(date.year + 1, 1, 1))


class MonthMixin(_DatePart, part="month", format="%b"):
    """Knows the month. ``month`` and ``month_format`` are texts."""

    if TYPE_CHECKING:
        get_month: Any
        get_month_format: Any

    def _get_current_month(self, date: Date) -> Date:
        return date.replace(day=1)

    def _get_next_month(self, date: Date) -> Date:
        years, month = divmod(date.month, 12)
        return _in_range(lambda: Date(date.year + years, month + 1, 1))


class DayMixin(_DatePart, part="day", format="%d"):
    """Knows the day. ``day`` and ``day_format`` are texts."""

    def _get_current_day(self, date: Date) -> Date:
        return date

    def _get_next_day(self, date: Date) -> Date:
        return _in_range(lambda: date + DAY)


#: For each ``strptime`` format of a week: the weekday that it begins with, as a number for
#: ``date.isoweekday() % 7``.
_WEEK_BEGINS = {"%U": 0, "%V": 1, "%W": 1}


class WeekMixin(_DatePart, part="week", format="%U"):
    """Knows the week. ``week`` and ``week_format`` are texts; ``%U``, ``%V`` and ``%W`` are known."""

    if TYPE_CHECKING:
        get_week: Any
        get_week_format: Any

    def _get_current_week(self, date: Date) -> Date:
        return date - self._get_weekday(date) * DAY

    def _get_next_week(self, date: Date) -> Date:
        return _in_range(lambda: date + (7 - self._get_weekday(date)) * DAY)

    def _get_weekday(self, date: Date) -> int:
        """Return how many days the week is old on that date."""
        pattern = self.get_week_format()
        if pattern not in _WEEK_BEGINS:
            raise ValueError(f"unknown week format: {pattern}")
        return (date.isoweekday() - _WEEK_BEGINS[pattern]) % 7


class DateMixin:
    """Knows the field with the date, and whether the future is shown."""

    date_field: str | None = None
    allow_future = False

    if TYPE_CHECKING:
        # Of the classes that it is mixed with.
        get_queryset: Any
        model: Any

    def get_date_field(self) -> str:
        """Return the name of the field with the date.

        Raises:
            ImproperlyConfigured: there is none.
        """
        if (name := self.date_field) is not None:
            return name
        raise ImproperlyConfigured(f"{type(self).__name__}.date_field is required.")

    def get_allow_future(self) -> bool:
        """Return whether objects of the future are shown."""
        return self.allow_future

    @cached_property
    def uses_datetime_field(self) -> bool:
        """Whether the field has times, too."""
        from nuages.db.models import DateTimeField

        model = self.get_queryset().model if self.model is None else self.model
        return isinstance(model._meta.get_field(self.get_date_field()), DateTimeField)

    def _make_date_lookup_arg(self, value: Date) -> Any:
        """Return a date as the field's lookups take it: with times, midnight."""
        if not self.uses_datetime_field:
            return value
        midnight = datetime.datetime.combine(value, datetime.time.min)
        return timezone.make_aware(midnight) if settings.USE_TZ else midnight

    def _make_single_date_lookup(self, date: Date) -> dict[str, Any]:
        """Return lookups for one day."""
        name = self.get_date_field()
        if not self.uses_datetime_field:
            return {name: date}
        return {
            f"{name}__gte": self._make_date_lookup_arg(date),
            f"{name}__lt": self._make_date_lookup_arg(date + DAY),
        }

    def _between(self, start: Date, end: Date) -> dict[str, Any]:
        """Return lookups for the days from ``start`` to the one before ``end``."""
        name = self.get_date_field()
        return {
            f"{name}__gte": self._make_date_lookup_arg(start),
            f"{name}__lt": self._make_date_lookup_arg(end),
        }


class BaseDateListView(MultipleObjectMixin, DateMixin, View):
    """Base of the lists by date: ``get_dated_items()`` says what is on them."""

    allow_empty = False
    date_list_period = "year"
    date_list: Any

    if TYPE_CHECKING:
        # Of the classes that it is mixed with.
        render_to_response: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer with the objects."""
        self.date_list, self.object_list, more = self.get_dated_items()
        context = self.get_context_data(
            object_list=self.object_list, date_list=self.date_list, **more
        )
        return self.render_to_response(context)

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return dates, objects, and more for the context."""
        raise NotImplementedError("A DateView must provide an implementation of get_dated_items()")

    def get_ordering(self) -> Any:
        """Return the declared ordering, or newest first."""
        return f"-{self.get_date_field()}" if self.ordering is None else self.ordering

    def get_dated_queryset(self, **lookup: Any) -> Any:
        """Return the objects that match.

        Raises:
            Http404: there are none, and there have to be some.
        """
        rows = self.get_queryset().filter(**lookup)
        if not self.get_allow_future():
            now = timezone.now() if self.uses_datetime_field else timezone_today()
            rows = rows.filter(**{f"{self.get_date_field()}__lte": now})
        if not self.get_allow_empty():
            # With pages, one row is enough to know; without them all are needed anyway.
            if not (rows if self.get_paginate_by(rows) is None else rows.exists()):
                raise Http404(
                    _("No %(verbose_name_plural)s available")
                    % {"verbose_name_plural": rows.model._meta.verbose_name_plural}
                )
        return rows

    def get_date_list_period(self) -> str:
        """Return "year", "month" or "day"."""
        return self.date_list_period

    def get_date_list(
        self, queryset: Any, date_type: str | None = None, ordering: str = "ASC"
    ) -> Any:
        """Return the dates on which there are objects.

        Raises:
            Http404: there are none, and there have to be some.
        """
        kind = date_type or self.get_date_list_period()
        method = queryset.datetimes if self.uses_datetime_field else queryset.dates
        found = method(self.get_date_field(), kind, ordering)
        if found is not None and not found and not self.get_allow_empty():
            raise Http404(
                _("No %(verbose_name_plural)s available")
                % {"verbose_name_plural": queryset.model._meta.verbose_name_plural}
            )
        return found


def _with_neighbours(view: Any, date: Date, part: str) -> dict[str, Any]:
    """Return a context with a date, and with those before and after it."""
    around = {f"{w}_{part}": getattr(view, f"get_{w}_{part}")(date) for w in ("previous", "next")}
    return {part: date, **around}


class BaseArchiveIndexView(BaseDateListView):
    """The latest objects; needs a mixin that renders."""

    context_object_name = "latest"

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return the years, and the latest objects."""
        rows = self.get_dated_queryset()
        dates = self.get_date_list(rows, ordering="DESC")
        return dates, rows if dates else rows.none(), {}


class ArchiveIndexView(MultipleObjectTemplateResponseMixin, BaseArchiveIndexView):
    """Renders a template with the latest objects."""

    template_name_suffix = "_archive"


class BaseYearArchiveView(YearMixin, BaseDateListView):
    """The objects of a year; needs a mixin that renders."""

    date_list_period = "month"
    make_object_list = False

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return the months of the year, and its objects if they are wanted."""
        start = _date_from_string(self.get_year(), self.get_year_format())
        rows = self.get_dated_queryset(**self._between(start, self._get_next_year(start)))
        dates = self.get_date_list(rows)
        if not self.get_make_object_list():
            # The model is needed for the template's name, the rows are not.
            rows = rows.none()
        return (
            dates,
            rows,
            _with_neighbours(self, start, "year"),
        )

    def get_make_object_list(self) -> bool:
        """Return whether the year's objects are listed."""
        return self.make_object_list


class YearArchiveView(MultipleObjectTemplateResponseMixin, BaseYearArchiveView):
    """Renders a template for a year."""

    template_name_suffix = "_archive_year"


class BaseMonthArchiveView(YearMixin, MonthMixin, BaseDateListView):
    """The objects of a month; needs a mixin that renders."""

    date_list_period = "day"

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return the days of the month, and its objects."""
        start = _date_from_string(
            self.get_year(), self.get_year_format(), self.get_month(), self.get_month_format()
        )
        rows = self.get_dated_queryset(**self._between(start, self._get_next_month(start)))
        return (
            self.get_date_list(rows),
            rows,
            _with_neighbours(self, start, "month"),
        )


class MonthArchiveView(MultipleObjectTemplateResponseMixin, BaseMonthArchiveView):
    """Renders a template for a month."""

    template_name_suffix = "_archive_month"


class BaseWeekArchiveView(YearMixin, WeekMixin, BaseDateListView):
    """The objects of a week; needs a mixin that renders."""

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return the week's objects."""
        pattern, year_pattern = self.get_week_format(), self.get_year_format()
        if pattern not in _WEEK_BEGINS:
            raise ValueError(
                f"Unknown week format {pattern!r}. Choices are: {', '.join(sorted(_WEEK_BEGINS))}"
            )
        if pattern == "%V" and year_pattern == "%Y":
            raise ValueError(
                f"ISO week directive '{pattern}' is incompatible with the year directive "
                f"'{year_pattern}'. Use the ISO year '%G' instead."
            )
        first_weekday = str(_WEEK_BEGINS[pattern])
        start = _date_from_string(
            self.get_year(), year_pattern, first_weekday, "%w", self.get_week(), pattern
        )
        rows = self.get_dated_queryset(**self._between(start, self._get_next_week(start)))
        return (
            None,
            rows,
            _with_neighbours(self, start, "week"),
        )


class WeekArchiveView(MultipleObjectTemplateResponseMixin, BaseWeekArchiveView):
    """Renders a template for a week."""

    template_name_suffix = "_archive_week"


class _OneDay(YearMixin, MonthMixin, DayMixin):
    """Knows year, month and day."""

    def _asked_for(self) -> Date:
        return _date_from_string(
            *chain.from_iterable(
                (getattr(self, f"get_{part}")(), getattr(self, f"get_{part}_format")())
                for part in ("year", "month", "day")
            )
        )


class BaseDayArchiveView(_OneDay, BaseDateListView):
    """The objects of a day; needs a mixin that renders."""

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return the day's objects."""
        return self._get_dated_items(self._asked_for())

    def _get_dated_items(self, date: Date) -> tuple[Any, Any, dict[str, Any]]:
        rows = self.get_dated_queryset(**self._make_single_date_lookup(date))
        months = _with_neighbours(self, date, "month")
        del months["month"]
        return None, rows, {**months, **_with_neighbours(self, date, "day")}


class DayArchiveView(MultipleObjectTemplateResponseMixin, BaseDayArchiveView):
    """Renders a template for a day."""

    template_name_suffix = "_archive_day"


class BaseTodayArchiveView(BaseDayArchiveView):
    """The objects of today; needs a mixin that renders."""

    def get_dated_items(self) -> tuple[Any, Any, dict[str, Any]]:
        """Return today's objects."""
        return self._get_dated_items(Date.today())


class TodayArchiveView(MultipleObjectTemplateResponseMixin, BaseTodayArchiveView):
    """Renders a template for today."""

    template_name_suffix = "_archive_day"


class BaseDateDetailView(_OneDay, DateMixin, BaseDetailView):
    """One object of a day; needs a mixin that renders."""

    def get_object(self, queryset: Any = None) -> Any:
        """Return the object.

        Raises:
            Http404: there is none on that day, or the day is in the future.
        """
        date = self._asked_for()
        rows = self.get_queryset() if queryset is None else queryset
        if not self.get_allow_future() and date > Date.today():
            raise Http404(
                _(
                    "Future %(verbose_name_plural)s not available because "
                    "%(class_name)s.allow_future is False."
                )
                % {
                    "verbose_name_plural": rows.model._meta.verbose_name_plural,
                    "class_name": type(self).__name__,
                }
            )
        return super().get_object(queryset=rows.filter(**self._make_single_date_lookup(date)))


class DateDetailView(SingleObjectTemplateResponseMixin, BaseDateDetailView):
    """Renders a template with one object of a day."""

    template_name_suffix = "_detail"


def _date_from_string(
    year: str,
    year_format: str,
    month: str = "",
    month_format: str = "",
    day: str = "",
    day_format: str = "",
    delim: str = "__",
) -> Date:
    """Return a date from its parts.

    Raises:
        Http404: they make no date.
    """
    text = delim.join((str(year), str(month), str(day)))
    pattern = delim.join((year_format, month_format, day_format))
    try:
        return datetime.datetime.strptime(text, pattern).date()
    except ValueError:
        raise Http404(
            _("Invalid date string “%(datestr)s” given format “%(format)s”")
            % {"datestr": text, "format": pattern}
        ) from None


def _get_next_prev(generic_view: Any, date: Date, is_previous: bool, period: str) -> Date | None:
    """Return the first day of the period before or after that of ``date``, or ``None``.

    With ``allow_empty`` it is the neighbour, else the nearest one that has objects. Nothing lies
    in the future unless ``allow_future`` is set.
    """
    first_day = getattr(generic_view, f"_get_current_{period}")
    start, end = first_day(date), getattr(generic_view, f"_get_next_{period}")(date)

    if generic_view.get_allow_empty():
        found: Any = first_day(start - DAY) if is_previous else end
    else:
        name = generic_view.get_date_field()
        limit = start if is_previous else end
        lookup, ordering = (f"{name}__lt", f"-{name}") if is_previous else (f"{name}__gte", name)
        rows = (
            generic_view.get_queryset()
            .filter(**{lookup: generic_view._make_date_lookup_arg(limit)})
            .order_by(ordering)
        )
        nearest = rows.values_list(name, flat=True).first()
        if nearest is None:
            return None
        if generic_view.uses_datetime_field:
            nearest = (timezone.localtime(nearest) if settings.USE_TZ else nearest).date()
        found = first_day(nearest)
    allowed = generic_view.get_allow_future() or found <= timezone_today()
    return found if allowed else None


def timezone_today() -> Date:
    """Return today's date in the current time zone."""
    return timezone.localdate() if settings.USE_TZ else Date.today()
