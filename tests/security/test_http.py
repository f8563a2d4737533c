"""Requests, answers, cookies, hosts, redirects: past advisories, over both protocols and roads."""

import io
import logging

import pytest
from roads import by_asgi, by_wsgi

from django import forms
from django.core.exceptions import DisallowedHost, DisallowedRedirect, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, QueryDict, parse_cookie
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory
from django.test.utils import override_settings
from django.urls import NoReverseMatch, path, re_path, reverse
from django.utils.http import is_same_domain, url_has_allowed_host_and_scheme
from django.utils.log import log_response
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.csrf import csrf_protect

requests = RequestFactory()
COMMON = ["django.middleware.common.CommonMiddleware"]
SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


def hello(request, **kwargs):
    return HttpResponse("hello")


def test_cve_2026_3902_and_2015_0219_underscores_spoof_no_header():
    headers = [(b"x_forwarded_user", b"admin"), (b"x-real", b"1")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""}
    request = ASGIRequest(scope, io.BytesIO())
    assert "HTTP_X_FORWARDED_USER" not in request.META
    assert request.headers["x-real"] == "1"


HOSTS = [
    "evil.example",
    "testserver@evil.example",
    "evil.example#testserver",
    "testserver:80:80",
    "testserver\\.evil.example",
    "testserver/evil",
    "a b",
    "test\x00server",
    "[::1",
]


@pytest.mark.parametrize("host", HOSTS)
def test_cve_2012_4520_2011_4139_2011_4140_hosts_are_checked(ask, road, project, host):
    project([path("", hello)], MIDDLEWARE=COMMON)
    assert ask("/", headers=[("Host", host)]).status == 400


@pytest.mark.parametrize("host", ["evil.example", "attacker.test"])
def test_cve_2016_9014_debugging_opens_local_hosts_only(host):
    with override_settings(DEBUG=True, ALLOWED_HOSTS=[]):
        with pytest.raises(DisallowedHost):
            requests.get("/", headers={"host": host}).get_host()
        assert requests.get("/", headers={"host": "localhost"}).get_host() == "localhost"


def test_cve_2019_12781_the_proxys_word_counts_alone():
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_PROTO", "https")):
        request = requests.get("/", secure=True, headers={"x-proto": "http"})
        assert request.scheme == "http"
        assert requests.get("/", headers={"x-proto": "https, http"}).is_secure()


def test_cve_2025_48432_paths_are_escaped_in_logs(caplog):
    request = requests.get("/")
    with caplog.at_level(logging.WARNING, "django.request"):
        log_response(
            "Not Found: %s",
            "/a\n\x1b[31mforged",
            response=HttpResponse(status=404),
            request=request,
        )
    assert "\n" not in caplog.records[0].getMessage()
    assert "\x1b" not in caplog.records[0].getMessage()


REDIRECTS = [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "http:///evil.example",
    "http:\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "\x08//evil.example",
    "\x1fhttp://evil.example",
    "http://testserver@evil.example",
    "http://user:pass@evil.example/testserver",
    "http:999999999",
    "ftp:9999999999",
    "http://[evil",
    " http://evil.example",
    "\njavascript:alert(1)",
]


@pytest.mark.parametrize("url", REDIRECTS)
def test_cve_2017_7233_2016_2512_2015_2317_2015_0220_2014_3730_2013_6044_targets(url):
    assert not url_has_allowed_host_and_scheme(url, allowed_hosts={"testserver"})


@pytest.mark.parametrize("scheme", ["javascript", "data", "vbscript", "file"])
def test_cve_2012_3442_redirects_have_known_schemes(scheme):
    with pytest.raises(DisallowedRedirect):
        HttpResponseRedirect(f"{scheme}:alert(1)")


def test_cve_2018_14574_a_slash_is_appended_on_this_host(ask, road, project):
    project([re_path(r"^(?s:.*)/$", hello)], MIDDLEWARE=COMMON)
    answer = ask("//evil.example/page", headers=[("Host", "testserver")])
    assert answer.status in (301, 404)
    assert not answer.headers.get("location", "/x").startswith("//")


def test_cve_2014_0480_reverse_stays_on_this_host(project):
    project([re_path(r"^(?P<rest>.*)$", hello, name="all")])
    assert reverse("all", kwargs={"rest": "/evil.example"}) == "/%2Fevil.example"


