"""Requests through the whole stack, in process: ASGI and WSGI, with the default middleware."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable
from typing import Any

BARS = {
    "async view, ASGI": 20,
    "plain view, WSGI": 3,
    "page with one query, WSGI": 8,
    "resolve late in 150 routes": 5,
}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": "/async/",
    "raw_path": b"/async/",
    "query_string": b"",
    "root_path": "",
    "scheme": "http",
    "headers": [(b"host", b"testserver"), (b"accept", b"*/*"), (b"user-agent", b"bench")],
    "client": ("127.0.0.1", 1),
    "server": ("testserver", 80),
}


def asgi_call(application: Any) -> Callable[[], Any]:
    """Return a coroutine function that sends one request and takes the answer."""

    async def call() -> None:
        messages = []
        sent = False

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                import asyncio

                await asyncio.sleep(3600)
            sent = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        await application(dict(SCOPE), receive, send)
        assert messages[0]["status"] == 200, messages

    return call


def wsgi_call(application: Any, path: str) -> Callable[[], Any]:
    """Return a function that sends one request and takes the answer."""
    from io import BytesIO

    def call() -> None:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "HTTP_HOST": "testserver",
            "HTTP_ACCEPT": "*/*",
            "wsgi.input": BytesIO(b""),
            "wsgi.url_scheme": "http",
            "wsgi.errors": None,
        }
        status = []
        body = application(environ, lambda code, headers, exc_info=None: status.append(code))
        b"".join(body)
        if hasattr(body, "close"):
            body.close()
        assert status[0].startswith("200"), status

    return call


def cases() -> dict[str, Callable[[], Any]]:
    import django
    from django.conf import settings
    from django.http import HttpResponse
    from django.urls import path, resolve

    database = os.path.join(tempfile.mkdtemp(), "bench.sqlite3")
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE bench_note (id integer PRIMARY KEY, text varchar(100))")
        connection.execute("INSERT INTO bench_note VALUES (1, 'nuages')")

    async def async_view(request: Any) -> Any:
        return HttpResponse("hello")

    def plain_view(request: Any) -> Any:
        return HttpResponse("hello")

    def note_view(request: Any) -> Any:
        return HttpResponse(Note.objects.get(pk=1).text)

    routes = [path(f"section{n}/<int:pk>/item/<slug:name>/", plain_view) for n in range(150)]
    urlconf = type(
        "urlconf",
        (),
        {
            "urlpatterns": [
                path("async/", async_view),
                path("plain/", plain_view),
                path("note/", note_view),
                *routes,
            ]
        },
    )
    settings.configure(
        SECRET_KEY="bench" * 10,
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=urlconf,
        MIDDLEWARE=MIDDLEWARE,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.db import models

    class Note(models.Model):
        text = models.CharField(max_length=100)

        class Meta:
            app_label = "bench"
            db_table = "bench_note"

    wsgi = get_wsgi_application()
    return {
        "async view, ASGI": asgi_call(get_asgi_application()),
        "plain view, WSGI": wsgi_call(wsgi, "/plain/"),
        "page with one query, WSGI": wsgi_call(wsgi, "/note/"),
        "resolve late in 150 routes": lambda: resolve("/section149/77/item/django/", urlconf),
    }


def limits() -> dict[str, Callable[[], Any]]:
    import re

    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def view(request: Any) -> Any:
        return PlainTextResponse("hello")

    def bare_wsgi(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    pattern = re.compile(r"section149/(?P<pk>[0-9]+)/item/(?P<name>[-a-zA-Z0-9_]+)/\Z")
    return {
        "async view, ASGI": asgi_call(Starlette(routes=[Route("/async/", view)])),
        "plain view, WSGI": wsgi_call(bare_wsgi, "/plain/"),
        "resolve late in 150 routes": lambda: pattern.match("section149/77/item/django/"),
    }
