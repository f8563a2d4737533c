"""Where messages wait until they are shown."""

from __future__ import annotations

import sys
from typing import Any

from nuages.conf import settings
from nuages.utils.module_loading import import_string


def default_storage(request: Any) -> Any:
    """Return the storage that ``MESSAGE_STORAGE`` names, for a request."""
    path = settings.MESSAGE_STORAGE
    home, _, name = path.rpartition(".")
    module = sys.modules.get(home)
    kind = getattr(module, name, None) or import_string(path)
    return kind(request)
