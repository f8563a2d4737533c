"""Protection against cross-site request forgery, per view. Manual: "Cross Site Request Forgery"."""

from __future__ import annotations

from typing import Any

from nuages.middleware.csrf import CsrfViewMiddleware, get_token
from nuages.utils.decorators import called_alike, decorator_from_middleware
from nuages.views.decorators._around import View, marked

csrf_protect = decorator_from_middleware(CsrfViewMiddleware)
csrf_protect.__name__ = "csrf_protect"
csrf_protect.__doc__ = "Protect a view as the middleware does."


class _EnsureCsrfToken(CsrfViewMiddleware):
    """Makes a token available, refuses nothing."""

    def _reject(self, request: Any, reason: str) -> None:
        return None


class _EnsureCsrfCookie(_EnsureCsrfToken):
    """Makes a token available, and sends its cookie whether it is used or not."""

    def process_view(
        self, request: Any, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> Any:
        refused = super().process_view(request, callback, callback_args, callback_kwargs)
        get_token(request)
        return refused


requires_csrf_token = decorator_from_middleware(_EnsureCsrfToken)
requires_csrf_token.__name__ = "requires_csrf_token"
requires_csrf_token.__doc__ = (
    "Make the ``csrf_token`` tag work in a view, without checking requests."
)

ensure_csrf_cookie = decorator_from_middleware(_EnsureCsrfCookie)
ensure_csrf_cookie.__name__ = "ensure_csrf_cookie"
ensure_csrf_cookie.__doc__ = "Send the CSRF cookie with every response of a view."


def csrf_exempt(view_func: View) -> View:
    """Return a view that is not protected."""
    return marked(view_func, csrf_exempt=True)


csrf_exempt.for_methods = called_alike  # type: ignore[attr-defined]
