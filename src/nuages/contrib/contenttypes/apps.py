"""The application of content types."""

from nuages.apps import AppConfig
from nuages.contrib.contenttypes.checks import check_generic_foreign_keys, check_model_name_lengths
from nuages.core import checks
from nuages.db.models.signals import post_migrate, pre_migrate
from nuages.utils.translation import gettext_lazy as _

from .management import create_contenttypes, inject_rename_contenttypes_operations


class ContentTypesConfig(AppConfig):
    """Creates content types after each migration."""

    verbose_name = _("Content Types")
    name = "django.contrib.contenttypes"
    default_auto_field = "django.db.models.AutoField"

    def ready(self) -> None:
        """Connect the signals and register the checks."""
        for check in (check_generic_foreign_keys, check_model_name_lengths):
            checks.register(check, checks.Tags.models)
        post_migrate.connect(create_contenttypes)
        pre_migrate.connect(inject_rename_contenttypes_operations, sender=self)
