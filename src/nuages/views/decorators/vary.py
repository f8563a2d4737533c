"""Say which request headers a response depends on. Manual: "View decorators"."""

from __future__ import annotations

from collections.abc import Callable

from nuages.utils.cache import patch_vary_headers
from nuages.views.decorators._around import View, around


def vary_on_headers(*headers: str) -> Callable[[View], View]:
    """Return a decorator that adds these names to the ``Vary`` header."""
    return lambda view: around(
        view, after=lambda request, response: patch_vary_headers(response, headers)
    )


def vary_on_cookie(func: View) -> View:
    """Return a view whose responses depend on the cookies."""
    return vary_on_headers("Cookie")(func)
