"""Widgets made of several others, for one value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from nuages.forms._choice_widgets import Select
from nuages.forms._input_widgets import DateInput, TimeInput
from nuages.forms._media import Media
from nuages.forms._widget_base import Attributes, Widget
from nuages.forms.utils import to_current_timezone, twins_of
from nuages.utils import formats
from nuages.utils.dates import MONTHS
from nuages.utils.formats import get_format


class MultiWidget(Widget, template="multiwidget"):
    """Several widgets for one value. Manual: "Widgets", class ``MultiWidget``."""

    use_fieldset = True
    clone_parts = {"widgets": twins_of}

    def __init__(
        self, widgets: Sequence[Any] | Mapping[str, Any], attrs: Attributes | None = None
    ) -> None:
        if isinstance(widgets, Mapping):
            self.widgets_names = [f"_{suffix}" if suffix else "" for suffix in widgets]
            parts: Iterable[Any] = widgets.values()
        else:
            self.widgets_names = [f"_{number}" for number in range(len(widgets))]
            parts = widgets
        self.widgets = [part() if isinstance(part, type) else part for part in parts]
        super().__init__(attrs)

    @property
    def is_hidden(self) -> bool:
        """Whether all parts are hidden."""
        return all(part.is_hidden for part in self.widgets)

    @property
    def needs_multipart_form(self) -> bool:
        """Whether a part needs a multipart form."""
        return any(part.needs_multipart_form for part in self.widgets)

    def _parts(self, name: str) -> Iterator[tuple[str, Widget]]:
        """Yield the HTML name and the widget of each part."""
        for suffix, part in zip(self.widgets_names, self.widgets):
            yield name + suffix, part

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the context of each part."""
        context = super().get_context(name, value, attrs)
        if self.is_localized:
            for part in self.widgets:
                part.is_localized = True
        values = value if isinstance(value, (list, tuple)) else self.decompress(value)
        shared = context["widget"]["attrs"]
        base_id, input_type = shared.get("id"), shared.pop("type", None)
        contexts = []
        for number, (part_name, part) in enumerate(self._parts(name)):
            if input_type is not None:
                part.input_type = input_type
            own = dict(shared)
            if base_id:
                own["id"] = f"{base_id}_{number}"
            part_value = values[number] if number < len(values) else None
            contexts.append(part.get_context(part_name, part_value, own)["widget"])
        context["widget"]["subwidgets"] = contexts
        return context

    def id_for_label(self, id_: str) -> str:
        """Return nothing: the parts have labels, the whole has a legend."""
        return ""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the list of the parts' values."""
        return [part.value_from_datadict(data, files, own) for own, part in self._parts(name)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether nothing was sent for any part."""
        return all(
            part.value_omitted_from_data(data, files, own) for own, part in self._parts(name)
        )

    def decompress(self, value: Any) -> Sequence[Any]:
        """Return a list with a value for each part, from the value of the whole."""
        raise NotImplementedError("Subclasses must implement this method.")

    @property
    def media(self) -> Media:
        """The assets of all parts, and those of the class itself."""
        total = Media()
        for part in self.widgets:
            total = total + part.media
        return total


class SplitDateTimeWidget(MultiWidget, template="splitdatetime"):
    """A date input and a time input."""

    supports_microseconds = False

    def __init__(
        self,
        attrs: Attributes | None = None,
        date_format: str | None = None,
        time_format: str | None = None,
        date_attrs: Attributes | None = None,
        time_attrs: Attributes | None = None,
    ) -> None:
        super().__init__(
            (
                DateInput(attrs if date_attrs is None else date_attrs, format=date_format),
                TimeInput(attrs if time_attrs is None else time_attrs, format=time_format),
            )
        )

    def decompress(self, value: Any) -> Sequence[Any]:
        """Return date and time of a ``datetime``, in the current time zone."""
        if not value:
            return [None, None]
        local: Any = to_current_timezone(value)
        return [local.date(), local.time()]


class SplitHiddenDateTimeWidget(SplitDateTimeWidget, template="splithiddendatetime"):
    """A hidden date input and a hidden time input."""

    def __init__(
        self,
        attrs: Attributes | None = None,
        date_format: str | None = None,
        time_format: str | None = None,
        date_attrs: Attributes | None = None,
        time_attrs: Attributes | None = None,
    ) -> None:
        super().__init__(attrs, date_format, time_format, date_attrs, time_attrs)
        for part in self.widgets:
            part.input_type = "hidden"


_ORDER_MARKS = {"y": "year", "Y": "year", "b": "month", "E": "month", "F": "month", "m": "month"}
_ORDER_MARKS |= {"M": "month", "n": "month", "N": "month", "d": "day", "j": "day"}


class SelectDateWidget(Widget, kind="select", template="select_date"):
    """Three ``<select>`` elements for a date. Manual: "Widgets", class ``SelectDateWidget``."""

    none_value = ("", "---")
    month_field = "%s_month"
    day_field = "%s_day"
    year_field = "%s_year"
    select_widget: type[Select] = Select
    date_re = re.compile(r"(\d{4}|0)-(\d\d?)-(\d\d?)\Z", re.ASCII)
    use_fieldset = True

    def __init__(
        self,
        attrs: Attributes | None = None,
        years: Iterable[Any] | None = None,
        months: Mapping[int, Any] | None = None,
        empty_label: Any = None,
    ) -> None:
        super().__init__(attrs)
        this_year = date.today().year
        self.years = years or range(this_year, this_year + 10)
        self.months = months or MONTHS
        labels = empty_label
        if isinstance(labels, (list, tuple)):
            if len(labels) != 3:
                raise ValueError("empty_label list/tuple must have 3 elements.")
        else:
            labels = [self.none_value[1] if labels is None else labels] * 3
            if empty_label is not None:
                self.none_value = ("", empty_label)
        self.year_none_value, self.month_none_value, self.day_none_value = (
            ("", label) for label in labels
        )

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the three parts, in the order of the active locale."""
        context = super().get_context(name, value, attrs)
        shown = context["widget"]["value"]
        entries = {
            "year": [(year, str(year)) for year in self.years],
            "month": list(self.months.items()),
            "day": [(day, day) for day in range(1, 32)],
        }
        parts = []
        for part in self._parse_date_fmt():
            part_name = getattr(self, f"{part}_field") % name
            choices = entries[part]
            if not self.is_required:
                choices = [getattr(self, f"{part}_none_value"), *choices]
            parts.append(
                self.select_widget(attrs, choices=choices).get_context(
                    part_name,
                    shown[part],
                    {**context["widget"]["attrs"], "id": f"id_{part_name}"},
                )["widget"]
            )
        context["widget"]["subwidgets"] = parts
        return context

    def format_value(self, value: Any) -> dict[str, Any]:
        """Return year, month and day of a date, or of a text in a known format."""
        known = {"year": None, "month": None, "day": None}
        if isinstance(value, (date, datetime)):
            return {part: getattr(value, part) for part in known}
        if not isinstance(value, str):
            return known
        if match := self.date_re.match(value):
            # Zero stands for a part that was left empty.
            return {part: int(text) or "" for part, text in zip(known, match.groups())}
        try:
            read = datetime.strptime(value, get_format("DATE_INPUT_FORMATS")[0])
        except ValueError:
            return known
        return {part: getattr(read, part) for part in known}

    @staticmethod
    def _parse_date_fmt() -> Iterator[str]:
        """Yield "year", "month" and "day" in the order of the locale's date format."""
        escaped = False
        for mark in get_format("DATE_FORMAT"):
            if escaped:
                escaped = False
            elif mark == "\\":
                escaped = True
            elif mark in _ORDER_MARKS:
                yield _ORDER_MARKS[mark]

    def id_for_label(self, id_: str) -> str:
        """Return the id of the first part in the locale's order."""
        return f"{id_}_{next(self._parse_date_fmt(), 'month')}"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the date as text in the locale's first input format.

        A date that does not exist comes back as ``year-month-day`` with zeros for empty parts, so
        that the field refuses it and the widget can show it again.
        """
        sent = [data.get(pattern % name) for pattern in self._fields()]
        if None in sent:
            return data.get(name)
        year, month, day = sent
        if not (year or month or day):
            return None
        try:
            chosen = date(int(year), int(month), int(day))
        except OverflowError:
            return "0-0-0"
        except ValueError:
            return f"{year or 0}-{month or 0}-{day or 0}"
        pattern = formats.sanitize_strftime_format(get_format("DATE_INPUT_FORMATS")[0])
        return chosen.strftime(pattern)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether nothing was sent for any part."""
        return not any(pattern % name in data for pattern in self._fields())

    def _fields(self) -> tuple[str, str, str]:
        return self.year_field, self.month_field, self.day_field
