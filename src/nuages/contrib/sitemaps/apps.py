"""The application of sitemaps."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class SiteMapsConfig(AppConfig):
    """Has templates only."""

    name, verbose_name = "django.contrib.sitemaps", _("Site Maps")
    default_auto_field = "django.db.models.AutoField"
