"""ASGI. Manual: "How to deploy with ASGI"."""

from __future__ import annotations

import asyncio
import io
import logging
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

from nuages.conf import settings, switches
from nuages.core import signals
from nuages.core.exceptions import RequestAborted, RequestDataTooBig
from nuages.core.files._received import opened
from nuages.core.files._scratch import Scratch
from nuages.core.files.uploadedfile import scratch_file
from nuages.core.handlers import base
from nuages.core.handlers._tasks import UnlessDisconnected, is_native
from nuages.core.handlers._threads import RequestThreads
from nuages.dispatch._house import house_receivers
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
        self.script_name = name = get_script_prefix(scope)
        prefix = name.rstrip("/")
        # The prefix ends where a segment does: "/root" is none of "/rootbeer/".
        mounted = prefix and (path == prefix or path.startswith(prefix + "/"))
        self.path_info = path[len(prefix) :] if mounted else path
        self.method = scope["method"].upper()
        query = scope.get("query_string", "")
        self._query = query.decode() if isinstance(query, bytes) else query
        self._stream = body_file
        headers = scope.get("headers", ())
        if not isinstance(headers, (list, tuple)):
            headers = list(headers)
        self._headers = headers
        sent = dict(headers)
        self._sent: dict[bytes, bytes] | None = sent
        # Repeated headers are joined, and other names than the specification's are put right.
        if len(sent) != len(headers) or not b"".join(sent).islower():
            self._sent = None
        if self._sent is None or type(self).META is not _lazy_meta:
            self.META = self._make_meta()
        if self._sent is None or b"content-type" in sent:
            self._set_content_type_params(self.META)
        else:
            self.content_type, self.content_params = "", {}

    @cached_property
    def META(self) -> dict[str, Any]:
        """The headers and other facts, made when something asks for them."""
        return self._make_meta()

    def _make_meta(self) -> dict[str, Any]:
        scope = self.scope
        meta: dict[str, Any] = {
            "REQUEST_METHOD": self.method,
            "QUERY_STRING": self._query,
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
        _add_headers(meta, self._headers)
        return meta

    def _in_meta(self, key: str) -> Any:
        made = self.__dict__.get("META")
        if made is None and self._sent is not None and key in _WITHOUT_META:
            value = self._sent.get(_WITHOUT_META[key] or b"")
            return None if value is None else value.decode("latin-1")
        return (self.META if made is None else made).get(key)

    def __getstate__(self) -> dict[str, Any]:
        self.META  # noqa: B018  # It is made from the scope, which stays behind.
        return super().__getstate__()

    @cached_property
    def GET(self) -> QueryDict:
        """The query string's fields."""
        made = self.__dict__.get("META")
        query = self._query if made is None else made["QUERY_STRING"]
        return QueryDict(query, encoding=self._encoding)

    def _get_scheme(self) -> str:
        return self.scope.get("scheme") or super()._get_scheme()

    POST, FILES = FromBody("_post"), FromBody("_files")

    @cached_property
    def COOKIES(self) -> dict[str, str]:
        """The cookies that the client sent."""
        sent = self._in_meta("HTTP_COOKIE")
        return parse_cookie(sent) if sent else {}

    def close(self) -> None:
        """Close the uploaded files and the body."""
        super().close()
        self._stream.close()


_lazy_meta = ASGIRequest.META

#: Entries of ``META`` that the default middleware asks for, and the headers they are made of. The
#: last are only ever set by middleware.
_WITHOUT_META = {
    "HTTP_COOKIE": b"cookie",
    "HTTP_HOST": b"host",
    "HTTP_USER_AGENT": b"user-agent",
    "HTTP_X_FORWARDED_HOST": b"x-forwarded-host",
    "CSRF_COOKIE_NEEDS_UPDATE": None,
}
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
        threads = RequestThreads()
        threads.enter()
        try:
            await self.handle(scope, receive, send, threads)
        finally:
            threads.leave()

    async def handle(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        threads: RequestThreads | None = None,
    ) -> None:
        """Receive the body, answer, and see to it that the request ends as it should."""
        unread = is_native(receive) and self._has_no_body(scope)
        body_file: Any
        if unread:
            body_file = io.BytesIO()
        else:
            try:
                body_file = await self.read_body(receive)
            except RequestAborted:
                return
        finished = False
        try:
            set_script_prefix(get_script_prefix(scope))
            quick = house_receivers(signals.request_started, on_loop=True)
            if quick is not None:
                for receiver in quick:
                    receiver(sender=None)
            else:
                await signals.request_started.asend(sender=self.__class__, scope=scope)
            request, response = self.create_request(scope, body_file)
            if request is None:
                body_file.close()
                await self.send_response(response, send)
                finished = True
                if response is not None:
                    await sync_to_async(response.close)()
                return
            answer: list[Any] = []
            work = self._respond(request, send, answer)
            complete = True
            try:
                waits_for = work.send(None)
            except StopIteration:
                # Done at one go: there was no moment to look after the client.
                finished = True
            else:
                complete = await UnlessDisconnected(work, waits_for, receive, unread).finish()
                finished = True
            if complete or answer:
                response = answer[0]
                if not (threads is not None and self._closed_quickly(request, response, threads)):
                    # Where the request's sync parts ran.
                    await sync_to_async(response.close, thread_sensitive=True)()
            else:
                # No response was made whose close() would send this.
                await sync_to_async(signals.request_finished.send)(sender=self.__class__)
        finally:
            if not finished:
                await _quietly_finish(self.__class__)
            body_file.close()

    def _closed_quickly(self, request: Any, response: Any, threads: RequestThreads) -> bool:
        """Close a response without waiting for a thread; ``False`` where something might tell."""
        if response.streaming:
            return False
        receivers = house_receivers(signals.request_finished, on_loop=not threads.used)
        if receivers is None:
            return False
        plain = type(response).close is _CLOSE
        if not threads.used:
            if not plain:
                response.close()
                return True
            response._release()
            for receiver in receivers:
                receiver(sender=None)
            return True

        def tell() -> None:
            for receiver in receivers:
                receiver(sender=None)

        # What the database is told belongs in the request's thread.
        alone = plain and response._resource_closers == [request.close]
        if not alone or vars(request).get("_files"):
            return False
        if not threads.afterwards(tell):
            return False
        response._release()
        return True

    async def _respond(self, request: Any, send: Send, answer: list[Any]) -> None:
        response = await self.run_get_response(request)
        # Known to others also when sending it is cancelled.
        answer.append(response)
        await self.send_response(response, send)

    async def run_get_response(self, request: Any) -> Any:
        """Return the response to ``request``."""
        response = await self.get_response_async(request)
        response._handler_class = self.__class__
        # Files are read by the server in pieces that need not be small.
        if getattr(response, "file_to_stream", None) is not None:
            response.block_size = self.chunk_size
        return response

    def _has_no_body(self, scope: Scope) -> bool:
        """Whether there is nothing to be received, so that a trip to the server can be spared."""
        if scope["method"] not in ("GET", "HEAD") or type(self).read_body is not _READ_BODY:
            return False
        headers = scope.get("headers")
        # HTTP/2 need not announce a body.
        if scope.get("http_version") not in ("1.1", "1.0") or type(headers) is not list:
            return False
        for name, _ in headers:
            if name in (b"content-length", b"transfer-encoding"):
                return False
        return True

    async def read_body(self, receive: Receive) -> Any:
        """Return the body as a file, in memory while it is small.

        Raises:
            RequestAborted: the client went away.
        """
        body_file: Any = None
        on_disk: Scratch | None = None
        waiting: list[bytes] = []
        size = 0
        limit = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
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
                body_file = tempfile.SpooledTemporaryFile(max_size=limit, mode="w+b")
            if piece and limit and (waiting or on_disk or body_file.tell() + len(piece) > limit):
                # Only a write to disk may block; the way to a thread is worth a large one.
                waiting.append(piece)
                size += len(piece)
            elif piece:
                body_file.write(piece)
            if waiting and (not more or size >= _DISK_WRITE):
                if on_disk is None and (on_disk := _scratch_instead_of(body_file)) is not None:
                    waiting.insert(0, body_file._file.getvalue())
                write = _write_joined(body_file) if on_disk is None else on_disk.write_all
                await sync_to_async(write, thread_sensitive=False)(waiting)
                waiting, size = [], 0
            if not more:
                if on_disk is not None:
                    return opened(on_disk)
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
        headers = [_encoded.get(pair) or _encode(pair) for pair in response.headers.items()]
        headers += [(b"Set-Cookie", line.encode("ascii")) for line in response._cookie_lines()]
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": headers}
        )
        if response.streaming:
            pieces = 0
            async with aclosing(aiter(response)) as content:
                async for part in content:
                    for piece, _ in self.chunk_bytes(part):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                        pieces += 1
                        if not pieces % _PIECES:
                            # Where neither content nor server wait, others get their turn too, such
                            # as who watches the client.
                            await asyncio.sleep(0)
            await send({"type": "http.response.body"})
            return
        content = response.content
        if len(content) <= self.chunk_size:
            await send({"type": "http.response.body", "body": content, "more_body": False})
            return
        for piece, last in self.chunk_bytes(content):
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


