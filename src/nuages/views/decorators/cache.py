"""Control caching. Manual: "Django's cache framework"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.middleware.cache import CacheMiddleware
from nuages.utils.cache import add_never_cache_headers, patch_cache_control
from nuages.utils.decorators import decorator_from_middleware_with_args
from nuages.views.decorators._around import View, around, around_methods


def cache_page(
    timeout: float | None, *, cache: str | None = None, key_prefix: str | None = None
) -> Callable[[View], View]:
    """Return a decorator that keeps the view's responses for ``timeout`` seconds.

    Args:
        cache: the alias of the cache.
        key_prefix: goes before the cache's keys.
    """
    return decorator_from_middleware_with_args(CacheMiddleware)(
        page_timeout=timeout, cache_alias=cache, key_prefix=key_prefix
    )


def _needs_request(name: str) -> Callable[..., None]:
    """Return a check that the first argument is a request, to catch decorated methods."""

    def check(request: Any, *args: Any, **kwargs: Any) -> None:
        # Wrappers that lend their attributes to a request pass as one.
        if not hasattr(request, "META"):
            raise TypeError(
                f"{name} didn't receive an HttpRequest. If you are decorating a classmethod, be "
                "sure to use @method_decorator."
            )

    return check


def cache_control(**kwargs: Any) -> Callable[[View], View]:
    """Return a decorator that adds directives to the ``Cache-Control`` header."""

    def decorator(view: View) -> View:
        return around(
            view,
            before=_needs_request("cache_control"),
            after=lambda request, response: patch_cache_control(response, **kwargs),
        )

    return decorator


_NEVER = {
    "before": _needs_request("never_cache"),
    "after": lambda request, response: add_never_cache_headers(response),
}


def never_cache(view_func: View) -> View:
    """Return a view whose responses say that they are not to be cached."""
    return around(view_func, **_NEVER)


never_cache.for_methods = around_methods(**_NEVER)  # type: ignore[attr-defined]
