"""Where messages wait until they are shown."""

from typing import Any

from nuages.conf import settings
from nuages.utils.module_loading import import_string


def default_storage(request: Any) -> Any:
    """Return the storage that ``MESSAGE_STORAGE`` names, for a request."""
    return import_string(settings.MESSAGE_STORAGE)(request)
