"""What the pages of a model and the inlines on other pages share: fields, permissions, rows.

Manual: "ModelAdmin objects".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from nuages import forms
from nuages.contrib.admin import widgets
from nuages.contrib.admin._names import HORIZONTAL
from nuages.contrib.admin.checks import BaseModelAdminChecks
from nuages.contrib.auth import get_permission_codename
from nuages.core.exceptions import FieldDoesNotExist
from nuages.db import models
from nuages.http import HttpRequest
from nuages.urls import reverse
from nuages.utils.hints import unannotated
from nuages.utils.translation import gettext as _

#: What a form field is made with, by the class of the model's field.
FORMFIELD_FOR_DBFIELD_DEFAULTS: dict[Any, dict[str, Any]] = {
    models.DateTimeField: {
        "form_class": forms.SplitDateTimeField,
        "widget": widgets.AdminSplitDateTime,
    },
    **{
        field: {"widget": widget}
        for field, widget in (
            (models.DateField, widgets.AdminDateWidget),
            (models.TimeField, widgets.AdminTimeWidget),
            (models.TextField, widgets.AdminTextareaWidget),
            (models.URLField, widgets.AdminURLFieldWidget),
            (models.IntegerField, widgets.AdminIntegerFieldWidget),
            (models.BigIntegerField, widgets.AdminBigIntegerFieldWidget),
            (models.CharField, widgets.AdminTextInputWidget),
            (models.EmailField, widgets.AdminEmailInputWidget),
            (models.UUIDField, widgets.AdminUUIDInputWidget),
            (models.ImageField, widgets.AdminFileWidget),
            (models.FileField, widgets.AdminFileWidget),
        )
    },
}


def _radio_buttons(direction: int) -> widgets.AdminRadioSelect:
    names = "radiolist inline" if direction == HORIZONTAL else "radiolist"
    return widgets.AdminRadioSelect(attrs={"class": names})


def _joined(help_text: Any, more: str) -> str:
    return f"{help_text} {more}" if help_text else more


def _right(action: str) -> Any:
    """Return the method that says whether the user may do something."""

    def has_permission(self: Any, request: Any, obj: Any = None) -> bool:
        return self._may(request, action)

    has_permission.__name__ = f"has_{action}_permission"
    has_permission.__doc__ = f"Whether the user may {action} objects."
    return has_permission


@unannotated
class BaseModelAdmin(metaclass=forms.MediaDefiningClass):
    """What pages and inlines of a model share."""

    model: Any
    opts: Any
    admin_site: Any

    form: Any = forms.ModelForm
    fields: Any = None
    exclude: Any = None
    fieldsets: Any = None
    readonly_fields: Any = ()
    ordering: Any = None
    autocomplete_fields: Any = ()
    raw_id_fields: Any = ()
    radio_fields: ClassVar[dict[str, Any]] = {}
    prepopulated_fields: ClassVar[dict[str, Any]] = {}
    formfield_overrides: ClassVar[dict[Any, Any]] = {}
    filter_horizontal: Any = ()
    filter_vertical: Any = ()
    sortable_by: Any = None
    show_full_result_count = True
    view_on_site: Any = True
    delete_confirmation_max_display: int | None = None
    checks_class: Any = BaseModelAdminChecks

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the options. Manual: "System check framework"."""
        return self.checks_class().check(self, **kwargs)

    # Form fields.

    def _formfield_options(self, kind: type) -> dict[str, Any]:
        """Return what form fields for a class of model fields are made with."""
        own = self.formfield_overrides
        for base in kind.__mro__:
            if base in own or base in FORMFIELD_FOR_DBFIELD_DEFAULTS:
                return {**FORMFIELD_FOR_DBFIELD_DEFAULTS.get(base, {}), **own.get(base, {})}
        return {}

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the form field for a model's field, or ``None`` for none.

        Args:
            db_field: the model's field.
            request: the request that the form is made for.
            kwargs: arguments of the form field, which win.
        """
        if db_field.choices:
            return self.formfield_for_choice_field(db_field, request, **kwargs)
        options = {**self._formfield_options(type(db_field)), **kwargs}
        if isinstance(db_field, models.ForeignKey):
            made = self.formfield_for_foreignkey(db_field, request, **options)
        elif isinstance(db_field, models.ManyToManyField):
            made = self.formfield_for_manytomany(db_field, request, **options)
        else:
            return db_field.formfield(**options)
        if made and db_field.name not in self.raw_id_fields:
            made.widget = self._with_links(made.widget, db_field, request)
        return made

    def _with_links(self, widget: Any, db_field: Any, request: Any) -> Any:
        """Return a widget wrapped in links to pages of the related model, as far as allowed."""
        related = self.admin_site._registry.get(db_field.remote_field.model)
        rights = {}
        if related:
            rights = {
                f"can_{action}_related": getattr(related, f"has_{action}_permission")(request)
                for action in ("add", "change", "delete", "view")
            }
        return widgets.RelatedFieldWidgetWrapper(
            widget, db_field.remote_field, self.admin_site, **rights
        )

    def formfield_for_choice_field(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the form field for a model's field with choices: a list, or radio buttons."""
        direction = self.radio_fields.get(db_field.name)
        if direction is not None:
            kwargs.setdefault("widget", _radio_buttons(direction))
            if "choices" not in kwargs:
                kwargs["choices"] = db_field.get_choices(
                    include_blank=db_field.blank, blank_choice=[("", _("None"))]
                )
        return db_field.formfield(**kwargs)

    def get_field_queryset(self, db: str | None, db_field: Any, request: Any) -> Any:
        """Return the rows that a relation offers, in the order of their own list page.

        Returns:
            ``None`` if their page asks for no order, so that the field uses its own rows.
        """
        related = self.admin_site._registry.get(db_field.remote_field.model)
        ordering = related.get_ordering(request) if related else None
        if ordering is None or ordering == ():
            return None
        return db_field.remote_field.model._default_manager.using(db).order_by(*ordering)

    def _relation_options(self, db_field: Any, request: Any, kwargs: dict[str, Any]) -> Any:
        """Add the rows that are offered to the arguments; return the database's alias."""
        using = kwargs.get("using")
        if "queryset" not in kwargs:
            rows = self.get_field_queryset(using, db_field, request)
            if rows is not None:
                kwargs["queryset"] = rows
        return using

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the form field for a foreign key."""
        using = self._relation_options(db_field, request, kwargs)
        name = db_field.name
        if "widget" in kwargs:
            pass
        elif name in self.get_autocomplete_fields(request):
            kwargs["widget"] = widgets.AutocompleteSelect(db_field, self.admin_site, using=using)
        elif name in self.raw_id_fields:
            kwargs["widget"] = widgets.ForeignKeyRawIdWidget(
                db_field.remote_field, self.admin_site, using=using
            )
        elif name in self.radio_fields:
            kwargs["widget"] = _radio_buttons(self.radio_fields[name])
            kwargs.setdefault("empty_label", _("None") if db_field.blank else None)
        return db_field.formfield(**kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Return the form field for a many-to-many relation.

        Returns:
            ``None`` if the relation has a model of its own, which forms cannot fill.
        """
        if not db_field.remote_field.through._meta.auto_created:
            return None
        using = self._relation_options(db_field, request, kwargs)
        name = db_field.name
        if "widget" in kwargs:
            pass
        elif name in self.get_autocomplete_fields(request):
            kwargs["widget"] = widgets.AutocompleteSelectMultiple(
                db_field, self.admin_site, using=using
            )
        elif name in self.raw_id_fields:
            kwargs["widget"] = widgets.ManyToManyRawIdWidget(
                db_field.remote_field, self.admin_site, using=using
            )
        elif name in (stacked := self.filter_vertical) or name in self.filter_horizontal:
            kwargs["widget"] = widgets.FilteredSelectMultiple(
                db_field.verbose_name, name in stacked
            )
        made = db_field.formfield(**kwargs)
        shown = made.widget
        if (
            isinstance(shown, forms.SelectMultiple)
            and shown.allow_multiple_selected
            and not isinstance(shown, widgets.AutocompleteSelectMultiple)
        ):
            how = _("Hold down “Control”, or “Command” on a Mac, to select more than one.")
            made.help_text = _joined(made.help_text, how)
            if isinstance(shown, widgets.FilteredSelectMultiple):
                # For who has no scripts only: these put two boxes in the list's place.
                shown.attrs["data-hint"] = how
        return made

    # What options say, as hooks.

    def get_autocomplete_fields(self, request: Any) -> Any:
        """Return the names of relations that are searched while typing."""
        return self.autocomplete_fields

    def get_empty_value_display(self) -> Any:
        """Return what stands for empty values."""
        from nuages.utils.safestring import mark_safe

        own = getattr(self, "empty_value_display", None)
        return mark_safe(self.admin_site.empty_value_display if own is None else own)

    def get_exclude(self, request: Any, obj: Any = None) -> Any:
        """Return the names of fields that forms leave out."""
        return self.exclude

    def _all_fields_form(self, request: Any, obj: Any) -> Any:
        """Return a form class with all the fields there can be."""
        return self.get_form(request, obj, fields=None)  # type: ignore[attr-defined]

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        """Return the names of all fields that a page shows."""
        if self.fields:
            return self.fields
        return [*self._form_names(request, obj), *self.get_readonly_fields(request, obj)]

    def _form_names(self, request: Any, obj: Any) -> Any:
        """Return the names of the fields of a form with all there can be.

        To make one is not cheap, and several parts of a page ask.
        """
        if not isinstance(request, HttpRequest):
            return self._all_fields_form(request, obj).base_fields
        known = vars(request).setdefault("_admin_form_names", [])
        for admin, row, names in known:
            if admin is self and row is obj:
                return names
        names = list(self._all_fields_form(request, obj).base_fields)
        known.append((self, obj, names))
        return names

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """Return the sections of a page, as pairs of title and options."""
        return self.fieldsets or [(None, {"fields": self.get_fields(request, obj)})]

    def get_inlines(self, request: Any, obj: Any) -> Any:
        """Return the classes of the inlines of a page."""
        return self.inlines  # type: ignore[attr-defined]

    def get_ordering(self, request: Any) -> Iterable[Any]:
        """Return how lists are sorted."""
        return self.ordering or ()

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        """Return the names of fields that are shown only."""
        return self.readonly_fields

    def get_prepopulated_fields(self, request: Any, obj: Any = None) -> Any:
        """Return which fields are filled from others while typing, and from which."""
        return self.prepopulated_fields

    def get_sortable_by(self, request: Any) -> Any:
        """Return the columns of the list that can be sorted by."""
        chosen = self.sortable_by
        return self.get_list_display(request) if chosen is None else chosen  # type: ignore[attr-defined]

    # Rows.

    def get_queryset(self, request: Any) -> Any:
        """Return the objects that can be edited."""
        rows = self.model._default_manager.get_queryset()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Return the address that leads to an object's own page, or ``None``."""
        where = self.view_on_site
        if obj is None or not where:
            return None
        if callable(where):
            return where(obj)
        if not hasattr(obj, "get_absolute_url"):
            return None
        from nuages.contrib.admin._log import get_content_type_for_model

        place = {
            "content_type_id": get_content_type_for_model(obj).pk,
            "object_id": obj.pk,
        }
        return reverse("admin:view_on_site", kwargs=place, current_app=self.admin_site.name)

    def _paths(self, lookup: str) -> tuple[int, set[str]]:
        """Follow a lookup over relations.

        Returns:
            How many tables' columns it needs, and the paths that an option can name it by: keys
            that the referring table holds itself may be left out at the end, and one part that
            is no field may follow.
        """
        steps = lookup.split("__")
        opts, source, needed, names = self.opts, None, 0, 0
        shortest = 0
        for number, name in enumerate(steps, 1):
            try:
                field = opts.get_field(name)
            except FieldDoesNotExist:
                break
            names = number
            held = source is not None and field in source.path_infos[-1].target_fields
            if not held:
                needed, shortest = needed + 1, number
            if not field.is_relation or not getattr(field, "path_infos", None):
                break
            source, opts = field, field.path_infos[-1].to_opts
        paths = {"__".join(steps[:end]) for end in range(shortest, names + 2)}
        return needed, paths

    def lookup_allowed(self, lookup: str, value: Any, request: Any) -> bool:
        """Return whether somebody may filter the list by a lookup in the address.

        Own columns are always allowed, related ones as far as options of the list name them.

        Args:
            lookup: what is compared, as in ``filter()``.
            value: what it is compared with.
            request: the request.
        """
        # A raw-id widget sends the relation's own limits.
        for relation in self.opts.get_fields(include_hidden=True):
            limit = getattr(relation, "limit_choices_to", None)
            if not limit or not relation.auto_created:
                continue
            sent = widgets.url_params_from_lookup_dict(limit() if callable(limit) else limit)
            if sent.get(lookup, self) == value:
                return True
        needed, paths = self._paths(lookup)
        if needed <= 1:
            return True
        named = {self.date_hierarchy, *self._filter_names(request)}  # type: ignore[attr-defined]
        return not paths.isdisjoint(named)

    def _filter_names(self, request: Any) -> Iterator[Any]:
        from nuages.contrib.admin.filters import SimpleListFilter

        for entry in self.get_list_filter(request):  # type: ignore[attr-defined]
            if isinstance(entry, type) and issubclass(entry, SimpleListFilter):
                yield entry.parameter_name
            else:
                yield entry[0] if isinstance(entry, (list, tuple)) else entry

    def to_field_allowed(self, request: Any, to_field: str) -> bool:
        """Return whether pages may give away the values of a field.

        Args:
            request: the request.
            to_field: the field's name. Keys are fine, and what registered models refer to.
        """
        fields = [field for field in self.opts.fields if to_field in (field.name, field.attname)]
        if not fields:
            return False
        field = fields[0]
        return field.primary_key or any(key == field for key in self._referred_keys(request))

    def _referred_keys(self, request: Any) -> Iterator[Any]:
        """Yield the fields that relations of registered models and of inlines refer to."""
        pages = self.admin_site._registry
        known = set(pages)
        for made in pages.values():
            known.update(inline.model for inline in made.get_inlines(request, None))
        for own in self.opts.many_to_many:
            yield self.opts.get_field(own.m2m_target_field_name())
        for relation in self.opts.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel | models.ManyToManyRel):
                continue
            if any(issubclass(model, relation.related_model) for model in known):
                yield relation.get_related_field()

    # Permissions.

    def _may(self, request: Any, action: str) -> bool:
        codename = get_permission_codename(action, self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    has_add_permission = _right("add")
    has_change_permission = _right("change")
    has_delete_permission = _right("delete")

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may see objects."""
        return self._may(request, "view") or self._may(request, "change")

    def has_view_or_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may see or change objects."""
        return self.has_view_permission(request, obj) or self.has_change_permission(request, obj)

    def has_module_permission(self, request: Any) -> bool:
        """Whether the user sees the application on the index page."""
        return request.user.has_module_perms(self.opts.app_label)


# Where the manual has them.
BaseModelAdmin.__module__ = "django.contrib.admin.options"
