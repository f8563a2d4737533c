"""Checks of the session cookie."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.checks import Tags, Warning, register

_APP = "django.contrib.sessions"
_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"


def add_session_cookie_message(message: str) -> str:
    """Add why the cookie should be secure."""
    return message + (
        " Using a secure-only session cookie makes it more difficult for network traffic "
        "sniffers to hijack user sessions."
    )


def add_httponly_message(message: str) -> str:
    """Add why the cookie should be hidden from scripts."""
    return message + (
        " Using an HttpOnly session cookie makes it more difficult for cross-site scripting "
        "attacks to hijack user sessions."
    )


def _warnings(setting: str, first_id: int, explain: Any) -> list[Warning]:
    """Return the three forms of a warning: for the app, the middleware, and both."""
    because = "You have '{}' in your {}, but you have not set {} to True."
    texts = (
        because.format(_APP, "INSTALLED_APPS", setting),
        because.format(_MIDDLEWARE, "MIDDLEWARE", setting),
        f"{setting} is not set to True.",
    )
    return [
        Warning(explain(text), id=f"security.W{number:03}")
        for number, text in enumerate(texts, first_id)
    ]


W010, W011, W012 = _warnings("SESSION_COOKIE_SECURE", 10, add_session_cookie_message)
W013, W014, W015 = _warnings("SESSION_COOKIE_HTTPONLY", 13, add_httponly_message)


def _check(setting: str, app: Warning, middleware: Warning, both: Warning) -> list[Warning]:
    if getattr(settings, setting) is True:
        return []
    has_app = _APP in settings.INSTALLED_APPS
    has_middleware = _MIDDLEWARE in settings.MIDDLEWARE
    if has_app and has_middleware:
        return [both]
    return [app] if has_app else [middleware] if has_middleware else []


@register(Tags.security, deploy=True)
def check_session_cookie_secure(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find the cookie sent over plain HTTP."""
    return _check("SESSION_COOKIE_SECURE", W010, W011, W012)


@register(Tags.security, deploy=True)
def check_session_cookie_httponly(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find the cookie open to scripts."""
    return _check("SESSION_COOKIE_HTTPONLY", W013, W014, W015)
