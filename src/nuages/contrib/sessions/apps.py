from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    """Sessions of visitors."""

    name = "django.contrib.sessions"
    verbose_name = _("Sessions")
