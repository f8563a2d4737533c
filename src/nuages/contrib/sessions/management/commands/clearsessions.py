"""``clearsessions``. Manual: "Clearing the session store"."""

from importlib import import_module
from typing import Any

from nuages.conf import settings
from nuages.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Removes expired sessions from where they are kept."""

    help = "Remove expired sessions from the store. Run it daily, by cron or the like."

    def handle(self, **options: Any) -> None:
        """Clear the store that ``SESSION_ENGINE`` names."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        try:
            store.clear_expired()
        except NotImplementedError as error:
            raise CommandError(
                f"Session engine '{settings.SESSION_ENGINE}' doesn't support clearing expired "
                "sessions."
            ) from error
