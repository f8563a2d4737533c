"""Form fields for dates, times and lengths of time; see :mod:`nuages.forms.fields`."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ValidationError
from nuages.forms._field_base import Field
from nuages.forms.utils import (
    from_current_timezone,
    to_current_timezone,
)
from nuages.forms.widgets import (
    DateInput,
    DateTimeInput,
    TimeInput,
)
from nuages.utils import formats
from nuages.utils.dateparse import parse_datetime, parse_duration
from nuages.utils.duration import duration_string
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    pass


class BaseTemporalField(Field):
    """Base of the fields for dates and times: read with the first format that fits."""

    input_formats: Any = ()

    def __init__(self, *, input_formats: Iterable[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if input_formats is not None:
            self.input_formats = input_formats

    def _ready(self, value: Any) -> Any:
        """Return a value that needs no reading as the field's type, or ``None``."""
        return None

    def to_python(self, value: Any) -> Any:
        """Return a value of the field's type, or ``None`` for an empty one."""
        if value in self.empty_values:
            return None
        ready = self._ready(value)
        return self._read(value.strip()) if ready is None else ready

    def _read(self, text: str) -> Any:
        for pattern in self.input_formats:
            with contextlib.suppress(ValueError, TypeError):
                return self.strptime(text, pattern)
        raise self._error("invalid")

    def strptime(self, value: str, format: str) -> Any:
        """Return ``value`` read by ``format``."""
        raise NotImplementedError("Subclasses must define this method.")


class DateField(BaseTemporalField, widget=DateInput, errors={"invalid": _("Enter a valid date.")}):
    """A date. Manual: "Form fields", class ``DateField``."""

    input_formats = formats.get_format_lazy("DATE_INPUT_FORMATS")

    def strptime(self, value: str, format: str) -> Any:
        """Return a ``date``."""
        return datetime.datetime.strptime(value, format).date()

    def _ready(self, value: Any) -> Any:
        match value:
            case datetime.datetime():
                return value.date()
            case datetime.date():
                return value
        return None


class TimeField(BaseTemporalField, widget=TimeInput, errors={"invalid": _("Enter a valid time.")}):
    """A time of day. Manual: "Form fields", class ``TimeField``."""

    input_formats = formats.get_format_lazy("TIME_INPUT_FORMATS")

    def strptime(self, value: str, format: str) -> Any:
        """Return a ``time``."""
        return datetime.datetime.strptime(value, format).time()

    def _ready(self, value: Any) -> Any:
        return value if isinstance(value, datetime.time) else None


class DateTimeFormatsIterator:
    """The date/time formats of the active locale, then its date formats."""

    def __iter__(self) -> Iterator[str]:
        names = ("DATETIME_INPUT_FORMATS", "DATE_INPUT_FORMATS")
        return chain.from_iterable(map(formats.get_format, names))


class DateTimeField(
    BaseTemporalField, widget=DateTimeInput, errors={"invalid": _("Enter a valid date/time.")}
):
    """A date with time. Manual: "Form fields", class ``DateTimeField``."""

    input_formats = DateTimeFormatsIterator()

    def strptime(self, value: str, format: str) -> Any:
        """Return a ``datetime``."""
        return datetime.datetime.strptime(value, format)

    def _ready(self, value: Any) -> Any:
        match value:
            case datetime.datetime():
                return value
            case datetime.date():
                return datetime.datetime(value.year, value.month, value.day)
        try:
            return parse_datetime(value.strip())
        except ValueError:
            raise self._error("invalid") from None

    def to_python(self, value: Any) -> Any:
        """Return a ``datetime`` in the current time zone, or ``None`` for an empty value."""
        return from_current_timezone(super().to_python(value))

    def prepare_value(self, value: Any) -> Any:
        """Return aware times as local ones."""
        return to_current_timezone(value) if isinstance(value, datetime.datetime) else value


class DurationField(Field):
    """A length of time. Manual: "Form fields", class ``DurationField``."""

    default_error_messages = dict(
        overflow=_("The number of days must be between {min_days} and {max_days}."),
        invalid=_("Enter a valid duration."),
    )

    def to_python(self, value: Any) -> Any:
        """Return a ``timedelta``, or ``None`` for an empty value."""
        if value in self.empty_values or isinstance(value, datetime.timedelta):
            return None if value in self.empty_values else value
        least, most = datetime.timedelta.min.days, datetime.timedelta.max.days
        try:
            if (read := parse_duration(str(value))) is not None:
                return read
        except OverflowError:
            message = self.error_messages["overflow"].format(min_days=least, max_days=most)
            raise ValidationError(message, code="overflow") from None
        raise self._error("invalid")

    def prepare_value(self, value: Any) -> Any:
        """Return a ``timedelta`` as text."""
        return duration_string(value) if isinstance(value, datetime.timedelta) else value
