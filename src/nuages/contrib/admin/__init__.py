"""The admin site. Manual: "The Django admin site"."""

from typing import TYPE_CHECKING

from nuages.utils._lazy import names_from

if TYPE_CHECKING:
    from nuages.contrib.admin.decorators import action, display, register
    from nuages.contrib.admin.options import (
        HORIZONTAL,
        VERTICAL,
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
        "decorators": ("action", "display", "register"),
        "options": (
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
    "ActionLocation",
    "AdminSite",
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
