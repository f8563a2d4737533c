"""Whatever a client sends or a template author writes: documented errors, little time, little memory.

Strategies mix pieces that mean something with noise, since noise alone is refused at the door.
"""

from __future__ import annotations

import io
import os
import time
import tracemalloc
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse, QueryDict, parse_cookie
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException, UnreadablePostError
from django.template import Context, Engine, TemplateSyntaxError
from django.test.utils import override_settings
from django.urls import Resolver404, include, path, re_path
from django.urls.resolvers import RegexPattern, URLResolver
from django.utils import translation
from django.utils.http import (
    parse_etags,
    parse_header_parameters,
    parse_http_date_safe,
    url_has_allowed_host_and_scheme,
)
from django.utils.translation.trans_real import parse_accept_lang_header

#: Settings are taken when a test is defined. Machines have other things to do: no deadlines.
fuzzed = settings(
    max_examples=2000 if os.environ.get("NUAGES_FUZZ_SECONDS") else 150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

#: What reading a request may raise, as the manual has it; the handler makes answers of these.
REFUSALS = (
    BadRequest,
    DisallowedHost,
    MultiPartParserError,
    RawPostDataException,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
    UnreadablePostError,
)


def mixture(*pieces: bytes) -> Any:
    """Return a strategy of bytes put together from ``pieces`` and from noise."""
    return st.lists(st.sampled_from(pieces) | st.binary(max_size=12), max_size=24).map(b"".join)


def words(*pieces: str) -> Any:
    """The same for text."""
    return st.lists(st.sampled_from(pieces) | st.text(max_size=8), max_size=24).map("".join)


latin = words("a", "=", "&", ";", "%", "%2", "%zz", "%00", "+", "/", "..", "\xff", ",", '"').map(
    lambda text: text.encode("utf-8", "replace").decode("latin-1")
)
HEADERS = {
    "HTTP_HOST": words("localhost", ":", "80", "[", "]", "::1", "example.com", ".", "@"),
    "HTTP_COOKIE": words("a=b", ";", " ", '"', "\\", "\\073", "=", "sessionid=", ","),
    "HTTP_ACCEPT": words("text/html", "*/*", ";q=", "0.5", ",", ";", "=", '"', "nan", "inf"),
    "HTTP_ACCEPT_LANGUAGE": words("de", "-", "*", ";q=", "1", ",", "x", "@"),
    "HTTP_IF_NONE_MATCH": words('"', "W/", ",", "*", "abc"),
    "HTTP_IF_MODIFIED_SINCE": words("Mon, ", "01 Jan ", "2026 ", "25:61:61", " GMT"),
    "HTTP_X_FORWARDED_FOR": words("1.2.3.4", ",", "::1"),
    "CONTENT_TYPE": words(
        "multipart/form-data",
        "; boundary=",
        "cut",
        "; charset=",
        "utf-8",
        "utf-7",
        "x",
        "/",
        '"',
        "application/x-www-form-urlencoded",
    ),
    "CONTENT_LENGTH": words("1", "0", "-", "99999999999", " ", "x"),
}
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(("GET", "POST", "PUT", "HEAD", "OPTIONS", "TRACE", "BREW", "")),
        "path": latin,
        "query": latin,
        "headers": st.fixed_dictionaries({}, optional=HEADERS),
        "body": mixture(b"--cut", b"\r\n", b"a=b", b"&", b"%", b'name="a"', b": ", b"form-data; "),
    }
)  # fmt: skip


def environ_of(sent: dict[str, Any]) -> dict[str, Any]:
    environ = {
        "REQUEST_METHOD": sent["method"],
        "PATH_INFO": sent["path"],
        "SCRIPT_NAME": "",
        "QUERY_STRING": sent["query"],
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "CONTENT_LENGTH": str(len(sent["body"])),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent["body"]),
        "wsgi.errors": io.StringIO(),
    }
    for name, text in sent["headers"].items():
        environ[name] = text.encode("utf-8", "replace").decode("latin-1")
    return environ


