"""Exceptions turned into responses. Manual: "Error views", "Middleware" (exceptions)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any

from nuages.conf import settings
from nuages.core import signals
from nuages.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from nuages.http import Http404, HttpRequest
from nuages.http.multipartparser import MultiPartParserError
from nuages.urls import get_resolver, get_urlconf
from nuages.utils.concurrency import iscoroutinefunction, sync_to_async
from nuages.utils.log import log_response

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def convert_exception_to_response(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``get_response`` so that it gives a response instead of raising an ``Exception``.

    Stands around each middleware, so that the one before it always sees a response.
    """
    inner: Any
    if iscoroutinefunction(get_response):

        @wraps(get_response)
        async def inner(request: HttpRequest) -> Any:
            try:
                return await get_response(request)
            except Exception as error:
                return await aresponse_for_exception(request, error)

    else:

        @wraps(get_response)
        def inner(request: HttpRequest) -> Any:
            try:
                return get_response(request)
            except Exception as error:
                return response_for_exception(request, error)

    inner._guards = (inner, get_response)
    return inner


def guarded_by_conversion(handler: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return what ``convert_exception_to_response()`` made ``handler`` of; ``None`` if another."""
    made, inside = getattr(handler, "_guards", (None, None))
    # Wrappers copy attributes: theirs name another function.
    return inside if made is handler else None


async def aresponse_for_exception(request: HttpRequest, exc: Exception) -> Any:
    """The same as ``response_for_exception()``, in a thread: error pages may read a database."""
    return await sync_to_async(response_for_exception, thread_sensitive=False)(request, exc)


def response_for_exception(request: HttpRequest, exc: Exception) -> Any:
    """Return the response for an exception that a view or middleware raised, rendered."""
    for kinds, answer in _ANSWERS:
        if isinstance(exc, kinds):
            response = answer(request, exc)
            break
    else:
        signals.got_request_exception.send(sender=None, request=request)
        resolver = get_resolver(get_urlconf())
        response = handle_uncaught_exception(request, resolver, sys.exc_info())
        log_response(
            "%s: %s",
            response.reason_phrase,
            request.path,
            response=response,
            request=request,
            exception=exc,
        )
    if not getattr(response, "is_rendered", True) and callable(getattr(response, "render", None)):
        response = response.render()
    return response


def _page(request: HttpRequest, status: int, exc: Exception) -> Any:
    return get_exception_response(request, get_resolver(get_urlconf()), status, exc)


def _not_found(request: HttpRequest, exc: Exception) -> Any:
    if settings.DEBUG:
        from nuages.views import debug

        return debug.technical_404_response(request, exc)
    return _page(request, 404, exc)


def _forbidden(request: HttpRequest, exc: Exception) -> Any:
    response = _page(request, 403, exc)
    log_response(
        "Forbidden (Permission denied): %s",
        request.path,
        response=response,
        request=request,
        exception=exc,
    )
    return response


def _unparsable(request: HttpRequest, exc: Exception) -> Any:
    response = _page(request, 400, exc)
    log_response(
        "Bad request (Unable to parse request body): %s",
        request.path,
        response=response,
        request=request,
        exception=exc,
    )
    return response


def _technical_or_page(request: HttpRequest, exc: Exception) -> Any:
    if settings.DEBUG:
        from nuages.views import debug

        kind, error, trace = sys.exc_info()
        return debug.technical_500_response(request, kind, error, trace, status_code=400)
    return _page(request, 400, exc)


def _bad_request(request: HttpRequest, exc: Exception) -> Any:
    response = _technical_or_page(request, exc)
    log_response(
        "%s: %s",
        str(exc),
        request.path,
        response=response,
        request=request,
        exception=exc,
    )
    return response


def _suspicious(request: HttpRequest, exc: Exception) -> Any:
    if isinstance(exc, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        # The page that answers must not trip over the same body.
        request._mark_post_parse_error()
    logging.getLogger(f"django.security.{type(exc).__name__}").error(
        str(exc),
        exc_info=exc,
        extra={"status_code": 400, "request": request},
    )
    return _technical_or_page(request, exc)


#: Which exceptions have an answer of their own; the first that fits counts.
_ANSWERS: tuple[tuple[type[Exception], Callable[[HttpRequest, Exception], Any]], ...] = (
    (Http404, _not_found),
    (PermissionDenied, _forbidden),
    (MultiPartParserError, _unparsable),
    (BadRequest, _bad_request),
    (SuspiciousOperation, _suspicious),
)


def get_exception_response(
    request: HttpRequest, resolver: Any, status_code: int, exception: Exception
) -> Any:
    """Return what the project's ``handler404`` (403, 400) view says, or a 500 if that fails."""
    try:
        view = resolver.resolve_error_handler(status_code)
        return view(request, exception=exception)
    except Exception:
        signals.got_request_exception.send(sender=None, request=request)
        return handle_uncaught_exception(request, resolver, sys.exc_info())


def handle_uncaught_exception(request: HttpRequest, resolver: Any, exc_info: ExcInfo) -> Any:
    """Return the debug page, or what ``handler500`` says.

    Raises:
        Exception: itself, where ``DEBUG_PROPAGATE_EXCEPTIONS`` is set.
    """
    if settings.DEBUG_PROPAGATE_EXCEPTIONS:
        raise  # noqa: PLE0704 - the exception that is being handled
    if settings.DEBUG:
        from nuages.views import debug

        return debug.technical_500_response(request, *exc_info)
    return resolver.resolve_error_handler(500)(request)
