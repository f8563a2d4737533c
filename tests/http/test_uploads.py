"""Files of a multipart body: left in place, or written; the same to whoever reads them."""

import asyncio
import gc
import os
import resource
import tempfile
import tracemalloc
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core.exceptions import TooManyFilesSent
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import InMemoryUploadedFile, TemporaryUploadedFile
from django.core.files.uploadhandler import (
    FileUploadHandler,
    MemoryFileUploadHandler,
    TemporaryFileUploadHandler,
)
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.test.utils import override_settings

TYPE = "multipart/form-data; boundary=cut"
ON_DISK = override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=0)


class Socket:
    """A body that can only be read onwards."""

    def __init__(self, body):
        source = BytesIO(body)
        self.read = lambda size=-1: source.read(size)
        self.readline = lambda size=-1: source.readline(size)


def on_disk(body):
    file = tempfile.TemporaryFile()
    file.write(b"before" + body)
    file.seek(6)
    return file


def wsgi(stream, length):
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": TYPE, "CONTENT_LENGTH": str(length)}
    return WSGIRequest({**environ, "wsgi.input": stream})


def asgi(body):
    """Return a request as the handler makes it: the body in a file that may be on disk."""
    pieces = [body[start : start + 2**16] for start in range(0, len(body), 2**16)]
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request"})

    async def receive():
        return messages.pop(0)

    headers = [(b"content-type", TYPE.encode()), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
    return ASGIRequest(scope, asyncio.run(ASGIHandler().read_body(receive)))


ROADS = {
    "in memory": lambda body: wsgi(BytesIO(body), len(body)),
    "on disk": lambda body: wsgi(on_disk(body), len(body)),
    "from a socket": lambda body: wsgi(Socket(body), len(body)),
    "over ASGI": asgi,
}
roads = pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
#: What comes from a socket is written to a file without a name, where the system has such files.
nameless = hasattr(os, "O_TMPFILE")
in_place = pytest.mark.parametrize("road", [ROADS[n] for n in ROADS if nameless or "so" not in n])


def part(name, content, filename=None, more=""):
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{more}\r\n'
    return head.encode() + content + b"\r\n"


def facts(request):
    """Return what code may learn of a request's files and fields."""
    files = [
        (name, file.name, file.size, file.content_type, file.charset, file.read())
        for name, several in request.FILES.lists()
        for file in several
    ]
    return dict(request.POST.lists()), files


@roads
@ON_DISK
def test_a_file_and_what_is_around_it(road):
    content = os.urandom(700_000)
    body = part("a", b"1") + part("f", content, "f.bin", "Content-Type: a/b; charset=c\r\n")
    body += part("g", b"", "empty") + part("b", b"2") + b"--cut--\r\n"
    request = road(body)
    expected = [("f", "f.bin", 700_000, "a/b", "c", content), ("g", "empty", 0, "", None, b"")]
    assert facts(request) == ({"a": ["1"], "b": ["2"]}, expected)
    for file in request.FILES.values():
        assert isinstance(file, TemporaryUploadedFile)
    request.close()


#: What looks like a boundary for a while, around the sizes in which a stream is read.
pieces = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\r\n--", b"\r\n--cu", b"x", b"\r\r\n-", b"x" * 131_040, b"y" * 65_500]
)


@given(st.lists(st.lists(pieces, max_size=5).map(b"".join), max_size=3))
def test_in_place_is_as_written(contents):
    body = b"".join(part("f", content, f"{n}.bin") for n, content in enumerate(contents))
    body += part("last", b"1") + b"--cut--"
    seen = []
    for switches in ({}, {"UPLOADS_IN_PLACE": False}):
        with override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=0, NUAGES=switches):
            for road in (ROADS["in memory"], ROADS["on disk"], ROADS["from a socket"]):
                request = road(body)
                seen.append(facts(request))
                request.close()
    assert [file[-1] for file in seen[0][1]] == contents
    assert seen == [seen[0]] * 6


@in_place
@ON_DISK
def test_the_temporary_file_is_made_when_asked_for(road, tmp_path):
    content = os.urandom(300_000)
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        request = road(part("f", content, "f.png") + b"--cut--")
        file = request.FILES["f"]
        assert file.read(100) == content[:100]
        assert not list(tmp_path.iterdir())
        path = file.temporary_file_path()
        assert path.endswith(".upload.png")
        assert os.stat(path).st_mode & 0o777 == 0o600
        # Reading goes on where it was.
        assert file.read(100) == content[100:200]
        with open(path, "rb") as opened:
            assert opened.read() == content
        file.seek(10)
        file.write(b"changed")
        file.seek(10)
        assert file.read(7) == b"changed"
        request.close()
        assert not list(tmp_path.iterdir())


@in_place
@ON_DISK
def test_a_file_in_place_reads_like_any(road):
    content = b"one\ntwo\r\nthree" * 10_000
    request = road(part("f", content, "f.txt") + b"--cut--")
    file = request.FILES["f"]
    assert (file.readable(), file.seekable(), file.writable()) == (True, True, True)
    assert b"".join(file.chunks(1000)) == content
    assert file.seek(-5, os.SEEK_END) == len(content) - 5
    assert file.read() == b"three"
    assert file.tell() == len(content)
    file.seek(0)
    assert file.readline() == b"one\n"
    assert b"".join(file) == content
    with pytest.raises(ValueError, match="negative"):
        file.seek(-1)
    buffer = bytearray(3)
    file.seek(4)
    assert (file.readinto(buffer), bytes(buffer)) == (3, b"two")
    file.close()
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        file.read()


