"""The built-in form templates as functions: the fast twin of ``templates/django/forms``.

Each function takes a template's context and returns the text that the template would give. The
files stay the reference: ``tests/forms/test_compiled_templates.py`` renders both and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from operator import attrgetter
from typing import Any

from nuages.conf import switches
from nuages.forms import boundfield
from nuages.forms.boundfield import BoundField
from nuages.forms.renderers import functions_for, renders_plainly
from nuages.forms.utils import ErrorList, RenderableMixin
from nuages.forms.widgets import Input, MultiWidget, PasswordInput, Textarea
from nuages.template.backends.django import Template as Backend
from nuages.template.base import Template
from nuages.utils.formats import localize
from nuages.utils.functional import Promise
from nuages.utils.html import conditional_escape
from nuages.utils.safestring import SafeData

Context = Mapping[str, Any]


class NeedsTemplate(Exception):
    """A part of the widget is rendered by a template that is not one of ours."""


_OWN_LINKS = (Template.render, Template._render, Backend.render)


def usable() -> bool:
    """Return whether the functions may stand in for the templates: the engine is as we made it."""
    links = (Template.render, Template._render, Backend.render)
    return links == _OWN_LINKS and switches.enabled("COMPILED_FORMS")


def find(template_name: str) -> Callable[[Context], str] | None:
    """Return the function for a built-in template, or ``None``."""
    return _FUNCTIONS.get(template_name)


# Values, as the template language writes them.


_special = re.compile("[&<>\"']").search


def _escaped(text: str) -> str:
    """Names, ids and most values have nothing to escape: one look is enough."""
    return text if text.isidentifier() or _special(text) is None else escape(text)


def _plain(value: Any) -> str:
    """``{{ value|stringformat:"s" }}``"""
    if value.__class__ is str:
        return value if value.isidentifier() or _special(value) is None else escape(value)
    text = value if isinstance(value, str) else str(value)
    return text if isinstance(text, SafeData) else _escaped(text)


def _shown(value: Any) -> str:
    """``{{ value }}``"""
    if value.__class__ is str:
        return value if value.isidentifier() or _special(value) is None else escape(value)
    as_html = getattr(value, "__html__", None)
    return conditional_escape(localize(value)) if as_html is None else as_html()


#: The names that attributes have, most of the time.
_USUAL_NAMES = frozenset(
    (
        "id class for name type value required disabled checked selected maxlength minlength min "
        "max step cols rows multiple accept placeholder autocomplete aria-describedby aria-invalid"
    ).split()
)


def _attributes(attrs: Mapping[str, Any]) -> str:
    text = ""
    for name, value in attrs.items():
        if value is not False:
            shown = name if name in _USUAL_NAMES else _shown(name)
            text += f" {shown}" if value is True else f' {shown}="{_plain(value)}"'
    return text


# Widgets.


def _input_tag(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    shown = "" if value is None else f' value="{_plain(value)}"'
    return (
        f'<input type="{_shown(widget["type"])}" name="{_shown(widget["name"])}"{shown}'
        f"{_attributes(widget['attrs'])}>"
    )


def _textarea_tag(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    return (
        f'<textarea name="{_shown(widget["name"])}"{_attributes(widget["attrs"])}>\n'
        f"{'' if value is None else _plain(value)}</textarea>"
    )


def _option_tag(widget: Mapping[str, Any]) -> str:
    return (
        f'<option value="{_plain(widget["value"])}"{_attributes(widget["attrs"])}>'
        f"{_shown(widget['label'])}</option>"
    )


def _labelled_input(widget: Mapping[str, Any]) -> str:
    tag = _input_tag(widget)
    if not widget.get("wrap_label"):
        return tag
    own_id = widget["attrs"].get("id")
    target = f' for="{_shown(own_id)}"' if own_id else ""
    return f"<label{target}>{tag} {_shown(widget['label'])}</label>"


def _part(widget: Mapping[str, Any]) -> str:
    """``{% include widget.template_name %}``, without the space around it."""
    function = _WIDGETS.get(widget["template_name"])
    if function is None:
        raise NeedsTemplate(widget["template_name"])
    return function(widget)


def _select_tag(widget: Mapping[str, Any]) -> str:
    pieces = [f'<select name="{_shown(widget["name"])}"{_attributes(widget["attrs"])}>\n']
    for title, members, _position in widget["optgroups"]:
        if title:
            pieces.append(f'<optgroup label="{_shown(title)}">\n')
        pieces += [f"{_part(option)}\n" for option in members]
        if title:
            pieces.append("</optgroup>\n")
    pieces.append("</select>")
    return "".join(pieces)


def _choice_list(widget: Mapping[str, Any]) -> str:
    attrs = widget["attrs"]
    own = "".join(f' {name}="{_shown(attrs[name])}"' for name in ("id", "class") if attrs.get(name))
    pieces = [f"<div{own}>\n"]
    for title, members, _position in widget["optgroups"]:
        if title:
            pieces.append(f"<div><label>{_shown(title)}</label>\n")
        pieces += [f"<div>{_part(option)}</div>\n" for option in members]
        if title:
            pieces.append("</div>\n")
    pieces.append("</div>")
    return "".join(pieces)


def _several(widget: Mapping[str, Any]) -> str:
    return "".join(map(_part, widget["subwidgets"]))


def _clearable_file(widget: Mapping[str, Any]) -> str:
    attrs, head = widget["attrs"], ""
    if widget["is_initial"]:
        stored = widget["value"]
        head = (
            f'{_shown(widget["initial_text"])}: <a href="{_shown(stored.url)}">'
            f"{_shown(stored)}</a>\n"
        )
        if not widget["required"]:
            box_id = _shown(widget["checkbox_id"])
            flags = "".join(f" {name}" for name in ("disabled", "checked") if attrs.get(name))
            head += (
                f'<input type="checkbox" name="{_shown(widget["checkbox_name"])}" '
                f'id="{box_id}"{flags}>\n'
                f'<label for="{box_id}">{_shown(widget["clear_checkbox_label"])}</label>'
            )
        head += f"<br>\n{_shown(widget['input_text'])}:\n"
    return (
        f'{head}<input type="{_shown(widget["type"])}" name="{_shown(widget["name"])}"'
        f"{_attributes(attrs)}>"
    )


# Labels and errors.


def _label(context: Context) -> str:
    contents = _shown(context["contents"])
    if not context["use_tag"]:
        return contents
    tag = _shown(context["tag"])
    return f"<{tag}{_attributes(context['attrs'])}>{contents}</{tag}>"


def _error_list(context: Context) -> str:
    errors = context["errors"]
    if not errors:
        return ""
    field_id = getattr(errors, "field_id", None)
    own_id = f' id="{_shown(field_id)}_error"' if field_id else ""
    items = "".join(f"<li>{_shown(error)}</li>" for error in errors)
    return f'<ul class="{_shown(context["error_class"])}"{own_id}>{items}</ul>'


def _error_dict(context: Context) -> str:
    errors = context["errors"]
    if not errors:
        return ""
    items = "".join(f"<li>{_shown(name)}{_shown(found)}</li>" for name, found in errors)
    return f'<ul class="{_shown(context["error_class"])}">{items}</ul>'


# Fields and forms.


def _help_text(field: Any, tag: str) -> str:
    text = field.help_text
    if not text:
        return ""
    own_id = f' id="{_shown(field.auto_id)}_helptext"' if field.auto_id else ""
    return f'<{tag} class="helptext"{own_id}>{localize(text)}</{tag}>\n'


# How a bound field gets at what it shows. A class that overrides one of these is asked itself.
_BOUND_PARTS = attrgetter(
    "__html__",
    "__str__",
    "aria_describedby",
    "as_widget",
    "auto_id",
    "build_widget_attrs",
    "errors",
    "is_hidden",
    "label_tag",
    "use_fieldset",
)
_OWN_BOUND = _BOUND_PARTS(BoundField)
_LABEL_TEMPLATE = "django/forms/label.html"


def _tag_of(widget: Any, name: str, value: Any, attrs: dict[str, Any], renderer: Any) -> str:
    """Return the widget as HTML; one tag is written at once."""
    writer = _TAGS.get(_WIDGET_PARTS(widget.__class__))
    # A template of its own may be the class's or the instance's.
    if (
        writer is None
        or _WIDGETS.get(widget.template_name) is not writer
        or not _WIDGET_NAMES.isdisjoint(widget.__dict__)
    ):
        return _shown(widget.render(name=name, value=value, attrs=attrs, renderer=renderer))
    if widget.__class__.get_context is PasswordInput.get_context and not widget.render_value:
        value = None
    facts = {"name": name, "value": widget.format_value(value), "attrs": {**widget.attrs, **attrs}}
    if writer is _input_tag:
        facts["type"] = widget.input_type
    return writer(facts)


_WIDGET_NAMES = frozenset(("render", "get_context", "_facts", "build_attrs", "_render"))
_WIDGET_PARTS = attrgetter(*sorted(_WIDGET_NAMES))
_TAGS: Mapping[Any, Callable[[Mapping[str, Any]], str]] = {
    _WIDGET_PARTS(Input): _input_tag,
    _WIDGET_PARTS(PasswordInput): _input_tag,
    _WIDGET_PARTS(Textarea): _textarea_tag,
}


def _label_of(text: Any, bound: BoundField, form: Any, own_id: str) -> str:
    """Return what ``label_tag()`` does, of a field whose form leaves it to the built-in template."""
    field = bound.field
    suffix = form.label_suffix if field.label_suffix is None else field.label_suffix
    contents = _shown(text)
    if suffix and text[-1] not in form._label_ends:
        contents += conditional_escape(suffix)
    if not own_id:
        return f"{contents}\n"
    target = field.widget.id_for_label(own_id)
    attrs = f' for="{_plain(target)}"' if target else ""
    if field.required and (css := getattr(form, "required_css_class", None)):
        attrs += f' class="{_plain(css)}"'
    return f"<label{attrs}>{contents}</label>\n"


def _errors_of(bound: BoundField, form: Any) -> str:
    found = form.errors.get(bound.name)
    if found is None:
        # A list of another class may have something to say even if it is empty.
        return "" if form.error_class is ErrorList else _shown(bound.errors)
    if found.__class__ is ErrorList and found.renderer is form.renderer and _tells_plainly(found):
        return _error_list({"errors": found, "error_class": found.error_class})
    return _shown(found)


_ERROR_PARTS = attrgetter("render", "__html__", "get_context", "template_name")
_OWN_ERRORS = _ERROR_PARTS(ErrorList)


def _tells_plainly(errors: ErrorList) -> bool:
    return _ERROR_PARTS(ErrorList) == _OWN_ERRORS and "template_name" not in errors.__dict__


def _is_plain(form: Any) -> bool:
    """Return whether a form leaves its parts to the built-in templates."""
    return (
        form.__class__.render is RenderableMixin.render
        and form.template_name_label == _LABEL_TEMPLATE
        and renders_plainly(form.renderer)
        and functions_for(form.renderer) is not None
    )


# What stands between a form and the group of one of its fields.
_GROUP_PARTS = attrgetter("as_field_group", "get_context", "render", "template_name")
_OWN_GROUP = _GROUP_PARTS(BoundField)


def _group(bound: Any, form: Any) -> str:
    """Return what ``{{ field.as_field_group }}`` does, of a field of a form that is plain."""
    if (
        form is not None
        and bound.form is form
        and _GROUP_PARTS(bound.__class__) == _OWN_GROUP
        and _FUNCTIONS.get(bound.template_name) is _field_group
        and bound.__dict__.keys().isdisjoint(("as_field_group", "get_context", "render"))
        and (group := _plain_group(bound, form)) is not None
    ):
        return group
    return _shown(bound.as_field_group())


def _plain_group(bound: Any, plain_form: Any = None) -> str | None:
    """Return the group of a field of which everything is as the house made it, in one go.

    ``None`` where somebody has to be asked: the plain twin is what follows in
    :func:`_field_group`, by ``label_tag()``, ``build_widget_attrs()`` and ``as_widget()``.

    Args:
        bound: the field.
        plain_form: its form, if that is known to be plain.
    """
    if _BOUND_PARTS(bound.__class__) != _OWN_BOUND:
        return None
    form, field = bound.form, bound.field
    widget = field.widget
    if (
        not (plain_form is form or _is_plain(form))
        or field.localize
        or field.show_hidden_initial
        or widget.use_fieldset
        or isinstance(widget, MultiWidget)
        or "label_tag" in bound.__dict__
        or "as_widget" in bound.__dict__
    ):
        return None
    own_id, help_text = bound.auto_id, bound.help_text
    attrs = _attributes_of(bound, form, field, widget, own_id)
    text = bound.label
    if isinstance(text, Promise):
        text = str(text)  # translated once
    label = _label_of(text, bound, form, widget.attrs.get("id") or own_id) if text else ""
    helped = ""
    if help_text:
        note = f' id="{_shown(own_id)}_helptext"' if own_id else ""
        helped = f'<div class="helptext"{note}>{localize(help_text)}</div>\n'
    errors = _errors_of(bound, form)
    tag = _tag_of(widget, bound.html_name, bound.value(), attrs, form.renderer)
    return f"{label}{helped}{errors}{tag}"


def _attributes_of(bound: Any, form: Any, field: Any, widget: Any, own_id: str) -> dict[str, Any]:
    """Return the attributes that a plain field adds to those of its widget."""
    given = widget.attrs
    wrong = bool(form.errors.get(bound.name))
    attrs: dict[str, Any] = {}
    if field.required and form.use_required_attribute:
        if widget.use_required_attribute(bound.initial):
            attrs["required"] = True
    if field.disabled:
        attrs["disabled"] = True
    if not widget.is_hidden:
        if wrong:
            attrs["aria-invalid"] = "true"
        if own_id and not (widget.use_fieldset or given.get("aria-describedby")):
            parts = [f"{own_id}_helptext"] if bound.help_text else []
            if wrong:
                parts.append(f"{own_id}_error")
            if parts:
                attrs["aria-describedby"] = " ".join(parts)
    if own_id and "id" not in given:
        attrs["id"] = own_id
    return attrs


def written_widget(bound: Any) -> str | None:
    """Return what ``as_widget()`` does, of a field of which everything is as the house made it.

    ``None`` where somebody has to be asked.
    """
    form, field = bound.form, bound.field
    widget = field.widget
    if (
        _BOUND_PARTS(bound.__class__) != _OWN_BOUND
        or field.localize
        or isinstance(widget, MultiWidget)
        or "build_widget_attrs" in bound.__dict__
        or not renders_plainly(form.renderer)
        or functions_for(form.renderer) is None
    ):
        return None
    attrs = _attributes_of(bound, form, field, widget, bound.auto_id)
    return _tag_of(widget, bound.html_name, bound.value(), attrs, form.renderer)


boundfield.written_widget = written_widget


def _field_group(context: Context) -> str:
    field = context["field"]
    if (group := _plain_group(field)) is not None:
        return group
    head, tail = "", ""
    if field.use_fieldset:
        described_by = field.aria_describedby
        own = f' aria-describedby="{_shown(described_by)}"' if described_by else ""
        head, tail = f"<fieldset{own}>\n", "</fieldset>"
    if field.label:
        label = field.legend_tag if field.use_fieldset else field.label_tag
        head += f"{_shown(label())}\n"
    errors = field.errors
    # A list of another class may have something to say even if it is empty.
    shown_errors = _shown(errors) if errors or type(errors) is not ErrorList else ""
    return f"{head}{_help_text(field, 'div')}{shown_errors}{_shown(field)}{tail}"


def _css(field: Any) -> str:
    classes = field.css_classes()
    return f' class="{_shown(classes)}"' if classes else ""


def _all_hidden(context: Context) -> str:
    return "".join(map(_shown, context["hidden_fields"]))


def _div_form(context: Context) -> str:
    errors, fields, form = context["errors"], context["fields"], context.get("form")
    if form is not None and not _is_plain(form):
        form = None
    nothing = not errors and errors.__class__ is ErrorList and _tells_plainly(errors)
    pieces = ["" if nothing else _shown(errors)]
    if not fields:
        hidden = _all_hidden(context)
        pieces.append(f"<div>{hidden}</div>" if errors else hidden)
        return "".join(pieces)
    for number, (field, _found) in enumerate(fields, 1):
        last = _all_hidden(context) if number == len(fields) else ""
        pieces.append(f"<div{_css(field)}>\n{_group(field, form)}{last}</div>\n")
    return "".join(pieces)


def _formset(style: str) -> Callable[[Context], str]:
    def render(context: Context) -> str:
        formset = context["formset"]
        forms = "".join(_shown(getattr(form, f"as_{style}")()) for form in formset)
        return f"{_shown(formset.management_form)}{forms}"

    return render


_ALIKE: Mapping[Callable[[Mapping[str, Any]], str], str] = {
    _input_tag: "input text number email url color search tel password hidden date datetime time "
    "checkbox file",
    _textarea_tag: "textarea",
    _option_tag: "select_option",
    _labelled_input: "input_option radio_option checkbox_option",
    _select_tag: "select",
    _choice_list: "multiple_input radio checkbox_select",
    _several: "multiwidget multiple_hidden splitdatetime splithiddendatetime select_date",
    _clearable_file: "clearable_file_input",
}

_WIDGETS = {
    f"django/forms/widgets/{name}.html": function
    for function, names in _ALIKE.items()
    for name in names.split()
}


def _standing_alone(function: Callable[[Mapping[str, Any]], str]) -> Callable[[Context], str]:
    return lambda context: function(context["widget"]).strip()


_FUNCTIONS: dict[str, Callable[[Context], str]] = {
    **{name: _standing_alone(function) for name, function in _WIDGETS.items()},
    "django/forms/label.html": _label,
    "django/forms/errors/list/default.html": _error_list,
    "django/forms/errors/list/ul.html": _error_list,
    "django/forms/errors/dict/default.html": _error_dict,
    "django/forms/errors/dict/ul.html": _error_dict,
    "django/forms/field.html": _field_group,
    "django/forms/div.html": lambda context: _div_form(context).strip(),
    **{
        f"django/forms/formsets/{style}.html": _formset(style)
        for style in ("div", "p", "ul", "table")
    },
}
