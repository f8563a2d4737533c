"""The part of a model's pages that adds and changes objects. Manual: "ModelAdmin methods".

The hooks are here; a visit to a page, which calls them in their order, is :class:`FormPage`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from nuages import forms
from nuages.contrib.admin import helpers
from nuages.contrib.admin._kept_forms import kept_form
from nuages.contrib.admin._keys import key_value
from nuages.contrib.admin._names import IS_POPUP_VAR, SOURCE_MODEL_VAR, TO_FIELD_VAR
from nuages.contrib.admin._protection import csrf_protect_m
from nuages.contrib.admin._responses import Answers
from nuages.contrib.admin._visits import FormPage, fixed_names, in_transaction
from nuages.contrib.admin._writing import Writing
from nuages.core.exceptions import FieldDoesNotExist, FieldError, ValidationError
from nuages.db.models import ManyToManyField
from nuages.forms.models import modelform_defines_fields, modelform_factory
from nuages.http import HttpRequest
from nuages.template.response import TemplateResponse


def _initial_value(opts: Any, name: str, text: str) -> Any:
    """Return a parameter of the address as initial value: of several objects a list of keys."""
    try:
        several = isinstance(opts.get_field(name), ManyToManyField)
    except FieldDoesNotExist:
        several = False
    return text.split(",") if several else text


class FormPages(Answers, Writing):
    """The pages that add and change objects of a model."""

    save_as = False
    save_as_continue = True
    save_on_top = False
    inlines: Any = ()
    add_form_template: str | None = None
    change_form_template: str | None = None

    # The object

    def get_object(self, request: Any, object_id: str, from_field: str | None = None) -> Any:
        """Return one of the objects that can be edited, or None.

        Args:
            request: of the user.
            object_id: the key as text.
            from_field: by which field (default: the primary key).
        """
        admin: Any = self
        rows = admin.get_queryset(request)
        model = rows.model
        try:
            if from_field is None:
                return rows.get(pk=key_value(model, object_id))
            return rows.get(**{from_field: model._meta.get_field(from_field).to_python(object_id)})
        except (model.DoesNotExist, ValidationError, ValueError):
            return None

    # Forms

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form class of the add or change page.

        Args:
            request: of the user.
            obj: the object, or None.
            change: whether it exists.
            kwargs: for ``modelform_factory()``.

        Raises:
            FieldError: options name unknown fields.
        """
        admin: Any = self
        plain = not kwargs.keys() - {"fields"}
        base = kwargs.get("form", admin.form)
        names = kwargs.pop("fields") if "fields" in kwargs else _names(admin, request, obj)
        shown_only = [*admin.get_readonly_fields(request, obj), *fixed_names(obj)]
        given = admin.get_exclude(request, obj)
        excluded = [*(given or ()), *shown_only]
        if change and hasattr(request, "user") and not admin.has_change_permission(request, obj):
            excluded += names or ()
        if given is None:
            excluded += getattr(getattr(admin.form, "_meta", None), "exclude", None) or ()
        if plain and names is not None and (made := self._whole_form(request, names, excluded)):
            return made
        # A field that the form declares stays out too, if it is shown only.
        hidden = {name: None for name in shown_only if name in base.declared_fields}
        options: dict[str, Any] = {
            "form": type(base.__name__, (base,), hidden) if hidden else base,
            "fields": names,
            "exclude": excluded or None,
            "formfield_callback": partial(admin.formfield_for_dbfield, request=request),
        }
        options |= {name: value for name, value in kwargs.items() if name != "form"}
        if options["fields"] is None and not modelform_defines_fields(options["form"]):
            options["fields"] = forms.ALL_FIELDS

        def make() -> Any:
            try:
                return modelform_factory(self.model, **options)
            except FieldError as error:
                raise FieldError(
                    f"{error}. Check fields/fieldsets/exclude attributes of class "
                    f"{type(self).__name__}."
                ) from error

        if kwargs.keys() - {"fields"} or hidden:
            form_class = make()
        else:
            chosen = tuple(names) if isinstance(names, list) else names, tuple(excluded)
            form_class = kept_form(admin, _OWN_GET_FORM, request, base, chosen, make)
        if plain and names is None and isinstance(request, HttpRequest):
            made = vars(request).setdefault("_admin_whole_forms", [])
            made.append((self, excluded, form_class))
        return form_class

    def _whole_form(self, request: Any, names: list[Any], excluded: list[Any]) -> Any:
        """Return a form class that was made for this request to see which fields there are.

        It is the one that is wanted, if all of these are wanted in their order. None if not.
        """
        left = [name for name in names if name not in excluded]
        for admin, without, made in getattr(request, "_admin_whole_forms", ()):
            if admin is self and without == excluded and list(made.base_fields) == left:
                return made
        return None

    def get_changeform_initial_data(self, request: Any) -> dict[str, Any]:
        """Return what the add page starts with: the parameters of its address."""
        return {name: _initial_value(self.opts, name, text) for name, text in request.GET.items()}

    # Inlines

    def get_inline_instances(self, request: Any, obj: Any = None) -> list[Any]:
        """Return the inlines that the user may see, or add, change or delete something in."""
        return list(self._permitted_inlines(request, obj))

    def _permitted_inlines(self, request: Any, obj: Any) -> Iterator[Any]:
        admin: Any = self
        for kind in admin.get_inlines(request, obj):
            inline = kind(self.model, self.admin_site)
            if request:
                may_add = inline.has_add_permission(request, obj)
                if not (
                    may_add
                    or inline.has_view_or_change_permission(request, obj)
                    or inline.has_delete_permission(request, obj)
                ):
                    continue
                if not may_add:
                    inline.max_num = 0
            yield inline

    def get_formsets_with_inlines(self, request: Any, obj: Any = None) -> Iterator[tuple[Any, Any]]:
        """Yield the formset class of each inline, and the inline."""
        for inline in self.get_inline_instances(request, obj):
            yield inline.get_formset(request, obj), inline

    def get_formset_kwargs(
        self, request: Any, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Return the arguments by which an inline's formset is made."""
        arguments: dict[str, Any] = {
            "instance": obj,
            "prefix": prefix,
            "queryset": inline.get_queryset(request),
        }
        if request.method == "POST":
            arguments["data"] = request.POST.copy()
            arguments["files"] = request.FILES
            arguments["save_as_new"] = "_saveasnew" in request.POST
        return arguments

    def get_inline_formsets(
        self, request: Any, formsets: Any, inline_instances: Any, obj: Any = None
    ) -> list[Any]:
        """Return formsets as templates get them, with what the user may do in each."""
        admin: Any = self
        # Those who may not change the object change nothing that belongs to it.
        may_edit = obj is None or admin.has_change_permission(request, obj)

        def allowed(inline: Any, action: str) -> bool:
            return may_edit and getattr(inline, f"has_{action}_permission")(request, obj)

        shown = []
        for inline, formset in zip(inline_instances, formsets, strict=True):
            can = {action: allowed(inline, action) for action in ("add", "change", "delete")}
            if not can["add"]:
                formset.extra = formset.max_num = 0
            shown.append(
                helpers.InlineAdminFormSet(
                    inline,
                    formset,
                    list(inline.get_fieldsets(request, obj)),
                    dict(inline.get_prepopulated_fields(request, obj)),
                    list(inline.get_readonly_fields(request, obj)),
                    model_admin=self,
                    has_view_permission=inline.has_view_permission(request, obj),
                    **{f"has_{action}_permission": may for action, may in can.items()},
                )
            )
        return shown

    # Pages

    def render_change_form(
        self,
        request: Any,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        """Return the add or change page.

        Args:
            request: of the user.
            context: what the template sees; more is added.
            add: whether the page adds.
            change: whether it changes.
            form_url: where the form is sent (default: the page's own address).
            obj: the object, or None.
        """
        from nuages.contrib.admin._log import get_content_type_for_model
        from nuages.contrib.admin.templatetags.admin_urls import add_preserved_filters

        admin: Any = self
        inlines = context["inline_admin_formsets"]
        url = admin.get_view_on_site_url(obj)
        context |= {
            "add": add,
            "change": change,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "form_url": add_preserved_filters(context | {"opts": self.opts}, form_url),
            "save_as": self.save_as,
            "save_on_top": self.save_on_top,
            "has_view_permission": admin.has_view_permission(request, obj),
            "has_add_permission": admin.has_add_permission(request),
            "has_change_permission": admin.has_change_permission(request, obj),
            "has_delete_permission": admin.has_delete_permission(request, obj),
            "has_editable_inline_admin_formsets": any(
                each.has_add_permission or each.has_change_permission or each.has_delete_permission
                for each in inlines
            ),
            "has_file_field": context["adminform"].form.is_multipart()
            or any(each.formset.is_multipart() for each in inlines),
            "has_absolute_url": url is not None,
            "absolute_url": url,
            "content_type_id": get_content_type_for_model(self.model).pk,
            "is_popup_var": IS_POPUP_VAR,
            "to_field_var": TO_FIELD_VAR,
            "source_model_var": SOURCE_MODEL_VAR,
        }
        own = self.add_form_template if add else None
        request.current_app = self.admin_site.name
        template = own or self.change_form_template or self._model_templates("change_form.html")
        return TemplateResponse(request, template, context)

    @csrf_protect_m
    def changeform_view(
        self,
        request: Any,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the add or change page, or save what it sends, in one transaction.

        Raises:
            PermissionDenied: the user may not.
            DisallowedModelAdminToField: the address refers to a field that nothing refers to.
        """

        def visit(request: Any) -> Any:
            return self._changeform_view(request, object_id, form_url, extra_context)

        return in_transaction(self.model, request, visit)

    # Packages override the next two.

    def _changeform_view(
        self,
        request: Any,
        object_id: str | None,
        form_url: str,
        extra_context: dict[str, Any] | None,
    ) -> Any:
        """Do what :meth:`changeform_view` does, within its transaction."""
        return FormPage(self, request, object_id).answer(form_url, extra_context)

    def _create_formsets(self, request: Any, obj: Any, change: bool) -> tuple[list[Any], list[Any]]:
        """Return the formsets of the inlines, and the inlines. ``obj`` may be one to be added."""
        owner = (obj,) if change else ()
        formsets, inlines = [], []
        used: Counter[str] = Counter()
        for formset_class, inline in self.get_formsets_with_inlines(request, *owner):
            prefix = formset_class.get_default_prefix()
            used[prefix] += 1
            if used[prefix] > 1 or not prefix:
                prefix = f"{prefix}-{used[prefix]}"
            formset = formset_class(**self.get_formset_kwargs(request, obj, inline, prefix))
            if not inline.has_change_permission(request, *(owner or (None,))):
                _protect(request, formset, inline, *(owner or (None,)))
            formsets.append(formset)
            inlines.append(inline)
        return formsets, inlines

    def add_view(
        self, request: Any, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the page that adds an object, or add it."""
        return self.changeform_view(request, None, form_url, extra_context)

    def change_view(
        self,
        request: Any,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the page that changes an object, or change it."""
        return self.changeform_view(request, object_id, form_url, extra_context)


_OWN_GET_FORM = FormPages.get_form


def _protect(request: Any, formset: Any, inline: Any, obj: Any) -> None:
    """Take rows as they are where the user may not change them, whatever was sent."""
    may_delete = inline.has_delete_permission(request, obj)
    for index, form in enumerate(formset.initial_forms):
        if may_delete and f"{formset.prefix}-{index}-DELETE" in request.POST:
            continue
        form._errors = {}
        form.cleaned_data = form.initial


def _names(admin: Any, request: Any, obj: Any) -> list[Any]:
    from nuages.contrib.admin.utils import flatten_fieldsets

    return flatten_fieldsets(admin.get_fieldsets(request, obj))
