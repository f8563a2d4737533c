"""Actions that each site offers. Manual: "Admin actions"."""

from __future__ import annotations

from typing import Any

from nuages.contrib import messages
from nuages.contrib.admin import helpers
from nuages.contrib.admin.decorators import action
from nuages.contrib.admin.utils import model_ngettext
from nuages.core.exceptions import PermissionDenied
from nuages.template.response import TemplateResponse
from nuages.utils.text import format_lazy
from nuages.utils.translation import gettext as _
from nuages.utils.translation import gettext_lazy

ACTION_NAME = "delete_selected"


@action(
    permissions=["delete"],
    description=gettext_lazy("Delete selected %(verbose_name_plural)s"),
)
def delete_selected(modeladmin: Any, request: Any, queryset: Any) -> Any:
    """Ask whether the chosen objects shall be deleted; delete them when the answer came.

    Returns:
        The page that asks, or ``None`` when the objects are gone.

    Raises:
        PermissionDenied: the user may not delete something that depends on them.
    """
    tree, counts, lacking, protected = modeladmin.get_deleted_objects(queryset, request)
    if request.POST.get("post") and not protected:
        if lacking:
            raise PermissionDenied
        _delete(modeladmin, request, queryset)
        return None
    opts, site = modeladmin.model._meta, modeladmin.admin_site
    name = model_ngettext(queryset)
    blocked = bool(lacking or protected)
    title = _("Cannot delete %(name)s") % {"name": name} if blocked else None
    names = {
        **site.each_context(request),
        "title": title or _("Delete multiple objects"),
        "subtitle": None,
        "objects_name": str(name),
        "deletable_objects": [tree],
        "model_count": dict(counts).items(),
        "queryset": queryset,
        "perms_lacking": lacking,
        "protected": protected,
        "opts": opts,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "media": modeladmin.media,
        "delete_confirmation_max_display": modeladmin.delete_confirmation_max_display,
    }
    request.current_app = site.name
    places = (f"admin/{opts.app_label}/{opts.model_name}", f"admin/{opts.app_label}", "admin")
    template = modeladmin.delete_selected_confirmation_template or [
        f"{place}/delete_selected_confirmation.html" for place in places
    ]
    return TemplateResponse(request, template, names)


def _delete(modeladmin: Any, request: Any, queryset: Any) -> None:
    number = len(queryset)
    if not number:
        return
    modeladmin.log_deletions(request, queryset)
    modeladmin.delete_queryset(request, queryset)
    told = _("Successfully deleted %(count)d %(items)s.") % {
        "count": number,
        "items": model_ngettext(modeladmin.opts, number),
    }
    modeladmin.message_user(request, told, messages.SUCCESS)


def _export_action(format_name: str) -> Any:
    """Return the action that gives the chosen objects as a file."""

    @action(
        permissions=["export"],
        description=format_lazy(
            gettext_lazy("Export selected {name} as {format}"),
            name="%(verbose_name_plural)s",
            format=format_name.upper(),
        ),
    )
    def export_selected(modeladmin: Any, request: Any, queryset: Any) -> Any:
        from nuages.contrib.admin._export import export

        columns = modeladmin.chosen_columns(request, modeladmin.get_list_display(request))
        return export(modeladmin, queryset, columns, format_name)

    export_selected.__name__ = f"export_selected_as_{format_name}"
    return export_selected


#: Offered where ``ModelAdmin.list_export`` names their format; others can list them in ``actions``.
export_selected_as_csv = _export_action("csv")
export_selected_as_json = _export_action("json")