@roads
@ON_DISK
def test_a_storage_takes_it(road, tmp_path):
    content = os.urandom(200_000)
    request = road(part("f", content, "f.bin") + b"--cut--")
    name = FileSystemStorage(location=tmp_path).save("kept.bin", request.FILES["f"])
    request.close()
    assert (tmp_path / name).read_bytes() == content


@ON_DISK
def test_windows_outlive_the_servers_file_and_close_theirs():
    stream = on_disk(body := part("f", b"x" * 100_000, "f") + part("g", b"y", "g") + b"--cut--")
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    request = wsgi(stream, len(body))
    file, other = request.FILES["f"], request.FILES["g"]
    stream.close()
    assert (file.read(), other.read()) == (b"x" * 100_000, b"y")
    request.close()
    del request, file, other
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before - 1


@roads
@ON_DISK
def test_a_body_cut_within_a_file_leaves_nothing(road, tmp_path):
    body = part("a", b"1") + part("f", b"x" * 400_000, "f")[:-1000]
    with override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)):
        request = road(body)
        assert facts(request) == ({"a": ["1"]}, [])
        assert not list(tmp_path.iterdir())


@roads
@override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=0, DATA_UPLOAD_MAX_NUMBER_FILES=5)
def test_files_are_counted_on_each_road(road, tmp_path):
    body = b"".join(part("f", b"x", str(n)) for n in range(6)) + b"--cut--"
    with (
        override_settings(FILE_UPLOAD_TEMP_DIR=str(tmp_path)),
        pytest.raises(TooManyFilesSent, match="DATA_UPLOAD_MAX_NUMBER_FILES"),
    ):
        road(body).FILES  # noqa: B018
    assert not list(tmp_path.iterdir())


@roads
@ON_DISK
def test_base64_is_decoded(road):
    request = road(
        part("f", b"QUJD\r\nREVG", "f", "Content-Transfer-Encoding: base64\r\n") + b"--cut--"
    )
    assert request.FILES["f"].read() == b"ABCDEF"
    request.close()


@roads
def test_small_bodies_stay_in_memory(road):
    request = road(part("f", b"x" * 100_000, "f") + b"--cut--")
    assert isinstance(request.FILES["f"], InMemoryUploadedFile)
    assert request.FILES["f"].read() == b"x" * 100_000


class Counting(FileUploadHandler):
    chunk_size = 1000

    def __init__(self, request=None):
        super().__init__(request)
        self.sizes = []

    def receive_data_chunk(self, raw_data, start):
        assert start == sum(self.sizes)
        self.sizes.append(len(raw_data))
        return raw_data

    def file_complete(self, file_size):
        assert file_size == sum(self.sizes)


@roads
@ON_DISK
def test_handlers_of_others_get_chunks_of_their_size(road):
    request = road(part("f", b"x" * 5000, "f") + b"--cut--")
    counting = Counting(request)
    request.upload_handlers.insert(0, counting)
    assert request.FILES["f"].read() == b"x" * 5000
    assert sum(counting.sizes) == 5000
    assert max(counting.sizes) <= 1000
    request.close()


@in_place
@ON_DISK
def test_a_replaced_method_is_called(road, monkeypatch):
    got = []
    write = TemporaryFileUploadHandler.receive_data_chunk

    def receive_data_chunk(self, raw_data, start):
        got.append((len(raw_data), start))
        return write(self, raw_data, start)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", receive_data_chunk)
    request = road(part("f", b"x" * 100_000, "f") + b"--cut--")
    assert request.FILES["f"].read() == b"x" * 100_000
    assert sum(length for length, _ in got) == 100_000
    assert max(length for length, _ in got) <= 2**16
    request.close()


@in_place
@ON_DISK
def test_a_subclass_of_a_handler_is_called(road):
    class Upper(TemporaryFileUploadHandler):
        def receive_data_chunk(self, raw_data, start):
            super().receive_data_chunk(raw_data.upper(), start)

    request = road(part("f", b"x" * 100, "f") + b"--cut--")
    request.upload_handlers = [MemoryFileUploadHandler(request), Upper(request)]
    assert request.FILES["f"].read() == b"X" * 100
    request.close()


@roads
def test_memory_is_flat(road):
    """A hundred megabytes pass; what is held of them at once is little."""
    size = 100 * 2**20
    request = road(part("f", bytes(size), "f.bin") + b"--cut--")
    gc.collect()
    tracemalloc.start()
    try:
        file = request.FILES["f"]
        assert sum(map(len, file.chunks())) == size == file.size
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
        request.close()


def test_memory_is_flat_while_a_body_is_received():
    size, piece = 100 * 2**20, bytes(2**16)
    left = size

    async def receive():
        nonlocal left
        left -= len(piece)
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with asyncio.run(ASGIHandler().read_body(receive)) as body:
            assert body.seek(0, os.SEEK_END) == size
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 40 * 1024
