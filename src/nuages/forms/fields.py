"""Form fields: from submitted text to Python values.

Manual: "Form fields".
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import json
import math
import operator
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, DecimalException
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from nuages.core import validators
from nuages.core.exceptions import ValidationError
from nuages.forms.boundfield import BoundField
from nuages.forms.utils import (
    ClonedByParts,
    blank_label,
    from_current_timezone,
    to_current_timezone,
    twin_of,
    twins_of,
)
from nuages.forms.widgets import (
    FILE_INPUT_CONTRADICTION,
    CheckboxInput,
    ClearableFileInput,
    DateInput,
    DateTimeInput,
    EmailInput,
    FileInput,
    HiddenInput,
    MultipleHiddenInput,
    NullBooleanSelect,
    NumberInput,
    Select,
    SelectMultiple,
    SplitDateTimeWidget,
    SplitHiddenDateTimeWidget,
    Textarea,
    TextInput,
    TimeInput,
    URLInput,
    Widget,
)
from nuages.utils import formats
from nuages.utils.choices import normalize_choices
from nuages.utils.dateparse import parse_datetime, parse_duration
from nuages.utils.duration import duration_string
from nuages.utils.ipv6 import MAX_IPV6_ADDRESS_LENGTH, clean_ipv6_address
from nuages.utils.regex_helper import _lazy_re_compile
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext_lazy

if TYPE_CHECKING:
    from nuages.forms.forms import BaseForm

__all__ = (
    "Field",
    "CharField",
    "IntegerField",
    "DateField",
    "TimeField",
    "DateTimeField",
    "DurationField",
    "RegexField",
    "EmailField",
    "FileField",
    "ImageField",
    "URLField",
    "BooleanField",
    "NullBooleanField",
    "ChoiceField",
    "MultipleChoiceField",
    "ComboField",
    "MultiValueField",
    "FloatField",
    "DecimalField",
    "SplitDateTimeField",
    "GenericIPAddressField",
    "FilePathField",
    "JSONField",
    "SlugField",
    "TypedChoiceField",
    "TypedMultipleChoiceField",
    "UUIDField",
)


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
                custom = self.error_messages.get(getattr(error, "code", None))
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


class RegexField(CharField):
    """Text that matches a regular expression. Manual: "Form fields", class ``RegexField``."""

    def __init__(self, regex: str | re.Pattern[str], **kwargs: Any) -> None:
        super().__init__(**{"strip": False, **kwargs})
        self.regex = regex

    @property
    def regex(self) -> re.Pattern[str]:
        """The regular expression. Setting it replaces the validator."""
        return self._regex

    @regex.setter
    def regex(self, value: str | re.Pattern[str]) -> None:
        self._regex = re.compile(value) if isinstance(value, str) else value
        fresh = validators.RegexValidator(regex=self._regex)
        former = self.__dict__.get("_regex_validator")
        self.validators = [check for check in self.validators if check is not former] + [fresh]
        self._regex_validator = fresh


class EmailField(CharField):
    """An email address. Manual: "Form fields", class ``EmailField``."""

    widget = EmailInput
    default_validators = [validators.validate_email]

    def __init__(self, **kwargs: Any) -> None:
        # 64 for the local part, one for the at sign, 255 for the domain (RFC 3696).
        super().__init__(strip=True, **{"max_length": 320, **kwargs})


class FileField(Field, widget=ClearableFileInput):
    """An uploaded file. Manual: "Form fields", class ``FileField``."""

    default_error_messages = {
        "invalid": _("No file was submitted. Check the encoding type on the form."),
        "missing": _("No file was submitted."),
        "empty": _("The submitted file is empty."),
        "max_length": ngettext_lazy(
            "Ensure this filename has at most %(max)d character (it has %(length)d).",
            "Ensure this filename has at most %(max)d characters (it has %(length)d).",
            "max",
        ),
        "contradiction": _("Please either submit a file or check the clear checkbox, not both."),
    }

    def __init__(
        self, *, max_length: int | None = None, allow_empty_file: bool = False, **kwargs: Any
    ) -> None:
        self.max_length, self.allow_empty_file = max_length, allow_empty_file
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> Any:
        """Return the uploaded file after checking its name and size."""
        if data in self.empty_values:
            return None
        try:
            name, size = data.name, data.size
        except AttributeError:
            raise self._error("invalid") from None
        if self.max_length is not None and len(name) > self.max_length:
            raise self._error("max_length", max=self.max_length, length=len(name))
        if not name:
            raise self._error("invalid")
        if not size and not self.allow_empty_file:
            raise self._error("empty")
        return data

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether a file was sent, or the present one is to be removed."""
        return not self.disabled and data is not None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the present file where no other was sent."""
        return initial if data in (None, FILE_INPUT_CONTRADICTION) else data

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the new file, the present one, or ``False`` if it is to be removed."""
        if data is FILE_INPUT_CONTRADICTION:
            raise self._error("contradiction")
        if data is False and not self.required:
            return data
        # A required field cannot be cleared: then it is as if nothing had been sent.
        return initial if initial and not data else super().clean(None if data is False else data)

    def _clean_bound_field(self, bf: BoundField) -> Any:
        return self.clean(bf.initial if self.disabled else bf.data, bf.initial)


