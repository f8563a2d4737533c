"""The application of users."""

from nuages.apps import AppConfig
from nuages.core import checks
from nuages.db.models.query_utils import DeferredAttribute
from nuages.db.models.signals import post_migrate
from nuages.utils.translation import gettext_lazy as _

from . import get_user_model
from .checks import check_middleware, check_models_permissions, check_user_model
from .management import create_permissions, rename_permissions_after_model_rename
from .signals import user_logged_in


class AuthConfig(AppConfig):
    """Creates permissions after migrations, and notes the time of logins."""

    default_auto_field = "django.db.models.AutoField"
    name = "django.contrib.auth"
    verbose_name = _("Authentication and Authorization")

    def ready(self) -> None:
        """Connect the signals and register the checks."""
        # Permissions that follow a renamed model are not created anew.
        for follow in (rename_permissions_after_model_rename, create_permissions):
            post_migrate.connect(
                follow, dispatch_uid=f"django.contrib.auth.management.{follow.__name__}"
            )
        user_model = get_user_model()
        if isinstance(getattr(user_model, "last_login", None), DeferredAttribute):
            from .models import update_last_login

            user_logged_in.connect(update_last_login, dispatch_uid="update_last_login")
        checks.register(check_user_model, checks.Tags.models)
        checks.register(check_models_permissions, checks.Tags.models)
        checks.register(check_middleware)
