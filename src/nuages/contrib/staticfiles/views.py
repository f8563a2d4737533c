"""A view that serves static files in development. Manual: "Static file development view"."""

from __future__ import annotations

import os
import posixpath
from typing import Any

from nuages.conf import settings
from nuages.contrib.staticfiles import finders
from nuages.http import Http404
from nuages.views import static


def serve(request: Any, path: str, insecure: bool = False, **kwargs: Any) -> Any:
    """Return a file that the finders know.

    Args:
        insecure: whether to serve without ``DEBUG`` too.

    Raises:
        Http404: there is no such file, or this is not development.
    """
    if not (settings.DEBUG or insecure):
        raise Http404
    found = finders.find(posixpath.normpath(path).lstrip("/"))
    if not found:
        index = path == "" or path.endswith("/")
        raise Http404(
            "Directory indexes are not allowed here." if index else f"'{path}' could not be found"
        )
    directory, name = os.path.split(found)
    return static.serve(request, name, document_root=directory, **kwargs)
