"""How models appear in the admin. Manual: "The Django admin site", "ModelAdmin objects"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.admin._actions import Action
from nuages.contrib.admin._base import BaseModelAdmin
from nuages.contrib.admin._forms import FormPages
from nuages.contrib.admin._history import HistoryPages
from nuages.contrib.admin._inlines import InlineModelAdmin, StackedInline, TabularInline
from nuages.contrib.admin._listing import ListPages
from nuages.contrib.admin._log import LogBook, get_content_type_for_model
from nuages.contrib.admin._names import (
    HORIZONTAL,
    IS_FACETS_VAR,
    IS_POPUP_VAR,
    SOURCE_MODEL_VAR,
    TO_FIELD_VAR,
    VERTICAL,
    ActionLocation,
    IncorrectLookupParameters,
    ShowFacets,
)
from nuages.contrib.admin._powers import asks_as_made, is_almighty
from nuages.contrib.admin._protection import csrf_protect_m
from nuages.contrib.admin._removal import RemovalPages
from nuages.contrib.admin.checks import ModelAdminChecks
from nuages.contrib.admin.utils import flatten_fieldsets
from nuages.db import transaction
from nuages.forms import Media
from nuages.forms.formsets import all_valid

__all__ = [
    "HORIZONTAL",
    "IS_FACETS_VAR",
    "IS_POPUP_VAR",
    "SOURCE_MODEL_VAR",
    "TO_FIELD_VAR",
    "VERTICAL",
    "Action",
    "ActionLocation",
    "BaseModelAdmin",
    "IncorrectLookupParameters",
    "InlineModelAdmin",
    "ModelAdmin",
    "ShowFacets",
    "StackedInline",
    "TabularInline",
    "all_valid",
    "csrf_protect_m",
    "flatten_fieldsets",
    "get_content_type_for_model",
    "transaction",
]

_ACTIONS = ("add", "change", "delete", "view")

_SCRIPTS = (
    "vendor/jquery/jquery{}.js",
    "jquery.init.js",
    "core.js",
    "admin/RelatedObjectLookups.js",
    "actions.js",
    "urlify.js",
    "prepopulate.js",
)


class ModelAdmin(FormPages, ListPages, RemovalPages, HistoryPages, LogBook, BaseModelAdmin):
    """The pages of a model.

    Args:
        model: the model.
        admin_site: the site it is registered at.
    """

    checks_class: Any = ModelAdminChecks

    def __init__(self, model: Any, admin_site: Any) -> None:
        self.model, self.opts, self.admin_site = model, model._meta, admin_site

    def __str__(self) -> str:
        return f"{self.opts.app_label}.{type(self).__name__}"

    def __repr__(self) -> str:
        return (
            f"<{type(self).__qualname__}: model={self.model.__qualname__} site={self.admin_site!r}>"
        )

    def get_model_perms(self, request: Any) -> dict[str, bool]:
        """Return what the user may do, by action."""
        if is_almighty(request) and asks_as_made(self):
            return dict.fromkeys(_ACTIONS, True)
        return {action: getattr(self, f"has_{action}_permission")(request) for action in _ACTIONS}

    @property
    def media(self) -> Media:
        """The scripts of the pages."""
        least = "" if settings.DEBUG else ".min"
        return Media(js=[f"admin/js/{name.format(least)}" for name in _SCRIPTS])

    def get_urls(self) -> list[Any]:
        """Return the URL patterns of the pages."""
        from nuages.urls import path
        from nuages.views.generic.base import RedirectView

        prefix = f"{self.opts.app_label}_{self.opts.model_name}"

        def page(route: str, view: Any, name: str) -> Any:
            wrapped = self.admin_site.admin_view(view)
            wrapped.model_admin = self
            return path(route, wrapped, name=f"{prefix}_{name}")

        # Addresses of former versions.
        moved = RedirectView.as_view(pattern_name=f"{self.admin_site.name}:{prefix}_change")
        return [
            page("", self.changelist_view, "changelist"),
            page("add/", self.add_view, "add"),
            page("<path:object_id>/history/", self.history_view, "history"),
            page("<path:object_id>/delete/", self.delete_view, "delete"),
            page("<path:object_id>/change/", self.change_view, "change"),
            path("<path:object_id>/", self.admin_site.admin_view(moved)),
        ]

    @property
    def urls(self) -> list[Any]:
        """The URL patterns of the pages."""
        return self.get_urls()
