"""Restrict methods, and answer conditional requests. Manual: "View decorators"."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any

from nuages.http import HttpResponseNotAllowed
from nuages.middleware.http import ConditionalGetMiddleware
from nuages.utils import timezone
from nuages.utils.cache import get_conditional_response
from nuages.utils.decorators import decorator_from_middleware
from nuages.utils.http import http_date, quote_etag
from nuages.utils.log import log_response
from nuages.views.decorators._around import View, around

conditional_page = decorator_from_middleware(ConditionalGetMiddleware)


def require_http_methods(request_method_list: Iterable[str]) -> Callable[[View], View]:
    """Return a decorator that lets only these methods through, in capitals; others get 405."""
    allowed = list(request_method_list)

    def refuse(request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method in allowed:
            return None
        refusal = HttpResponseNotAllowed(allowed)
        log_response(
            "Method Not Allowed (%s): %s",
            request.method,
            request.path,
            response=refusal,
            request=request,
        )
        return refusal

    return lambda view: around(view, before=refuse)


def require_GET(func: View) -> View:
    """Let only ``GET`` through."""
    return require_http_methods(["GET"])(func)


def require_POST(func: View) -> View:
    """Let only ``POST`` through."""
    return require_http_methods(["POST"])(func)


def require_safe(func: View) -> View:
    """Let only ``GET`` and ``HEAD`` through."""
    return require_http_methods(["GET", "HEAD"])(func)


def condition(
    etag_func: Callable[..., str | None] | None = None,
    last_modified_func: Callable[..., datetime.datetime | None] | None = None,
) -> Callable[[View], View]:
    """Return a decorator for conditional requests. Manual: "Conditional View Processing".

    Args:
        etag_func: gets what the view gets, returns the ETag.
        last_modified_func: gets what the view gets, returns the time of the last change.
    """

    def facts(request: Any, args: Any, kwargs: Any) -> tuple[Any, str | None, int | None]:
        """Return an early response or ``None``, the ETag, and the time of the last change."""
        etag = etag_func(request, *args, **kwargs) if etag_func else None
        etag = quote_etag(etag) if etag is not None else None
        changed = last_modified_func(request, *args, **kwargs) if last_modified_func else None
        seconds = None
        if changed:
            if not timezone.is_aware(changed):
                changed = timezone.make_aware(changed, datetime.UTC)
            seconds = int(changed.timestamp())
        early = get_conditional_response(request, etag=etag, last_modified=seconds)
        return early, etag, seconds

    def finish(request: Any, response: Any, etag: str | None, seconds: int | None) -> Any:
        # What a view has set itself counts; unsafe methods say nothing about the resource.
        if request.method in ("GET", "HEAD"):
            if seconds and not response.has_header("Last-Modified"):
                response.headers["Last-Modified"] = http_date(seconds)
            if etag:
                response.headers.setdefault("ETag", etag)
        return response

    def decorator(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
                early, etag, seconds = facts(request, args, kwargs)
                response = await view(request, *args, **kwargs) if early is None else early
                return finish(request, response, etag, seconds)

        else:

            @wraps(view)
            def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
                early, etag, seconds = facts(request, args, kwargs)
                response = view(request, *args, **kwargs) if early is None else early
                return finish(request, response, etag, seconds)

        return wrapped

    return decorator


def etag(etag_func: Callable[..., str | None]) -> Callable[[View], View]:
    """Return :func:`condition` with an ETag only."""
    return condition(etag_func=etag_func)


def last_modified(
    last_modified_func: Callable[..., datetime.datetime | None],
) -> Callable[[View], View]:
    """Return :func:`condition` with a time only."""
    return condition(last_modified_func=last_modified_func)
