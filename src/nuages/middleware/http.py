"""Conditional GET. Manual: "Conditional GET middleware"."""

from __future__ import annotations

from typing import Any

from nuages.utils.cache import cc_delim_re, get_conditional_response, set_response_etag
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.http import parse_http_date_safe


class ConditionalGetMiddleware(MiddlewareMixin):
    """Answers with 304 where the browser's copy is still good; gives responses an ETag."""

    inline = True

    def process_response(self, request: Any, response: Any) -> Any:
        """Compare what the browser has with what it would get."""
        # Of a HEAD request, the content that the ETag would be made from is missing.
        if request.method != "GET":
            return response
        if "ETag" not in response and self.needs_etag(response):
            set_response_etag(response)
        etag = response.get("ETag")
        modified = response.get("Last-Modified")
        modified = modified and parse_http_date_safe(modified)
        if not (etag or modified):
            return response
        return get_conditional_response(
            request, etag=etag, last_modified=modified, response=response
        )

    def needs_etag(self, response: Any) -> bool:
        """Whether a response may be stored, so that an ETag is of use."""
        directives = cc_delim_re.split(response.get("Cache-Control", ""))
        return not any(
            directive.partition("=")[0].strip().lower() == "no-store" for directive in directives
        )
