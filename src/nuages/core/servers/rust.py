"""``runserver`` on granian, an HTTP server in Rust, where the ``serve`` extra is installed.

The project's WSGI application runs as it would anywhere: on threads, one request each.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

logger = logging.getLogger("django.server")

Message = dict[str, Any]


def available() -> bool:
    """Whether granian is installed."""
    return find_spec("granian") is not None


def run(
    addr: str, port: int, wsgi_handler: Any, ipv6: bool, on_bind: Callable[[int], None] | None
) -> None:
    """Serve an application, forever. The arguments are those of ``basehttp.run``.

    Raises:
        OSError: the address cannot be listened at.
    """
    port = _free_port(addr, port, ipv6)

    async def serve() -> None:
        from granian.constants import Interfaces
        from granian.server.embed import Server

        server = Server(
            _logged(_on_threads(wsgi_handler)),
            address=addr,
            port=port,
            interface=Interfaces.ASGI,
            log_enabled=False,
            websockets=False,
        )
        serving = asyncio.create_task(server.serve())
        if on_bind is not None:
            on_bind(port)
        await serving

    asyncio.run(serve())


def _free_port(addr: str, port: int, ipv6: bool) -> int:
    """Make sure that the port can be had, and choose one in the place of 0."""
    with socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((addr, port))
        return probe.getsockname()[1]


def _on_threads(wsgi_handler: Any) -> Any:
    """Return an ASGI application that runs ``wsgi_handler``, each request on a thread of its own."""
    from asgiref.sync import ThreadSensitiveContext
    from asgiref.wsgi import WsgiToAsgi

    inner = WsgiToAsgi(wsgi_handler)

    async def application(scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            async with ThreadSensitiveContext():
                await inner(scope, receive, send)

    return application


def _logged(application: Any) -> Any:
    """Return ``application`` with a line in the log ``django.server`` for each request."""

    async def logged(scope: Message, receive: Any, send: Any) -> None:
        status = size = 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        await application(scope, receive, counted)
        if scope["type"] != "http":
            return
        path = scope["path"] + (
            f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        )
        line = f"{scope['method']} {path} HTTP/{scope['http_version']}"
        level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
        logger.log(level, '"%s" %s %s', line, status, size, extra={"status_code": status})

    return logged
