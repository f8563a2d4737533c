"""The application of flat pages."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class FlatPagesConfig(AppConfig):
    """Pages whose HTML is kept in the database."""

    name, verbose_name = "django.contrib.flatpages", _("Flat Pages")
    default_auto_field = "django.db.models.AutoField"
