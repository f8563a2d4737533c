"""The application of redirects."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class RedirectsConfig(AppConfig):
    """Redirects, kept in the database."""

    name, verbose_name = "django.contrib.redirects", _("Redirects")
    default_auto_field = "django.db.models.AutoField"
