"""What templates of the admin get: forms with their fieldsets, inlines with their rows, errors.

A page has an :class:`AdminForm`, which yields a :class:`Fieldset` for each section, which yields a
:class:`Fieldline` for each row, which yields an :class:`AdminField` or an :class:`AdminReadonlyField`
for each field. Inlines are an :class:`InlineAdminFormSet` of such forms.
Manual: "The Django admin site", "Overriding admin templates".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from nuages import forms
from nuages.contrib.admin.utils import (
    boolean_icon,
    display_for_field,
    flatten_fieldsets,
    help_text_for_field,
    label_for_field,
    lookup_field,
    quote,
)
from nuages.core.exceptions import ObjectDoesNotExist
from nuages.db.models import Field, ForeignObjectRel
from nuages.forms.formsets import DELETION_FIELD_NAME, ORDERING_FIELD_NAME
from nuages.forms.utils import ErrorList, flatatt
from nuages.forms.widgets import Media
from nuages.template.defaultfilters import linebreaksbr
from nuages.urls import reverse
from nuages.urls.exceptions import NoReverseMatch
from nuages.utils.functional import cached_property
from nuages.utils.html import conditional_escape, format_html
from nuages.utils.safestring import SafeString, mark_safe
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext
from nuages.utils.translation import gettext_lazy as _

#: The name of the checkboxes that choose objects for an action.
ACTION_CHECKBOX_NAME = "_selected_action"


class ActionForm(forms.Form):
    """Chooses an action, for the objects that are ticked. Manual: "Admin actions"."""

    action = forms.ChoiceField(label=_("Action:"))
    select_across = forms.BooleanField(
        label="", required=False, initial=0, widget=forms.HiddenInput({"class": "select-across"})
    )


def _errors_of(field: Any) -> SafeString:
    """Return the errors of a bound field as HTML; most have none, and need no list to say so."""
    return mark_safe(field.errors.as_ul()) if field._is_wrong() else _NOTHING


_NOTHING = mark_safe("")


def _part_of(path: str, doc: str) -> Any:
    """Return a property that something within the object answers."""
    return property(attrgetter(path), doc=doc)


@dataclass(eq=False, repr=False)
class AdminForm:
    """A form in sections.

    Args:
        form: the form.
        fieldsets: pairs of a section's title and its options.
        prepopulated_fields: which fields are filled from others while somebody types.
        readonly_fields: the names of what is shown only.
        model_admin: what else such names can stand for.
    """

    form: Any
    fieldsets: Any
    prepopulated_fields: Any
    readonly_fields: Any = None
    model_admin: Any = None

    def __post_init__(self) -> None:
        self.readonly_fields = self.readonly_fields or ()
        sources = self.prepopulated_fields or {}
        self.prepopulated_fields = [
            {"field": self.form[name], "dependencies": [self.form[each] for each in names]}
            for name, names in sources.items()
        ]

    def __repr__(self) -> str:
        form = type(self.form).__qualname__
        return f"<{type(self).__qualname__}: form={form} fieldsets={self.fieldsets!r}>"

    @cached_property
    def _sections(self) -> list[Fieldset]:
        return [self._section(name, options) for name, options in self.fieldsets]

    def _section(self, name: Any, options: dict[str, Any]) -> Fieldset:
        return Fieldset(
            self.form,
            name,
            readonly_fields=self.readonly_fields,
            model_admin=self.model_admin,
            **options,
        )

    def __iter__(self) -> Iterator[Fieldset]:
        return iter(self._sections)

    errors = _part_of("form.errors", "The errors of each field.")
    fields = _part_of("form.fields", "The form's fields.")
    is_bound = _part_of("form.is_bound", "Whether data were sent.")
    non_field_errors = _part_of("form.non_field_errors", "Gives errors that belong to no field.")

    def first_field(self) -> Any:
        """Return the form's first field, ``None`` for a form without any."""
        names = flatten_fieldsets(self.fieldsets)
        chosen = next((name for name in names if name in self.form.fields), None)
        return next(iter(self.form), None) if chosen is None else self.form[chosen]

    @property
    def media(self) -> forms.Media:
        """The assets of the form and of its sections."""
        whole = self.form.media
        for section in self:
            whole += section.media
        return whole


