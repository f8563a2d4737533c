"""The part of a model's pages that shows what was done to an object. Manual: "history_view()"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.admin._display import shown_name
from nuages.contrib.admin._keys import unquote
from nuages.contrib.admin._log import get_content_type_for_model
from nuages.core.exceptions import PermissionDenied
from nuages.template.response import TemplateResponse
from nuages.utils.text import capfirst
from nuages.utils.translation import gettext as _

#: How many entries stand on a page.
PER_PAGE = 100


class HistoryPages:
    """The page that shows what was done to an object."""

    object_history_template: str | None = None

    model: Any
    opts: Any
    admin_site: Any

    def history_view(
        self, request: Any, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show what was done to an object.

        Raises:
            PermissionDenied: the user may not see it.
        """
        from nuages.contrib.admin.models import LogEntry
        from nuages.contrib.admin.views.main import PAGE_VAR

        admin: Any = self
        key = unquote(object_id)
        obj = admin.get_object(request, key)
        if obj is None:
            return admin._missing(request, object_id)
        if not admin.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        entries = (
            LogEntry.objects.filter(
                object_id=key, content_type_id=get_content_type_for_model(self.model).pk
            )
            .select_related("user")
            .order_by("action_time")
        )
        pages = admin.get_paginator(request, entries, PER_PAGE)
        page = pages.get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change history: %s") % shown_name(obj),
            "subtitle": None,
            "action_list": page,
            "page_range": pages.get_elided_page_range(page.number),
            "page_var": PAGE_VAR,
            "pagination_required": pages.count > PER_PAGE,
            "module_name": str(capfirst(self.opts.verbose_name_plural)),
            "object": obj,
            "opts": self.opts,
            "preserved_filters": admin.get_preserved_filters(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        template = self.object_history_template or admin._model_templates("object_history.html")
        return TemplateResponse(request, template, context)