def test_cve_2014_0472_reverse_imports_nothing(project):
    project([path("", hello)])
    with pytest.raises(NoReverseMatch):
        reverse("antigravity.fly")


def test_cve_2021_44420_a_new_line_does_not_end_a_path(ask, road, project):
    project([path("page/<int:number>", hello), path("exact", hello)], MIDDLEWARE=[])
    for url in ("/page/1\n", "/exact\n"):
        assert ask(url, headers=[("Host", "testserver")]).status == 404


def test_cve_2021_23336_a_semicolon_separates_nothing():
    assert QueryDict("a=1;b=2") == {"a": ["1;b=2"]}


def test_cve_2016_7401_cookies_are_split_at_semicolons_only():
    found = parse_cookie('csrftoken=good; __utma="x]csrftoken=evil"; a=b,csrftoken=evil')
    assert found["csrftoken"] == "good"


def test_cve_2010_3082_the_token_of_a_cookie_is_escaped_or_refused(project):
    middleware = CsrfViewMiddleware(hello)
    request = requests.get("/")
    request.COOKIES["csrftoken"] = '"><script>'
    middleware.process_request(request)
    from django.middleware.csrf import get_token

    assert "<" not in get_token(request)


def test_cve_2011_0696_a_header_of_scripts_is_no_token():
    middleware = CsrfViewMiddleware(hello)
    request = requests.post("/", headers={"x-requested-with": "XMLHttpRequest"})
    assert middleware.process_view(request, hello, (), {}).status_code == 403


@pytest.mark.parametrize(
    ("name", "salt", "other", "other_salt"), [("a", "bc", "ab", "c"), ("ab", "", "a", "b")]
)
def test_cve_2026_6873_names_and_salts_of_signed_cookies(name, salt, other, other_salt):
    response = HttpResponse()
    response.set_signed_cookie(name, "value", salt=salt)
    request = requests.get("/")
    request.COOKIES[other] = response.cookies[name].value
    assert request.get_signed_cookie(other, salt=other_salt, default="no") == "no"
    request.COOKIES[name] = response.cookies[name].value
    assert request.get_signed_cookie(name, salt=salt) == "value"


@pytest.mark.parametrize("name", ['a"b.sh";x=".txt', 'a\\".txt', "a\r\nX: y.txt", "ä\n.txt"])
def test_cve_2022_36359_file_names_stay_in_their_header(name):
    response = FileResponse(io.BytesIO(b"x"), as_attachment=True, filename=name)
    value = response.headers["Content-Disposition"]
    assert "\n" not in value
    quoted = value.partition('filename="')[2]
    assert quoted.replace("\\\\", "").replace('\\"', "").count('"') in (0, 1)


@pytest.mark.parametrize("value", ["a\nb", "a\r\nSet-Cookie: x=y", "a\rb"])
def test_headers_have_no_line_breaks(value):
    with pytest.raises(ValueError, match="newlines"):
        HttpResponse(headers={"X-Custom": value})
    with pytest.raises(ValueError, match="newlines"):
        HttpResponse()["X-Custom"] = value


def test_a_domain_and_its_subdomains():
    assert is_same_domain("a.example.com", ".example.com")
    assert not is_same_domain("evilexample.com", ".example.com")


# Cached pages


def cached(view, **options):
    return cache_page(60, key_prefix=options.pop("prefix", "security"))(view)


@pytest.fixture
def pages(project):
    """Return a function that sends requests to a cached view, and counts its calls."""
    from django.core.cache import cache

    cache.clear()
    calls = []

    def make(answer, **options):
        def view(request):
            calls.append(request)
            return answer(request)

        decorated = cached(view)

        def send(**headers):
            factory = RequestFactory(headers=headers)
            request = factory.get("/page/")
            from django.contrib.sessions.backends.signed_cookies import SessionStore

            request.session = SessionStore()
            return decorated(request)

        return send, calls

    return make


@pytest.mark.parametrize(
    ("advisory", "headers"),
    [
        ("cve_2026_48588", {"Set-Cookie": "a=b", "Vary": "Cookie"}),
        ("cve_2026_8404", {"Cache-Control": "Private"}),
        ("cve_2026_6907", {"Vary": "*"}),
        ("cve_2026_48587", {"Vary": " * "}),
        ("cve_2026_48587", {"Vary": "Accept , *"}),
    ],
)
def test_cve_2026_such_answers_are_not_kept(pages, advisory, headers):
    def answer(request):
        response = HttpResponse(
            "private", headers={k: v for k, v in headers.items() if k != "Set-Cookie"}
        )
        if "Set-Cookie" in headers:
            response.set_cookie("a", "b")
        return response

    send, calls = pages(answer)
    send()
    send()
    assert len(calls) == 2, advisory


