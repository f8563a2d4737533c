"""Functions that give names to every template of a request.

Manual: "The Django template language: for Python programmers", section "Built-in template context
processors".
"""

from __future__ import annotations

import itertools
from typing import Any

from nuages.conf import settings
from nuages.utils.functional import SimpleLazyObject, lazy


def csrf(request: Any) -> dict[str, Any]:
    """Give ``csrf_token``, or ``NOTPROVIDED`` where the middleware made none."""
    from nuages.middleware.csrf import get_token

    def token() -> str:
        made = get_token(request)
        # Without a token the page should say so, rather than fail as if it were a wrong one.
        return "NOTPROVIDED" if made is None else str(made)

    return {"csrf_token": SimpleLazyObject(token)}


def debug(request: Any) -> dict[str, Any]:
    """Give ``debug`` and ``sql_queries`` to the addresses in ``INTERNAL_IPS`` under ``DEBUG``."""
    if not settings.DEBUG or request.META.get("REMOTE_ADDR") not in settings.INTERNAL_IPS:
        return {}
    from nuages.db import connections

    # Lazy, so that queries which templates make are among them.
    def queries() -> list[Any]:
        return list(itertools.chain.from_iterable(c.queries for c in connections.all()))

    return {"debug": True, "sql_queries": lazy(queries, list)}


def i18n(request: Any) -> dict[str, Any]:
    """Give ``LANGUAGES``, ``LANGUAGE_CODE`` and ``LANGUAGE_BIDI``."""
    from nuages.utils import translation

    return {
        "LANGUAGES": settings.LANGUAGES,
        "LANGUAGE_CODE": translation.get_language(),
        "LANGUAGE_BIDI": translation.get_language_bidi(),
    }


def tz(request: Any) -> dict[str, Any]:
    """Give ``TIME_ZONE``."""
    from nuages.utils import timezone

    return {"TIME_ZONE": timezone.get_current_timezone_name()}


def static(request: Any) -> dict[str, Any]:
    """Give ``STATIC_URL``."""
    return {"STATIC_URL": settings.STATIC_URL}


def media(request: Any) -> dict[str, Any]:
    """Give ``MEDIA_URL``."""
    return {"MEDIA_URL": settings.MEDIA_URL}


def request(request: Any) -> dict[str, Any]:
    """Give ``request``."""
    return {"request": request}


def csp(request: Any) -> dict[str, Any]:
    """Give ``csp_nonce``."""
    from nuages.middleware.csp import get_nonce

    return {"csp_nonce": get_nonce(request)}
