"""Content Security Policy. Manual: "Content Security Policy"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.utils.csp import CSP, LazyNonce, build_policy
from nuages.utils.deprecation import MiddlewareMixin

#: Header, setting, and the attribute by which a view's decorator overrides it.
_POLICIES = (
    (CSP.HEADER_ENFORCE, "SECURE_CSP", "_csp_config"),
    (CSP.HEADER_REPORT_ONLY, "SECURE_CSP_REPORT_ONLY", "_csp_ro_config"),
)


def get_nonce(request: Any) -> LazyNonce | None:
    """Return the nonce of a request; ``None`` without the middleware."""
    return getattr(request, "_csp_nonce", None)


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Sets the policy headers from the settings, or from a view's decorators."""

    inline = True

    def process_request(self, request: Any) -> None:
        """Have a nonce ready; it is made when something asks for it."""
        request._csp_nonce = LazyNonce()

    def process_response(self, request: Any, response: Any) -> Any:
        """Set the headers that are not set. Debug pages, which use inline code, get none."""
        if settings.DEBUG and response.status_code in (404, 500):
            return response
        nonce = get_nonce(request)
        for header, setting, override in _POLICIES:
            config = getattr(response, override, None)
            if config is None:
                config = getattr(settings, setting)
            if config and header not in response:
                response.headers[str(header)] = build_policy(config, nonce)
        return response
