"""One request through the whole stack, over WSGI and ASGI, with each kind of view."""

import asyncio
import copy
import functools
import io
import sys
import threading
import types

import pytest

from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import HttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
THREADS = []


def plain(request):
    THREADS.append(threading.current_thread())
    return HttpResponse("hello")


async def coroutine(request):
    THREADS.append(threading.current_thread())
    return HttpResponse("hello")


async def slow(request):
    await asyncio.sleep(0.001)
    return HttpResponse("hello")


def failing(request):
    raise ValueError("no")


class Foreign(MiddlewareMixin):
    """A project's own: its hooks may block, so they run in a thread."""

    def process_request(self, request):
        THREADS.append(threading.current_thread())

    def process_response(self, request, response):
        response["X-Foreign"] = "1"
        return response


@pytest.fixture
def project(settings_override):
    urlconf = types.ModuleType("handler_urls")
    urlconf.urlpatterns = [
        path("plain/", plain),
        path("coroutine/", coroutine),
        path("slow/", slow),
        path("failing/", failing),
    ]
    sys.modules["handler_urls"] = urlconf
    THREADS.clear()
    with settings_override(ROOT_URLCONF="handler_urls", MIDDLEWARE=MIDDLEWARE):
        yield settings_override
    del sys.modules["handler_urls"]


def wsgi(url):
    answer = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": url,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
    }
    body = WSGIHandler()(environ, lambda status, headers: answer.append((status, dict(headers))))
    content = b"".join(body)
    body.close()
    return int(answer[0][0][:3]), answer[0][1], content


def asgi(url, messages=None):
    async def talk():
        inbox, outbox = asyncio.Queue(), []
        for message in messages or [{"type": "http.request", "body": b""}]:
            inbox.put_nowait(message)

        async def send(message):
            outbox.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": url,
            "headers": [(b"host", b"testserver")],
        }
        await ASGIHandler()(scope, inbox.get, send)
        return outbox

    outbox = asyncio.run(talk())
    if not outbox:
        return None
    headers = {name.decode(): value.decode() for name, value in outbox[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in outbox[1:])
    return outbox[0]["status"], headers, content


@pytest.mark.parametrize("serve", [wsgi, asgi])
@pytest.mark.parametrize("url", ["/plain/", "/coroutine/", "/slow/"])
def test_every_colour_of_view_is_served_over_both_protocols(project, serve, url):
    status, headers, content = serve(url)
    assert (status, content, headers["Content-Length"]) == (200, b"hello", "5")
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("serve", [wsgi, asgi])
def test_an_error_becomes_a_page_that_went_through_middleware(project, serve):
    status, headers, _ = serve("/failing/")
    assert status == 500
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_compiled_stack_does_what_the_plain_one_does(project):
    compiled = {url: (wsgi(url), asgi(url)) for url in ("/plain/", "/nowhere/", "/failing/")}
    with project(NUAGES={"COMPILED_MIDDLEWARE": False}):
        assert {url: (wsgi(url), asgi(url)) for url in compiled} == compiled


def test_async_views_need_no_thread_behind_the_default_middleware(project):
    asgi("/coroutine/")
    assert THREADS == [threading.main_thread()]


def test_middleware_of_others_runs_off_the_event_loop(project):
    own = f"{__name__}.Foreign"
    sys.modules.setdefault(__name__, sys.modules[Foreign.__module__])
    with project(MIDDLEWARE=[*MIDDLEWARE, own]):
        _, headers, _ = asgi("/coroutine/")
    assert headers["X-Foreign"] == "1"
    assert THREADS[0] is not threading.main_thread()


def test_a_client_that_has_gone_gets_no_answer_that_takes_time(project):
    gone = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    assert asgi("/slow/", gone) is None


def test_a_wrapper_that_copies_attributes_is_not_passed_over(project):
    """As ``functools.wraps(get_response)`` does, which middleware is often written with."""

    def outermost(get_response):
        @functools.wraps(get_response)
        def middleware(request):
            response = get_response(request)
            response["X-Wrapped"] = "1"
            return response

        return middleware

    sys.modules["handler_urls"].outermost = outermost
    before = "django.middleware.clickjacking.XFrameOptionsMiddleware"
    with project(MIDDLEWARE=[before, "handler_urls.outermost", *MIDDLEWARE]):
        assert wsgi("/plain/")[1]["X-Wrapped"] == "1"


def scope_of(*headers):
    return {"type": "http", "method": "GET", "path": "/", "headers": [*headers]}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"testserver"), (b"cookie", b"a=1; b=2")],
        [(b"host", b"testserver"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
        [(b"Host", b"testserver"), (b"Cookie", b"a=1; b=2")],
    ],
)
def test_headers_are_found_with_and_without_meta(project, headers):
    for first in ("COOKIES", "META"):
        request = ASGIRequest(scope_of(*headers), io.BytesIO())
        getattr(request, first)
        assert request.COOKIES == {"a": "1", "b": "2"}
        assert request.get_host() == request.META["HTTP_HOST"] == "testserver"
        assert request.content_type == ""


