"""Uploads from streams lie in nameless files that are used again: nobody can tell."""

import asyncio
import gc
import os
import threading
from io import BytesIO

import pytest

from django.core.files.storage import FileSystemStorage
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.test.utils import override_settings

pytestmark = pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="needs nameless files")

TYPE = "multipart/form-data; boundary=cut"
ENVIRON = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": TYPE}
HEAD = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\n\r\n'


@pytest.fixture(autouse=True)
def folder(tmp_path):
    """Each test has a directory, and so files, of its own."""
    where = tmp_path / "uploads"
    where.mkdir()
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(where), FILE_UPLOAD_MAX_MEMORY_SIZE=1000):
        yield where


class Socket:
    def __init__(self, body):
        source = BytesIO(body)
        self.read = lambda size=-1: source.read(size)
        self.readline = lambda size=-1: source.readline(size)


def streamed(content):
    """Return a request whose body can only be read onwards."""
    body = HEAD + content + b"\r\n--cut--"

    return WSGIRequest({**ENVIRON, "CONTENT_LENGTH": str(len(body)), "wsgi.input": Socket(body)})


def over_asgi(content):
    """Return a request as the handler makes it, of a body that came in two pieces."""
    body = HEAD + content + b"\r\n--cut--"
    messages = [
        {"type": "http.request", "body": body[:500], "more_body": True},
        {"type": "http.request", "body": body[500:]},
    ]

    async def receive():
        return messages.pop(0)

    headers = [(b"content-type", TYPE.encode()), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return ASGIRequest(scope, asyncio.run(ASGIHandler().read_body(receive)))


roads = pytest.mark.parametrize("road", [streamed, over_asgi])


def files_in(folder):
    """Return the open files that lie in a directory, by their inodes; also those without a name."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if path.startswith(str(folder)):
            found.add(os.stat(f"/proc/self/fd/{number}").st_ino)
    return found


@roads
def test_a_file_is_used_again_and_shows_nothing_of_its_past(road, folder):
    inodes = set()
    for size in (300_000, 1_000, 400_000, 2_000):
        content = os.urandom(size)
        request = road(content)
        file = request.FILES["f"]
        assert (file.size, file.read(), file.read(1)) == (size, content, b"")
        assert file.seek(0, os.SEEK_END) == size
        inodes |= files_in(folder)
        request.close()
    assert len(inodes) == 1
    assert not os.listdir(folder)


@roads
def test_a_file_with_a_name_has_its_own_content_only(road, folder):
    road(b"secret" * 100_000).FILES["f"].close()
    gc.collect()
    request = road(b"short" * 1_000)
    with open(request.FILES["f"].temporary_file_path(), "rb") as opened:
        assert opened.read() == b"short" * 1_000
    request.close()
    assert not os.listdir(folder)


@roads
def test_what_a_storage_took_stays_as_it_is(road, folder, tmp_path):
    storage = FileSystemStorage(location=tmp_path / "media")
    contents = [os.urandom(size) for size in (50_000, 20_000, 30_000)]
    names = []
    for content in contents:
        request = road(content)
        names.append(storage.save("kept.bin", request.FILES["f"]))
        request.close()
    road(bytes(100_000)).close()
    for name, content in zip(names, contents, strict=True):
        assert storage.open(name).read() == content
    assert not os.listdir(folder)


def test_uploads_at_the_same_time_have_files_of_their_own():
    contents = [os.urandom(200_000) for _ in range(12)]
    seen = [None] * len(contents)

    def upload(number):
        for _ in range(3):
            request = streamed(contents[number])
            seen[number] = request.FILES["f"].read()
            request.close()

    threads = [threading.Thread(target=upload, args=(n,)) for n in range(len(contents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == contents


def test_few_files_are_kept(folder):
    requests = [streamed(b"x" * 5_000) for _ in range(20)]
    for request in requests:
        request.FILES["f"].read()
    assert len(files_in(folder)) == 20
    while requests:
        requests.pop().close()
    request = None
    gc.collect()
    assert len(files_in(folder)) <= 4


def test_of_a_large_file_little_is_kept(folder):
    streamed(bytes(20 * 2**20)).FILES["f"].close()
    gc.collect()
    (kept,) = [
        os.stat(path)
        for path in (f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd"))
        if os.path.exists(path) and os.readlink(path).startswith(str(folder))
    ]
    assert kept.st_size <= 16 * 2**20


def test_a_body_over_asgi_can_be_read_like_any():
    request = over_asgi(b"one\ntwo\nthree" * 1_000)
    assert request.readline() == b"--cut\r\n"
    assert request.read(7) == b"Content"
    rest = list(request)
    assert (rest[-1], len(rest)) == (b"--cut--", 2_000 + 4)
    request.close()


@pytest.mark.filterwarnings("ignore:.*fork")
def test_a_child_process_leaves_the_file_to_its_parent(folder):
    content = os.urandom(100_000)
    request = streamed(content)
    file = request.FILES["f"]
    child = os.fork()
    if not child:
        status = 1
        try:
            other = streamed(b"child" * 20_000)
            assert other.FILES["f"].read() == b"child" * 20_000
            with open(file.temporary_file_path(), "rb") as opened:
                assert opened.read() == content
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert file.read() == content
    request.close()


@pytest.mark.parametrize("lacking", ["O_TMPFILE", "link", "switch"])
def test_where_it_cannot_be_done_files_have_names_from_the_start(lacking, folder, monkeypatch):
    if lacking == "O_TMPFILE":
        monkeypatch.delattr(os, "O_TMPFILE")
    elif lacking == "link":
        monkeypatch.setattr(os, "link", lambda *args, **options: os.stat("/no/such/file"))
    with override_settings(NUAGES={"UPLOADS_IN_PLACE": lacking != "switch"}):
        request = streamed(b"x" * 100_000)
        file = request.FILES["f"]
        assert bool(os.listdir(folder)) is (lacking != "link")
        with open(file.temporary_file_path(), "rb") as opened:
            assert opened.read() == b"x" * 100_000
        request.close()
    assert not os.listdir(folder)


def test_a_closed_upload_has_a_path_that_leads_nowhere(folder):
    request = streamed(b"x" * 10_000)
    file = request.FILES["f"]
    request.close()
    assert not os.path.exists(file.temporary_file_path())
    assert file.closed
