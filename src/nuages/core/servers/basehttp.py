"""The standard library's HTTP server with what development needs. Not for production.

Manual: "runserver".
"""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any
from wsgiref import simple_server

from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.handlers.wsgi import LimitedStream
from nuages.core.wsgi import get_wsgi_application
from nuages.utils.module_loading import import_string

__all__ = (
    "ServerHandler",
    "ThreadedWSGIServer",
    "WSGIRequestHandler",
    "WSGIServer",
    "get_internal_wsgi_application",
    "is_broken_pipe_error",
    "run",
)

logger = logging.getLogger("django.server")

_CLIENT_IS_GONE = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)
#: Bytes of an unread body that are read away for the sake of the connection.
_WORTH_READING = 2**20


def get_internal_wsgi_application() -> Any:
    """Return the application that ``WSGI_APPLICATION`` names, or the default one.

    Raises:
        ImproperlyConfigured: it cannot be imported.
    """
    from nuages.conf import settings

    path = settings.WSGI_APPLICATION
    try:
        return get_wsgi_application() if path is None else import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"WSGI application '{path}' could not be loaded; Error importing module."
        ) from error


def is_broken_pipe_error() -> bool:
    """Whether the exception that is being handled means that the client is gone."""
    return isinstance(sys.exception(), _CLIENT_IS_GONE)


class WSGIServer(simple_server.WSGIServer):
    """Serves one connection after the other.

    Args:
        ipv6: whether the address is one of IPv6.
        allow_reuse_address: whether a port that was just closed may be taken.
    """

    request_queue_size = 10

    def __init__(
        self, *args: Any, ipv6: bool = False, allow_reuse_address: bool = True, **kwargs: Any
    ) -> None:
        self.allow_reuse_address = allow_reuse_address
        self.address_family = socket.AF_INET6 if ipv6 else socket.AF_INET
        super().__init__(*args, **kwargs)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error; a client that has gone away is none."""
        report: Callable[..., Any] = super().handle_error
        if is_broken_pipe_error():
            logger.info("- Broken pipe from %s", client_address)
        else:
            report(request, client_address)


class ThreadedWSGIServer(socketserver.ThreadingMixIn, WSGIServer):
    """Serves each connection in a thread of its own.

    Args:
        connections_override: database connections that the threads share, by alias.
    """

    daemon_threads = True

    def __init__(self, *args: Any, connections_override: Any = None, **kwargs: Any) -> None:
        self.connections_override = connections_override or {}
        super().__init__(*args, **kwargs)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection with the shared database connections."""
        if self.connections_override:
            from nuages.db import connections

            for alias, shared in self.connections_override.items():
                connections[alias] = shared
        super().process_request_thread(request, client_address)

    def _close_connections(self) -> None:
        """Close the databases of this thread, which ends now."""
        if "django.db" in sys.modules:
            sys.modules["django.db"].connections.close_all()

    def close_request(self, request: Any) -> None:
        """Close a connection, and the databases that it used."""
        self._close_connections()
        super().close_request(request)


class ServerHandler(simple_server.ServerHandler):
    """Runs the application for one request of a connection that may live on."""

    http_version = "1.1"
    request_handler: Any
    environ: Any
    headers: Any
    result: Any
    headers_sent: bool

    def __init__(
        self, stdin: Any, stdout: Any, stderr: Any, environ: dict[str, Any], **kwargs: Any
    ) -> None:
        length = environ.get("CONTENT_LENGTH") or "0"
        self._body_length = int(length) if length.isascii() and length.isdecimal() else 0
        self._body = LimitedStream(stdin, self._body_length)
        super().__init__(self._body, stdout, stderr, environ, **kwargs)

    @property
    def _is_head(self) -> bool:
        return self.environ.get("REQUEST_METHOD") == "HEAD"

    def cleanup_headers(self) -> None:
        """Make the headers tell where the response ends."""
        super().cleanup_headers()
        headers, request_handler = self.headers, self.request_handler
        if self._is_head and headers.get("Content-Length") == "0":
            # Reckoned from the missing body; that of a GET may be longer.
            del headers["Content-Length"]
        endless = "Content-Length" not in headers and not self._is_head
        alone = not isinstance(request_handler.server, socketserver.ThreadingMixIn)
        if endless or alone:
            # Nobody else would be served while this connection stays open.
            headers["Connection"] = "close"
        if headers.get("Connection") == "close":
            request_handler.close_connection = True

    def finish_response(self) -> None:
        """Send the content; of a HEAD request only the headers."""
        if not self._is_head:
            return super().finish_response()
        with closing(self):
            deque(self.result, maxlen=0)
            if not self.headers_sent:
                self.send_headers()
        return None

    def close(self) -> None:
        """End the request; what is left of its body must not pass for the next request."""
        if self._body._left > _WORTH_READING:
            self.request_handler.close_connection = True
        else:
            self._body.read()
        super().close()


