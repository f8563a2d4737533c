"""The base of all form fields, text and numbers; see :mod:`nuages.forms.fields`."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, DecimalException
from typing import TYPE_CHECKING, Any, ClassVar

from nuages.core import validators
from nuages.core.exceptions import ValidationError
from nuages.forms.boundfield import BoundField
from nuages.forms.utils import (
    ClonedByParts,
    twin_of,
)
from nuages.forms.widgets import (
    HiddenInput,
    NumberInput,
    TextInput,
    Widget,
)
from nuages.utils import formats
from nuages.utils.hints import unannotated
from nuages.utils.regex_helper import _lazy_re_compile
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.forms.forms import BaseForm


def _own_messages(value: dict[str, Any], memo: dict[int, Any]) -> dict[str, Any]:
    return value.copy()


def _own_list(value: list[Any], memo: dict[int, Any]) -> list[Any]:
    return list(value)


def _given(**limits: Any) -> dict[str, Any]:
    """Return those of the HTML attributes that have a value."""
    return {name: limit for name, limit in limits.items() if limit is not None}


def _checks(*pairs: tuple[Callable[[Any], Any], Any]) -> list[Any]:
    """Return a validator for each limit that is set."""
    return [make(limit) for make, limit in pairs if limit is not None]


@unannotated
class Field(ClonedByParts):
    """Base of all form fields. Manual: "Form fields", class ``Field``.

    ``clean(value)`` runs ``to_python``, ``validate`` and the validators, and returns the value or
    raises ``ValidationError``.
    """

    widget: Any = TextInput
    hidden_widget: Any = HiddenInput
    default_validators: ClassVar[Sequence[Callable[[Any], None]]] = []
    default_error_messages: ClassVar[Mapping[str, Any]] = {
        "required": _("This field is required."),
    }
    empty_values = list(validators.EMPTY_VALUES)
    bound_field_class: type[BoundField] | None = None
    clone_parts = {"widget": twin_of, "error_messages": _own_messages, "validators": _own_list}

    def __init_subclass__(
        cls, widget: Any = None, hidden: Any = None, errors: Any = None, **kwargs: Any
    ) -> None:
        """Take widget, hidden widget and error messages from the class line."""
        super().__init_subclass__(**kwargs)
        declared = {"widget": widget, "hidden_widget": hidden, "default_error_messages": errors}
        for name, value in _given(**declared).items():
            setattr(cls, name, value)

    def __init__(
        self,
        *,
        required: bool = True,
        widget: Widget | type[Widget] | None = None,
        label: Any = None,
        initial: Any = None,
        help_text: Any = "",
        error_messages: Mapping[str, Any] | None = None,
        show_hidden_initial: bool = False,
        validators: Iterable[Callable[[Any], None]] = (),
        localize: bool = False,
        disabled: bool = False,
        label_suffix: str | None = None,
        template_name: str | None = None,
        bound_field_class: type[BoundField] | None = None,
    ) -> None:
        self.required, self.label, self.initial = required, label, initial
        self.help_text, self.label_suffix, self.template_name = (
            help_text,
            label_suffix,
            template_name,
        )
        self.localize, self.disabled = localize, disabled
        self.show_hidden_initial = show_hidden_initial
        self.bound_field_class = bound_field_class or self.bound_field_class

        chosen = widget or self.widget
        chosen = chosen() if isinstance(chosen, type) else copy.deepcopy(chosen)
        if localize:
            chosen.is_localized = True
        chosen.is_required = required
        for name, value in (self.widget_attrs(chosen) or {}).items():
            chosen.attrs[name] = value
        self.widget = chosen

        messages: dict[str, Any] = {}
        for base in reversed(type(self).__mro__):
            messages.update(getattr(base, "default_error_messages", None) or {})
        self.error_messages = {**messages, **(error_messages or {})}
        self.validators = [*self.default_validators, *validators]
        super().__init__()

    def prepare_value(self, value: Any) -> Any:
        """Return the value that the widget shows."""
        return value

    def to_python(self, value: Any) -> Any:
        """Return ``value`` as the field's Python type.

        Raises:
            ValidationError: it cannot be converted.
        """
        return value

    def validate(self, value: Any) -> None:
        """Raise ``ValidationError`` for what validators cannot see: here, an empty value."""
        if self.required and value in self.empty_values:
            raise self._error("required")

    def run_validators(self, value: Any) -> None:
        """Run all validators and raise what they found, together."""
        if not self.validators or value in self.empty_values:
            return
        found: list[ValidationError] = []
        for check in self.validators:
            try:
                check(value)
            except ValidationError as error:
                custom = self.error_messages.get(getattr(error, "code", ""))
                if custom is not None:
                    error.message = custom
                found.extend(error.error_list)
        if found:
            raise ValidationError(found)

    def clean(self, value: Any) -> Any:
        """Return the validated Python value.

        Raises:
            ValidationError: the value is not acceptable.
        """
        python_value = self.to_python(value)
        for check in (self.validate, self.run_validators):
            check(python_value)
        return python_value

    def _error(self, code: str, **params: Any) -> ValidationError:
        """Return the field's own error of that code."""
        return ValidationError(self.error_messages[code], code=code, params=params or None)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what a bound form shows: the data sent, or the initial value if disabled."""
        return initial if self.disabled else data

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Return HTML attributes that this field adds to its widget."""
        return {}

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether ``data`` differs from ``initial``. Disabled fields never do."""
        if self.disabled:
            return False
        try:
            compared = self.to_python(data)
            if hasattr(self, "_coerce"):
                return self._coerce(compared) != self._coerce(initial)
        except ValidationError:
            return True
        # An empty text and nothing at all are the same to whoever fills in a form.
        before = "" if initial is None else initial
        after = "" if compared is None else compared
        return before != after

    def get_bound_field(self, form: BaseForm, field_name: str) -> BoundField:
        """Return the object that stands for this field in ``form``.

        Manual: "The Forms API", section "Customizing ``BoundField``".
        """
        kind = self.bound_field_class or form.bound_field_class or BoundField
        return kind(form, self, field_name)

    def _clean_bound_field(self, bf: BoundField) -> Any:
        """Return the cleaned value of a bound field."""
        return self.clean(bf.initial if self.disabled else bf.data)


class CharField(Field):
    """Text. Manual: "Form fields", class ``CharField``."""

    def __init__(
        self,
        *,
        max_length: int | None = None,
        min_length: int | None = None,
        strip: bool = True,
        empty_value: Any = "",
        **kwargs: Any,
    ) -> None:
        self.strip, self.empty_value = strip, empty_value
        self.min_length, self.max_length = min_length, max_length
        super().__init__(**kwargs)
        self.validators += _checks(
            (lambda limit: validators.MinLengthValidator(int(limit)), min_length),
            (lambda limit: validators.MaxLengthValidator(int(limit)), max_length),
        )
        self.validators.append(validators.ProhibitNullCharactersValidator())

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Let the browser know the limits, unless the input is hidden."""
        limits = (
            {} if widget.is_hidden else _given(maxlength=self.max_length, minlength=self.min_length)
        )
        return super().widget_attrs(widget) | {name: str(limit) for name, limit in limits.items()}

    def to_python(self, value: Any) -> Any:
        """Return the text, stripped if so declared, or ``empty_value``."""
        text = value if value in self.empty_values else str(value)
        if self.strip and isinstance(text, str):
            text = text.strip()
        return self.empty_value if text in self.empty_values else text


