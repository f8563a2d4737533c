"""Form bodies: what a client may send, and how much of it."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.http.multipartparser import MultiPartParserError, Parser


def request(body, content_type="multipart/form-data; boundary=cut", length=None):
    return WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body) if length is None else length),
            "wsgi.input": BytesIO(body),
        }
    )


def part(name, content, extra=""):
    head = f'Content-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
    return b"--cut\r\n" + head.encode() + content + b"\r\n"


@given(
    st.lists(st.binary().filter(lambda content: b"\r\n--cut" not in b"\r\n" + content), max_size=4),
    st.integers(1, 40),
)
def test_parts_are_found_however_the_stream_is_cut(contents, size):
    body = b"".join(part(f"f{n}", content) for n, content in enumerate(contents)) + b"--cut--\r\n"
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    found = [b"".join(stream) for kind, _, stream in Parser(chunks, b"cut") if kind == "field"]
    assert found == contents


@given(st.dictionaries(st.text(), st.lists(st.text(), min_size=1)))
def test_a_query_string_says_what_a_querydict_held(lists):
    try:
        made = QueryDict(mutable=True)
        for name, values in lists.items():
            made.setlist(name, values)
        text = made.urlencode()
    except UnicodeEncodeError:
        return
    again = QueryDict(text)
    assert {name: again.getlist(name) for name in again} == lists


def test_a_body_cut_in_the_middle_of_a_file_leaves_the_file_out():
    body = part("a", b"whole") + part("f", b"x" * 1000, '; filename="f.txt"')[:-500]
    posted = request(body)
    assert posted.POST == {"a": ["whole"]}
    assert not posted.FILES


def test_ten_thousand_fields_are_too_many():
    body = b"&".join(b"f%d=1" % n for n in range(10_000))
    with pytest.raises(TooManyFieldsSent, match="DATA_UPLOAD_MAX_NUMBER_FIELDS"):
        _ = request(body, "application/x-www-form-urlencoded").POST


def test_ten_thousand_parts_are_too_many():
    with pytest.raises(TooManyFieldsSent):
        _ = request(part("a", b"1") * 10_000 + b"--cut--").POST


def test_a_body_of_five_gigabytes_is_refused_unread():
    class Untouched(BytesIO):
        def read(self, *args):
            raise AssertionError("it was read")

    big = request(b"", "application/x-www-form-urlencoded", length=5 * 2**30)
    big._stream._read = Untouched().read
    with pytest.raises(RequestDataTooBig, match="DATA_UPLOAD_MAX_MEMORY_SIZE"):
        _ = big.POST
    # The error page, which reads the form too, finds it empty.
    big._mark_post_parse_error()
    assert big.POST == {}


def test_memory_stays_bounded_while_a_large_file_passes():
    class Endless:
        left = 2**24

        def read(self, size):
            given = min(size, self.left)
            self.left -= given
            return b"x" * given

    longest = 0
    head = b"--cut\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"

    def chunks():
        yield head
        source = Endless()
        while piece := source.read(2**16):
            yield piece
        yield b"\r\n--cut--"

    for kind, _, stream in Parser(chunks(), b"cut"):
        if kind == "file":
            for piece in stream:
                longest = max(longest, len(piece))
    assert longest <= 2**17


@pytest.mark.parametrize("cookie", ["", ";", "=", "a", ";;=;", 'a="', "a=\x00;b=1", "é=ü"])
def test_malformed_cookies_never_fail(cookie):
    from django.http import parse_cookie

    assert isinstance(parse_cookie(cookie), dict)


def test_cve_2022_23833_a_malformed_multipart_body_ends():
    body = b"--cut\r\nContent-Disposition: form-data; name=f; filename=f\r\n"
    body += b"Content-Transfer-Encoding: base64\r\n\r\nAAA\r\n--cut--"
    with pytest.raises(MultiPartParserError, match="Could not decode base64 data"):
        _ = request(body).FILES


def test_cve_2023_24580_files_are_counted(settings_override):
    body = b"".join(part(f"f{n}", b"", f'; filename="{n}"') for n in range(101)) + b"--cut--"
    with settings_override(DATA_UPLOAD_MAX_NUMBER_FILES=100), pytest.raises(TooManyFilesSent):
        _ = request(body).FILES


@pytest.mark.parametrize("name", ["../../x.txt", "..\\x.txt", "/etc/x.txt", "..&sol;x.txt"])
def test_cve_2021_31542_uploaded_names_have_no_path(name):
    body = part("f", b"1", f'; filename="{name}"') + b"--cut--"
    assert request(body).FILES["f"].name == "x.txt"


def test_cve_2026_33034_the_declared_length_does_not_lift_the_limit(settings_override):
    from django.core.handlers.asgi import ASGIRequest

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-length", b"1")]}
    with settings_override(DATA_UPLOAD_MAX_MEMORY_SIZE=5), pytest.raises(RequestDataTooBig):
        _ = ASGIRequest(scope, BytesIO(b"x" * 10)).body
