"""ASGI. Manual: "How to deploy with ASGI"."""

from __future__ import annotations

import io
import logging
import tempfile
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

from nuages.conf import settings
from nuages.core import signals
from nuages.core.exceptions import RequestAborted, RequestDataTooBig
from nuages.core.handlers import base
from nuages.core.handlers._tasks import RequestThreads, respond_unless_gone
from nuages.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    QueryDict,
    parse_cookie,
)
from nuages.http.request import FromBody
from nuages.urls import set_script_prefix
from nuages.utils.concurrency import sync_to_async
from nuages.utils.functional import cached_property

logger = logging.getLogger("django.request")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def get_script_prefix(scope: Scope) -> str:
    """Return the prefix under which the application is mounted."""
    forced = settings.FORCE_SCRIPT_NAME
    return forced or scope.get("root_path") or ""


class ASGIRequest(HttpRequest):
    """A request as an ASGI server describes it.

    Args:
        body_file: the whole body, read from its current position.
    """

    # Seconds to wait for more of the body.
    body_receive_timeout = 60

    def __init__(self, scope: Scope, body_file: Any) -> None:
        self.scope = scope
        self.resolver_match = None
        self.path = path = scope["path"]
        self.script_name = get_script_prefix(scope)
        prefix = self.script_name.rstrip("/")
        # The prefix ends where a segment does: "/root" is none of "/rootbeer/".
        mounted = prefix and (path == prefix or path.startswith(prefix + "/"))
        self.path_info = path[len(prefix) :] if mounted else path
        self.method = scope["method"].upper()
        query = scope.get("query_string", "")
        meta: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "QUERY_STRING": query.decode() if isinstance(query, bytes) else query,
            "SCRIPT_NAME": self.script_name,
            "PATH_INFO": self.path_info,
            # What code written for WSGI may ask about.
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
        }
        if client := scope.get("client"):
            meta["REMOTE_ADDR"] = meta["REMOTE_HOST"] = client[0]
            meta["REMOTE_PORT"] = client[1]
        if server := scope.get("server"):
            meta["SERVER_NAME"] = server[0]
            meta["SERVER_PORT"] = str(server[1])
        else:
            meta["SERVER_NAME"], meta["SERVER_PORT"] = "unknown", "0"
        _add_headers(meta, scope.get("headers", ()))
        self.META = meta
        self._set_content_type_params(meta)
        self._stream = body_file

    @cached_property
    def GET(self) -> QueryDict:
        """The query string's fields."""
        return QueryDict(self.META["QUERY_STRING"], encoding=self._encoding)

    def _get_scheme(self) -> str:
        return self.scope.get("scheme") or super()._get_scheme()

    POST, FILES = FromBody("_post"), FromBody("_files")

    @cached_property
    def COOKIES(self) -> dict[str, str]:
        """The cookies that the client sent."""
        return parse_cookie(self.META.get("HTTP_COOKIE", ""))

    def close(self) -> None:
        """Close the uploaded files and the body."""
        super().close()
        self._stream.close()


# Header names repeat from request to request; what is made of them is remembered.
_names: dict[bytes, str | None] = {}


def _meta_name(name: bytes) -> str | None:
    """Return a header's key in ``META``; ``None`` where it is left out.

    A name with underscores could pass for one with hyphens, which a proxy may guard.
    """
    if b"_" in name:
        return None
    text = name.decode("latin-1").upper().replace("-", "_")
    if text not in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        text = "HTTP_" + text
    if len(_names) < 512 and len(name) < 64:
        _names[name] = text
    return text


