"""``X-Frame-Options``. Manual: "Clickjacking Protection"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.utils.deprecation import MiddlewareMixin

_USUAL = ("DENY", "SAMEORIGIN")


class XFrameOptionsMiddleware(MiddlewareMixin):
    """Forbids other sites to show a response in a frame, unless the response allows it."""

    inline = True

    def process_response(self, request: Any, response: Any) -> Any:
        """Set the header where the view has neither set it nor opted out."""
        exempt = getattr(response, "xframe_options_exempt", False)
        if not exempt and "x-frame-options" not in response.headers._store:
            value = self.get_xframe_options_value(request, response)
            if value in _USUAL:
                # As response headers keep it; there is nothing to look for in it.
                response.headers._store["x-frame-options"] = ("X-Frame-Options", value)
            else:
                response.headers["X-Frame-Options"] = value
        return response

    def get_xframe_options_value(self, request: Any, response: Any) -> str:
        """Return the header's value; subclasses may choose it per request."""
        return getattr(settings, "X_FRAME_OPTIONS", "DENY").upper()
