"""What all widgets share, and what all that are one ``<input>`` do."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nuages.forms._media import MediaDefiningClass
from nuages.forms.utils import ClonedByParts, standard_renderer
from nuages.utils import formats
from nuages.utils.hints import unannotated
from nuages.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from nuages.forms.renderers import BaseRenderer

Attributes = Mapping[str, Any]


def _own_dict(value: dict[str, Any], memo: dict[int, Any]) -> dict[str, Any]:
    return value.copy()


def _own_copy(value: Any, memo: dict[int, Any]) -> Any:
    return copy.copy(value)


def _many(source: Any, name: str) -> Any:
    """Return all values that a form sent under ``name``; plain mappings have at most one."""
    reader = getattr(source, "getlist", None)
    return source.get(name) if reader is None else reader(name)


def _always_false(self: Any, *args: Any) -> bool:
    """Return ``False``: nothing chosen and nothing sent look the same."""
    return False


_never: Any = _always_false


@unannotated
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
