"""Flat pages instead of pages that nobody has found. Manual: "The flatpages app"."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        with suppress(Http404), self._contained(request.path_info):
            response = flatpage(request, request.path_info)
        return response

    @contextmanager
    def _contained(self, path: str) -> Iterator[None]:
        """Log what is wrong with a page: the 404 can be sent as well. ``DEBUG`` shows it."""
        try:
            yield
        except Exception as error:
            if settings.DEBUG or isinstance(error, Http404):
                raise
            _logger.exception("The flat page at %s is broken", path)