def scope_of(sent: dict[str, Any]) -> dict[str, Any]:
    named = {name.removeprefix("HTTP_"): text for name, text in sent["headers"].items()}
    headers = [
        (name.replace("_", "-").lower().encode(), text.encode("utf-8", "replace"))
        for name, text in named.items()
    ]
    path = sent["path"].encode("latin-1").decode("utf-8", "replace")
    return {
        "type": "http",
        "method": sent["method"] or "GET",
        "path": path,
        "query_string": sent["query"].encode("latin-1"),
        "headers": headers,
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }


def read_everything(request: Any) -> None:
    """Look at all that a view may look at."""
    attributes = (
        "GET POST FILES COOKIES META headers content_type content_params encoding scheme "
        "accepted_types accepted_types_by_precedence body"
    )
    calls = "get_host get_port get_full_path get_full_path_info build_absolute_uri is_secure"
    for name in attributes.split():
        try:
            getattr(request, name)
        except REFUSALS:
            continue
    for name in calls.split():
        try:
            getattr(request, name)()
        except REFUSALS:
            continue
    request.accepts("text/html")
    request.get_preferred_type(["text/html", "application/json"])
    assert request.get_signed_cookie("a", default=None) is None
    assert repr(request)


@fuzzed
@given(requests)
def test_a_wsgi_request_is_read_or_refused(sent: dict[str, Any]) -> None:
    try:
        request = WSGIRequest(environ_of(sent))
    except REFUSALS:
        return
    read_everything(request)


@fuzzed
@given(requests)
def test_an_asgi_request_is_read_or_refused(sent: dict[str, Any]) -> None:
    try:
        request = ASGIRequest(scope_of(sent), io.BytesIO(sent["body"]))
    except REFUSALS:
        return
    read_everything(request)


def echo(request: Any, **kwargs: Any) -> HttpResponse:
    read_everything(request)
    return HttpResponse(request.path)


class Everything:
    urlpatterns = [path("", echo), re_path(r"(?P<rest>(?s:.*))", echo)]


@fuzzed
@given(requests)
def test_the_whole_stack_answers(sent: dict[str, Any]) -> None:
    middleware = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.middleware.gzip.GZipMiddleware",
    ]
    options = override_settings(
        ROOT_URLCONF=Everything,
        MIDDLEWARE=middleware,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )
    with options, translation.override("en-us"):
        status: list[str] = []
        answer = WSGIHandler()(environ_of(sent), lambda line, headers: status.append(line))
        b"".join(answer)
        answer.close()
    # 500 would be an error that nobody foresaw.
    assert status[0][:3] in ("200", "302", "304", "400", "403", "404", "412", "413"), status


multipart = mixture(
    b"--cut", b"--cut--", b"\r\n", b"\r\n\r\n", b"Content-Disposition: form-data; ", b'name="a"',
    b'; filename="f.txt"', b"; filename*=utf-8''%e2%82", b"Content-Type: text/plain",
    b"Content-Transfer-Encoding: base64", b"QUJD", b"=", b" ", b"; charset=", b'"', b"\\",
    b"Content-Length: 5",
)  # fmt: skip


@fuzzed
@given(multipart, st.integers(-3, 3))
def test_a_multipart_body_is_read_or_refused(body: bytes, off: int) -> None:
    request = WSGIRequest(
        {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "multipart/form-data; boundary=cut",
            "CONTENT_LENGTH": str(max(0, len(body) + off)),
            "wsgi.input": io.BytesIO(body),
        }
    )
    try:
        posted, files = request.POST, request.FILES
    except REFUSALS:
        return
    for _, values in posted.lists():
        assert all(isinstance(value, str) for value in values)
    for _, uploads in files.lists():
        for upload in uploads:
            assert len(upload.read()) == upload.size
            assert not set(upload.name) & set("/\\\0")


@fuzzed
@given(words("a=b", "a", "=", ";", "; ", '"', '\\"', "\\012", "\\", ",", "$Path", "__proto__"))
def test_cookies_are_text_by_name(header: str) -> None:
    found = parse_cookie(header)
    assert all(isinstance(part, str) for pair in found.items() for part in pair)
    assert len(found) <= header.count(";") + 1


