"""Gives requests their site."""

from typing import Any

from nuages.utils.deprecation import MiddlewareMixin

from .shortcuts import get_current_site


class CurrentSiteMiddleware(MiddlewareMixin):
    """Sets ``request.site``."""

    def process_request(self, request: Any) -> None:
        """Set the site."""
        request.site = get_current_site(request)