def _scratch_instead_of(body_file: Any) -> Scratch | None:
    """Return a file to write a body to that has become too large for memory.

    ``None`` where it goes on in the file itself: that is not the usual one.
    """
    kind: Any = type(body_file)
    if kind is not tempfile.SpooledTemporaryFile or "write" in vars(body_file):
        return None
    in_memory = type(body_file._file) is io.BytesIO
    return scratch_file() if in_memory and switches.enabled("UPLOADS_IN_PLACE") else None


def _write_joined(body_file: Any) -> Callable[[list[bytes]], Any]:
    return lambda pieces: body_file.write(b"".join(pieces))


#: How many pieces of a stream are sent without a break.
_PIECES = 16

#: How many bytes of a body are collected for one write to disk.
_DISK_WRITE = 2**20

#: Most headers are the same from response to response.
_encoded: dict[tuple[str, str], tuple[bytes, bytes]] = {}


def _encode(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    name, value = pair
    encoded = name.encode("ascii"), value.encode("latin-1")
    if len(value) < 128:
        if len(_encoded) >= 512:
            _encoded.clear()
        _encoded[pair] = encoded
    return encoded


_CLOSE = HttpResponse.close
_READ_BODY = ASGIHandler.read_body


async def _quietly_finish(handler_class: type) -> None:
    """Send ``request_finished`` for a request that ended by an error of ours or the server's."""
    await sync_to_async(signals.request_finished.send)(sender=handler_class)


__all__ = ["ASGIHandler", "ASGIRequest", "RequestAborted", "get_script_prefix"]
