"""Widgets: what a form field looks like as HTML, and how its data is read back.

Manual: "Widgets".
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from nuages.forms._media import (  # noqa: F401
    Media,
    MediaAsset,
    MediaDefiningClass,
    MediaOrderConflictWarning,
    Script,
    Stylesheet,
    media_property,
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

    is_localized = is_required = use_fieldset = False
    supports_microseconds = True
    needs_multipart_form: Any = False
    template_name: Any
    input_type: str | None
    clone_parts = {"attrs": _own_dict}

    def __init_subclass__(
        cls, kind: str = "", template: str = "", option: str = "", **kwargs: Any
    ) -> None:
        """Take what most widgets differ in from the class line.

        Args:
            kind: the ``input_type``.
            template: the name of a built-in template.
            option: the same for the template of each choice.
        """
        super().__init_subclass__(**kwargs)
        if kind:
            cls.input_type = kind
        for attribute, name in (("template_name", template), ("option_template_name", option)):
            if name:
                setattr(cls, attribute, f"django/forms/widgets/{name}.html")

    def __init__(self, attrs: Attributes | None = None) -> None:
        self.attrs = {} if attrs is None else dict(attrs)

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
        return {"widget": self._facts(name, value, attrs)}

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        """Return what the template can ask about the widget."""
        return dict(
            name=name,
            value=self.format_value(value),
            attrs=self.build_attrs(self.attrs, attrs),
            template_name=self.template_name,
            required=self.is_required,
            is_hidden=self.is_hidden,
        )

    def render(
        self,
        name: str,
        value: Any,
        attrs: Attributes | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the widget as HTML."""
        return self._render(self.template_name, self.get_context(name, value, attrs), renderer)

    def use_required_attribute(self, initial: Any) -> bool:
        """Return whether the ``required`` attribute makes sense on this widget."""
        return not self.is_hidden

    def id_for_label(self, id_: str) -> str:
        """Return the id that a ``<label>`` of this widget points to."""
        return id_

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether a form sent nothing for this widget."""
        return name not in data

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what a form sent for this widget, or ``None``."""
        return data.get(name)

    def build_attrs(
        self, base_attrs: Attributes, extra_attrs: Attributes | None = None
    ) -> dict[str, Any]:
        """Return one dictionary of HTML attributes; ``extra_attrs`` win."""
        return {**base_attrs, **(extra_attrs or {})}

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = standard_renderer() if renderer is None else renderer
        return mark_safe(chosen.render(template_name, context))


class Input(Widget, template="input"):
    """Base of the widgets that are one ``<input>``."""

    input_type: str | None = None

    def __init__(self, attrs: Attributes | None = None) -> None:
        rest = dict(attrs or {})
        if "type" in rest:
            self.input_type = rest.pop("type")
        super().__init__(rest)

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        return super()._facts(name, value, attrs) | {"type": self.input_type}


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


def _always_false(self: Any, *args: Any) -> bool:
    """Return ``False``: nothing chosen and nothing sent look the same."""
    return False


_never: Any = _always_false


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


class ChoiceWidget(Widget):
    """Base of the widgets that offer choices."""

    input_type: str | None = None
    template_name: str | None = None
    option_template_name: str | None = None
    allow_multiple_selected = False
    add_id_index = option_inherits_attrs = True
    checked_attribute: dict[str, Any] = {"checked": True}
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

    def options(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the options of all groups, one after the other."""
        groups = self.optgroups(name, value, attrs)
        return (option for _title, members, _index in groups for option in members)

    def subwidgets(
        self, name: str, value: Any, attrs: Attributes | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the template context of each option."""
        return iter(self.options(name, self.format_value(value), attrs))

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
        return dict(
            attrs=own,
            index=number,
            label=label,
            name=name,
            selected=selected,
            template_name=self.option_template_name,
            type=self.input_type,
            value=value,
            wrap_label=True,
        )

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        facts = super()._facts(name, value, attrs)
        facts["optgroups"] = self.optgroups(name, facts["value"], attrs)
        return facts

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


class Select(ChoiceWidget, kind="select", template="select", option="select_option"):
    """``<select>``."""

    checked_attribute = {"selected": True}
    add_id_index = option_inherits_attrs = False

    def _facts(self, name: str, value: Any, attrs: Attributes | None) -> dict[str, Any]:
        facts = super()._facts(name, value, attrs)
        if self.allow_multiple_selected:
            facts["attrs"]["multiple"] = True
        return facts

    def use_required_attribute(self, initial: Any) -> bool:
        """HTML asks for an empty first option where a plain ``<select>`` is required."""
        sensible = super().use_required_attribute(initial)
        if not sensible or self.allow_multiple_selected:
            return sensible
        return any(_says_nothing(choice) for choice in islice(self.choices, 1))


def _says_nothing(choice: Any) -> bool:
    """Return whether a choice is the empty one; groups never are."""
    value, content = choice
    return not isinstance(content, (list, tuple)) and (value is None or value == "")


# The numbers are what earlier forms sent.
_UNKNOWN_YES_NO: dict[Any, str] = dict.fromkeys((True, "True", "true", "2"), "true")
_UNKNOWN_YES_NO |= dict.fromkeys((False, "False", "false", "3"), "false")


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
    value_omitted_from_data = _never


class RadioSelect(ChoiceWidget, kind="radio", template="radio", option="radio_option"):
    """Radio buttons."""

    use_fieldset = True

    def id_for_label(self, id_: str, index: Any = None) -> str:
        """Return the id of one button; the group as a whole has no label of its own."""
        return "" if index is None else super().id_for_label(id_, index)


class CheckboxSelectMultiple(
    RadioSelect, kind="checkbox", template="checkbox_select", option="checkbox_option"
):
    """Checkboxes."""

    allow_multiple_selected = True
    # Browsers would ask for every box to be ticked.
    use_required_attribute = value_omitted_from_data = _never


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
