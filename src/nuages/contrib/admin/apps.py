"""The application of the admin."""

from typing import Any

from nuages.apps import AppConfig
from nuages.contrib.admin import _discovery
from nuages.core import checks
from nuages.utils.translation import gettext_lazy as _


class SimpleAdminConfig(AppConfig):
    """The admin, without looking for ``admin`` modules."""

    name = "django.contrib.admin"
    default_auto_field = "django.db.models.AutoField"
    default_site = "django.contrib.admin.sites.AdminSite"
    verbose_name = _("Administration")


class AdminConfig(SimpleAdminConfig):
    """The admin, which imports the ``admin`` module of each application."""

    default = True

    def ready(self) -> None:
        """Have them imported as soon as a site is asked for its models."""
        super().ready()
        _discovery.later()
        checks.register(check_admin_modules, checks.Tags.admin)


def check_admin_modules(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Import the modules where checks run: what they do wrong shows with the other problems."""
    _discovery.settle()
    return []
