"""Ranges in forms: an input for each bound."""

from __future__ import annotations

from functools import partialmethod
from typing import Any

from nuages import forms
from nuages.core.exceptions import ValidationError
from nuages.db.backends.postgresql.psycopg_any import (
    DateRange,
    DateTimeTZRange,
    NumericRange,
    Range,
)
from nuages.forms.widgets import HiddenInput, MultiWidget
from nuages.utils.translation import gettext_lazy as _


class RangeWidget(MultiWidget):
    """Two widgets of one kind.

    Args:
        base_widget: the widget of a bound, or its class.
    """

    def __init__(self, base_widget: Any, attrs: Any = None) -> None:
        super().__init__((base_widget, base_widget), attrs)

    def decompress(self, value: Any) -> Any:
        """Return the bounds of a range."""
        return _bounds(value) if value else (None, None)


def _bounds(value: Any) -> tuple[Any, ...]:
    """Return the two bounds of a range, or of what passes for one."""
    return (value.lower, value.upper) if isinstance(value, Range) else tuple(value)


class HiddenRangeWidget(RangeWidget):
    """Two hidden inputs."""

    __init__ = partialmethod(RangeWidget.__init__, HiddenInput)


class BaseRangeField(forms.MultiValueField):
    """The base of fields of ranges; subclasses say ``base_field`` and ``range_type``."""

    base_field: Any
    range_type: Any
    default_error_messages = {
        "invalid": _("Enter two valid values."),
        "bound_ordering": _("The start of the range must not exceed the end of the range."),
    }
    hidden_widget = HiddenRangeWidget

    def __init__(self, **kwargs: Any) -> None:
        bounds = kwargs.pop("default_bounds", None)
        self.range_kwargs = {} if bounds is None else {"bounds": bounds}
        own: dict[str, Any] = {
            "widget": RangeWidget(self.base_field.widget),
            "fields": [self.base_field(required=False) for _bound in range(2)],
            "required": False,
        }
        # Either bound may be left open.
        super().__init__(**own | kwargs, require_all_fields=False)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, None | Range):
            return value
        bounds = (None, None) if value is None else _bounds(value)
        return [
            field.prepare_value(bound) for field, bound in zip(self.fields, bounds, strict=True)
        ]

    def compress(self, values: Any) -> Any:
        if not values:
            return None
        lower, upper = values
        if None not in (lower, upper) and lower > upper:
            raise ValidationError(self.error_messages["bound_ordering"], code="bound_ordering")
        try:
            found = self.range_type(lower, upper, **self.range_kwargs)
        except TypeError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        return None if lower is None and upper is None else found


class IntegerRangeField(BaseRangeField):
    """A range of integers."""

    base_field, range_type = forms.IntegerField, NumericRange
    default_error_messages = {"invalid": _("Enter two whole numbers.")}


class DecimalRangeField(BaseRangeField):
    """A range of decimals."""

    base_field, range_type = forms.DecimalField, NumericRange
    default_error_messages = {"invalid": _("Enter two numbers.")}


class DateTimeRangeField(BaseRangeField):
    """A range of moments."""

    base_field, range_type = forms.DateTimeField, DateTimeTZRange
    default_error_messages = {"invalid": _("Enter two valid date/times.")}


class DateRangeField(BaseRangeField):
    """A range of dates."""

    base_field, range_type = forms.DateField, DateRange
    default_error_messages = {"invalid": _("Enter two valid dates.")}
