"""The handlers of the test clients: from a request's description to the response, without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from copy import copy
from typing import Any

from nuages.core.handlers.base import BaseHandler
from nuages.core.handlers.wsgi import LimitedStream, WSGIRequest
from nuages.core.signals import request_finished, request_started
from nuages.db import close_old_connections, sparing
from nuages.dispatch._house import house_receivers
from nuages.http import HttpRequest
from nuages.http.response import HttpResponseBase
from nuages.test.payload import FakePayload
from nuages.test.utils import ContextList
from nuages.utils.concurrency import sync_to_async


class _KeepConnections:
    """Context manager: the start or the end of a request must not close the test's connections."""

    __slots__ = ("before", "signal")

    def __init__(self, signal: Any) -> None:
        self.signal = signal

    def __enter__(self) -> None:
        self.before = sparing.set(self.signal)

    def __exit__(self, *exc_info: object) -> None:
        sparing.reset(self.before)


_CLOSE = HttpResponseBase.close


def _told_house(signal: Any) -> bool:
    """Send a signal at once if only the house listens, connections kept; return whether it was."""
    receivers = house_receivers(signal)
    for receiver in receivers or ():
        if receiver is not close_old_connections:
            receiver(sender=None)
    return receivers is not None


def closing_iterator_wrapper(
    iterable: Iterable[bytes], close: Callable[[], None]
) -> Iterator[bytes]:
    """Yield the parts of a streaming response, and close it after the last."""
    try:
        yield from iterable
    finally:
        with _KeepConnections(request_finished):
            close()


async def aclosing_iterator_wrapper(
    iterable: Any, close: Callable[[], None]
) -> AsyncIterator[bytes]:
    """Yield the parts of an asynchronous streaming response, and close it after the last."""
    try:
        async for part in iterable:
            yield part
    finally:
        with _KeepConnections(request_finished):
            close()


def conditional_content_removal(request: HttpRequest, response: Any) -> Any:
    """Take away the content of a response that must not have any, as a server would."""
    bodiless = 100 <= response.status_code < 200 or response.status_code in (204, 304)
    if bodiless or request.method == "HEAD":
        if response.streaming:
            response.streaming_content = []
        else:
            response.content = b""
    return response


class _TestHandler(BaseHandler):
    """What the handlers of both clients share.

    Args:
        enforce_csrf_checks: whether requests need a token; clients say no by default.
    """

    is_async = False

    def __init__(self, enforce_csrf_checks: bool = True, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.enforce_csrf_checks = enforce_csrf_checks

    def _prepared(self, request: Any) -> Any:
        """Return ``request``, ready for the middleware, which is loaded with the first one."""
        if self._middleware_chain is None:
            self.load_middleware(is_async=self.is_async)
        request._dont_enforce_csrf_checks = not self.enforce_csrf_checks
        return request

    @staticmethod
    def _released(response: Any) -> Callable[[], None]:
        """Return what closes ``response``: at once, or for a stream once it was read."""
        close = response.close

        def close_quietly() -> None:
            with _KeepConnections(request_finished):
                close()

        if not response.streaming:
            return close_quietly
        after = aclosing_iterator_wrapper if response.is_async else closing_iterator_wrapper
        response.streaming_content = after(response.streaming_content, close)
        return lambda: None


class ClientHandler(_TestHandler):
    """Turns a WSGI environment into a response, through the whole middleware stack."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        if not _told_house(request_started):
            with _KeepConnections(request_started):
                request_started.send(sender=type(self), environ=environ)
        request = self._prepared(WSGIRequest(environ))
        response = conditional_content_removal(request, self.get_response(request))
        response.wsgi_request = request
        plain = type(response).close is _CLOSE and "close" not in response.__dict__
        if plain and not response.streaming and house_receivers(request_finished) is not None:
            response._release()
            if not _told_house(request_finished):
                # What was released has brought a listener.
                with _KeepConnections(request_finished):
                    request_finished.send(sender=response._handler_class)
        else:
            self._released(response)()
        return response


class AsyncClientHandler(_TestHandler):
    """Turns an ASGI scope into a response, through the whole middleware stack."""

    is_async = True

    async def __call__(self, scope: dict[str, Any]) -> Any:
        from nuages.core.handlers.asgi import ASGIRequest

        body = scope.pop("_body_file", None) or FakePayload("")
        with _KeepConnections(request_started):
            await request_started.asend(sender=type(self), scope=scope)
        request = self._prepared(ASGIRequest(scope, LimitedStream(body, len(body))))
        answer = await self.get_response_async(request)
        response = conditional_content_removal(request, answer)
        response.asgi_request = request
        # Receivers of request_finished may block.
        await sync_to_async(self._released(response), thread_sensitive=False)()
        return response


def store_rendered_templates(
    store: dict[str, Any], signal: Any, sender: Any, template: Any, context: Any, **kwargs: Any
) -> None:
    """Keep a template and a copy of its context: its values may change after it was rendered."""
    store.setdefault("templates", []).append(template)
    store.setdefault("context", ContextList()).append(copy(context))


# Where the manual has them.
for _public in (ClientHandler, AsyncClientHandler):
    _public.__module__ = "django.test.client"
