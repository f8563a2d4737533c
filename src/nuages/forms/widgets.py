"""Widgets: what a form field looks like as HTML, and how its data is read back.

Manual: "Widgets".
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from nuages.forms._media import (
    Media,
    MediaDefiningClass,
    Script,
    Stylesheet,
)
from nuages.forms.utils import ClonedByParts, standard_renderer, to_current_timezone, twins_of
from nuages.utils import formats
from nuages.utils.choices import normalize_choices
from nuages.utils.dates import MONTHS
from nuages.utils.formats import get_format
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from nuages.forms.renderers import BaseRenderer

__all__ = (
    "Script",
    "Stylesheet",
    "Media",
    "MediaDefiningClass",
    "Widget",
    "TextInput",
    "NumberInput",
    "EmailInput",
    "URLInput",
    "ColorInput",
    "SearchInput",
    "TelInput",
    "PasswordInput",
    "HiddenInput",
    "MultipleHiddenInput",
    "FileInput",
    "ClearableFileInput",
    "Textarea",
    "DateInput",
    "DateTimeInput",
    "TimeInput",
    "CheckboxInput",
    "Select",
    "NullBooleanSelect",
    "SelectMultiple",
    "RadioSelect",
    "CheckboxSelectMultiple",
    "MultiWidget",
    "SplitDateTimeWidget",
    "SplitHiddenDateTimeWidget",
    "SelectDateWidget",
)

Attributes = Mapping[str, Any]


def _own_dict(value: dict[str, Any], memo: dict[int, Any]) -> dict[str, Any]:
    return value.copy()


def _own_copy(value: Any, memo: dict[int, Any]) -> Any:
    return copy.copy(value)


def _many(source: Any, name: str) -> Any:
    """Return all values that a form sent under ``name``; plain mappings have at most one."""
    reader = getattr(source, "getlist", None)
    return source.get(name) if reader is None else reader(name)


class Widget(ClonedByParts, metaclass=MediaDefiningClass):
    """Base of all widgets. Manual: "Widgets", class ``Widget``."""

    needs_multipart_form: Any = False
    is_localized = False
    is_required = False
    supports_microseconds = True
    use_fieldset = False
    clone_parts = {"attrs": _own_dict}

    def __init__(self, attrs: Attributes | None = None) -> None:
        self.attrs = dict(attrs) if attrs is not None else {}

    @property
    def is_hidden(self) -> bool:
        """Whether this is an input of type ``hidden``."""
        return getattr(self, "input_type", None) == "hidden"

    def subwidgets(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the template context of each part of this widget."""
        yield self.get_context(name, value, attrs)["widget"]

    def format_value(self, value: Any) -> Any:
        """Return ``value`` as it is shown in a template, ``None`` for nothing to show."""
        if value is None or value == "":
            return None
        # What the database will compute has no text before the row is stored.
        if hasattr(value, "resolve_expression"):
            return None
        return formats.localize_input(value) if self.is_localized else str(value)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Return the context for the widget's template."""
        return {
            "widget": {
                "name": name,
                "is_hidden": self.is_hidden,
                "required": self.is_required,
                "value": self.format_value(value),
                "attrs": self.build_attrs(self.attrs, attrs),
                "template_name": self.template_name,
            }
        }

    def render(
        self,
        name: str,
        value: Any,
        attrs: Attributes | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the widget as HTML."""
        return self._render(self.template_name, self.get_context(name, value, attrs), renderer)

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = standard_renderer() if renderer is None else renderer
        return mark_safe(chosen.render(template_name, context))

    def build_attrs(
        self, base_attrs: Attributes, extra_attrs: Attributes | None = None
    ) -> dict[str, Any]:
        """Return one dictionary of HTML attributes; ``extra_attrs`` win."""
        return {**base_attrs, **(extra_attrs or {})}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what a form sent for this widget, or ``None``."""
        return data.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether a form sent nothing for this widget."""
        return name not in data

    def id_for_label(self, id_: str) -> str:
        """Return the id that a ``<label>`` of this widget points to."""
        return id_

    def use_required_attribute(self, initial: Any) -> bool:
        """Return whether the ``required`` attribute makes sense on this widget."""
        return not self.is_hidden


class Input(Widget):
    """Base of the widgets that are one ``<input>``."""

    input_type: str | None = None
    template_name = "django/forms/widgets/input.html"

    def __init__(self, attrs: Attributes | None = None) -> None:
        if attrs and "type" in attrs:
            attrs = dict(attrs)
            self.input_type = attrs.pop("type")
        super().__init__(attrs)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the input's type."""
        context = super().get_context(name, value, attrs)
        context["widget"]["type"] = self.input_type
        return context


class TextInput(Input):
    """``<input type="text">``."""

    input_type = "text"
    template_name = "django/forms/widgets/text.html"


class NumberInput(Input):
    """``<input type="number">``."""

    input_type = "number"
    template_name = "django/forms/widgets/number.html"


class EmailInput(Input):
    """``<input type="email">``."""

    input_type = "email"
    template_name = "django/forms/widgets/email.html"


class URLInput(Input):
    """``<input type="url">``."""

    input_type = "url"
    template_name = "django/forms/widgets/url.html"


class ColorInput(Input):
    """``<input type="color">``."""

    input_type = "color"
    template_name = "django/forms/widgets/color.html"


class SearchInput(Input):
    """``<input type="search">``."""

    input_type = "search"
    template_name = "django/forms/widgets/search.html"


class TelInput(Input):
    """``<input type="tel">``."""

    input_type = "tel"
    template_name = "django/forms/widgets/tel.html"


class PasswordInput(Input):
    """``<input type="password">``, empty unless ``render_value`` is set."""

    input_type = "password"
    template_name = "django/forms/widgets/password.html"

    def __init__(self, attrs: Attributes | None = None, render_value: bool = False) -> None:
        super().__init__(attrs)
        self.render_value = render_value

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Leave the value out, unless asked to show it."""
        return super().get_context(name, value if self.render_value else None, attrs)


class HiddenInput(Input):
    """``<input type="hidden">``."""

    input_type = "hidden"
    template_name = "django/forms/widgets/hidden.html"


class MultipleHiddenInput(HiddenInput):
    """One hidden input for each value of a list."""

    template_name = "django/forms/widgets/multiple_hidden.html"

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add a part for each value; ids are numbered."""
        context = super().get_context(name, value, attrs)
        shared = context["widget"]["attrs"]
        base_id = shared.get("id")
        parts = []
        for number, item in enumerate(context["widget"]["value"]):
            own = {**shared, "id": f"{base_id}_{number}"} if base_id else dict(shared)
            single = HiddenInput()
            single.is_required = self.is_required
            parts.append(single.get_context(name, item, own)["widget"])
        context["widget"]["subwidgets"] = parts
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the list of values sent."""
        return _many(data, name)

    def format_value(self, value: Any) -> Any:
        """Return the values as they are."""
        return [] if value is None else value


class FileInput(Input):
    """``<input type="file">``. Its value is never shown."""

    allow_multiple_selected = False
    input_type = "file"
    needs_multipart_form = True
    template_name = "django/forms/widgets/file.html"

    def __init__(self, attrs: Attributes | None = None) -> None:
        wants_many = bool(attrs) and bool(attrs.get("multiple", False))
        if wants_many and not self.allow_multiple_selected:
            raise ValueError(f"{type(self).__qualname__} doesn't support uploading multiple files.")
        if self.allow_multiple_selected:
            attrs = {"multiple": True, **(attrs or {})}
        super().__init__(attrs)

    def format_value(self, value: Any) -> Any:
        """Return ``None``: browsers do not take a value for a file input."""
        return None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the uploaded file."""
        return files.get(name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether no file was sent."""
        return name not in files

    def use_required_attribute(self, initial: Any) -> bool:
        """With a file that is there already, another one is optional."""
        return not initial and super().use_required_attribute(initial)


FILE_INPUT_CONTRADICTION = object()


class ClearableFileInput(FileInput):
    """A file input that shows the present file, and a checkbox to remove it."""

    clear_checkbox_label = _("Clear")
    initial_text = _("Currently")
    input_text = _("Change")
    template_name = "django/forms/widgets/clearable_file_input.html"
    checked = False

    def clear_checkbox_name(self, name: str) -> str:
        """Return the HTML name of the checkbox that removes the file."""
        return f"{name}-clear"

    def clear_checkbox_id(self, name: str) -> str:
        """Return the HTML id of that checkbox, from its name."""
        return f"{name}_id"

    def is_initial(self, value: Any) -> bool:
        """Return whether ``value`` is a stored file."""
        return bool(value and getattr(value, "url", False))

    def format_value(self, value: Any) -> Any:
        """Return the stored file, if ``value`` is one."""
        return value if self.is_initial(value) else None

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the names, ids and texts around the present file."""
        context = super().get_context(name, value, attrs)
        box = self.clear_checkbox_name(name)
        widget = context["widget"]
        widget.update(
            checkbox_name=box,
            checkbox_id=self.clear_checkbox_id(box),
            is_initial=self.is_initial(value),
            input_text=self.input_text,
            initial_text=self.initial_text,
            clear_checkbox_label=self.clear_checkbox_label,
        )
        widget["attrs"].setdefault("disabled", False)
        widget["attrs"]["checked"] = self.checked
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the uploaded file, ``False`` for "remove it", or a mark for both at once."""
        upload = super().value_from_datadict(data, files, name)
        self.checked = self.clear_checkbox_name(name) in data
        ticked = CheckboxInput().value_from_datadict(data, files, self.clear_checkbox_name(name))
        if self.is_required or not ticked:
            return upload
        return FILE_INPUT_CONTRADICTION if upload else False

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether neither a file nor the checkbox was sent."""
        return (
            super().value_omitted_from_data(data, files, name)
            and self.clear_checkbox_name(name) not in data
        )


class Textarea(Widget):
    """``<textarea>``."""

    template_name = "django/forms/widgets/textarea.html"

    def __init__(self, attrs: Attributes | None = None) -> None:
        super().__init__({"cols": "40", "rows": "10", **(attrs or {})})


class DateTimeBaseInput(TextInput):
    """Base of the text inputs for dates and times."""

    format_key = ""
    format: str | None = None
    supports_microseconds = False

    def __init__(self, attrs: Attributes | None = None, format: str | None = None) -> None:
        super().__init__(attrs)
        if format:
            self.format = format

    def format_value(self, value: Any) -> Any:
        """Return the value in the widget's format, or in the first one of the locale."""
        return formats.localize_input(value, self.format or get_format(self.format_key)[0])


class DateInput(DateTimeBaseInput):
    """A text input for dates."""

    format_key = "DATE_INPUT_FORMATS"
    template_name = "django/forms/widgets/date.html"


class DateTimeInput(DateTimeBaseInput):
    """A text input for dates with time."""

    format_key = "DATETIME_INPUT_FORMATS"
    template_name = "django/forms/widgets/datetime.html"


class TimeInput(DateTimeBaseInput):
    """A text input for times."""

    format_key = "TIME_INPUT_FORMATS"
    template_name = "django/forms/widgets/time.html"


def boolean_check(value: Any) -> bool:
    """Return whether a checkbox is ticked for ``value``: for all but ``False``, ``None``, ``""``."""
    return not (value is False or value is None or value == "")


_CHECKBOX_TEXTS = {"true": True, "false": False}


class CheckboxInput(Input):
    """``<input type="checkbox">``. ``check_test(value)`` says whether it is ticked."""

    input_type = "checkbox"
    template_name = "django/forms/widgets/checkbox.html"

    def __init__(
        self, attrs: Attributes | None = None, check_test: Callable[[Any], bool] | None = None
    ) -> None:
        super().__init__(attrs)
        self.check_test = check_test or boolean_check

    def format_value(self, value: Any) -> Any:
        """Return the value as text, nothing for plain truth values."""
        if value is True or not boolean_check(value):
            return None
        return str(value)

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Tick the box if the value asks for it."""
        if self.check_test(value):
            attrs = {**(attrs or {}), "checked": True}
        return super().get_context(name, value, attrs)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return whether the box was ticked: browsers send nothing for an empty one."""
        if name not in data:
            return False
        value = data.get(name)
        if isinstance(value, str):
            value = _CHECKBOX_TEXTS.get(value.lower(), value)
        return bool(value)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return ``False``: an empty box and a missing one look the same."""
        return False


class ChoiceWidget(Widget):
    """Base of the widgets that offer choices."""

    allow_multiple_selected = False
    input_type: str | None = None
    template_name: str | None = None
    option_template_name: str | None = None
    add_id_index = True
    checked_attribute: dict[str, Any] = {"checked": True}
    option_inherits_attrs = True
    clone_parts = {"_choices": _own_copy}

    def __init__(self, attrs: Attributes | None = None, choices: Any = ()) -> None:
        super().__init__(attrs)
        self.choices = choices

    @property
    def choices(self) -> Any:
        """The choices: pairs of value and label, or of group name and such pairs."""
        return self._choices

    @choices.setter
    def choices(self, value: Any) -> None:
        self._choices = normalize_choices(value)

    def subwidgets(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the template context of each option."""
        yield from self.options(name, self.format_value(value), attrs)

    def options(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the options of all groups, one after the other."""
        for _label, members, _index in self.optgroups(name, value, attrs):
            yield from members

    def optgroups(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> list[tuple[Any, list[dict[str, Any]], int]]:
        """Return ``(group name or None, options, index)`` for each entry of the choices.

        Args:
            value: the selected values, as texts.
        """
        wanted = set(value)
        only_first = not self.allow_multiple_selected
        found_one = False
        groups = []
        for index, (key, content) in enumerate(self.choices):
            if isinstance(content, (list, tuple)):
                title, entries = key, content
            else:
                title, entries = None, [("" if key is None else key, content)]
            members: list[dict[str, Any]] = []
            for place, (own_value, label) in enumerate(entries):
                selected = str(own_value) in wanted and not (only_first and found_one)
                found_one = found_one or selected
                members.append(
                    self.create_option(
                        name,
                        own_value,
                        label,
                        selected,
                        index,
                        subindex=None if title is None else place,
                        attrs=attrs,
                    )
                )
            groups.append((title, members, index))
        return groups

    def create_option(
        self,
        name: str,
        value: Any,
        label: Any,
        selected: bool,
        index: Any,
        subindex: int | None = None,
        attrs: Attributes | None = None,
    ) -> dict[str, Any]:
        """Return the template context of one option. Manual: hook for custom options."""
        number = str(index) if subindex is None else f"{index}_{subindex}"
        own = self.build_attrs(self.attrs, attrs) if self.option_inherits_attrs else {}
        if selected:
            own.update(self.checked_attribute)
        if "id" in own:
            own["id"] = self.id_for_label(own["id"], number)
        return {
            "name": name,
            "value": value,
            "label": label,
            "selected": selected,
            "index": number,
            "attrs": own,
            "type": self.input_type,
            "template_name": self.option_template_name,
            "wrap_label": True,
        }

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the groups of options."""
        context = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["optgroups"] = self.optgroups(name, widget["value"], attrs)
        return context

    def id_for_label(self, id_: str, index: Any = "0") -> str:
        """Return the id of one option."""
        return f"{id_}_{index}" if id_ and self.add_id_index else id_

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the chosen value, or the list of them."""
        return _many(data, name) if self.allow_multiple_selected else data.get(name)

    def format_value(self, value: Any) -> list[str]:
        """Return the selected values as texts."""
        if value is None and self.allow_multiple_selected:
            return []
        many = value if isinstance(value, (tuple, list)) else [value]
        return ["" if item is None else str(item) for item in many]


class Select(ChoiceWidget):
    """``<select>``."""

    input_type = "select"
    template_name = "django/forms/widgets/select.html"
    option_template_name = "django/forms/widgets/select_option.html"
    add_id_index = False
    checked_attribute = {"selected": True}
    option_inherits_attrs = False

    def get_context(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Add the ``multiple`` attribute where more than one choice is allowed."""
        context = super().get_context(name, value, attrs)
        if self.allow_multiple_selected:
            context["widget"]["attrs"]["multiple"] = True
        return context

    def use_required_attribute(self, initial: Any) -> bool:
        """HTML asks for an empty first option where a plain ``<select>`` is required."""
        if not super().use_required_attribute(initial):
            return False
        if self.allow_multiple_selected:
            return True
        first = next(iter(self.choices), None)
        return first is not None and _says_nothing(first)


def _says_nothing(choice: Any) -> bool:
    """Return whether a choice is the empty one; groups never are."""
    value, content = choice
    return not isinstance(content, (list, tuple)) and (value is None or value == "")


_UNKNOWN_YES_NO = {
    True: "true",
    False: "false",
    "true": "true",
    "false": "false",
    "True": "true",
    "False": "false",
    # Values that earlier forms sent.
    "2": "true",
    "3": "false",
}


class NullBooleanSelect(Select):
    """``<select>`` with "Unknown", "Yes" and "No"."""

    def __init__(self, attrs: Attributes | None = None) -> None:
        super().__init__(attrs, (("unknown", _("Unknown")), ("true", _("Yes")), ("false", _("No"))))

    def format_value(self, value: Any) -> Any:
        """Return the option that stands for ``value``."""
        try:
            return [_UNKNOWN_YES_NO.get(value, "unknown")]
        except TypeError:  # an unhashable value is not one of ours
            return ["unknown"]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return ``True``, ``False`` or ``None``."""
        chosen = _UNKNOWN_YES_NO.get(data.get(name))
        return None if chosen is None else chosen == "true"


class SelectMultiple(Select):
    """``<select multiple>``."""

    allow_multiple_selected = True

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return ``False``: nothing chosen and nothing sent look the same."""
        return False


class RadioSelect(ChoiceWidget):
    """Radio buttons."""

    input_type = "radio"
    template_name = "django/forms/widgets/radio.html"
    option_template_name = "django/forms/widgets/radio_option.html"
    use_fieldset = True

    def id_for_label(self, id_: str, index: Any = None) -> str:
        """Return the id of one button; the group as a whole has no label of its own."""
        return "" if index is None else super().id_for_label(id_, index)


class CheckboxSelectMultiple(RadioSelect):
    """Checkboxes."""

    allow_multiple_selected = True
    input_type = "checkbox"
    template_name = "django/forms/widgets/checkbox_select.html"
    option_template_name = "django/forms/widgets/checkbox_option.html"

    def use_required_attribute(self, initial: Any) -> bool:
        """Return ``False``: browsers would ask for every box to be ticked."""
        return False

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return ``False``: no box ticked and nothing sent look the same."""
        return False


class MultiWidget(Widget):
    """Several widgets for one value. Manual: "Widgets", class ``MultiWidget``."""

    template_name = "django/forms/widgets/multiwidget.html"
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


class SplitDateTimeWidget(MultiWidget):
    """A date input and a time input."""

    supports_microseconds = False
    template_name = "django/forms/widgets/splitdatetime.html"

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
        local = to_current_timezone(value)
        return [local.date(), local.time()]


class SplitHiddenDateTimeWidget(SplitDateTimeWidget):
    """A hidden date input and a hidden time input."""

    template_name = "django/forms/widgets/splithiddendatetime.html"

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


class SelectDateWidget(Widget):
    """Three ``<select>`` elements for a date. Manual: "Widgets", class ``SelectDateWidget``."""

    none_value = ("", "---")
    month_field = "%s_month"
    day_field = "%s_day"
    year_field = "%s_year"
    template_name = "django/forms/widgets/select_date.html"
    input_type = "select"
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
