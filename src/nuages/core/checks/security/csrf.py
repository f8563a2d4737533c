"""Checks of the protection against cross-site request forgery."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, Warning, register

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
W003 = Warning(
    "You don't appear to be using Django's built-in cross-site request forgery protection via "
    f"the middleware ('{_CSRF}' is not in your MIDDLEWARE). Enabling the middleware is the "
    "safest approach to ensure you don't leave any holes.",
    id="security.W003",
)
W016 = Warning(
    f"You have '{_CSRF}' in your MIDDLEWARE, but you have not set CSRF_COOKIE_SECURE to True. "
    "Using a secure-only CSRF cookie makes it more difficult for network traffic sniffers to "
    "steal the CSRF token.",
    id="security.W016",
)


@register(Tags.security, deploy=True)
def check_csrf_middleware(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find the middleware missing."""
    return [] if _CSRF in settings.MIDDLEWARE else [W003]


@register(Tags.security, deploy=True)
def check_csrf_cookie_secure(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find the cookie sent over plain HTTP."""
    fine = (
        _CSRF not in settings.MIDDLEWARE
        or settings.CSRF_USE_SESSIONS
        or settings.CSRF_COOKIE_SECURE is True
    )
    return [] if fine else [W016]


@register(Tags.security)
def check_csrf_failure_view(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find a failure view that cannot be imported or called."""
    if not settings.is_overridden("CSRF_FAILURE_VIEW"):
        # It is the house's own.
        return []
    from nuages.middleware.csrf import _get_failure_view
    from nuages.utils.inspect import signature

    name = settings.CSRF_FAILURE_VIEW
    try:
        view = _get_failure_view()
    except ImportError:
        return [Error(f"The CSRF failure view '{name}' could not be imported.", id="security.E102")]
    try:
        signature(view).bind(None, reason=None)
    except TypeError:
        return [
            Error(
                f"The CSRF failure view '{name}' does not take the correct number of arguments.",
                id="security.E101",
            )
        ]
    return []
