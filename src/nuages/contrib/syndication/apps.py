"""The application of feeds."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class SyndicationConfig(AppConfig):
    """Feeds need no installation; their name stands in the list for completeness."""

    name, verbose_name = "django.contrib.syndication", _("Syndication")