def test_a_copied_request_keeps_its_headers(project):
    request = ASGIRequest(scope_of((b"host", b"testserver"), (b"x-one", b"1")), io.BytesIO())
    assert copy.deepcopy(request).META["HTTP_X_ONE"] == "1"


def test_a_client_that_goes_cancels_the_view(project):
    cancelled = []

    async def patient(request):
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    sys.modules["handler_urls"].urlpatterns.append(path("patient/", patient))

    async def talk():
        inbox = asyncio.Queue()
        inbox.put_nowait({"type": "http.request", "body": b""})
        asyncio.get_running_loop().call_later(0.01, inbox.put_nowait, {"type": "http.disconnect"})

        async def send(message):
            raise AssertionError("nobody is there")

        scope = {"type": "http", "method": "GET", "path": "/patient/", "headers": []}
        with_host = {**scope, "headers": [(b"host", b"testserver")]}
        await ASGIHandler()(with_host, inbox.get, send)

    asyncio.run(asyncio.wait_for(talk(), 2))
    assert cancelled == [True]


def test_two_hundred_views_that_wait_do_so_together(project):
    most = waiting = 0

    async def patient(request):
        nonlocal most, waiting
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0.2)
        waiting -= 1
        return HttpResponse("hello")

    sys.modules["handler_urls"].urlpatterns.append(path("patient/", patient))

    async def one(handler):
        inbox, statuses = asyncio.Queue(), []
        inbox.put_nowait({"type": "http.request", "body": b""})

        async def send(message):
            if "status" in message:
                statuses.append(message["status"])

        await handler({**scope_of((b"host", b"testserver")), "path": "/patient/"}, inbox.get, send)
        return statuses

    async def all_of_them():
        handler = ASGIHandler()
        return await asyncio.gather(*(one(handler) for _ in range(200)))

    assert asyncio.run(all_of_them()) == [[200]] * 200
    assert most == 200


async def ask(handler, url):
    """Send a request; return the statuses of the answer."""
    inbox, statuses = asyncio.Queue(), []
    inbox.put_nowait({"type": "http.request", "body": b""})

    async def send(message):
        if "status" in message:
            statuses.append(message["status"])

    await handler({**scope_of((b"host", b"testserver")), "path": url}, inbox.get, send)
    return statuses


def query(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    THREADS.append((threading.current_thread(), connection.connection))
    return HttpResponse("hello")


def state(request):
    """Tell whether the connection of this thread is open before anything was asked."""
    THREADS.append((threading.current_thread(), connection.connection))
    return HttpResponse("hello")


def test_the_connection_of_a_request_ends_with_it_in_its_thread(project):
    """Nobody waits for that; but whoever gets the thread next does."""
    sys.modules["handler_urls"].urlpatterns += [path("query/", query), path("state/", state)]

    async def several():
        handler = ASGIHandler()
        return [await ask(handler, url) for url in ("/query/", "/state/") * 3]

    assert asyncio.run(several()) == [[200]] * 6
    assert len({thread for thread, _ in THREADS}) == 1
    assert [held is None for _, held in THREADS] == [False, True] * 3


def test_what_fails_after_a_request_is_logged(project, monkeypatch, caplog):
    def failing(self):
        raise RuntimeError("it cannot be closed")

    sys.modules["handler_urls"].urlpatterns += [path("query/", query), path("state/", state)]

    async def both():
        handler = ASGIHandler()
        first = await ask(handler, "/query/")
        # The thread is free again only when that was tried.
        return [first, await ask(handler, "/state/")]

    monkeypatch.setattr(
        type(connections[DEFAULT_DB_ALIAS]), "close_if_unusable_or_obsolete", failing
    )
    with caplog.at_level("ERROR", logger="django.request"):
        assert asyncio.run(both()) == [[200]] * 2
    assert "it cannot be closed" in caplog.text
    monkeypatch.undo()
    connection.close()


def test_receivers_of_others_are_waited_for(project):
    told = []

    def receiver(sender, **kwargs):
        told.append((sender, threading.current_thread()))

    sys.modules["handler_urls"].urlpatterns.append(path("query/", query))
    request_finished.connect(receiver)
    try:
        asyncio.run(ask(ASGIHandler(), "/query/"))
    finally:
        request_finished.disconnect(receiver)
    assert told == [(ASGIHandler, THREADS[0][0])]
