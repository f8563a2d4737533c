"""Async views over real sockets: they wait together, are cancelled, and send no faster than is read."""

import asyncio
import sys
import time

import pytest
from serving import serving

SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--log-level", "warning", "--port"],
    "granian": ["-m", "granian", "--interface", "asgi", "--no-log", "--port"],
}
PROJECT = """
import asyncio, resource, sys, time
import django
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    SECRET_KEY="live", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, DATABASES={},
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware"],
)
django.setup()
seen = {"waiting": 0, "most": 0, "cancelled": 0, "made": 0, "ended": 0}

async def waits(request):
    seen["waiting"] += 1
    seen["most"] = max(seen["most"], seen["waiting"])
    await asyncio.sleep(1)
    seen["waiting"] -= 1
    return HttpResponse("waited")

async def endless(request):
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        seen["cancelled"] += 1
        raise

async def stream(request):
    async def content():
        try:
            for _ in range(4000):
                seen["made"] += 1
                yield b"x" * 2**16
        finally:
            seen["ended"] += 1
    return StreamingHttpResponse(content())

@csrf_exempt
def upload(request):
    size = sum(map(len, request.FILES["f"].chunks()))
    return HttpResponse(str(size))

async def state(request):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return HttpResponse(" ".join(str(seen[name]) for name in seen) + f" {peak}")

urlpatterns = [path(f"{view.__name__}/", view) for view in (waits, endless, stream, upload, state)]
from django.core.asgi import get_asgi_application
application = get_asgi_application()
"""
NAMES = ("waiting", "most", "cancelled", "made", "ended", "peak")


@pytest.fixture(scope="module", params=SERVERS)
def port(request, tmp_path_factory):
    """Serve the project; the port."""
    pytest.importorskip(request.param)
    folder = tmp_path_factory.mktemp("live")
    (folder / "live_project.py").write_text(PROJECT)
    words = [sys.executable, *SERVERS[request.param], "{port}", "live_project:application"]
    with serving(folder, words) as number:
        yield number


async def ask(port, line, more=b""):
    """Send a request; return the content of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n".encode())
    writer.write(more or b"\r\n")
    await writer.drain()
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
    return answer.partition(b"\r\n\r\n")[2]


async def state(port):
    """Return what the server's process has seen so far."""
    return dict(zip(NAMES, map(int, (await ask(port, "GET /state/")).split()), strict=True))


async def until(port, condition):
    """Wait until the state is as it should be."""
    for _ in range(200):
        if condition(seen := await state(port)):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(seen)


def test_two_hundred_views_wait_together(port):
    async def talk():
        start = time.monotonic()
        answers = await asyncio.gather(*(ask(port, "GET /waits/") for _ in range(200)))
        return answers, time.monotonic() - start, await state(port)

    answers, seconds, seen = asyncio.run(talk())
    assert answers == [b"waited"] * 200
    assert seen["most"] == 200
    assert seconds < 20


def test_a_client_that_leaves_cancels_the_view(port):
    async def talk():
        before = (await state(port))["cancelled"]
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /endless/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)
            writer.close()
        await until(port, lambda seen: seen["cancelled"] == before + 3)

    asyncio.run(talk())


def test_a_stream_waits_for_its_reader_and_ends_when_it_leaves(port):
    async def talk():
        before = await state(port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**16)
        writer.write(b"GET /stream/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        made = (await state(port))["made"] - before["made"]
        # Sockets and the server hold some megabytes; the stream has 250.
        assert 0 < made < 1000
        writer.transport.abort()
        await until(port, lambda seen: seen["ended"] == before["ended"] + 1)
        assert (await state(port))["made"] - before["made"] < 2000

    asyncio.run(talk())


def test_a_large_upload_takes_little_memory(port):
    size = 64 * 2**20
    head = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    body = head + bytes(size) + b"\r\n--cut--\r\n"
    about = (
        f"Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    async def talk():
        before = (await state(port))["peak"]
        answer = await ask(port, "POST /upload/", about.encode() + body)
        return answer, (await state(port))["peak"] - before

    answer, more = asyncio.run(talk())
    assert answer == str(size).encode()
    assert more < 32 * 1024
