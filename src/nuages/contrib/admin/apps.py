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

    def ready(self) -> None:
        """Register the checks; they are imported where checks run."""
        checks.register(check_admin, checks.Tags.admin)


class AdminConfig(SimpleAdminConfig):
    """The admin, which imports the ``admin`` module of each application."""

    default = True

    def ready(self) -> None:
        """Have them imported as soon as a site is asked for its models."""
        super().ready()
        _discovery.later()


def check_admin(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Run the admin's checks, after importing the modules that register something."""
    _discovery.settle()
    from nuages.contrib.admin.checks import check_admin_app, check_dependencies

    return [*check_dependencies(**kwargs), *check_admin_app(app_configs, **kwargs)]
