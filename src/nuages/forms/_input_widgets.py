"""Widgets of one box: inputs of all kinds, files, dates and times, text areas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.forms._widget_base import Attributes, Input, Widget, _many, _never
from nuages.utils import formats
from nuages.utils.formats import get_format
from nuages.utils.translation import gettext_lazy as _


class TextInput(Input, kind="text", template="text"):
    """``<input type="text">``."""


class NumberInput(Input, kind="number", template="number"):
    """``<input type="number">``."""


class EmailInput(Input, kind="email", template="email"):
    """``<input type="email">``."""


class URLInput(Input, kind="url", template="url"):
    """``<input type="url">``."""


class ColorInput(Input, kind="color", template="color"):
    """``<input type="color">``."""


class SearchInput(Input, kind="search", template="search"):
    """``<input type="search">``."""


class TelInput(Input, kind="tel", template="tel"):
    """``<input type="tel">``."""


class PasswordInput(Input, kind="password", template="password"):
    """``<input type="password">``, empty unless ``render_value`` is set."""

    def __init__(self, attrs: Attributes | None = None, render_value: bool = False) -> None:
        super().__init__(attrs)
        self.render_value = render_value

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Leave the value out, unless asked to show it."""
        return super().get_context(name, value if self.render_value else None, attrs)


class HiddenInput(Input, kind="hidden", template="hidden"):
    """``<input type="hidden">``."""


class MultipleHiddenInput(HiddenInput, template="multiple_hidden"):
    """One hidden input for each value of a list."""

    def format_value(self, value: Any) -> Any:
        """Return the values as they are."""
        return [] if value is None else value

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the list of values sent."""
        return _many(data, name)

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        facts = super()._facts(name, value, attrs)
        single, shared = HiddenInput(), facts["attrs"]
        single.is_required = self.is_required

        def numbered(number: int) -> dict[str, Any]:
            return (
                {**shared, "id": f"{shared['id']}_{number}"} if shared.get("id") else dict(shared)
            )

        facts["subwidgets"] = [
            single.get_context(name, item, numbered(number))["widget"]
            for number, item in enumerate(facts["value"])
        ]
        return facts


class FileInput(Input, kind="file", template="file"):
    """``<input type="file">``. Its value is never shown."""

    needs_multipart_form = True
    allow_multiple_selected = False

    def __init__(self, attrs: Attributes | None = None) -> None:
        given = dict(attrs or {})
        if self.allow_multiple_selected:
            given.setdefault("multiple", True)
        elif given.get("multiple"):
            raise ValueError(f"{type(self).__qualname__} doesn't support uploading multiple files.")
        super().__init__(given)

    def use_required_attribute(self, initial: Any) -> bool:
        """With a file that is there already, another one is optional."""
        return not initial and super().use_required_attribute(initial)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether no file was sent."""
        return name not in files

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the uploaded file, or the list of them."""
        return _many(files, name) if self.allow_multiple_selected else files.get(name)

    def format_value(self, value: Any) -> Any:
        """Return ``None``: browsers do not take a value for a file input."""
        return None


FILE_INPUT_CONTRADICTION = object()


class ClearableFileInput(FileInput, template="clearable_file_input"):
    """A file input that shows the present file, and a checkbox to remove it."""

    checked = False
    initial_text, input_text, clear_checkbox_label = _("Currently"), _("Change"), _("Clear")

    def is_initial(self, value: Any) -> bool:
        """Return whether ``value`` is a stored file."""
        return bool(value and getattr(value, "url", False))

    def format_value(self, value: Any) -> Any:
        """Return the stored file, if ``value`` is one."""
        return value if self.is_initial(value) else None

    def clear_checkbox_id(self, name: str) -> str:
        """Return the HTML id of the checkbox that removes the file, from its name."""
        return f"{name}_id"

    def clear_checkbox_name(self, name: str) -> str:
        """Return the HTML name of that checkbox."""
        return f"{name}-clear"

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        facts = super()._facts(name, value, attrs)
        facts["attrs"] = {"disabled": False, **facts["attrs"], "checked": self.checked}
        box = self.clear_checkbox_name(name)
        texts = ("initial_text", "input_text", "clear_checkbox_label")
        return {
            **facts,
            **{text: getattr(self, text) for text in texts},
            "is_initial": self.is_initial(value),
            "checkbox_name": box,
            "checkbox_id": self.clear_checkbox_id(box),
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the uploaded file, ``False`` for "remove it", or a mark for both at once."""
        upload, box = super().value_from_datadict(data, files, name), self.clear_checkbox_name(name)
        self.checked = box in data
        ticked = CheckboxInput().value_from_datadict(data, files, box)
        if self.is_required or not ticked:
            return upload
        return FILE_INPUT_CONTRADICTION if upload else False

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether neither a file nor the checkbox was sent."""
        return name not in files and self.clear_checkbox_name(name) not in data


class Textarea(Widget, template="textarea"):
    """``<textarea>``."""

    def __init__(self, attrs: Attributes | None = None) -> None:
        super().__init__({"cols": "40", "rows": "10", **(attrs or {})})


class DateTimeBaseInput(TextInput):
    """Base of the text inputs for dates and times, with the name of their formats."""

    supports_microseconds = False
    format: str | None = None
    format_key = ""

    def __init_subclass__(cls, formats: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.format_key = formats or cls.format_key

    def __init__(self, attrs: Attributes | None = None, format: str | None = None) -> None:
        super().__init__(attrs)
        self.format = format or self.format

    def format_value(self, value: Any) -> Any:
        """Return the value in the widget's format, or in the first one of the locale."""
        return formats.localize_input(value, self.format or get_format(self.format_key)[0])


class DateInput(DateTimeBaseInput, template="date", formats="DATE_INPUT_FORMATS"):
    """A text input for dates."""


class DateTimeInput(DateTimeBaseInput, template="datetime", formats="DATETIME_INPUT_FORMATS"):
    """A text input for dates with time."""


class TimeInput(DateTimeBaseInput, template="time", formats="TIME_INPUT_FORMATS"):
    """A text input for times."""


def boolean_check(value: Any) -> bool:
    """Return whether a checkbox is ticked for ``value``: for all but ``False``, ``None``, ``""``."""
    return not (value is False or value is None or value == "")


_CHECKBOX_TEXTS = {"true": True, "false": False}


class CheckboxInput(Input, kind="checkbox", template="checkbox"):
    """``<input type="checkbox">``. ``check_test(value)`` says whether it is ticked."""

    def __init__(
        self, attrs: Attributes | None = None, check_test: Callable[[Any], bool] | None = None
    ) -> None:
        super().__init__(attrs)
        self.check_test = check_test or boolean_check

    value_omitted_from_data = _never

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return whether the box was ticked: browsers send nothing for an empty one."""
        sent = data.get(name, False)
        return bool(_CHECKBOX_TEXTS.get(sent.lower(), sent) if isinstance(sent, str) else sent)

    def format_value(self, value: Any) -> Any:
        """Return the value as text, nothing for plain truth values."""
        return None if value is True or not boolean_check(value) else str(value)

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        facts = super()._facts(name, value, attrs)
        if self.check_test(value):
            facts["attrs"]["checked"] = True
        return facts
