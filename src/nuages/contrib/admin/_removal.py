"""The part of a model's pages that deletes objects. Manual: "ModelAdmin methods"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.admin._display import shown_name
from nuages.contrib.admin._keys import unquote
from nuages.contrib.admin._names import IS_POPUP_VAR, TO_FIELD_VAR
from nuages.contrib.admin._nested import get_deleted_objects
from nuages.contrib.admin._protection import csrf_protect_m
from nuages.contrib.admin._visits import in_transaction, reference
from nuages.core.exceptions import PermissionDenied
from nuages.template.response import TemplateResponse
from nuages.utils.translation import gettext as _


class RemovalPages:
    """The page that deletes an object."""

    delete_confirmation_template: str | None = None
    delete_confirmation_max_display: int | None = None

    model: Any
    opts: Any
    admin_site: Any

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:
        """Return what goes if ``objs`` are deleted (see :func:`utils.get_deleted_objects`)."""
        return get_deleted_objects(objs, request, self.admin_site)

    @csrf_protect_m
    def delete_view(
        self, request: Any, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Ask whether to delete an object, or delete it, in one transaction.

        Raises:
            PermissionDenied: the user may not delete it, or something that goes with it.
            DisallowedModelAdminToField: the address refers to a field that nothing refers to.
        """

        def visit(request: Any) -> Any:
            return self._removal(request, object_id, extra_context or {})

        return in_transaction(self.model, request, visit)

    def _removal(self, request: Any, object_id: str, extra_context: dict[str, Any]) -> Any:
        admin: Any = self
        to_field = reference(admin, request)
        obj = admin.get_object(request, unquote(object_id), to_field)
        if not admin.has_delete_permission(request, obj):
            raise PermissionDenied
        if obj is None:
            return admin._missing(request, object_id)
        tree, counts, refused, protected = admin.get_deleted_objects([obj], request)
        if request.POST and not protected:
            if refused:
                raise PermissionDenied
            shown = shown_name(obj)
            key = obj.serializable_value(str(to_field)) if to_field else obj.pk
            admin.log_deletions(request, [obj])
            admin.delete_model(request, obj)
            return admin.response_delete(request, shown, key)
        name = str(self.opts.verbose_name)
        title = (
            _("Cannot delete %(name)s") % {"name": name} if refused or protected else _("Delete")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": None,
            "object": obj,
            "object_name": name,
            "deleted_objects": tree,
            "model_count": dict(counts).items(),
            "perms_lacking": refused,
            "protected": protected,
            "delete_confirmation_max_display": self.delete_confirmation_max_display,
            "opts": self.opts,
            "app_label": self.opts.app_label,
            "preserved_filters": admin.get_preserved_filters(request),
            "is_popup": IS_POPUP_VAR in request.POST or IS_POPUP_VAR in request.GET,
            "to_field": to_field,
            **extra_context,
        }
        return self.render_delete_form(request, context)

    def render_delete_form(self, request: Any, context: dict[str, Any]) -> Any:
        """Return the page that asks."""
        admin: Any = self
        request.current_app = self.admin_site.name
        context |= {
            "app_label": self.opts.app_label,
            "media": admin.media,
            "is_popup_var": IS_POPUP_VAR,
            "to_field_var": TO_FIELD_VAR,
        }
        own = self.delete_confirmation_template
        template = own or admin._model_templates("delete_confirmation.html")
        return TemplateResponse(request, template, context)
