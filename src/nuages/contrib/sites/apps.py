"""The application of sites."""

from nuages.apps import AppConfig
from nuages.contrib.sites.checks import check_site_id
from nuages.core import checks
from nuages.db.models.signals import post_migrate
from nuages.utils.translation import gettext_lazy as _

from .management import create_default_site


class SitesConfig(AppConfig):
    """Creates a first site after migrations."""

    verbose_name = _("Sites")
    name = "django.contrib.sites"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        """Connect the signal and register the check."""
        checks.register(check_site_id, checks.Tags.sites)
        post_migrate.connect(create_default_site, sender=self)