def _add_headers(meta: dict[str, Any], headers: Any) -> None:
    found: dict[str, Any] = {}
    for name, value in headers:
        key = _names.get(name) or _meta_name(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key not in found:
            found[key] = text
        elif type(found[key]) is list:
            found[key].append(text)
        else:
            found[key] = [found[key], text]
    for key, texts in found.items():
        if type(texts) is list:
            if key == "HTTP_COOKIE":
                # HTTP/2 may send each cookie by itself.
                found[key] = "; ".join(text.rstrip("; ") for text in texts)
            else:
                found[key] = ",".join(texts)
    meta.update(found)


class ASGIHandler(base.BaseHandler):
    """The ASGI application of a project."""

    #: The largest piece of a response's content sent at once, in bytes.
    chunk_size = 64 * 1024
    request_class = ASGIRequest

    def __init__(self) -> None:
        self.load_middleware(is_async=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            ValueError: the connection is not HTTP.
        """
        if scope["type"] != "http":
            raise ValueError(f"Django can only handle ASGI/HTTP connections, not {scope['type']}.")
        async with RequestThreads() as threads:
            await self.handle(scope, receive, send, threads)

    async def handle(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        threads: RequestThreads | None = None,
    ) -> None:
        """Receive the body, answer, and see to it that the request ends as it should."""
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        finished = False
        try:
            set_script_prefix(get_script_prefix(scope))
            if _all_inline(signals.request_started):
                signals.request_started.send(sender=self.__class__, scope=scope)
            else:
                await signals.request_started.asend(sender=self.__class__, scope=scope)
            request, response = self.create_request(scope, body_file)
            if request is None:
                body_file.close()
                await self.send_response(response, send)
                finished = True
                await sync_to_async(response.close)()
                return
            answer = _Answer()
            complete = await respond_unless_gone(self._respond(request, send, answer), receive)
            finished = True
            if complete or answer.response is not None:
                await self._close(answer.response, threads)
            else:
                # No response was made whose close() would send this.
                await sync_to_async(signals.request_finished.send)(sender=self.__class__)
        finally:
            if not finished:
                await _quietly_finish(self.__class__)
            body_file.close()

    async def _respond(self, request: Any, send: Send, answer: _Answer) -> None:
        response = await self.run_get_response(request)
        answer.response = response
        await self.send_response(response, send)

    async def _close(self, response: Any, threads: RequestThreads | None) -> None:
        """Close the response where the request's sync parts ran, if there were any."""
        if threads is not None and not threads.thread.used and not response.streaming:
            if _all_inline(signals.request_finished):
                response.close()
                return
        await sync_to_async(response.close, thread_sensitive=True)()

    async def run_get_response(self, request: Any) -> Any:
        """Return the response to ``request``."""
        response = await self.get_response_async(request)
        response._handler_class = self.__class__
        # Files are read by the server in pieces that need not be small.
        if getattr(response, "file_to_stream", None) is not None:
            response.block_size = self.chunk_size
        return response

    async def read_body(self, receive: Receive) -> Any:
        """Return the body as a file, in memory while it is small.

        Raises:
            RequestAborted: the client went away.
        """
        body_file: Any = None
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                if body_file is not None:
                    body_file.close()
                raise RequestAborted
            piece = message.get("body", b"")
            more = message.get("more_body", False)
            if body_file is None:
                if not piece and not more:
                    return io.BytesIO()
                body_file = tempfile.SpooledTemporaryFile(
                    max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, mode="w+b"
                )
            if piece:
                # Only a write to disk may block.
                on_disk = getattr(body_file, "_rolled", False)
                limit = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
                if on_disk or (limit and body_file.tell() + len(piece) > limit):
                    await sync_to_async(body_file.write, thread_sensitive=False)(piece)
                else:
                    body_file.write(piece)
            if not more:
                body_file.seek(0)
                return body_file

    def create_request(self, scope: Scope, body_file: Any) -> tuple[Any, HttpResponse | None]:
        """Return ``(request, None)``, or ``(None, response)`` where the request makes no sense."""
        refusal: HttpResponse
        try:
            request = self.request_class(scope, body_file)
        except RequestDataTooBig:
            refusal = HttpResponse("413 Payload too large", status=413)
        except UnicodeDecodeError as error:
            facts = {"status_code": 400}
            logger.warning("Bad Request (UnicodeDecodeError)", exc_info=error, extra=facts)
            refusal = HttpResponseBadRequest()
        else:
            return request, None
        return None, refusal

    async def send_response(self, response: Any, send: Send) -> None:
        """Send headers and content."""
        headers = [
            (name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()
        ]
        if "cookies" in response.__dict__:
            headers += [
                (b"Set-Cookie", morsel.OutputString().encode("ascii"))
                for morsel in response.cookies.values()
            ]
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": headers}
        )
        if response.streaming:
            async with aclosing(aiter(response)) as content:
                async for part in content:
                    for piece, _ in self.chunk_bytes(part):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})
            return
        for piece, last in self.chunk_bytes(response.content):
            await send({"type": "http.response.body", "body": piece, "more_body": not last})

    @classmethod
    def chunk_bytes(cls, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Cut ``data`` into pieces; also tell of each whether it is the last."""
        size = cls.chunk_size
        if len(data) <= size:
            yield data, True
            return
        for start in range(0, len(data), size):
            yield data[start : start + size], start + size >= len(data)


class _Answer:
    """Holds the response, also when sending it was cancelled."""

    __slots__ = ("response",)

    def __init__(self) -> None:
        self.response: Any = None


#: Modules whose receivers of these signals neither block nor care about threads.
_HOUSE = frozenset(("django.core.cache", "django.core.handlers.base", "django.db"))


#: The receivers of a signal that were found to be the house's.
_judged: dict[Any, list[Any]] = {}


def _all_inline(signal: Any) -> bool:
    """Whether a signal may be sent on the event loop: nobody but the house listens."""
    links = signal.receivers
    if links == _judged.get(signal):
        # Those that were looked at before: compared one by one, by identity.
        return True
    for link in links:
        held = link.receiver
        receiver = held() if isinstance(held, weakref.ref) else held
        if getattr(receiver, "__module__", None) not in _HOUSE:
            return False
    _judged[signal] = links.copy()
    return True


async def _quietly_finish(handler_class: type) -> None:
    """Send ``request_finished`` for a request that ended by an error of ours or the server's."""
    await sync_to_async(signals.request_finished.send)(sender=handler_class)


__all__ = ["ASGIHandler", "ASGIRequest", "RequestAborted", "get_script_prefix"]