class Fieldset:
    """A section of a form: its title, and rows of fields.

    Args:
        form: the form.
        name: the title, ``None`` for none.
        readonly_fields: the names of what is shown only.
        fields: names; those in a list of their own share a row.
        classes: HTML classes; ``collapse`` folds the section.
        description: HTML below the title.
        model_admin: what else names can stand for.
    """

    def __init__(
        self,
        form: Any,
        name: Any = None,
        readonly_fields: Any = (),
        fields: Any = (),
        classes: Iterable[str] = (),
        description: Any = None,
        model_admin: Any = None,
    ) -> None:
        self.form, self.name, self.fields = form, name, fields
        self.classes, self.description = " ".join(classes or ()), description
        self.model_admin, self.readonly_fields = model_admin, readonly_fields

    @property
    def media(self) -> forms.Media:
        """The section's own assets: none, but themes have some."""
        return forms.Media()

    @cached_property
    def is_collapsible(self) -> bool:
        """Whether the section is folded; with an error in it, it stands open."""
        if "collapse" not in self.classes.split():
            return False
        names = {*flatten_fieldsets([(None, {"fields": self.fields})])}
        return names.isdisjoint(self.form.errors)

    @cached_property
    def _lines(self) -> list[Fieldline]:
        return [
            Fieldline(self.form, field, self.readonly_fields, model_admin=self.model_admin)
            for field in self._shown()
        ]

    def _shown(self) -> Iterable[Any]:
        return self.fields

    def __iter__(self) -> Iterator[Fieldline]:
        return iter(self._lines)


class Fieldline:
    """A row of fields.

    Args:
        form: the form.
        field: a name, or a list of names.
        readonly_fields: the names of what is shown only.
        model_admin: what else names can stand for.
    """

    def __init__(
        self, form: Any, field: Any, readonly_fields: Any = (), model_admin: Any = None
    ) -> None:
        self.form, self.model_admin = form, model_admin
        self.fields = list(field) if isinstance(field, (list, tuple)) else [field]
        self.readonly_fields = () if readonly_fields is None else readonly_fields

    @property
    def has_visible_field(self) -> bool:
        """Whether there is anything to see in the row."""
        return self.visible_count > 0

    @property
    def visible_count(self) -> int:
        """How many of the fields are to be seen."""
        known = self.form.fields
        return sum(name not in known or not known[name].widget.is_hidden for name in self.fields)

    @cached_property
    def _cells(self) -> list[AdminField | AdminReadonlyField]:
        return [
            AdminReadonlyField(self.form, name, not place, model_admin=self.model_admin)
            if name in self.readonly_fields
            else AdminField(self.form, name, not place)
            for place, name in enumerate(self.fields)
        ]

    def __iter__(self) -> Iterator[AdminField | AdminReadonlyField]:
        return iter(self._cells)

    def errors(self) -> SafeString:
        """Return the errors of all the fields, as HTML."""
        lists = [
            _errors_of(self.form[name]) for name in self.fields if name not in self.readonly_fields
        ]
        return mark_safe("\n".join(filter(None, lists)))


class AdminField:
    """A field that can be edited.

    Args:
        form: the form.
        field: the field's name.
        is_first: whether it is the first of its row.
    """

    is_readonly = False

    def __init__(self, form: Any, field: str, is_first: bool) -> None:
        self.field, self.is_first = form[field], is_first
        widget = self.field.field.widget
        self.is_checkbox = isinstance(widget, forms.CheckboxInput)
        self.is_fieldset = widget.use_fieldset

    def label_tag(self) -> SafeString:
        """Return the label (or legend) as HTML; behind a checkbox it has no colon."""
        asked = {
            "vCheckboxLabel": self.is_checkbox,
            "required": self.field.field.required,
            "inline": not self.is_first,
        }
        names = " ".join(name for name, holds in asked.items() if holds)
        return self.field.label_tag(
            contents=conditional_escape(self.field.label),
            attrs={"class": names} if names else {},
            label_suffix="" if self.is_checkbox else None,
            tag="legend" if self.is_fieldset else None,
        )

    def errors(self) -> SafeString:
        """Return the errors as HTML."""
        return _errors_of(self.field)


