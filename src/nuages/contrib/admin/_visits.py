"""A visit to the page that adds or changes an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.contrib.admin import helpers
from nuages.contrib.admin._display import shown_name
from nuages.contrib.admin._keys import key_text, unquote
from nuages.contrib.admin._names import (
    IS_POPUP_VAR,
    SOURCE_MODEL_VAR,
    TO_FIELD_VAR,
    ActionLocation,
)
from nuages.contrib.admin.exceptions import DisallowedModelAdminToField
from nuages.core.exceptions import BadRequest, PermissionDenied
from nuages.db import router
from nuages.http import HttpResponseRedirect
from nuages.utils.translation import gettext_lazy

_HERE = ActionLocation.CHANGE_FORM

_TITLES = {
    "add": gettext_lazy("Add %s"),
    "change": gettext_lazy("Change %s"),
    "view": gettext_lazy("View %s"),
}


def in_transaction(model: Any, request: Any, view: Callable[[Any], Any]) -> Any:
    """Return the response of a view, which runs in a transaction unless it only reads."""
    if request.method in ("GET", "HEAD", "OPTIONS", "TRACE"):
        return view(request)
    # By the public module, where it may be replaced.
    from nuages.contrib.admin import options

    with options.transaction.atomic(using=router.db_for_write(model)):
        return view(request)


def reference(admin: Any, request: Any) -> Any:
    """Return the field by which the page behind a popup refers to objects, or None.

    Raises:
        DisallowedModelAdminToField: nothing refers to that field.
    """
    name = request.POST.get(TO_FIELD_VAR, request.GET.get(TO_FIELD_VAR))
    if name and not admin.to_field_allowed(request, name):
        raise DisallowedModelAdminToField(f"The field {name} cannot be referenced.")
    return name


def fixed_names(obj: Any) -> list[str]:
    """Return the names of fields that a page does not change: the parts of a composite key.

    With another key, the object would be written over the one that has it.
    """
    if obj is None or not obj._meta.is_composite_pk:
        return []
    return [field.name for field in obj._meta.pk_fields]


class FormPage:
    """One visit.

    Args:
        admin: the ModelAdmin.
        request: what was asked.
        object_id: the object's key, as it stands in the address; None to add one.

    Raises:
        DisallowedModelAdminToField: the address refers to a field that nothing refers to.
    """

    def __init__(self, admin: Any, request: Any, object_id: str | None) -> None:
        self.admin, self.request = admin, request
        self.to_field = reference(admin, request)
        self.sent = request.method == "POST"
        self.copying = self.sent and "_saveasnew" in request.POST
        # A copy is added, even though it was sent by the page of another.
        self.object_id = None if self.copying else object_id
        self.add = self.object_id is None
        self.obj: Any = None

    # Deciding

    def answer(self, form_url: str, extra_context: dict[str, Any] | None) -> Any:
        """Return the response."""
        admin, request = self.admin, self.request
        if self.add:
            if not admin.has_add_permission(request):
                raise PermissionDenied
        else:
            self.obj = admin.get_object(request, unquote(self.object_id or ""), self.to_field)
            if self.sent and (response := self._run_action()) is not None:
                return response
            permitted = (
                admin.has_change_permission if self.sent else admin.has_view_or_change_permission
            )
            if not permitted(request, self.obj):
                raise PermissionDenied
            if self.obj is None:
                return admin._missing(request, self.object_id)
        fieldsets = admin.get_fieldsets(request, self.obj)
        form_class = admin.get_form(request, self.obj, change=not self.add)
        if self.sent:
            form = form_class(request.POST, request.FILES, instance=self.obj)
            response, formsets, inlines = self._save(form)
            if response is not None:
                return response
        else:
            form = self._blank(form_class)
            formsets, inlines = self._formsets(form.instance)
        return self._page(form, fieldsets, formsets, inlines, form_url, extra_context)

    def _blank(self, form_class: Any) -> Any:
        if self.add:
            return form_class(initial=self.admin.get_changeform_initial_data(self.request))
        return form_class(instance=self.obj)

    def _run_action(self) -> Any:
        """Return the response of an action that was chosen on the page, or None.

        Raises:
            PermissionDenied: the user may not see the object.
            BadRequest: the action was sent for another object.
        """
        request, obj = self.request, self.obj
        chosen = request.POST.get(f"{_HERE.value}-action")
        # Its button sends an index; the others send a choice only if there is one.
        if obj is None or not (chosen or (chosen is not None and "index" in request.POST)):
            return None
        if not self.admin.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        if request.POST.getlist(helpers.ACTION_CHECKBOX_NAME) != [key_text(obj.pk)]:
            raise BadRequest("An action on this page can only be run on its own object.")
        rows = self.admin.get_queryset(request).filter(pk=obj.pk)
        response = self.admin.response_action(request, rows, action_location=_HERE)
        return HttpResponseRedirect(request.get_full_path()) if response is None else response

    def _action_form(self, popup: bool) -> Any:
        """Return the form that chooses an action, or None."""
        if popup or self.add or self.obj is None:
            return None
        if not self.admin.offered_actions(self.request, _HERE):
            return None
        return self.admin.build_action_form(self.request, _HERE)

    # Inlines

    def _formsets(self, obj: Any) -> tuple[list[Any], list[Any]]:
        """Return the formsets of the inlines, and the inlines."""
        return self.admin._create_formsets(self.request, obj, change=not self.add)

    # Saving

    def _save(self, form: Any) -> tuple[Any, list[Any], list[Any]]:
        """Save what was sent.

        Returns:
            The response (None: something is wrong, show the page again), formsets and inlines.
        """
        admin, request, change = self.admin, self.request, not self.add
        # Which inlines there are depends on the object as it was shown, not on what was sent.
        formsets, inlines = self._formsets(form.instance)
        valid = form.is_valid()
        obj = admin.save_form(request, form, change=change) if valid else form.instance
        for formset in formsets:
            formset.instance = obj
        # By the public module, where it may be replaced.
        from nuages.contrib.admin import options

        if not (options.all_valid(formsets) and valid):
            return None, formsets, inlines
        admin.save_model(request, obj, form, change)
        admin.save_related(request, form, formsets, change)
        message = admin.construct_change_message(request, form, formsets, self.add)
        log = admin.log_change if change else admin.log_addition
        log(request, obj, message)
        respond = admin.response_change if change else admin.response_add
        return respond(request, obj), formsets, inlines

    # Showing

    def _page(
        self,
        form: Any,
        fieldsets: Any,
        formsets: list[Any],
        inlines: list[Any],
        form_url: str,
        extra_context: dict[str, Any] | None,
    ) -> Any:
        admin, request, obj = self.admin, self.request, self.obj
        editable = self.add or admin.has_change_permission(request, obj)
        if editable:
            shown_only = [*admin.get_readonly_fields(request, obj), *fixed_names(obj)]
            prepopulated = admin.get_prepopulated_fields(request, obj)
        else:
            from nuages.contrib.admin.utils import flatten_fieldsets

            shown_only, prepopulated = flatten_fieldsets(fieldsets), {}
        adminform = helpers.AdminForm(
            form, list(fieldsets), prepopulated, shown_only, model_admin=admin
        )
        inline_formsets = admin.get_inline_formsets(request, formsets, inlines, obj)
        media = admin.media + adminform.media
        for each in inline_formsets:
            media = media + each.media
        popup = IS_POPUP_VAR in request.POST or IS_POPUP_VAR in request.GET
        kind = "add" if self.add else "change" if editable else "view"
        context = {
            **admin.admin_site.each_context(request),
            "title": str(_TITLES[kind]) % admin.opts.verbose_name,
            "subtitle": None if obj is None else shown_name(obj),
            "adminform": adminform,
            "object_id": self.object_id,
            "original": obj,
            "is_popup": popup,
            "source_model": request.GET.get(SOURCE_MODEL_VAR),
            "to_field": self.to_field,
            "inline_admin_formsets": inline_formsets,
            "errors": helpers.AdminErrorList(form, formsets),
            "preserved_filters": admin.get_preserved_filters(request),
        }
        actions = self._action_form(popup)
        context["action_form"] = actions
        context["action_checkbox_name"] = helpers.ACTION_CHECKBOX_NAME
        context["media"] = media if actions is None else media + actions.media
        add = self.add
        if self.copying:
            # Nothing was saved: what is shown is still the page of the original.
            context |= {"show_save": False, "show_save_and_continue": False}
            add = False
        context |= extra_context or {}
        return admin.render_change_form(
            request, context, add=add, change=not add, obj=obj, form_url=form_url
        )
