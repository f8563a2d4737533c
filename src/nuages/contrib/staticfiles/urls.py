"""URLs of static files, for development."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.conf.urls.static import static
from nuages.contrib.staticfiles.views import serve


def staticfiles_urlpatterns(prefix: str | None = None) -> list[Any]:
    """Return patterns that serve static files below ``prefix``, by default ``STATIC_URL``."""
    return static(settings.STATIC_URL if prefix is None else prefix, view=serve)


# For ``include("django.contrib.staticfiles.urls")``.
urlpatterns: list[Any] = staticfiles_urlpatterns() if settings.DEBUG else []