def test_cve_2026_35193_answers_to_credentials_vary(pages):
    send, calls = pages(lambda request: HttpResponse(request.headers.get("authorization", "none")))
    assert send(authorization="Basic one").content == b"Basic one"
    assert send(authorization="Basic two").content == b"Basic two"
    assert len(calls) == 2


def test_cve_2026_113593_empty_and_missing_headers_differ(pages):
    def answer(request):
        return HttpResponse(repr(request.headers.get("x-user")), headers={"Vary": "X-User"})

    send, calls = pages(answer)
    assert send(**{"x-user": ""}).content == b"''"
    assert send().content == b"None"


def test_cve_2014_1418_2014_0473_pages_with_tokens_are_not_shared(ask, road, project):
    from django.middleware.csrf import get_token

    def form(request):
        return HttpResponse(get_token(request))

    project([path("", cached(csrf_protect(form), prefix="tokens"))], MIDDLEWARE=[])
    first, second = (ask("/", headers=[("Host", "testserver")]) for _ in range(2))
    assert first.body != second.body
    assert "cookie" in first.headers["vary"].lower()


def test_cve_2026_35192_saved_sessions_vary(ask, road, project):
    def page(request):
        return HttpResponse("public", headers={"Cache-Control": "public"})

    project(
        [path("", page)],
        MIDDLEWARE=[SESSIONS],
        SESSION_SAVE_EVERY_REQUEST=True,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    store = SessionStore()
    store["a"] = 1
    store.save()
    cookie = ("Cookie", f"sessionid={store.session_key}")
    answer = ask("/", headers=[("Host", "testserver"), cookie])
    if "set-cookie" in answer.headers:
        assert "cookie" in answer.headers["vary"].lower()


def test_never_cache_says_so():
    assert "no-store" in never_cache(hello)(requests.get("/")).headers["Cache-Control"]


@pytest.mark.parametrize("key", ["a b", "a\nflush_all", "a\x7f", "x" * 300])
def test_cve_2020_13254_keys_that_would_be_commands(key):
    from django.core.cache import InvalidCacheKey
    from django.core.cache.backends.memcached import BaseMemcachedCache

    class Library:
        Client = None

        class LibraryValueNotFoundException(Exception):
            pass

    cache = BaseMemcachedCache("127.0.0.1:1", {}, Library, Library.LibraryValueNotFoundException)
    with pytest.raises(InvalidCacheKey):
        cache.validate_key(key)


def test_cve_2011_4136_sessions_share_no_names_with_other_entries(road):
    from django.contrib.sessions.backends.cache import SessionStore
    from django.core.cache import cache

    cache.set("victimvictimvictim", {"user": 1})
    assert SessionStore("victimvictimvictim").load() == {}


def test_cve_2015_5143_2015_5963_2015_5964_nothing_is_stored_for_strangers(
    ask, road, project, tables
):
    from django.contrib.sessions.models import Session

    def look(request):
        request.session.get("a")
        request.session.flush()
        return HttpResponse("x")

    project([path("", look)], MIDDLEWARE=[SESSIONS])
    before = Session.objects.count()
    for _ in range(3):
        ask("/", headers=[("Host", "testserver"), ("Cookie", "sessionid=strangerstranger")])
    assert Session.objects.count() == before


def test_cve_2015_3982_flushing_makes_no_empty_session(tables):
    from django.contrib.sessions.backends.cached_db import SessionStore

    store = SessionStore()
    store["a"] = 1
    store.save()
    store.flush()
    assert store.session_key is None
    assert not SessionStore(None).session_key


def test_requests_of_both_protocols_are_the_fixture(project):
    project([path("", hello)], MIDDLEWARE=[])
    for ask in (by_wsgi, by_asgi):
        assert ask("/", headers=[("Host", "testserver")]).body == b"hello"
    assert issubclass(DisallowedHost, SuspiciousOperation)
    assert WSGIRequest and forms
