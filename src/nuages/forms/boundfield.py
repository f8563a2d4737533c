"""A field of a form instance: its data, its label, its errors, its HTML.

Manual: "The Forms API", class ``BoundField``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import ValidationError
from nuages.forms.utils import RenderableFieldMixin, pretty_name
from nuages.forms.widgets import MultiWidget, Textarea, TextInput, Widget
from nuages.utils.functional import cached_property
from nuages.utils.html import conditional_escape, html_safe
from nuages.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from nuages.forms.fields import Field
    from nuages.forms.forms import BaseForm
    from nuages.forms.renderers import BaseRenderer

__all__ = ("BoundField",)

Attributes = Mapping[str, Any]

#: Writes the widget of a plain field at once. From ``_compiled``, which comes with the renderer.
written_widget: Callable[[Any], str | None] | None = None


def _with_widget(what: str, make: Callable[[Field], Widget]) -> Callable[..., SafeString]:
    """Return a method that renders the field with a widget of another kind."""

    def method(self: Any, attrs: Attributes | None = None, **kwargs: Any) -> SafeString:
        return self.as_widget(make(self.field), attrs, **kwargs)

    method.__doc__ = f"Return the field as {what}."
    return method


class BoundField(RenderableFieldMixin):
    """A field together with the form it is on."""

    def __init__(self, form: BaseForm, field: Field, name: str) -> None:
        self.form, self.field, self.name = form, field, name
        self.html_name = form.add_prefix(name)
        self.label = pretty_name(name) if field.label is None else field.label
        self.help_text = field.help_text or ""
        self.renderer = form.renderer

    # Few fields keep their initial value in the page.

    @cached_property
    def html_initial_name(self) -> str:
        """The name of the hidden input that keeps the initial value."""
        return self.form.add_initial_prefix(self.name)

    @cached_property
    def html_initial_id(self) -> str:
        """The id of that input."""
        return self.form.add_initial_prefix(self.auto_id)

    # The parts of a widget that has several, such as radio buttons.

    @cached_property
    def subwidgets(self) -> list[BoundWidget]:
        """The widget's parts, most often just one."""
        widget, renderer = self.field.widget, self.form.renderer
        own_id = widget.attrs.get("id") or self.auto_id
        attrs = self.build_widget_attrs({"id": own_id} if own_id else {})
        contexts = widget.subwidgets(self.html_name, self.value(), attrs=attrs)
        return [BoundWidget(widget, part, renderer) for part in contexts]

    def __bool__(self) -> bool:
        # Without this, the number of parts would decide.
        return True

    def __iter__(self) -> Iterator[BoundWidget]:
        return iter(self.subwidgets)

    def __len__(self) -> int:
        return len(self.subwidgets)

    def __getitem__(self, index: Any) -> Any:
        # Templates try a look-up with text before attributes: those must not build all parts.
        if isinstance(index, (int, slice)):
            return self.subwidgets[index]
        raise TypeError(
            f"BoundField indices must be integers or slices, not {type(index).__name__}."
        )

    # So templates ask for attributes at once.
    __getitem__.never_text = True  # type: ignore[attr-defined]

    # Values.

    def _is_wrong(self) -> bool:
        """Return whether there are errors, without making an empty list to say no."""
        if type(self).errors is BoundField.errors:
            return bool(self.form.errors.get(self.name))
        return bool(self.errors)

    @property
    def errors(self) -> Any:
        """The field's errors, an empty list if there are none."""
        found = self.form.errors.get(self.name)
        if found is None:
            return self.form.error_class(renderer=self.form.renderer)
        return found

    @property
    def data(self) -> Any:
        """What was sent for this field, or ``None``."""
        return self.form._widget_data_value(self.field.widget, self.html_name)

    @cached_property
    def initial(self) -> Any:
        """The initial value; callables are called once."""
        return self.form.get_initial_for_field(self.field, self.name)

    def value(self) -> Any:
        """Return what the widget shows: data sent if there are any, else the initial value."""
        shown = self.initial
        if self.form.is_bound:
            shown = self.field.bound_data(self.data, shown)
        return self.field.prepare_value(shown)

    def _has_changed(self) -> bool:
        before = self.initial
        if self.field.show_hidden_initial:
            sent = self.form._widget_data_value(self.field.hidden_widget(), self.html_initial_name)
            try:
                before = self.field.to_python(sent)
            except ValidationError:
                # What cannot be read was not what we wrote there.
                return True
        return self.field.has_changed(before, self.data)

    # HTML.

    @property
    def template_name(self) -> str:
        """The template of :meth:`as_field_group`."""
        return self.field.template_name or self.form.renderer.field_template_name

    def get_context(self) -> dict[str, Any]:
        """Return the context for that template."""
        return {"field": self}

    def __str__(self) -> str:
        html = self.as_widget()
        if self.field.show_hidden_initial:
            html += self.as_hidden(only_initial=True)
        return html

    def __html__(self) -> str:
        return str(self)

    def as_widget(
        self,
        widget: Widget | None = None,
        attrs: Attributes | None = None,
        only_initial: bool = False,
    ) -> SafeString:
        """Return the widget as HTML.

        Args:
            widget: to be used instead of the field's own.
            attrs: more HTML attributes.
            only_initial: render the initial value under the name that keeps it.
        """
        own = widget is None and attrs is None and not only_initial
        if own and written_widget is not None:
            if (written := written_widget(self)) is not None:
                return mark_safe(written)
        used = widget or self.field.widget
        if self.field.localize:
            used.is_localized = True
        html_attrs = self.build_widget_attrs(dict(attrs or {}), used)
        name, own_id = self.html_name, self.auto_id
        if only_initial:
            name, own_id = self.html_initial_name, self.html_initial_id
        if self.auto_id and "id" not in used.attrs:
            html_attrs.setdefault("id", own_id)
        if only_initial and name in self.form.data:
            shown = self.form._widget_data_value(self.field.hidden_widget(), name)
        else:
            shown = self.value()
        return used.render(name=name, value=shown, attrs=html_attrs, renderer=self.form.renderer)

    as_text = _with_widget("a text input", lambda field: TextInput())
    as_textarea = _with_widget("a ``<textarea>``", lambda field: Textarea())
    as_hidden = _with_widget("a hidden input", lambda field: field.hidden_widget())

    def label_tag(
        self,
        contents: Any = None,
        attrs: Attributes | None = None,
        label_suffix: str | None = None,
        tag: str | None = None,
    ) -> SafeString:
        """Return the label as a ``<label>`` element, or as plain text if there is no id.

        The suffix is left out after a label that ends in punctuation.
        """
        text = self.label if contents is None else contents
        suffix = next(
            (
                one
                for one in (label_suffix, self.field.label_suffix, self.form.label_suffix)
                if one is not None
            ),
            None,
        )
        if suffix and text and text[-1] not in self.form._label_ends:
            text = mark_safe(f"{conditional_escape(text)}{conditional_escape(suffix)}")
        widget = self.field.widget
        own_id = widget.attrs.get("id") or self.auto_id
        html_attrs = dict(attrs or {})
        if own_id:
            if (target := widget.id_for_label(own_id)) and tag != "legend":
                html_attrs = {**html_attrs, "for": target}
            if self.field.required and (css := getattr(self.form, "required_css_class", None)):
                given = html_attrs.get("class")
                html_attrs["class"] = f"{given} {css}" if given else css
        return self.form.render(
            self.form.template_name_label,
            {
                "field": self,
                "label": text,
                "contents": text,
                "attrs": html_attrs,
                "use_tag": bool(own_id),
                "tag": tag or "label",
            },
        )

    def legend_tag(
        self,
        contents: Any = None,
        attrs: Attributes | None = None,
        label_suffix: str | None = None,
    ) -> SafeString:
        """Return the label as a ``<legend>`` element."""
        return self.label_tag(contents, attrs, label_suffix, tag="legend")

    def css_classes(self, extra_classes: Any = None) -> str:
        """Return the CSS classes of the field's row, as the form's class declares them."""
        if hasattr(extra_classes, "split"):
            extra_classes = extra_classes.split()
        found = set(extra_classes or ())
        if hasattr(self.form, "error_css_class") and self._is_wrong():
            found.add(self.form.error_css_class)
        if self.field.required and hasattr(self.form, "required_css_class"):
            found.add(self.form.required_css_class)
        return " ".join(found)

    def build_widget_attrs(self, attrs: Attributes, widget: Widget | None = None) -> dict[str, Any]:
        """Return ``attrs`` with what the field's state asks for: required, disabled, errors."""
        used = widget or self.field.widget
        field = self.field
        built = dict(attrs)
        if (
            field.required
            and self.form.use_required_attribute
            and used.use_required_attribute(self.initial)
        ):
            if not getattr(field, "require_all_fields", True) and isinstance(
                field.widget, MultiWidget
            ):
                parts: Any = field
                several: Any = used
                for part, part_widget in zip(parts.fields, several.widgets):
                    part_widget.attrs["required"] = part.required and (
                        part_widget.use_required_attribute(self.initial)
                    )
            else:
                built["required"] = True
        if field.disabled:
            built["disabled"] = True
        if not used.is_hidden and self._is_wrong():
            built["aria-invalid"] = "true"
        # A fieldset carries the description itself.
        if (
            not self.use_fieldset
            and not built.get("aria-describedby")
            and (described_by := self.aria_describedby)
        ):
            built["aria-describedby"] = described_by
        return built

    @property
    def aria_describedby(self) -> str | None:
        """Ids of help text and errors; ``None`` if the widget has a description of its own."""
        if self.field.widget.attrs.get("aria-describedby"):
            return None
        if not self.auto_id or self.is_hidden:
            return ""
        if self.help_text:
            both = f" {self.auto_id}_error" if self._is_wrong() else ""
            return f"{self.auto_id}_helptext{both}"
        return f"{self.auto_id}_error" if self._is_wrong() else ""

    @property
    def use_fieldset(self) -> bool:
        """Whether the widget belongs into a ``<fieldset>``."""
        return self.field.widget.use_fieldset

    @property
    def is_hidden(self) -> bool:
        """Whether the widget is a hidden input."""
        return self.field.widget.is_hidden

    @property
    def auto_id(self) -> str:
        """The HTML id made from the form's ``auto_id``, or an empty text."""
        pattern = self.form.auto_id
        if not pattern:
            return ""
        text = str(pattern)
        return text % self.html_name if "%s" in text else self.html_name

    @property
    def id_for_label(self) -> str:
        """The id that a ``<label>`` of this field points to."""
        widget = self.field.widget
        return widget.id_for_label(widget.attrs.get("id") or self.auto_id)

    @property
    def widget_type(self) -> str:
        """The widget's class name in lower case, without "widget" or "input" at its end."""
        name = type(self.field.widget).__name__.lower()
        for ending in ("widget", "input"):
            if name.endswith(ending):
                return name.removesuffix(ending)
        return name


@html_safe
class BoundWidget:
    """A part of a widget, as iterating a bound field gives it.

    Manual: "Widgets", section ``RadioSelect``.
    """

    def __init__(self, parent_widget: Widget, data: dict[str, Any], renderer: BaseRenderer) -> None:
        self.parent_widget, self.data, self.renderer = parent_widget, data, renderer

    def __str__(self) -> str:
        return self.tag(wrap_label=True)

    def tag(self, wrap_label: bool = False) -> SafeString:
        """Return the part as HTML, with or without a label around it."""
        return self.parent_widget._render(
            self.template_name, {"widget": {**self.data, "wrap_label": wrap_label}}, self.renderer
        )

    choice_label = property(lambda self: self.data["label"], doc="The choice's label.")
    id_for_label = property(lambda self: self.data["attrs"].get("id"), doc="The part's HTML id.")
    template_name = property(
        lambda self: self.data.get("template_name") or self.parent_widget.template_name,
        doc="The part's template.",
    )