@fuzzed
@given(words("a", "=", "&", ";", "%", "%e2%82%ac", "%ff", "+", "[]", "b"))
def test_query_strings_are_read_and_written_again(text: str) -> None:
    try:
        read = QueryDict(text)
    except REFUSALS:
        return
    again = QueryDict(read.urlencode())
    assert again == read


@fuzzed
@given(words('"', ";", "=", "a", "*", "''", "utf-8", "%41", "\\", " ", "filename", "boundary"))
def test_header_parameters(text: str) -> None:
    try:
        value, parameters = parse_header_parameters(text)
    except (ValueError, LookupError):
        return
    assert isinstance(value, str)
    assert isinstance(parameters, dict)


@fuzzed
@given(words('"', "W/", ",", "*", "Mon, 01 Jan 2026 00:00:00 GMT", "de", "-", ";q=", "0.1"))
def test_small_headers(text: str) -> None:
    assert isinstance(parse_etags(text), list)
    moment = parse_http_date_safe(text)
    assert moment is None or isinstance(moment, int)
    assert all(0 <= weight <= 1 for _, weight in parse_accept_lang_header(text))


ROUTES = [
    path("", echo),
    path("articles/<int:year>/", echo),
    path("articles/<int:year>/<slug:name>/", echo),
    path("files/<path:rest>", echo),
    path("<uuid:key>/", echo),
    path("<str:word>.html", echo),
    path("sub/", include([path("<int:a>-<int:b>/", echo), re_path(r"^(?P<n>\d{2,4})$", echo)])),
    re_path(r"^(?:old/)?(?P<code>[a-z]{1,3})(?P<rest>/.*)?$", echo),
]
urls = words(
    "articles", "/", "1", "2026", "-", "sub/", "files/", "old/", ".html", "a", "..", "%", "\n",
    "12345678-1234-1234-1234-123456789abc", "٣",
)  # fmt: skip


def outcome(resolver: URLResolver, url: str) -> Any:
    try:
        match = resolver.resolve(url)
    except Resolver404:
        return None
    return match.func, match.args, match.kwargs, match.route


@fuzzed
@given(urls)
def test_both_matchers_find_the_same(url: str) -> None:
    compiled = outcome(URLResolver(RegexPattern(r"^/"), ROUTES), f"/{url}")
    with override_settings(NUAGES={"COMPILED_URLS": False}):
        assert outcome(URLResolver(RegexPattern(r"^/"), ROUTES), f"/{url}") == compiled


templates = words(
    "{% if a %}", "{% elif b %}", "{% else %}", "{% endif %}", "{% for x in rows %}", "{% empty %}",
    "{% endfor %}", "{{ a }}", "{{ x.y|default:'z' }}", "{{ a|", "}}", "{%", "%}", "{#", "#}", "|",
    "{% with a=b %}", "{% endwith %}", "{% block c %}", "{% endblock %}", "{% comment %}",
    "{% endcomment %}", "{% verbatim %}", "{% endverbatim %}", "{{ rows|join:', ' }}", '"', "'",
    "{% cycle 'a' 'b' %}", "{% firstof a b %}", "{% now 'Y' %}", "{% filter upper %}",
    "{% endfilter %}", "{% spaceless %}", "{% endspaceless %}", "{% regroup rows by y as g %}",
    "{{ forloop.counter }}", "{% url 'none' as u %}", "{% templatetag openblock %}", "{{ block.super }}",
    "{% load nothing %}", "{% autoescape off %}", "{% endautoescape %}", "{% partialdef p %}",
    "{% endpartialdef %}", "{% partial p %}", "{% ifchanged %}", "{% endifchanged %}", "_(", ")",
    "{{ a|add:1|floatformat:'2g' }}", "{% widthratio a 3 4 %}", "{% lorem 2 w %}", "{{ 1.e }}",
)  # fmt: skip
NAMES = {"a": 1, "b": "<b>", "rows": [{"y": 1}, {"y": "&"}, 3]}


