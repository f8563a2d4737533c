"""Who looks after the client while a view waits, and when."""

import asyncio
import collections
import os
import sys
import time
import types

import pytest

from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


@pytest.fixture
def serve(settings_override):
    """Return a function that answers one request by a view, over a server's ``receive()``."""
    module = types.ModuleType("watched_urls")
    sys.modules["watched_urls"] = module

    def run(view, receive, **facts):
        module.urlpatterns = [path("", view)]
        answer = []

        async def send(message):
            answer.append(message)
            await asyncio.sleep(0)

        async def talk():
            scope = {
                "type": "http",
                "http_version": "1.1",
                "method": "GET",
                "path": "/",
                "headers": [(b"host", b"testserver")],
                **facts,
            }
            await asyncio.wait_for(ASGIHandler()(scope, receive(), send), 10)

        asyncio.run(talk())
        return answer

    with settings_override(ROOT_URLCONF="watched_urls", MIDDLEWARE=[]):
        yield run
    del sys.modules["watched_urls"]


EMPTY = {"type": "http.request", "body": b"", "more_body": False}
LEFT = {"type": "http.disconnect"}


def coroutine(*messages, after=0):
    """Return what makes a ``receive()`` as servers in Python have it; it counts its calls."""

    def make():
        async def receive():
            receive.asked += 1
            if receive.asked > len(messages):
                await asyncio.get_running_loop().create_future()
            elif receive.asked > 1:
                await asyncio.sleep(after)
            return messages[receive.asked - 1]

        receive.asked = 0
        make.made = receive
        return receive

    return make


def native(*messages, after=0):
    """Return what makes one as servers in native code have it: a bound function of C."""

    def make():
        loop = asyncio.get_running_loop()
        futures = [loop.create_future() for _ in range(len(messages) + 3)]
        for future, message in zip(futures, messages, strict=False):
            loop.call_later(after, future.set_result, message)
        make.left = collections.deque(futures)
        return make.left.popleft

    return make


def quick(request):
    return HttpResponse("hello")


async def momentary(request):
    await asyncio.sleep(0.001)
    return HttpResponse("hello")


async def patient(request):
    await asyncio.sleep(5)
    raise AssertionError("nobody cancelled this")


async def echo(request):
    return HttpResponse(request.body)


@pytest.mark.parametrize("view", [quick, momentary])
def test_who_waits_for_a_moment_is_answered(serve, view):
    for receive in (coroutine(EMPTY), native(EMPTY)):
        assert [message.get("status") for message in serve(view, receive)] == [200, None]


@pytest.mark.parametrize("kind", [coroutine, native])
@pytest.mark.parametrize("after", [0, 0.005, 0.1])
def test_who_leaves_cancels_a_view_that_waits(serve, kind, after):
    assert serve(patient, kind(EMPTY, LEFT, after=after)) == []


@pytest.mark.parametrize("kind", [coroutine, native])
def test_who_leaves_ends_a_stream(serve, kind):
    ended = []

    async def endless(request):
        async def content():
            try:
                while True:
                    yield b"more"
                    await asyncio.sleep(0.005)
            finally:
                ended.append(True)

        return StreamingHttpResponse(content())

    answer = serve(endless, kind(EMPTY, LEFT, after=0.1))
    assert ended == [True]
    assert answer[1] == {"type": "http.response.body", "body": b"more", "more_body": True}
    assert answer[-1].get("more_body")


def test_a_server_in_native_code_is_not_asked_for_a_body_that_cannot_be(serve):
    receive = native()
    assert serve(momentary, receive)[0]["status"] == 200
    assert len(receive.left) == 3


