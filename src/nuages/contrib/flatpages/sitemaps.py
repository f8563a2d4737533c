"""Flat pages in a sitemap. Manual: "The flatpages app"."""

from typing import Any

from nuages.apps import apps
from nuages.contrib.sitemaps import Sitemap
from nuages.core.exceptions import ImproperlyConfigured


class FlatPageSitemap(Sitemap):
    """The public pages of the current site.

    Raises:
        ImproperlyConfigured: ``django.contrib.sites`` is not installed (when it is asked).
    """

    def items(self) -> Any:
        """Return the pages that everybody may see."""
        if not apps.is_installed("django.contrib.sites"):
            raise ImproperlyConfigured(
                "FlatPageSitemap requires django.contrib.sites, which isn't installed."
            )
        sites: Any = apps.get_model("sites", "Site").objects
        return sites.get_current().flatpage_set.exclude(registration_required=True)