@fuzzed
@given(templates)
def test_templates_compile_and_render_or_say_what_is_wrong(text: str) -> None:
    with override_settings(ROOT_URLCONF=Everything):
        compile_and_render(text)


def compile_and_render(text: str) -> None:
    engine = Engine(string_if_invalid="")
    try:
        template = engine.from_string(text)
    except TemplateSyntaxError as error:
        assert str(error)
        return
    answers = []
    for _ in range(6):  # often enough to be compiled
        try:
            answers.append(template.render(Context(NAMES)))
        except TemplateSyntaxError:
            answers.append("refused")
        except RecursionError:
            # A partial that renders itself.
            assert "{% partial p %}" in text
            return
    if "{% lorem" not in text:
        assert len(set(answers)) == 1


#: Filters that look for something in a text.
SEEKERS = ("urlize", "striptags", "truncatewords_html:9", "linebreaks", "wordwrap:9", "slugify")


def shown_by_filters(text: str) -> None:
    """Send a text through the filters."""
    source = "".join(f"{{{{ text|{name} }}}}" for name in SEEKERS)
    Engine().from_string(source).render(Context({"text": text}))


# Time grows with length, not with its square: ten times the input takes about ten times as long.

GROWING = {
    "cookies": (parse_cookie, "a=b; "),
    "cookie quotes": (parse_cookie, '"\\"'),
    "query": (lambda text: list(text.split("&")) and QueryDict("a=" + text), "%"),
    "header parameters": (parse_header_parameters, ';a="\\"'),
    "etags": (parse_etags, '"a",'),
    "languages": (parse_accept_lang_header, "de;q=1,"),
    "template": (lambda text: Engine().from_string(text), "{{ a }}{"),
    "open tags": (lambda text: Engine().from_string(text), "{%{{{#"),
    "filters": (lambda text: Engine().from_string("{{ a" + text), "|upper"),
    "arguments": (lambda text: Engine().from_string("{% if " + text), 'a and "b" '),
    "markup": (lambda text: shown_by_filters(text), "<a &lt;b@c.d ("),
    "marks": (lambda text: shown_by_filters(text), "www.a.b;:!)"),
    "address": (lambda text: url_has_allowed_host_and_scheme(text, None), "//¾\\"),
    "url": (lambda text: outcome(URLResolver(RegexPattern(r"^/"), ROUTES), "/" + text), "a-1/"),
}


def seconds(function: Any, text: str) -> float:
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        try:
            function(text)
        except (*REFUSALS, ValueError, TemplateSyntaxError):
            pass
        best = min(best, time.process_time() - start)
    return best


@fuzzed
@given(st.sampled_from(sorted(GROWING)), st.sampled_from(("", "x", '"', "\0", "%}")))
def test_time_grows_with_length_only(name: str, end: str) -> None:
    function, piece = GROWING[name]
    short, long = (seconds(function, piece * count + end) for count in (500, 5_000))
    assert long < 0.05 or long < 40 * short, (name, short, long)


@fuzzed
@given(st.integers(1, 40), st.sampled_from((b"x", b"\r\n", b"--cu", b"\r\n--cu", b"\0")))
def test_memory_is_bounded_whatever_is_uploaded(pieces: int, piece: bytes) -> None:
    class Endless(io.RawIOBase):
        """Gives ``left`` bytes without holding them."""

        left = pieces * 2**17

        def read(self, size: int = -1) -> bytes:
            size = min(size, self.left)
            self.left -= size
            return (piece * (size // len(piece) + 1))[:size]

    head = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    stream = Endless()

    class Body(io.RawIOBase):
        started = False

        def read(self, size: int = -1) -> bytes:
            if not self.started:
                self.started = True
                return head
            return stream.read(size)

    with override_settings(FILE_UPLOAD_MAX_MEMORY_SIZE=2**16):
        request = WSGIRequest(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": "multipart/form-data; boundary=cut",
                "CONTENT_LENGTH": str(len(head) + stream.left),
                "wsgi.input": Body(),
            }
        )
        tracemalloc.start()
        try:
            request.FILES  # noqa: B018
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()
            request.close()
