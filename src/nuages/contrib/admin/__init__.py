"""The admin site. Manual: "The Django admin site"."""

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
from nuages.utils.module_loading import autodiscover_modules

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
    autodiscover_modules("admin", register_to=site)