class AdminReadonlyField:
    """A value that is shown only: of a field, or what a function returns.

    Args:
        form: the form, whose instance is shown.
        field: a name or function, as in ``readonly_fields``.
        is_first: whether it is the first of its row.
        model_admin: whose methods count too.
    """

    is_checkbox = False
    is_readonly = True

    def __init__(self, form: Any, field: Any, is_first: bool, model_admin: Any = None) -> None:
        self.form, self.is_first, self.model_admin = form, is_first, model_admin
        name = field
        if callable(field):
            name = field.__name__ if field.__name__ != "<lambda>" else ""
        self.field = {"name": name, "field": field, **_column(form, field, name, model_admin)}

    @cached_property
    def empty_value_display(self) -> Any:
        """What stands for empty values."""
        return self.model_admin.get_empty_value_display()

    def label_tag(self) -> SafeString:
        """Return the label as HTML."""
        attrs = {} if self.is_first else {"class": "inline"}
        return format_html(
            "<label{}>{}{}</label>",
            flatatt(attrs),
            capfirst(self.field["label"]),
            self.form.label_suffix,
        )

    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> Any:
        """Return an object as a link to its page, or as text if it has none.

        Args:
            remote_field: the relation that leads to it.
            remote_obj: the object.
        """
        opts = remote_obj._meta
        try:
            url = reverse(
                f"admin:{opts.app_label}_{opts.model_name}_change",
                args=[quote(remote_obj.pk)],
                current_app=self.model_admin.admin_site.name,
            )
        except NoReverseMatch:
            return str(remote_obj)
        return format_html('<a href="{}">{}</a>', url, remote_obj)

    def contents(self) -> SafeString:
        """Return the value as HTML."""
        name = self.field["field"]
        if not callable(name) and name in self.form.fields:
            widget = self.form.fields[name].widget
            if getattr(widget, "read_only", False):
                return widget.render(name, getattr(self.form.instance, name, None))
        try:
            field, attribute, value = lookup_field(name, self.form.instance, self.model_admin)
            shown = self._shown(field, attribute, value)
        except (AttributeError, ValueError, ObjectDoesNotExist):
            shown = self.empty_value_display  # an unsaved object has no relations
        return mark_safe(conditional_escape(shown))

    def _shown(self, field: Any, attribute: Any, value: Any) -> Any:
        if field is None:
            if getattr(attribute, "boolean", False):
                return boolean_icon(value)
            text = self.empty_value_display if value is None else value
            return text if hasattr(text, "__html__") else linebreaksbr(text)
        if field.many_to_many and hasattr(value, "all"):
            return ", ".join(map(str, value.all()))
        if value is not None and isinstance(field, (Field, ForeignObjectRel)):
            if field.is_relation and hasattr(value, "_meta"):
                return self.get_admin_url(field.remote_field, value)
        return linebreaksbr(
            conditional_escape(display_for_field(value, field, self.empty_value_display))
        )


def _column(form: Any, field: Any, name: Any, model_admin: Any) -> dict[str, Any]:
    """Return what a form, its ``Meta`` or its model calls something that is shown only."""
    meta = form._meta
    labels, help_texts = meta.labels or {}, meta.help_texts or {}
    hidden = not callable(field) and field in form.fields and form.fields[field].widget.is_hidden
    return {
        "label": labels[name]
        if name in labels
        else label_for_field(field, meta.model, model_admin, form=form),
        "help_text": help_texts[name]
        if name in help_texts
        else help_text_for_field(name, meta.model),
        "is_hidden": hidden,
    }


@dataclass(eq=False, repr=False)
class InlineAdminFormSet:
    """An inline: a form for each row, some empty ones, and one for scripts to copy.

    Args:
        opts: the inline.
        formset: the formset.
        fieldsets: pairs of a section's title and its options.
        prepopulated_fields: which fields are filled from others while somebody types.
        readonly_fields: the names of what is shown only.
        model_admin: the page that the inline stands on.
        has_add_permission: whether the user may add rows.
        has_change_permission: whether the user may change rows; if not, they are shown only.
        has_delete_permission: whether the user may delete rows.
        has_view_permission: whether the user may see rows.
    """

    opts: Any
    formset: Any
    fieldsets: Any
    prepopulated_fields: Any = None
    readonly_fields: Any = None
    model_admin: Any = None
    has_add_permission: bool = True
    has_change_permission: bool = True
    has_delete_permission: bool = True
    has_view_permission: bool = True

    def __post_init__(self) -> None:
        self.readonly_fields = self.readonly_fields or ()
        self.prepopulated_fields = self.prepopulated_fields or {}
        self.classes = " ".join(self.opts.classes or ())

    @cached_property
    def _empty_form(self) -> Any:
        return self.formset.empty_form

    def _wrapped(self, form: Any, readonly: Any, original: Any = None) -> InlineAdminForm:
        url = None if original is None else self.opts.get_view_on_site_url(original)
        return InlineAdminForm(
            self.formset,
            form,
            self.fieldsets,
            self.prepopulated_fields,
            original,
            readonly,
            model_admin=self.opts,
            view_on_site_url=url,
        )

    @cached_property
    def _rows(self) -> list[InlineAdminForm]:
        shown_only = self.readonly_fields
        if not self.has_change_permission:
            shown_only = [*shown_only, *flatten_fieldsets(self.fieldsets)]
        formset = self.formset
        rows = [
            self._wrapped(form, shown_only, original)
            for form, original in zip(formset.initial_forms, formset.get_queryset())
        ]
        new = formset.extra_forms
        if self.has_add_permission:
            new = [*new, self._empty_form]
        return rows + [self._wrapped(form, self.readonly_fields) for form in new]

    def __iter__(self) -> Iterator[InlineAdminForm]:
        return iter(self._rows)

    def fields(self) -> Iterator[dict[str, Any]]:
        """Yield what stands at the head of each column."""
        form, relation = self._empty_form, getattr(self.formset, "fk", None)
        for name in flatten_fieldsets(self.fieldsets):
            if relation is not None and relation.name == name:
                continue
            if not self.has_change_permission or name in self.readonly_fields:
                column = _column(form, name, name, self.opts)
                hidden = column.pop("is_hidden")
                yield {"name": name, **column, "widget": {"is_hidden": hidden}, "required": False}
                continue
            field = form.fields[name]
            label = field.label
            if label is None:
                label = label_for_field(name, self.opts.model, self.opts, form=form)
            yield {
                "name": name,
                "label": label,
                "widget": field.widget,
                "required": field.required,
                "help_text": field.help_text,
            }

    def inline_formset_data(self) -> str:
        """Return what the script has to know, as JSON."""
        prefix, what = self.formset.prefix, {"verbose_name": capfirst(self.opts.verbose_name)}
        options = {
            "prefix": prefix,
            "addText": gettext("Add another %(verbose_name)s") % what,
            "deleteText": gettext("Remove"),
        }
        return json.dumps({"name": f"#{prefix}", "options": options})

    @cached_property
    def is_collapsible(self) -> bool:
        """Whether the inline is folded; with an error in it, it stands open."""
        if any(self.formset.errors) or self.formset.non_form_errors():
            return False
        return "collapse" in self.classes.split()

    forms = _part_of("formset.forms", "The forms themselves.")
    is_bound = _part_of("formset.is_bound", "Whether data were sent.")
    non_form_errors = _part_of("formset.non_form_errors", "Gives errors that belong to no form.")
    total_form_count = _part_of("formset.total_form_count", "Gives how many forms there are.")

    @property
    def media(self) -> Media:
        """The assets of the inline and of its forms."""
        return self.opts.media + self.formset.media


