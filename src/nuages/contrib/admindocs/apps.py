"""The application of the documentation."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class AdminDocsConfig(AppConfig):
    """The documentation of the admin."""

    name = "django.contrib.admindocs"
    verbose_name = _("Administrative Documentation")