class IntegerField(Field, widget=NumberInput, errors={"invalid": _("Enter a whole number.")}):
    """A whole number. Manual: "Form fields", class ``IntegerField``."""

    re_decimal = _lazy_re_compile(r"\.0*\s*$")

    def __init__(
        self,
        *,
        max_value: Any = None,
        min_value: Any = None,
        step_size: Any = None,
        **kwargs: Any,
    ) -> None:
        self.step_size, self.min_value, self.max_value = step_size, min_value, max_value
        # Browsers do not take localized numbers in number inputs.
        if self.widget is NumberInput and kwargs.get("localize"):
            kwargs = {"widget": Field.widget, **kwargs}
        super().__init__(**kwargs)
        self.validators += _checks(
            (validators.MaxValueValidator, max_value),
            (validators.MinValueValidator, min_value),
            (lambda step: validators.StepValueValidator(step, offset=min_value), step_size),
        )

    def _number(self, text: str) -> Any:
        """Return the number that a text stands for, or raise ``ValueError``."""
        return int(self.re_decimal.sub("", text))

    def to_python(self, value: Any) -> Any:
        """Return a number, or ``None`` for an empty value."""
        given = super().to_python(value)
        if given in self.empty_values:
            return None
        text = str(formats.sanitize_separators(given) if self.localize else given)
        try:
            return self._number(text)
        except (ValueError, TypeError):
            raise self._error("invalid") from None

    def _step(self) -> Any:
        """Return the step for the browser, if the field does not declare one."""
        return None

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Let number inputs know the range and the step."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, NumberInput):
            attrs |= _given(min=self.min_value, max=self.max_value, step=self.step_size)
            if "step" not in widget.attrs and (step := self._step()) is not None:
                attrs.setdefault("step", step)
        return attrs


class _FractionField(IntegerField):
    """A number that is not whole: it can also be infinite, or none at all."""

    def _is_finite(self, value: Any) -> bool:
        return math.isfinite(value)

    def validate(self, value: Any) -> None:
        """Refuse infinity and not-a-number."""
        super().validate(value)
        if not (value in self.empty_values or self._is_finite(value)):
            raise self._error("invalid", value=value)


class FloatField(_FractionField, errors={"invalid": _("Enter a number.")}):
    """A floating point number. Manual: "Form fields", class ``FloatField``."""

    def _number(self, text: str) -> Any:
        return float(text)

    def _step(self) -> Any:
        return "any"


class DecimalField(_FractionField, errors={"invalid": _("Enter a number.")}):
    """A decimal number. Manual: "Form fields", class ``DecimalField``."""

    def __init__(
        self,
        *,
        max_value: Any = None,
        min_value: Any = None,
        max_digits: int | None = None,
        decimal_places: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.decimal_places, self.max_digits = decimal_places, max_digits
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)
        self.validators += [validators.DecimalValidator(max_digits, decimal_places)]

    def _number(self, text: str) -> Any:
        try:
            return Decimal(text)
        except DecimalException as error:
            raise ValueError(text) from error

    def _is_finite(self, value: Any) -> bool:
        return value.is_finite()

    def _step(self) -> Any:
        if self.decimal_places is None:
            return "any"
        # Written out for few places, in scientific notation for many, as decimals are.
        return str(Decimal(1).scaleb(-self.decimal_places)).lower()