class InlineAdminForm(AdminForm):
    """A row of an inline.

    Args:
        formset: the formset.
        form: the form.
        fieldsets: pairs of a section's title and its options.
        prepopulated_fields: which fields are filled from others while somebody types.
        original: the row, ``None`` for a new one.
        shown_only: ``readonly_fields``, the names of what is shown only.
        view_on_site_url: the row's own page.
        options: ``model_admin``, the inline.
    """

    def __init__(
        self,
        formset: Any,
        form: Any,
        fieldsets: Any,
        prepopulated_fields: Any,
        original: Any,
        *shown_only: Any,
        view_on_site_url: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(form, fieldsets, prepopulated_fields, *shown_only, **options)
        self.formset, self.original, self.absolute_url = formset, original, view_on_site_url
        self.show_url = None not in (original, view_on_site_url)

    def _section(self, name: Any, options: dict[str, Any]) -> InlineFieldset:
        return InlineFieldset(
            self.formset,
            self.form,
            name,
            self.readonly_fields,
            model_admin=self.model_admin,
            **options,
        )

    def needs_explicit_pk_field(self) -> bool:
        """Whether the row's key has to be sent in a field that no section shows."""
        key = self.form._meta.model._meta.pk
        if key.name not in self.form.fields or key == getattr(self.formset, "fk", None):
            return False
        names = flatten_fieldsets(self.fieldsets)
        return key.name not in names or key.name in self.readonly_fields

    def _part(self, name: str) -> AdminField:
        return AdminField(self.form, name, False)

    def pk_field(self) -> AdminField:
        """Return the field of the row's key."""
        return self._part(self.formset._pk_field.name)

    def fk_field(self) -> AdminField | str:
        """Return the field of the relation to the parent; an empty text if there is none."""
        relation = getattr(self.formset, "fk", None)
        return "" if relation is None else self._part(relation.name)

    def deletion_field(self) -> AdminField:
        """Return the field that asks to delete the row."""
        return self._part(DELETION_FIELD_NAME)

    def ordering_field(self) -> AdminField:
        """Return the field of the row's place."""
        return self._part(ORDERING_FIELD_NAME)


class InlineFieldset(Fieldset):
    """A section of an inline's form, without the relation to the parent."""

    def __init__(self, formset: Any, *args: Any, **kwargs: Any) -> None:
        self.formset = formset
        super().__init__(*args, **kwargs)

    def _shown(self) -> Iterable[Any]:
        relation = getattr(self.formset, "fk", None)
        return [field for field in self.fields if relation is None or field != relation.name]


class AdminErrorList(ErrorList):
    """All errors of a page.

    Args:
        form: the form.
        inline_formsets: the formsets of the inlines.
    """

    def __init__(self, form: Any, inline_formsets: Iterable[Any]) -> None:
        super().__init__()
        if not form.is_bound:
            return
        self.extend(form.errors.values())
        for formset in inline_formsets:
            self.extend(formset.non_form_errors())
            for found in formset.errors:
                self.extend(found.values())
