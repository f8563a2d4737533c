"""Sync parts of requests over ASGI: their threads, and what these do when a request is over."""

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
import types

import pytest

from django.core.handlers.asgi import ASGIHandler
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import HttpResponse
from django.urls import path


@pytest.fixture
def urls(settings_override):
    """The list of URL patterns that requests go by."""
    module = types.ModuleType("thread_urls")
    module.urlpatterns = []
    sys.modules["thread_urls"] = module
    with settings_override(ROOT_URLCONF="thread_urls", MIDDLEWARE=[]):
        yield module.urlpatterns
    del sys.modules["thread_urls"]


SCOPE = {"type": "http", "method": "GET", "headers": [(b"host", b"testserver")]}


async def ask(handler, url, *later):
    """Send a request, then the messages of ``later``; return status and content of the answer."""
    inbox, answer = asyncio.Queue(), []
    for message in ({"type": "http.request", "body": b""}, *later):
        inbox.put_nowait(message)

    async def send(message):
        answer.append(message)

    await handler({**SCOPE, "path": url}, inbox.get, send)
    return (answer[0]["status"], answer[1]["body"]) if answer else None


def test_each_request_has_one_thread_of_its_own(urls):
    together = threading.Barrier(40, timeout=20)
    seen = []

    def view(request):
        together.wait()  # All of them are in their threads now.
        seen.append(threading.current_thread())
        return HttpResponse("hello")

    urls.append(path("view/", view))

    async def forty():
        handler = ASGIHandler()
        return await asyncio.gather(*(ask(handler, "/view/") for _ in range(40)))

    before = threading.active_count()
    assert asyncio.run(forty()) == [(200, b"hello")] * 40
    assert len(set(seen)) == 40
    # Not all are kept.
    until = time.monotonic() + 10
    while threading.active_count() > before + 32:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_exception_of_a_sync_view_is_answered(urls):
    def failing(request):
        raise StopIteration("no")

    def fine(request):
        return HttpResponse("fine")

    urls += [path("failing/", failing), path("fine/", fine)]

    async def both():
        handler = ASGIHandler()
        return [(await ask(handler, url))[0] for url in ("/failing/", "/fine/")]

    assert asyncio.run(both()) == [500, 200]


def test_a_request_is_finished_soon_also_if_none_follows(urls, monkeypatch):
    closed = threading.Event()
    threads = []

    def query(request):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        threads.append(threading.current_thread())
        return HttpResponse("hello")

    def close(self):
        if threading.current_thread() in threads:
            closed.set()

    urls.append(path("query/", query))
    kind = type(connections[DEFAULT_DB_ALIAS])
    monkeypatch.setattr(kind, "close_if_unusable_or_obsolete", close)

    async def talk():
        answer = await ask(ASGIHandler(), "/query/")
        # The loop is busy, and gives no thread anything to do.
        assert closed.wait(10)
        return answer

    assert asyncio.run(talk()) == (200, b"hello")


def test_a_request_is_finished_soon_after_its_view_has_waited(urls, monkeypatch):
    """The thread sleeps by then, and has to be woken."""
    closed, ready = threading.Event(), []

    def query():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    async def view(request):
        from asgiref.sync import sync_to_async

        await sync_to_async(query)()
        await asyncio.sleep(0.1)
        ready.append(True)
        return HttpResponse("hello")

    urls.append(path("view/", view))
    monkeypatch.setattr(
        type(connections[DEFAULT_DB_ALIAS]),
        "close_if_unusable_or_obsolete",
        lambda self: closed.set() if ready else None,
    )
    assert asyncio.run(ask(ASGIHandler(), "/view/")) == (200, b"hello")
    assert closed.wait(10)


def test_a_thread_that_a_client_left_alone_goes_on_and_is_used_again(urls):
    started, ended, go_on = threading.Event(), threading.Event(), threading.Event()

    def slow(request):
        started.set()
        assert go_on.wait(10)
        ended.set()
        return HttpResponse("nobody sees this")

    urls += [path("slow/", slow), path("quick/", lambda request: HttpResponse("quick"))]

    async def talk():
        handler = ASGIHandler()
        asyncio.get_running_loop().call_later(0.2, go_on.set)
        left = await ask(handler, "/slow/", {"type": "http.disconnect"})
        return left, await ask(handler, "/quick/")

    assert asyncio.run(talk()) == (None, (200, b"quick"))
    assert ended.is_set() or not started.is_set()


SCRIPT = """
import asyncio, os, sys, types
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF="urls", MIDDLEWARE=[], ALLOWED_HOSTS=["*"], DATABASES={})
django.setup()
urls = sys.modules["urls"] = types.ModuleType("urls")
urls.urlpatterns = [path("view/", lambda request: HttpResponse("hello"))]

from django.core.asgi import get_asgi_application

application = get_asgi_application()


async def ask():
    answer = []
    messages = [{"type": "http.request"}]

    async def receive():
        return messages.pop() if messages else await asyncio.sleep(60)

    async def send(message):
        answer.append(message)

    scope = {"type": "http", "method": "GET", "path": "/view/", "headers": [(b"host", b"a")]}
    await application(scope, receive, send)
    return answer[0]["status"]


assert asyncio.run(ask()) == 200
"""
ENDINGS = {
    "at its end": "",
    "by an exception": "raise SystemExit(3)",
    "in a child": """
    child = os.fork()
    if not child:
        status = asyncio.run(ask())
        os._exit(0 if status == 200 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert asyncio.run(ask()) == 200
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_threads_do_not_keep_a_process(ending):
    if "fork" in ENDINGS[ending] and sys.platform == "win32":
        pytest.skip("needs fork()")
    script = SCRIPT + textwrap.dedent(ENDINGS[ending])
    start = "import nuages.alias\n" if "nuages" in sys.modules else ""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", start + script],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == (3 if "exception" in ending else 0), done.stderr
