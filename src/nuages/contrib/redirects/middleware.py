"""Redirects instead of pages that nobody has found. Manual: "The redirects app"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.contrib.sites.shortcuts import get_current_site
from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import HttpResponseGone, HttpResponsePermanentRedirect
from nuages.middleware._fallback import NotFoundFallback


class RedirectFallbackMiddleware(NotFoundFallback):
    """Looks up the path of what would be a 404 among the redirects of the site.

    Raises:
        ImproperlyConfigured: ``django.contrib.sites`` is not installed.
    """

    response_redirect_class: Callable[..., Any] = HttpResponsePermanentRedirect
    response_gone_class: Callable[..., Any] = HttpResponseGone

    def __init__(self, get_response: Callable[..., Any]) -> None:
        if apps.is_installed("django.contrib.sites"):
            return super().__init__(get_response)
        raise ImproperlyConfigured(
            "You cannot use RedirectFallbackMiddleware when django.contrib.sites is not installed."
        )

    def answer(self, request: Any, response: Any) -> Any:
        """Return a redirect, "gone" for an empty one, or ``response`` if there is none."""
        from .models import Redirect

        asked = request.get_full_path()
        paths = {asked}
        if settings.APPEND_SLASH:
            paths.add(request.get_full_path(force_append_slash=True))
        # Both spellings with one query; the one that was asked for goes first.
        known = dict(
            Redirect.objects.filter(
                site=get_current_site(request), old_path__in=sorted(paths)
            ).values_list("old_path", "new_path")
        )
        if not known:
            return response
        target = known[asked] if asked in known else next(iter(known.values()))
        return self.response_redirect_class(target) if target else self.response_gone_class()
