"""Files of the project, served in development. Manual: "Serving files uploaded by a user"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.urls import re_path


def static(prefix: str, view: Callable[..., Any] | None = None, **kwargs: Any) -> list[Any]:
    """Return the patterns that serve files below ``prefix``; none without ``DEBUG``.

    Args:
        view: serves a file; by default ``django.views.static.serve``.
        kwargs: for the view, such as ``document_root``.

    Raises:
        ImproperlyConfigured: the prefix is empty.
    """
    if not prefix:
        raise ImproperlyConfigured("Empty static prefix not permitted")
    if not settings.DEBUG or urlsplit(prefix).netloc:
        return []
    if view is None:
        from nuages.views.static import serve as view
    return [re_path(rf"^{re.escape(prefix.lstrip('/'))}(?P<path>.*)$", view, kwargs=kwargs)]
