"""A middleware for the bookmarklet. Manual: "Included Bookmarklets"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.admindocs.utils import get_view_name
from nuages.core.exceptions import ImproperlyConfigured
from nuages.http import HttpResponse
from nuages.utils.deprecation import MiddlewareMixin


class XViewMiddleware(MiddlewareMixin):
    """Answers HEAD requests with the name of the view, to staff and to ``INTERNAL_IPS``."""

    def process_view(
        self, request: Any, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponse | None:
        """Return the answer, or ``None`` to let the view answer.

        Raises:
            ImproperlyConfigured: there is no authentication middleware.
        """
        if not hasattr(request, "user"):
            raise ImproperlyConfigured(
                "The XView middleware requires authentication middleware to be installed. Edit your "
                "MIDDLEWARE setting to insert "
                "'django.contrib.auth.middleware.AuthenticationMiddleware'."
            )
        if request.method != "HEAD":
            return None
        user = request.user
        internal = request.META.get("REMOTE_ADDR") in settings.INTERNAL_IPS
        if not internal and not (user.is_active and user.is_staff):
            return None
        return HttpResponse(headers={"X-View": get_view_name(view_func)})
