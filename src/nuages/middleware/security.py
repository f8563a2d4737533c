"""Headers and redirects that make a site safer. Manual: "Security middleware"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nuages.conf import settings
from nuages.http import HttpResponsePermanentRedirect
from nuages.http._response_headers import ResponseHeaders
from nuages.utils.deprecation import MiddlewareMixin


def _strict_transport() -> str | None:
    seconds = settings.SECURE_HSTS_SECONDS
    if not seconds:
        return None
    directives = {
        f"max-age={seconds}": True,
        "includeSubDomains": settings.SECURE_HSTS_INCLUDE_SUBDOMAINS,
        "preload": settings.SECURE_HSTS_PRELOAD,
    }
    return "; ".join(directive for directive, wanted in directives.items() if wanted)


def _referrer_policy() -> str | None:
    policy = settings.SECURE_REFERRER_POLICY
    if not policy:
        return None
    choices = policy.split(",") if isinstance(policy, str) else policy
    return ",".join(choice.strip() for choice in choices)


class SecurityMiddleware(MiddlewareMixin):
    """Redirects to HTTPS, and sets the security headers that the settings ask for.

    The settings are read once, when the project starts.
    """

    inline = True

    def __init__(self, get_response: Callable[..., Any]) -> None:
        super().__init__(get_response)
        self.redirect = settings.SECURE_SSL_REDIRECT
        self.redirect_host = settings.SECURE_SSL_HOST
        self.redirect_exempt = [re.compile(source) for source in settings.SECURE_REDIRECT_EXEMPT]
        self.strict_transport = _strict_transport()
        wanted = (
            ("X-Content-Type-Options", "nosniff" if settings.SECURE_CONTENT_TYPE_NOSNIFF else None),
            ("Referrer-Policy", _referrer_policy()),
            ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        )
        #: As response headers keep them: lower-case name → name and value.
        self.headers = ResponseHeaders((name, value) for name, value in wanted if value)._store

    def process_request(self, request: Any) -> Any:
        """Redirect an insecure request, where the settings say so."""
        if not self.redirect or request.is_secure():
            return None
        path = request.path.removeprefix("/")
        if any(pattern.search(path) for pattern in self.redirect_exempt):
            return None
        host = self.redirect_host or request.get_host()
        return HttpResponsePermanentRedirect(f"https://{host}{request.get_full_path()}")

    def process_response(self, request: Any, response: Any) -> Any:
        """Add the headers that the response does not have."""
        headers = response.headers
        if self.strict_transport and request.is_secure():
            headers.setdefault("Strict-Transport-Security", self.strict_transport)
        # Those of the response come last, and so replace these.
        headers._store = {**self.headers, **headers._store}
        return response
