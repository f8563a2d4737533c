"""Protection against forged requests, for methods of the admin that change something."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from nuages.utils.decorators import method_decorator
from nuages.views.decorators.csrf import csrf_protect


def csrf_protect_m(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view method that refuses forged requests, also where the site does not wrap it."""
    checked = method_decorator(csrf_protect)(method)

    @wraps(method)
    def view(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        # AdminSite.admin_view() or the middleware has seen the request already, as a rule.
        seen = hasattr(request, "csrf_processing_done")
        return (method if seen else checked)(self, request, *args, **kwargs)

    return view
