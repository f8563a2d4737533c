"""Widgets that offer choices: lists, radio buttons, checkboxes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from nuages.forms._widget_base import Attributes, Widget, _many, _never, _own_copy
from nuages.utils.choices import normalize_choices
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext_lazy as _


@unannotated
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
        return any(self._choice_has_empty_value(choice) for choice in islice(self.choices, 1))

    @staticmethod
    def _choice_has_empty_value(choice: Any) -> bool:
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