@pytest.mark.parametrize(
    "facts",
    [
        {"method": "POST"},
        {"http_version": "2"},
        {"headers": [(b"host", b"testserver"), (b"content-length", b"4")]},
        {"headers": [(b"host", b"testserver"), (b"transfer-encoding", b"chunked")]},
    ],
)
@pytest.mark.parametrize("kind", [coroutine, native])
def test_a_body_is_read_where_there_can_be_one(serve, facts, kind):
    receive = kind({"type": "http.request", "body": b"some", "more_body": False})
    assert serve(csrf_exempt(echo), receive, **facts)[1]["body"] == b"some"


@pytest.mark.parametrize("kind", [coroutine, native])
def test_what_makes_no_sense_after_the_body_is_an_error(serve, kind):
    with pytest.raises(AssertionError, match=r"Invalid ASGI message .* http\.what"):
        serve(patient, kind(EMPTY, {"type": "http.what"}))


def test_a_look_at_the_client_leaves_nothing_behind(serve):
    """The server's coroutine that was begun is closed with the request."""
    closed = []

    def make():
        async def receive():
            if not closed:
                closed.append(None)
                return EMPTY
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                closed.append(True)

        return receive

    assert serve(momentary, make)[0]["status"] == 200
    assert closed == [None, True]


def test_the_next_piece_of_a_body_waits_until_the_one_before_is_on_disk(serve, monkeypatch):
    """Back pressure: who sends is not asked for more while the disk is busy."""
    writing = []
    most = 0
    write = os.pwritev

    def slow(*args):
        writing.append(True)
        try:
            time.sleep(0.02)
            return write(*args)
        finally:
            writing.pop()

    monkeypatch.setattr(os, "pwritev", slow)
    size, piece = 8 * 2**20, bytes(2**16)
    left = size

    def make():
        async def receive():
            nonlocal left, most
            most = max(most, len(writing))
            if left <= 0:
                await asyncio.get_running_loop().create_future()
            left -= len(piece)
            return {"type": "http.request", "body": piece, "more_body": left > 0}

        return receive

    async def length(request):
        return HttpResponse(str(sum(map(len, iter(lambda: request.read(2**20), b"")))))

    assert serve(csrf_exempt(length), make, method="POST")[1]["body"] == str(size).encode()
    assert most == 0


def test_a_stream_goes_on_when_the_server_has_taken_the_last_piece(settings_override):
    """Back pressure the other way: no piece is made while the one before waits to be sent."""
    made = []

    async def view(request):
        async def content():
            for number in range(20):
                made.append(number)
                yield b"x" * 1000

        return StreamingHttpResponse(content())

    module = sys.modules["watched_urls"] = types.ModuleType("watched_urls")
    module.urlpatterns = [path("", view)]
    ahead = []

    async def talk():
        sent = 0

        async def send(message):
            nonlocal sent
            await asyncio.sleep(0.002)
            if message.get("body"):
                sent += 1
                ahead.append(len(made) - sent)

        scope = {"type": "http", "method": "GET", "path": "/"}
        scope["headers"] = [(b"host", b"testserver")]
        await ASGIHandler()(scope, coroutine(EMPTY)(), send)

    with settings_override(ROOT_URLCONF="watched_urls", MIDDLEWARE=[]):
        asyncio.run(talk())
    del sys.modules["watched_urls"]
    assert len(made) == 20
    assert ahead == [0] * 20


def test_a_framework_around_us_may_tie_its_receive_to_a_task(serve):
    """Time limits and task groups belong to the task that enters them; the view must not feel them."""
    ran_out = []

    def make():
        read = []

        async def receive():
            if not read:
                read.append(True)
                return EMPTY
            while True:
                try:
                    async with asyncio.timeout(0.01):
                        await asyncio.get_running_loop().create_future()
                except TimeoutError:
                    ran_out.append(asyncio.current_task())

        return receive

    tasks = []

    async def view(request):
        tasks.append(asyncio.current_task())
        await asyncio.sleep(0.2)
        return HttpResponse("hello")

    assert serve(view, make)[0]["status"] == 200
    assert ran_out
    assert tasks[0] not in ran_out