class ImageField(FileField):
    """An uploaded image; needs Pillow. Manual: "Form fields", class ``ImageField``."""

    default_validators = [validators.validate_image_file_extension]
    default_error_messages = {
        "invalid_image": _(
            "Upload a valid image. The file you uploaded was either not an image or a corrupted "
            "image."
        ),
    }

    def to_python(self, data: Any) -> Any:
        """Return the uploaded file, with the opened image as its ``image`` attribute."""
        upload = super().to_python(data)
        if upload is None:
            return None
        from io import BytesIO

        from PIL import Image

        path = getattr(data, "temporary_file_path", None)
        if path is not None:
            source = path()
        else:
            source = BytesIO(data.read() if hasattr(data, "read") else data["content"])
        try:
            # verify() has to be the first thing that is done with the image.
            (image := Image.open(source)).verify()
        except Exception as error:
            # Pillow raises whatever a broken file makes its decoders stumble on.
            raise self._error("invalid_image") from error
        upload.image = image
        upload.content_type = Image.MIME.get(image.format)
        if callable(getattr(upload, "seek", None)):
            upload.seek(0)
        return upload

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Ask the browser for images."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, FileInput) and "accept" not in widget.attrs:
            attrs.setdefault("accept", "image/*")
        return attrs


class URLField(CharField, widget=URLInput, errors={"invalid": _("Enter a valid URL.")}):
    """A URL. Manual: "Form fields", class ``URLField``."""

    default_validators = [validators.URLValidator()]

    def __init__(self, *, assume_scheme: str | None = None, **kwargs: Any) -> None:
        self.assume_scheme = assume_scheme or "https"
        super().__init__(strip=True, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the URL with a scheme."""
        text = super().to_python(value)
        try:
            return self._completed(text) if text else text
        except ValueError:
            # urlsplit() refuses some texts, such as unbalanced brackets.
            raise self._error("invalid") from None

    def _completed(self, text: str) -> str:
        parts = urlsplit(text)
        if not parts.scheme:
            # Without "//" the host was taken for the start of the path.
            host, path = (parts.netloc, parts.path) if parts.netloc else (parts.path, "")
            parts = parts._replace(scheme=self.assume_scheme, netloc=host, path=path)
        return urlsplit(parts.geturl()).geturl()


_FALSE_TEXTS = frozenset({"false", "0"})


class BooleanField(Field):
    """Yes or no. Manual: "Form fields", class ``BooleanField``."""

    widget = CheckboxInput

    def to_python(self, value: Any) -> Any:
        """Return a ``bool``; the texts "False" and "0" are false."""
        if isinstance(value, str) and value.lower() in _FALSE_TEXTS:
            return False
        return bool(value)

    def validate(self, value: Any) -> None:
        """A required box has to be ticked."""
        if self.required and not value:
            raise self._error("required")

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as truth values."""
        return not self.disabled and self.to_python(initial) != self.to_python(data)


_THREE_STATES = {
    True: True,
    "True": True,
    "true": True,
    "1": True,
    False: False,
    "False": False,
    "false": False,
    "0": False,
}


class NullBooleanField(BooleanField):
    """Yes, no or unknown. Manual: "Form fields", class ``NullBooleanField``."""

    widget = NullBooleanSelect

    def to_python(self, value: Any) -> Any:
        """Return ``True``, ``False``, or ``None`` for anything else."""
        return _THREE_STATES.get(value) if value.__hash__ is not None else None

    def validate(self, value: Any) -> None:
        """Accept all three states."""


class ChoiceField(Field):
    """One of several choices. Manual: "Form fields", class ``ChoiceField``."""

    widget = Select
    default_error_messages = {
        "invalid_choice": _(
            "Select a valid choice. %(value)s is not one of the available choices."
        ),
    }
    clone_parts = {"_choices": copy.deepcopy}

    def __init__(self, *, choices: Any = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices

    @property
    def choices(self) -> Any:
        """The choices; the widget gets them too."""
        return self._choices

    @choices.setter
    def choices(self, value: Any) -> None:
        self._choices = self.widget.choices = normalize_choices(value)

    def validate(self, value: Any) -> None:
        """Refuse what is not among the choices."""
        super().validate(value)
        if value and not self.valid_value(value):
            raise self._error("invalid_choice", value=value)

    def to_python(self, value: Any) -> Any:
        """Return the chosen value as text."""
        return "" if value in self.empty_values else str(value)

    def valid_value(self, value: Any) -> bool:
        """Return whether ``value`` is one of the choices, in a group or not."""
        text = str(value)
        for key, content in self.choices:
            entries = content if isinstance(content, (list, tuple)) else ((key, content),)
            for own, _label in entries:
                if own == value or str(own) == text:
                    return True
        return False


def _same(value: Any) -> Any:
    """Return ``value``: the coercion of a typed choice field that was given none."""
    return value


class _Coercing:
    """What the two typed choice fields share: converting accepted values."""

    coerce: Callable[[Any], Any]
    empty_value: Any

    def _coerced(self, value: Any) -> Any:
        try:
            return self.coerce(value)
        except (ValueError, TypeError, ValidationError):
            raise self._error("invalid_choice", value=value) from None


class TypedChoiceField(_Coercing, ChoiceField):
    """A choice, converted. Manual: "Form fields", class ``TypedChoiceField``."""

    def __init__(
        self, *, coerce: Callable[[Any], Any] = _same, empty_value: Any = "", **kwargs: Any
    ) -> None:
        self.coerce, self.empty_value = coerce, empty_value
        super().__init__(**kwargs)

    def _coerce(self, value: Any) -> Any:
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        return self._coerced(value)

    def clean(self, value: Any) -> Any:
        """Return the chosen value, converted."""
        return self._coerce(super().clean(value))


class MultipleChoiceField(ChoiceField, widget=SelectMultiple, hidden=MultipleHiddenInput):
    """Some of several choices. Manual: "Form fields", class ``MultipleChoiceField``."""

    default_error_messages = dict(
        ChoiceField.default_error_messages, invalid_list=_("Enter a list of values.")
    )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as sets of texts."""
        before, after = list(map(str, initial or ())), list(map(str, data or ()))
        return not self.disabled and (len(before) != len(after) or set(before) != set(after))

    def to_python(self, value: Any) -> Any:
        """Return the chosen values as a list of texts."""
        match value:
            case list() | tuple():
                return [str(item) for item in value]
            case _ if value:
                raise self._error("invalid_list")
        return []

    def validate(self, value: Any) -> None:
        """Refuse values that are not among the choices."""
        if self.required and not value:
            raise self._error("required")
        unknown = next((item for item in value if not self.valid_value(item)), None)
        if unknown is not None:
            raise self._error("invalid_choice", value=unknown)


class TypedMultipleChoiceField(_Coercing, MultipleChoiceField):
    """Several choices, converted. Manual: "Form fields", class ``TypedMultipleChoiceField``."""

    def __init__(self, *, coerce: Callable[[Any], Any] = _same, **kwargs: Any) -> None:
        self.coerce, self.empty_value = coerce, kwargs.pop("empty_value", [])
        super().__init__(**kwargs)

    def _coerce(self, value: Any) -> Any:
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        return [self._coerced(item) for item in value]

    def validate(self, value: Any) -> None:
        """Refuse emptiness where a choice is required, and unknown values."""
        if self.required or value != self.empty_value:
            super().validate([] if value == self.empty_value else value)

    def clean(self, value: Any) -> Any:
        """Return the chosen values, converted."""
        return self._coerce(super().clean(value))


class ComboField(Field):
    """A value that several fields accept, one after the other. Manual: class ``ComboField``."""

    def __init__(self, fields: Iterable[Field], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields = fields = list(fields)
        for part in fields:
            # Whether a value is required is for the combination to say.
            part.required = False

    def clean(self, value: Any) -> Any:
        """Return the value that the last field gives."""
        super().clean(value)
        for part in self.fields:
            value = part.clean(value)
        return value


class MultiValueField(Field):
    """Several fields that make one value. Manual: "Form fields", class ``MultiValueField``."""

    default_error_messages = {
        "invalid": _("Enter a list of values."),
        "incomplete": _("Enter a complete value."),
    }
    clone_parts = {"fields": lambda parts, memo: tuple(twins_of(parts, memo))}

    def __init__(
        self, fields: Iterable[Field], *, require_all_fields: bool = True, **kwargs: Any
    ) -> None:
        self.require_all_fields = require_all_fields
        super().__init__(**kwargs)
        self.fields = tuple(fields)
        for part in self.fields:
            part.error_messages.setdefault("incomplete", self.error_messages["incomplete"])
            if self.disabled:
                part.disabled = True
            if require_all_fields:
                part.required = False

    def validate(self, value: Any) -> None:
        """The parts have been validated by then."""

    def clean(self, value: Any) -> Any:
        """Return what :meth:`compress` makes of the cleaned parts.

        Raises:
            ValidationError: with the errors of all parts.
        """
        if self.disabled and not isinstance(value, list):
            value = self.widget.decompress(value)
        if value and not isinstance(value, (list, tuple)):
            raise self._error("invalid")
        if not value or all(item in self.empty_values for item in value):
            if self.required:
                raise self._error("required")
            return self._finished([])

        cleaned: list[Any] = []
        problems: list[Any] = []
        for position, part in enumerate(self.fields):
            item = value[position] if position < len(value) else None
            if item in self.empty_values:
                if self.require_all_fields:
                    if self.required:
                        raise self._error("required")
                elif part.required:
                    incomplete = part.error_messages["incomplete"]
                    if incomplete not in problems:
                        problems.append(incomplete)
                    continue
            try:
                cleaned.append(part.clean(item))
            except ValidationError as error:
                problems.extend(known for known in error.error_list if known not in problems)
        if problems:
            raise ValidationError(problems)
        return self._finished(cleaned)

    def compress(self, data_list: list[Any]) -> Any:
        """Return one value for the cleaned values of the parts."""
        raise NotImplementedError("Subclasses must implement this method.")

    def _finished(self, parts: list[Any]) -> Any:
        whole = self.compress(parts)
        self.validate(whole)
        self.run_validators(whole)
        return whole

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether one of the parts has changed."""
        match initial:
            case None:
                before: Any = repeat("")
            case list():
                before = initial
            case _:
                before = self.widget.decompress(initial)
        try:
            return not self.disabled and any(
                part.has_changed(part.to_python(old), new)
                for part, old, new in zip(self.fields, before, data)
            )
        except ValidationError:
            return True  # what cannot be read is not what was there


class FilePathField(ChoiceField):
    """A file of a directory. Manual: "Form fields", class ``FilePathField``."""

    def __init__(
        self,
        path: str,
        *,
        match: str | None = None,
        recursive: bool = False,
        allow_files: bool = True,
        allow_folders: bool = False,
        **kwargs: Any,
    ) -> None:
        self.allow_folders, self.allow_files = allow_folders, allow_files
        self.recursive, self.path, self.match = recursive, path, match
        self.match_re = None if match is None else re.compile(match)
        super().__init__(choices=(), **kwargs)
        self.set_choices()

    def set_choices(self) -> None:
        """Read the directory again."""
        head = [] if self.required else [("", blank_label)]
        self.choices = head + list(self._entries(str(self.path)))

    def _entries(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield path and label of each entry that qualifies; those of subfolders after."""
        with os.scandir(folder) as found:
            entries = sorted(found, key=operator.attrgetter("name"))
        folders = [entry for entry in entries if entry.is_dir() and entry.name != "__pycache__"]
        files = [entry for entry in entries if entry.is_file()] if self.allow_files else []
        wanted = files + folders if self.allow_folders else files
        if not self.recursive:
            wanted.sort(key=operator.attrgetter("name"))
        start = len(str(self.path))
        for entry in wanted:
            if self.match_re is None or self.match_re.search(entry.name):
                yield entry.path, entry.path[start:] if self.recursive else entry.name
        for entry in folders if self.recursive else ():
            yield from self._entries(entry.path)


class SplitDateTimeField(MultiValueField):
    """Date and time in two inputs. Manual: "Form fields", class ``SplitDateTimeField``."""

    widget = SplitDateTimeWidget
    hidden_widget = SplitHiddenDateTimeWidget
    default_error_messages = {
        "invalid_date": _("Enter a valid date."),
        "invalid_time": _("Enter a valid time."),
    }

    def __init__(
        self,
        *,
        input_date_formats: Iterable[str] | None = None,
        input_time_formats: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        custom = kwargs.get("error_messages") or {}
        messages = {**self.default_error_messages, **custom}
        shared = {"localize": kwargs.get("localize", False)}
        super().__init__(
            (
                DateField(
                    input_formats=input_date_formats,
                    error_messages={"invalid": messages["invalid_date"]},
                    **shared,
                ),
                TimeField(
                    input_formats=input_time_formats,
                    error_messages={"invalid": messages["invalid_time"]},
                    **shared,
                ),
            ),
            **kwargs,
        )

    def compress(self, data_list: list[Any]) -> Any:
        """Return a ``datetime``, or ``None`` if nothing was sent."""
        if not data_list:
            return None
        # One of the two may be missing where the field is not required.
        for code, part in zip(("invalid_date", "invalid_time"), data_list):
            if part in self.empty_values:
                raise self._error(code)
        return from_current_timezone(datetime.datetime.combine(*data_list))


class GenericIPAddressField(CharField):
    """An IP address. Manual: "Form fields", class ``GenericIPAddressField``."""

    def __init__(self, *, protocol: str = "both", unpack_ipv4: bool = False, **kwargs: Any) -> None:
        self.unpack_ipv4 = unpack_ipv4
        self.default_validators = validators.ip_address_validators(protocol, unpack_ipv4)
        super().__init__(**{"max_length": MAX_IPV6_ADDRESS_LENGTH, **kwargs})

    def to_python(self, value: Any) -> Any:
        """Return the address, IPv6 ones in their normal form."""
        if value in self.empty_values:
            return ""
        address = value.strip()
        if ":" not in address:
            return address
        return clean_ipv6_address(address, self.unpack_ipv4, max_length=self.max_length)


class SlugField(CharField):
    """Letters, digits, underscores and hyphens. Manual: "Form fields", class ``SlugField``."""

    default_validators = [validators.validate_slug]

    def __init__(self, *, allow_unicode: bool = False, **kwargs: Any) -> None:
        self.allow_unicode = allow_unicode
        if allow_unicode:
            self.default_validators = [validators.validate_unicode_slug]
        super().__init__(**kwargs)


class UUIDField(CharField):
    """A UUID. Manual: "Form fields", class ``UUIDField``."""

    default_error_messages = {"invalid": _("Enter a valid UUID.")}

    def prepare_value(self, value: Any) -> Any:
        """Return the UUID as text."""
        return str(value) if isinstance(value, uuid.UUID) else value

    def to_python(self, value: Any) -> Any:
        """Return a ``UUID``, or ``None`` for an empty value."""
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        if isinstance(text, uuid.UUID):
            return text
        try:
            return uuid.UUID(text)
        except ValueError:
            raise self._error("invalid") from None


class InvalidJSONInput(str):
    """Text that is not JSON, kept to be shown again as it was typed."""


class JSONString(str):
    """A JSON string after decoding: not to be decoded again."""


class JSONField(CharField, widget=Textarea, errors={"invalid": _("Enter a valid JSON.")}):
    """JSON data. Manual: "Form fields", class ``JSONField``."""

    def __init__(self, encoder: Any = None, decoder: Any = None, **kwargs: Any) -> None:
        self.encoder, self.decoder = encoder, decoder
        super().__init__(**kwargs)

    def _decoded(self, text: Any) -> Any:
        return json.loads(text, cls=self.decoder)

    def _encoded(self, value: Any, **options: Any) -> str:
        return json.dumps(value, cls=self.encoder, **options)

    def to_python(self, value: Any) -> Any:
        """Return the decoded value."""
        decoded_before = isinstance(value, (JSONString, list, dict, int, float))
        if self.disabled or (decoded_before and value not in self.empty_values):
            return value
        try:
            read = None if value in self.empty_values else self._decoded(value)
        except json.JSONDecodeError:
            raise self._error("invalid", value=value) from None
        return JSONString(read) if isinstance(read, str) else read

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the decoded data, or the text as typed if it is not JSON."""
        if self.disabled:
            return initial
        if data is None:
            return None
        try:
            return self._decoded(data)
        except json.JSONDecodeError:
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        """Return the value as JSON text."""
        if isinstance(value, InvalidJSONInput):
            return value
        return self._encoded(value, ensure_ascii=False)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare by content: the order of keys makes no difference."""
        if self.disabled or (initial in self.empty_values and data in self.empty_values):
            return False
        # True and 1 are equal in Python, not in JSON, so the texts decide.
        try:
            after = self.to_python(data)
        except ValidationError:
            return True
        return self._encoded(initial, sort_keys=True) != self._encoded(after, sort_keys=True)
