"""One request, three ways: WSGI, ASGI with a sync view, ASGI with an async view: the same bytes."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import types
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django.core.exceptions import BadRequest, PermissionDenied
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.test.utils import override_settings
from django.urls import path
from django.views.decorators.http import condition, require_http_methods

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
]


def about(request: Any) -> dict[str, Any]:
    """Return what a view can know of a request."""
    return {
        "method": request.method,
        "path": request.get_full_path(),
        "secure": request.is_secure(),
        "absolute": request.build_absolute_uri("x/?y"),
        "GET": dict(request.GET.lists()),
        "POST": dict(request.POST.lists()),
        "FILES": {name: upload.read().hex() for name, upload in request.FILES.items()},
        "COOKIES": request.COOKIES,
        "headers": dict(sorted(request.headers.items())),
        "type": [request.content_type, request.content_params, request.encoding],
        "accepted": [str(kind) for kind in request.accepted_types],
    }


def echo(request: Any) -> HttpResponse:
    return JsonResponse(about(request))


def body(request: Any) -> HttpResponse:
    return HttpResponse(request.body, content_type="application/octet-stream")


def cookie(request: Any) -> HttpResponse:
    response = HttpResponse("cookies")
    for name, value in request.GET.items():
        response.headers[f"X-{len(name)}"] = str(len(value))
        response.set_cookie("c" * (1 + len(name) % 5), value, httponly=True)
    response.delete_cookie("old")
    return response


def redirect(request: Any) -> HttpResponse:
    return HttpResponseRedirect("/echo/?" + request.META["QUERY_STRING"])


def stream(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse([b"a", "ä", b"", b"b" * 10])


def missing(request: Any) -> HttpResponse:
    raise Http404("nothing")


def denied(request: Any) -> HttpResponse:
    raise PermissionDenied


def bad(request: Any) -> HttpResponse:
    raise BadRequest("bad")


def broken(request: Any) -> HttpResponse:
    raise ValueError("broken")


def unmodified(request: Any) -> HttpResponse:
    return HttpResponseNotModified()


@require_http_methods(["GET", "PUT"])
def limited(request: Any) -> HttpResponse:
    return HttpResponse("limited")


VIEWS = (
    echo, body, cookie, redirect, stream, missing, denied, bad, broken, unmodified, limited,
)  # fmt: skip


def awaiting(view: Any) -> Any:
    """Return the async twin of a view."""

    async def twin(request: Any) -> Any:
        return view(request)

    return twin


@condition(etag_func=lambda request: '"tag"')
def tagged(request: Any) -> HttpResponse:
    return HttpResponse("tagged")


@condition(etag_func=lambda request: '"tag"')
async def atagged(request: Any) -> HttpResponse:
    return HttpResponse("tagged")


@require_http_methods(["GET", "PUT"])
async def alimited(request: Any) -> HttpResponse:
    return HttpResponse("limited")


PAIRS = {view.__name__: (view, awaiting(view)) for view in VIEWS}
PAIRS |= {"tagged": (tagged, atagged), "limited": (limited, alimited)}


@pytest.fixture(scope="module", autouse=True)
def project() -> Any:
    for index, name in enumerate(("three_plain", "three_awaiting")):
        module = types.ModuleType(name)
        module.urlpatterns = [path(f"{v}/", pair[index]) for v, pair in PAIRS.items()]  # type: ignore[attr-defined]
        sys.modules[name] = module
    yield
    for name in ("three_plain", "three_awaiting"):
        del sys.modules[name]


def options(urlconf: str) -> Any:
    return override_settings(ROOT_URLCONF=urlconf, MIDDLEWARE=MIDDLEWARE, LANGUAGES=[("en", "E")])


def by_wsgi(sent: dict[str, Any]) -> Any:
    environ = {
        "REQUEST_METHOD": sent["method"],
        "PATH_INFO": sent["path"],
        "SCRIPT_NAME": "",
        "QUERY_STRING": sent["query"],
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent["body"]),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in sent["headers"].items():
        key = name.upper().replace("-", "_")
        environ[key if name.startswith("content-") else f"HTTP_{key}"] = value
    got: list[Any] = []
    with options("three_plain"):
        answer = WSGIHandler()(environ, lambda *given: got.extend(given[:2]))
        content = b"".join(answer)
        answer.close()
    return int(got[0][:3]), sorted(got[1]), content


def by_asgi(sent: dict[str, Any], urlconf: str) -> Any:
    scope = {
        "type": "http",
        "method": sent["method"],
        "path": sent["path"],
        "query_string": sent["query"].encode(),
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in sent["headers"].items()],
        "server": ("testserver", 80),
        "scheme": "http",
    }
    events = [{"type": "http.request", "body": sent["body"], "more_body": False}]
    messages: list[Any] = []

    async def receive() -> Any:
        if not events:
            await asyncio.sleep(60)
        return events.pop()

    async def send(message: Any) -> None:
        messages.append(message)

    with options(urlconf):
        asyncio.run(ASGIHandler()(scope, receive, send))
    headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in messages[0]["headers"]]
    content = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], sorted(headers), content


values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12).map(str.strip)
known = st.fixed_dictionaries(
    {},
    optional={
        "host": st.sampled_from(("testserver", "testserver:8000", "evil.example", "a b")),
        "cookie": st.sampled_from(("a=b", "a=b; c=d", "sessionid=x", "=", 'q="a b"')),
        "accept": st.sampled_from(("text/html", "*/*;q=0.1, text/plain", "application/json", "")),
        "accept-language": st.sampled_from(("en", "de;q=0.5", "")),
        "if-none-match": st.sampled_from(('"tag"', "*", 'W/"tag"', '"other"')),
        "if-modified-since": st.just("Mon, 01 Jan 2024 00:00:00 GMT"),
        "user-agent": values,
        "x-forwarded-proto": st.just("https"),
        "x-custom": values,
    },
)
form = st.dictionaries(values, values, max_size=3).map(
    lambda pairs: (
        "application/x-www-form-urlencoded",
        "&".join(f"{a}={b}" for a, b in pairs.items()).encode(),
    )
)
parts = st.binary(max_size=40).map(
    lambda content: (
        "multipart/form-data; boundary=cut",
        b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
        + content.replace(b"--cut", b"")
        + b"\r\n--cut--\r\n",
    )
)
other = st.tuples(
    st.sampled_from(("application/json", "text/plain; charset=latin-1", "")), st.binary(max_size=30)
)
requests = st.builds(
    lambda method, view, query, headers, content: {
        "method": method,
        "path": f"/{view}/",
        "query": query,
        "headers": {
            "host": "testserver",
            **headers,
            **({"content-type": content[0]} if content[0] else {}),
            "content-length": str(len(content[1])),
        },
        "body": content[1],
    },
    st.sampled_from(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")),
    st.sampled_from(sorted(PAIRS)),
    st.lists(st.sampled_from(("a=1", "b=%C3%A4", "c", "&", "=", "a=2", "%zz")), max_size=4).map("&".join),
    known,
    form | parts | other,
)  # fmt: skip


@given(requests)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_three_ways_give_the_same_bytes(sent: dict[str, Any]) -> None:
    plain = by_wsgi(sent)
    # A WSGI server leaves the body of an answer to HEAD out; over ASGI that is for us to do.
    if sent["method"] == "HEAD":
        plain = (*plain[:2], b"")
    hopping, awaiting = by_asgi(sent, "three_plain"), by_asgi(sent, "three_awaiting")
    assert hopping == awaiting
    assert hopping[0] == plain[0]
    assert hopping[1] == plain[1]
    assert hopping[2] == plain[2] or sent["method"] == "HEAD"


def test_the_requests_say_something() -> None:
    sent = {
        "method": "POST",
        "path": "/echo/",
        "query": "a=1",
        "headers": {
            "host": "testserver",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": "3",
        },
        "body": b"b=2",
    }
    seen = json.loads(by_wsgi(sent)[2])
    assert seen["GET"] == {"a": ["1"]}
    assert seen["POST"] == {"b": ["2"]}
