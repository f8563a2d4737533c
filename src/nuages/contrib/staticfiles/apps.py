from nuages.apps import AppConfig
from nuages.core import checks
from nuages.utils.translation import gettext_lazy as _


class StaticFilesConfig(AppConfig):
    """Static files. A subclass may set ``ignore_patterns``, which are not collected."""

    name = "django.contrib.staticfiles"
    verbose_name = _("Static Files")
    ignore_patterns = ["CVS", ".*", "*~"]

    def ready(self) -> None:
        """Have the finders and the storages checked."""
        from nuages.contrib.staticfiles.checks import check_finders, check_storages

        for check in (check_finders, check_storages):
            checks.register(check, checks.Tags.staticfiles)
