"""The current site, with or without the application."""

from typing import Any

from nuages.apps import apps

from .requests import RequestSite


def get_current_site(request: Any) -> Any:
    """Return the current ``Site``, or a ``RequestSite`` where sites are not installed."""
    if apps.is_installed("django.contrib.sites"):
        from .models import Site

        return Site.objects.get_current(request)
    return RequestSite(request)