class WSGIRequestHandler(simple_server.WSGIRequestHandler):
    """Reads requests from a connection, and logs them to ``django.server``."""

    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        """Return the client's address, without asking DNS for its name."""
        return self.client_address[0]

    def log_message(self, format: str, *args: Any) -> None:
        """Log a request, as a warning or error by its status; without control characters."""
        facts = {"request": self.request, "server_time": self.log_date_time_string()}
        level = logging.INFO
        if len(args) > 1 and str(args[1])[:1] in ("4", "5"):
            level = logging.WARNING if str(args[1])[0] == "4" else logging.ERROR
            # The first bytes of a TLS handshake.
            if args[0].startswith("\x16\x03"):
                logger.error(
                    "You're accessing the development server over HTTPS, but it only supports "
                    "HTTP.",
                    extra={**facts, "status_code": 500},
                )
                return
        if len(args) > 1 and str(args[1]).isdecimal():
            facts["status_code"] = int(args[1])
        shown = (
            arg.encode("unicode_escape").decode("ascii") if isinstance(arg, str) else arg
            for arg in args
        )
        logger.log(level, format, *shown, extra=facts)

    def get_environ(self) -> dict[str, Any]:
        """Return the environment, without headers that could pass for others."""
        for name in [name for name in self.headers if "_" in name]:
            del self.headers[name]
        return super().get_environ()

    def handle(self) -> None:
        """Serve the requests of the connection, until one side closes it."""
        self.close_connection = False
        while not self.close_connection:
            # Unless the request says that the client will stay.
            self.close_connection = True
            self.handle_one_request()
        with suppress(AttributeError, OSError):  # The client may be faster.
            self.connection.shutdown(socket.SHUT_WR)

    def handle_one_request(self) -> None:
        """Read a request and have the application answer it."""
        longest = 65536
        self.raw_requestline = self.rfile.readline(longest + 1)
        if len(self.raw_requestline) > longest:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        # It answers by itself where the request is malformed.
        if self.parse_request():
            handler = ServerHandler(self.rfile, self.wfile, self.get_stderr(), self.get_environ())
            handler.request_handler = self
            server: Any = self.server
            handler.run(server.get_app())


def run(
    addr: str,
    port: int,
    wsgi_handler: Any,
    ipv6: bool = False,
    threading: bool = False,
    on_bind: Callable[[int], None] | None = None,
    server_cls: type[WSGIServer] = WSGIServer,
) -> None:
    """Serve an application, forever.

    Args:
        threading: whether connections are served at the same time.
        on_bind: called with the port, once it is open.
    """
    kind: Any = server_cls
    if threading:
        kind = type("WSGIServer", (socketserver.ThreadingMixIn, server_cls), {})
        # Threads that wait for a client must not keep the process alive.
        kind.daemon_threads = True
    with kind((addr, port), WSGIRequestHandler, ipv6=ipv6) as server:
        if on_bind is not None:
            on_bind(getattr(server, "server_port", port))
        server.set_app(wsgi_handler)
        server.serve_forever()
