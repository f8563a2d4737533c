"""Flat pages instead of pages that nobody has found. Manual: "The flatpages app"."""

from __future__ import annotations

import logging
from typing import Any

from nuages.conf import settings
from nuages.http import Http404
from nuages.middleware._fallback import NotFoundFallback

from .views import flatpage

_logger = logging.getLogger("django.request")


class FlatpageFallbackMiddleware(NotFoundFallback):
    """Looks for a flat page at the path of what would be a 404."""

    def answer(self, request: Any, response: Any) -> Any:
        """Return the page, or ``response`` if there is none."""
        try:
            return flatpage(request, request.path_info)
        except Http404:
            return response
        except Exception:
            # The 404 is ready to be sent, so a broken page costs visitors no more than that.
            if settings.DEBUG:
                raise
            _logger.exception("No flat page for %s", request.path_info)
            return response
