"""Models that are edited on the page of another. Manual: "InlineModelAdmin objects"."""

from __future__ import annotations

from functools import partial
from typing import Any

from nuages import forms
from nuages.contrib.admin._base import BaseModelAdmin
from nuages.contrib.admin._guards import InlineRows, MindsRights, guarded
from nuages.contrib.admin._kept_forms import kept_formset
from nuages.contrib.admin.checks import InlineModelAdminChecks
from nuages.contrib.admin.utils import flatten_fieldsets
from nuages.contrib.admin.widgets import scripts, vendored
from nuages.contrib.auth import get_permission_codename
from nuages.forms.models import (
    BaseInlineFormSet,
    inlineformset_factory,
    modelform_defines_fields,
)
from nuages.http import HttpRequest
from nuages.utils.text import format_lazy


def _option(name: str, doc: str) -> Any:
    """Return the hook for an option that may depend on the request and on the parent."""

    def hook(self: Any, request: Any, obj: Any = None, **kwargs: Any) -> int | None:
        return getattr(self, name)

    hook.__name__, hook.__doc__ = f"get_{name}", doc
    return hook


class InlineModelAdmin(BaseModelAdmin):
    """A model edited on the page of another.

    Args:
        parent_model: the other model.
        admin_site: the site.
    """

    formset: Any = BaseInlineFormSet
    template: str
    fk_name: str | None = None
    extra = 3
    min_num: int | None = None
    max_num: int | None = None
    can_delete = True
    show_change_link = False
    classes: Any = None
    verbose_name: Any = None
    verbose_name_plural: Any = None
    checks_class: Any = InlineModelAdminChecks

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        self.parent_model, self.admin_site, self.opts = parent_model, admin_site, self.model._meta
        self.has_registered_model = admin_site.is_registered(self.model)
        singular, plural = self.verbose_name, self.verbose_name_plural
        if plural is None:
            plural = format_lazy("{}s", singular) if singular else self.opts.verbose_name_plural
        self.verbose_name_plural = plural
        self.verbose_name = self.opts.verbose_name if singular is None else singular

    @property
    def media(self) -> forms.Media:
        """The script that adds and removes forms, and those of the filter boxes."""
        boxes = self.filter_vertical or self.filter_horizontal
        names = ["jquery.init.js", "inlines.js"]
        if boxes:
            names += ["SelectBox.js", "SelectFilter2.js"]
        return forms.Media(js=[vendored("jquery/jquery"), *scripts(*names)])

    # How many, and which form.

    get_extra = _option("extra", "Return how many empty forms are shown.")
    get_min_num = _option("min_num", "Return how many forms are shown at least.")
    get_max_num = _option("max_num", "Return how many forms are shown at most.")

    def _excluded(self, request: Any, obj: Any) -> list[Any] | None:
        """Return the names of the fields that forms leave out."""
        own = self.get_exclude(request, obj)
        if own is None:
            # What the form itself leaves out counts as long as no option says anything.
            own = getattr(getattr(self.form, "_meta", None), "exclude", None)
        return [*(own or ()), *self.get_readonly_fields(request, obj)] or None

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> type[Any]:
        """Return the class of the formset.

        Args:
            request: the request.
            obj: the parent, ``None`` for a new one.
            kwargs: arguments of ``inlineformset_factory()``, which win.
        """
        plain = not kwargs.keys() - {"fields"}
        if "fields" not in kwargs:
            kwargs["fields"] = flatten_fieldsets(self.get_fieldsets(request, obj))
        names, excluded = kwargs["fields"], self._excluded(request, obj)
        if plain and names is not None and (whole := self._whole(request, obj, names, excluded)):
            return whole
        rights = self._form_rights(request, obj)
        options = {
            "form": self.form,
            "formset": self.formset,
            "exclude": excluded,
            "formfield_callback": partial(self.formfield_for_dbfield, request=request),
            "extra": self.get_extra(request, obj),
            "min_num": self.get_min_num(request, obj),
            "max_num": self.get_max_num(request, obj),
            "can_delete": self.can_delete and self.has_delete_permission(request, obj),
            **kwargs,
        }
        if options["fields"] is None and not modelform_defines_fields(options["form"]):
            options["fields"] = forms.ALL_FIELDS
        options["form"] = guarded(MindsRights, options["form"])
        options["formset"] = guarded(InlineRows, options["formset"])

        def make() -> Any:
            made = self._make_formset(options)
            made.most_shown = self.delete_confirmation_max_display
            for name, allowed in rights.items():
                setattr(made.form, name, allowed)
            return made

        if plain:
            numbers = [options[name] for name in ("extra", "min_num", "max_num", "can_delete")]
            chosen = (
                tuple(names) if isinstance(names, list) else names,
                tuple(excluded or ()),
                (*numbers, self.delete_confirmation_max_display, self.fk_name),
                tuple(rights.items()),
            )
            made = kept_formset(self, _OWN_HOOKS, request, chosen, make)
        else:
            made = make()
        if plain and names is None and isinstance(request, HttpRequest):
            known = vars(request).setdefault("_admin_whole_formsets", [])
            known.append((self, obj, excluded, made))
        return made

    def _whole(self, request: Any, obj: Any, names: list[Any], excluded: Any) -> Any:
        """Return the class that was made for this request to see which fields there are.

        It is the one that is wanted, if all of these are wanted in their order. None if not, or
        where an override may have changed the class: it would do so once more.
        """
        if type(self).get_formset is not _OWN_GET_FORMSET:
            return None
        left = [name for name in names if name not in (excluded or ())]
        for inline, parent, without, made in getattr(request, "_admin_whole_formsets", ()):
            same = inline is self and parent is obj and without == excluded
            if same and list(made.form.base_fields) == left:
                return made
        return None

    def _form_rights(self, request: Any, obj: Any) -> dict[str, bool]:
        if request is None:
            return {}
        return {
            "may_add": self.has_add_permission(request, obj),
            "may_change": self.has_change_permission(request, obj),
        }

    def _make_formset(self, options: dict[str, Any]) -> type[Any]:
        return inlineformset_factory(
            self.parent_model, self.model, **{"fk_name": self.fk_name, **options}
        )

    def _all_fields_form(self, request: Any, obj: Any) -> Any:
        return self.get_formset(request, obj, fields=None).form

    def get_queryset(self, request: Any) -> Any:
        """Return the rows that are shown, none to those who may not see them."""
        rows = super().get_queryset(request)
        return rows if self.has_view_or_change_permission(request) else rows.none()

    # Permissions. A table that only joins two models has none of its own: who may see or change
    # what it leads to, may see or change it.

    def _far_options(self) -> Any:
        """Return the ``_meta`` of the model that a joining table leads to from the parent."""
        ends = [field.remote_field.model for field in self.opts.fields if field.remote_field]
        return next((end._meta for end in ends if end is not self.parent_model), self.opts)

    def _may(self, request: Any, action: str) -> bool:
        if not self.opts.auto_created:
            return super()._may(request, action)
        far = self._far_options()
        codename = get_permission_codename("view" if action == "view" else "change", far)
        return request.user.has_perm(f"{far.app_label}.{codename}")

    def has_add_permission(self, request: Any, obj: Any) -> bool:
        """Whether the user may add rows; ``obj`` is the parent, ``None`` for a new one."""
        return self._may(request, "add")


_OWN_GET_FORMSET = InlineModelAdmin.get_formset
_OWN_HOOKS = InlineModelAdmin.get_formset, InlineModelAdmin._make_formset


class StackedInline(InlineModelAdmin):
    """An inline whose fields stand below one another."""

    template = "admin/edit_inline/stacked.html"


class TabularInline(InlineModelAdmin):
    """An inline whose fields stand beside one another."""

    template = "admin/edit_inline/tabular.html"


# Where the manual has them.
for _public in (InlineModelAdmin, StackedInline, TabularInline):
    _public.__module__ = "django.contrib.admin.options"
