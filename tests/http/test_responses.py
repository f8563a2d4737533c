"""Responses: headers, redirects, cookies, files."""

import asyncio
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.core.exceptions import DisallowedHost, DisallowedRedirect
from django.http import (
    BadHeaderError,
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)


@given(st.text(), st.text())
def test_no_header_holds_a_line_end(name, value):
    response = HttpResponse()
    try:
        response[name] = value
    except (BadHeaderError, UnicodeError):
        return
    assert b"\n" not in response.serialize_headers().replace(b"\r\n", b"")


@given(st.sampled_from(["X-A", "x-a", "X-a"]), st.sampled_from(["x-A", "X-A"]))
def test_headers_ignore_case(set_as, asked_as):
    response = HttpResponse(headers={set_as: "1"})
    assert response[asked_as] == "1" and response.has_header(asked_as)
    del response[asked_as]
    assert set_as not in response


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "http://[", "\x00ssh://x"]
)
def test_redirects_lead_to_the_web_only(url):
    with pytest.raises(DisallowedRedirect):
        HttpResponseRedirect(url.lstrip("\x00"))


def test_cve_2025_64458_a_redirect_of_any_length_is_refused_quickly():
    with pytest.raises(DisallowedRedirect, match="characters"):
        HttpResponseRedirect("/" + "é" * 100_000)


def test_a_file_is_streamed_under_asgi_without_reading_it_whole():
    class Counted(BytesIO):
        largest = 0

        def read(self, size=-1):
            self.largest = max(self.largest, size)
            return super().read(size)

    async def consume(response):
        return [piece async for piece in response]

    source = Counted(b"x" * 200_000)
    response = FileResponse(source, filename="x.bin")
    assert b"".join(asyncio.run(consume(response))) == b"x" * 200_000
    assert 0 < source.largest <= 2**16
    assert response["Content-Disposition"] == 'inline; filename="x.bin"'


@pytest.mark.parametrize(
    "host", ["evil.org", "testserver@evil.org", "testserver:x", "a_b.c", "[::1"]
)
def test_cve_2012_4520_poisoned_hosts_are_refused(host):
    request = HttpRequest()
    request.META = {"HTTP_HOST": host}
    with pytest.raises(DisallowedHost):
        request.get_host()


def test_a_long_host_is_judged_in_linear_time():
    request = HttpRequest()
    request.META = {"HTTP_HOST": "a." * 100_000 + "!"}
    with pytest.raises(DisallowedHost):
        request.get_host()


def test_cve_2026_6873_signed_cookies_keep_name_and_salt_apart():
    from django.core.signing import BadSignature

    response = HttpResponse()
    response.set_signed_cookie("a", "hello", salt="bc")
    request = HttpRequest()
    request.COOKIES = {"a": response.cookies["a"].value, "ab": response.cookies["a"].value}
    assert request.get_signed_cookie("a", salt="bc") == "hello"
    with pytest.raises(BadSignature):
        request.get_signed_cookie("ab", salt="c")


def test_a_sync_stream_is_served_to_async_code_with_a_warning():
    from django.http import StreamingHttpResponse

    async def consume():
        return [piece async for piece in StreamingHttpResponse(iter(["a", "b"]))]

    with pytest.warns(Warning, match="must consume synchronous iterators"):
        assert asyncio.run(consume()) == [b"a", b"b"]
