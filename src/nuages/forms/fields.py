"""Form fields: from submitted text to Python values.

Manual: "Form fields".
"""

from __future__ import annotations

import copy
import datetime
import json
import operator
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from nuages.core import validators
from nuages.core.exceptions import ValidationError
from nuages.forms._field_base import CharField, DecimalField, Field, FloatField, IntegerField
from nuages.forms._field_times import (  # noqa: F401
    BaseTemporalField,
    DateField,
    DateTimeField,
    DateTimeFormatsIterator,
    DurationField,
    TimeField,
)
from nuages.forms._input_widgets import FILE_INPUT_CONTRADICTION
from nuages.forms.boundfield import BoundField
from nuages.forms.utils import (
    blank_label,
    from_current_timezone,
    twins_of,
)
from nuages.forms.widgets import (
    CheckboxInput,
    ClearableFileInput,
    EmailInput,
    FileInput,
    MultipleHiddenInput,
    NullBooleanSelect,
    Select,
    SelectMultiple,
    SplitDateTimeWidget,
    SplitHiddenDateTimeWidget,
    Textarea,
    URLInput,
    Widget,
)
from nuages.utils.choices import normalize_choices
from nuages.utils.ipv6 import MAX_IPV6_ADDRESS_LENGTH, clean_ipv6_address
from nuages.utils.translation import gettext_lazy as _
from nuages.utils.translation import ngettext_lazy

if TYPE_CHECKING:
    pass

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
        """Return the present file: browsers do not show again what was chosen."""
        return initial

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
        upload.content_type = Image.MIME.get(image.format or "")
        if callable(getattr(upload, "seek", None)):
            upload.seek(0)
        return upload

    def widget_attrs(self, widget: Widget) -> dict[str, Any]:
        """Ask the browser for images."""
        attrs = super().widget_attrs(widget)
        if isinstance(widget, FileInput) and "accept" not in widget.attrs:
            attrs.setdefault("accept", "image/*")
        return attrs


_has_scheme = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII).match


class URLField(CharField, widget=URLInput, errors={"invalid": _("Enter a valid URL.")}):
    """A URL. Manual: "Form fields", class ``URLField``."""

    default_validators = [validators.URLValidator()]

    def __init__(self, *, assume_scheme: str | None = None, **kwargs: Any) -> None:
        self.assume_scheme = assume_scheme or "https"
        super().__init__(strip=True, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the URL with a scheme; whether it is one is for the validator to say."""
        text = super().to_python(value)
        # No parsing of what may be a megabyte long: a look at its start is enough.
        if not text or _has_scheme(text):
            return text
        return f"{self.assume_scheme}:{'' if text.startswith('//') else '//'}{text}"


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

    widget: Any = NullBooleanSelect

    def to_python(self, value: Any) -> Any:
        """Return ``True``, ``False``, or ``None`` for anything else."""
        return _THREE_STATES.get(value) if value.__hash__ is not None else None

    def validate(self, value: Any) -> None:
        """Accept all three states."""


def own_choices(choices: Any, memo: dict[int, Any]) -> Any:
    """Copy a list of choices, and the lists of its groups; what is in them is shared."""
    if type(choices) is not list:
        return copy.copy(choices)
    return [
        (choice[0], list(choice[1]))
        if type(choice) is tuple and len(choice) == 2 and type(choice[1]) is list
        else choice
        for choice in choices
    ]


class ChoiceField(Field):
    """One of several choices. Manual: "Form fields", class ``ChoiceField``."""

    widget = Select
    default_error_messages = {
        "invalid_choice": _(
            "Select a valid choice. %(value)s is not one of the available choices."
        ),
    }
    clone_parts = {"_choices": own_choices}

    def __init__(self, *, choices: Any = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices

    @property
    def choices(self) -> Any:
        """The choices; the widget gets them too."""
        return self._choices

    @choices.setter
    def choices(self, value: Any) -> None:
        self._choices = self.widget.choices = normalize_choices(value)  # type: ignore[method-assign]

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
    _error: Callable[..., ValidationError]

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
        own: Any = self
        own.default_validators = validators.ip_address_validators(protocol, unpack_ipv4)
        super().__init__(**{"max_length": MAX_IPV6_ADDRESS_LENGTH, **kwargs})

    def to_python(self, value: Any) -> Any:
        """Return the address, IPv6 ones in their normal form."""
        if value in self.empty_values:
            return ""
        address = value.strip()
        if ":" not in address:
            return address
        most: Any = self.max_length
        return clean_ipv6_address(address, self.unpack_ipv4, max_length=most)


class SlugField(CharField):
    """Letters, digits, underscores and hyphens. Manual: "Form fields", class ``SlugField``."""

    default_validators = [validators.validate_slug]

    def __init__(self, *, allow_unicode: bool = False, **kwargs: Any) -> None:
        self.allow_unicode = allow_unicode
        if allow_unicode:
            own: Any = self
            own.default_validators = [validators.validate_unicode_slug]
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


# All fields are documented to be here, and say so, wherever they are written.
for _name in (*__all__, "BaseTemporalField", "DateTimeFormatsIterator"):
    globals()[_name].__module__ = __name__
