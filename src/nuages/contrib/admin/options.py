"""How models appear in the admin. Manual: "The Django admin site", "ModelAdmin objects"."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, ClassVar

from nuages.contrib.auth import get_permission_codename
from nuages.core.exceptions import PermissionDenied
from nuages.http import Http404
from nuages.template.response import TemplateResponse
from nuages.utils.translation import gettext as _

HORIZONTAL, VERTICAL = 1, 2

_ACTIONS = ("add", "change", "delete", "view")


class ShowFacets(enum.Enum):
    """When list pages show how many objects each filter leaves."""

    NEVER = "NEVER"
    ALLOW = "ALLOW"
    ALWAYS = "ALWAYS"


class ActionLocation(enum.Enum):
    """On which pages an action is offered."""

    CHANGE_LIST = "CHANGE_LIST"
    CHANGE_FORM = "CHANGE_FORM"


class IncorrectLookupParameters(Exception):
    """A list page was asked to filter by nonsense."""


class BaseModelAdmin:
    """What pages and inlines of a model share."""

    model: Any
    opts: Any
    admin_site: Any

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

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with the options."""
        return []

    def get_queryset(self, request: Any) -> Any:
        """Return the objects that can be edited."""
        rows = self.model._default_manager.get_queryset()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_ordering(self, request: Any) -> Iterable[Any]:
        """Return how lists are sorted."""
        return self.ordering or ()

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        """Return the names of fields that are shown only."""
        return self.readonly_fields

    def get_empty_value_display(self) -> str:
        """Return what stands for empty values."""
        own = getattr(self, "empty_value_display", None)
        return self.admin_site.empty_value_display if own is None else own

    def _may(self, request: Any, action: str) -> bool:
        codename = get_permission_codename(action, self.opts)
        return request.user.has_perm(f"{self.opts.app_label}.{codename}")

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may add objects."""
        return self._may(request, "add")

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may change objects."""
        return self._may(request, "change")

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may delete objects."""
        return self._may(request, "delete")

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may see objects."""
        return self._may(request, "view") or self._may(request, "change")

    def has_view_or_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Whether the user may see or change objects."""
        return self.has_view_permission(request, obj) or self.has_change_permission(request, obj)

    def has_module_permission(self, request: Any) -> bool:
        """Whether the user sees the application on the index page."""
        return request.user.has_module_perms(self.opts.app_label)


class ModelAdmin(BaseModelAdmin):
    """The pages of a model.

    Args:
        model: the model.
        admin_site: the site it is registered at.
    """

    list_display: Any = ("__str__",)
    list_display_links: Any = ()
    list_editable: Any = ()
    list_filter: Any = ()
    list_max_show_all = 200
    list_per_page = 100
    list_select_related: Any = False
    search_fields: Any = ()
    search_help_text: Any = None
    date_hierarchy: Any = None
    save_as = False
    save_as_continue = True
    save_on_top = False
    preserve_filters = True
    show_facets = ShowFacets.ALLOW
    inlines: Any = ()
    actions: Any = ()
    actions_on_top = True
    actions_on_bottom = False
    actions_selection_counter = True
    change_list_template: Any = None
    change_form_template: Any = None

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
        return {action: getattr(self, f"has_{action}_permission")(request) for action in _ACTIONS}

    def get_list_display(self, request: Any) -> Any:
        """Return the columns of the list."""
        return self.list_display

    def get_search_fields(self, request: Any) -> Any:
        """Return the fields that are searched."""
        return self.search_fields

    def get_urls(self) -> list[Any]:
        """Return the URL patterns of the pages."""
        from nuages.urls import path

        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [path("", wrap(self.changelist_view), name=f"{name}_changelist")]

    @property
    def urls(self) -> list[Any]:
        """The URL patterns of the pages."""
        return self.get_urls()

    def changelist_view(self, request: Any, extra_context: Any = None) -> TemplateResponse:
        """Show the list of objects.

        Raises:
            PermissionDenied: the user may not see them.
            Http404: the page does not exist.
        """
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        from nuages.core.paginator import InvalidPage, Paginator

        pages = Paginator(self.get_queryset(request), self.list_per_page)
        try:
            page = pages.page(request.GET.get("p", 1))
        except InvalidPage:
            raise Http404 from None
        names = {
            **self.admin_site.each_context(request),
            "title": _("Select %s to view") % self.opts.verbose_name,
            "opts": self.opts,
            "page": page,
            **(extra_context or {}),
        }
        template = self.change_list_template or "admin/change_list.html"
        return TemplateResponse(request, template, names)


class InlineModelAdmin(BaseModelAdmin):
    """A model edited on the page of another.

    Args:
        parent_model: the other model.
        admin_site: the site.
    """

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

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        self.parent_model, self.admin_site, self.opts = parent_model, admin_site, self.model._meta


class StackedInline(InlineModelAdmin):
    """An inline whose fields stand below one another."""

    template = "admin/edit_inline/stacked.html"


class TabularInline(InlineModelAdmin):
    """An inline whose fields stand beside one another."""

    template = "admin/edit_inline/tabular.html"
