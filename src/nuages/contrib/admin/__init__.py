"""The admin site. Manual: "The Django admin site"."""

from typing import TYPE_CHECKING

from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.contrib.admin._more_filters import AutocompleteListFilter, DateRangeListFilter
    from nuages.contrib.admin.decorators import action, display, register
    from nuages.contrib.admin.filters import (
        AllValuesFieldListFilter,
        BooleanFieldListFilter,
        ChoicesFieldListFilter,
        DateFieldListFilter,
        EmptyFieldListFilter,
        FieldListFilter,
        ListFilter,
        RelatedFieldListFilter,
        RelatedOnlyFieldListFilter,
        SimpleListFilter,
    )
    from nuages.contrib.admin.options import (
        HORIZONTAL,
        VERTICAL,
        Action,
        ActionLocation,
        ModelAdmin,
        ShowFacets,
        StackedInline,
        TabularInline,
    )
    from nuages.contrib.admin.sites import AdminSite, site

__getattr__ = names_from(
    __name__,
    {
        "_more_filters": ("AutocompleteListFilter", "DateRangeListFilter"),
        "decorators": ("action", "display", "register"),
        "filters": (
            "AllValuesFieldListFilter",
            "BooleanFieldListFilter",
            "ChoicesFieldListFilter",
            "DateFieldListFilter",
            "EmptyFieldListFilter",
            "FieldListFilter",
            "ListFilter",
            "RelatedFieldListFilter",
            "RelatedOnlyFieldListFilter",
            "SimpleListFilter",
        ),
        "options": (
            "Action",
            "ActionLocation",
            "HORIZONTAL",
            "ModelAdmin",
            "ShowFacets",
            "StackedInline",
            "TabularInline",
            "VERTICAL",
        ),
        "sites": ("AdminSite", "site"),
    },
)

__all__ = [
    "HORIZONTAL",
    "VERTICAL",
    "Action",
    "ActionLocation",
    "AdminSite",
    "AllValuesFieldListFilter",
    "AutocompleteListFilter",
    "BooleanFieldListFilter",
    "ChoicesFieldListFilter",
    "DateFieldListFilter",
    "DateRangeListFilter",
    "EmptyFieldListFilter",
    "FieldListFilter",
    "ListFilter",
    "RelatedFieldListFilter",
    "RelatedOnlyFieldListFilter",
    "SimpleListFilter",
    "ModelAdmin",
    "ShowFacets",
    "StackedInline",
    "TabularInline",
    "action",
    "autodiscover",
    "display",
    "register",
    "site",
]


def autodiscover() -> None:
    """Import the ``admin`` module of each installed application."""
    from nuages.contrib.admin import _discovery

    _discovery.now()
