"""The application of humanize."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class HumanizeConfig(AppConfig):
    """Has filters only: ``{% load humanize %}``."""

    name = "django.contrib.humanize"
    verbose_name = _("Humanize")
