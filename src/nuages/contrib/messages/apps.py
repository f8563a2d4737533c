from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class MessagesConfig(AppConfig):
    """Messages to visitors."""

    name = "django.contrib.messages"
    verbose_name = _("Messages")
