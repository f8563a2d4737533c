"""The testing tools: client, assertions, overrides, runner."""

import inspect
import unittest

import pytest

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory, SimpleTestCase, override_settings
from django.test.client import FakePayload, RedirectCycleError
from django.test.html import parse_html
from django.test.ordering import Shuffler, partition_suite_by_case, reorder_tests
from django.test.utils import Approximate, dependency_ordered, modify_settings
from django.urls import path


async def hello(request):
    return HttpResponse(f"hello {request.GET.get('name', 'nobody')}")


class URLs:
    urlpatterns = [
        path("hello/", hello),
        path("to-hello/", lambda request: HttpResponseRedirect("/hello/?name=you")),
        path("round/", lambda request: HttpResponseRedirect("/round/")),
        path("json/", lambda request: JsonResponse({"method": request.method})),
        path("stream/", lambda request: StreamingHttpResponse(["a", "b"])),
        path("boom/", lambda request: 1 / 0),
    ]


@pytest.fixture(autouse=True)
def urlconf():
    with override_settings(ROOT_URLCONF=URLs):
        yield


def test_get_with_query_and_follow():
    client = Client()
    assert client.get("/hello/", {"name": "x"}).content == b"hello x"
    response = client.get("/to-hello/", follow=True)
    assert response.content == b"hello you"
    assert response.redirect_chain == [("/hello/?name=you", 302)]


def test_redirects_that_go_round_are_caught():
    with pytest.raises(RedirectCycleError, match="loop"):
        Client().get("/round/", follow=True)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
def test_each_method_arrives(method):
    assert getattr(Client(), method)("/json/").json() == {"method": method.upper()}


async def test_the_awaiting_client_does_the_same():
    client = AsyncClient()
    assert (await client.get("/hello/", {"name": "x"})).content == b"hello x"
    assert (await client.get("/to-hello/", follow=True)).content == b"hello you"
    assert (await client.post("/json/", {"a": 1}, "application/json")).json() == {"method": "POST"}


def test_exceptions_reach_the_test_unless_told_otherwise():
    with pytest.raises(ZeroDivisionError):
        Client().get("/boom/")
    response = Client(raise_request_exception=False).get("/boom/")
    assert response.status_code == 500
    assert response.exc_info[0] is ZeroDivisionError


def test_signatures_of_request_methods_are_the_documented_ones():
    assert list(inspect.signature(Client.post).parameters) == [
        "self", "path", "data", "content_type", "follow", "secure", "headers", "query_params",
        "extra",
    ]  # fmt: skip
    assert list(inspect.signature(RequestFactory.trace).parameters)[:3] == [
        "self",
        "path",
        "secure",
    ]


def test_too_many_positional_arguments_are_an_error():
    with pytest.raises(TypeError, match="trace"):
        Client().trace("/json/", False, False, "more")


def test_payload_ends_where_it_ends():
    payload = FakePayload(b"one\ntwo")
    assert payload.readline() == b"one\n"
    assert payload.read(2) == b"tw"
    with pytest.raises(AssertionError):
        payload.read(10)
    with pytest.raises(ValueError, match="after it's been read"):
        payload.write(b"x")


def test_streams_can_be_asserted_upon_twice():
    case = SimpleTestCase()
    response = Client().get("/stream/")
    case.assertContains(response, "a")
    case.assertContains(response, "b")


def test_settings_are_put_back_after_an_error():
    before = settings.ALLOWED_HOSTS
    with pytest.raises(RuntimeError), modify_settings(ALLOWED_HOSTS={"append": "more"}):
        assert settings.ALLOWED_HOSTS == [*before, "more"]
        raise RuntimeError
    assert settings.ALLOWED_HOSTS == before


def test_html_that_means_the_same_is_equal():
    case = SimpleTestCase()
    case.assertHTMLEqual('<p class="a b">x  y</p>', "<p class='b a'> x y </p>")
    case.assertHTMLNotEqual("<p>a</p>", "<p>b</p>")
    assert parse_html("<ul><li>1</li><li>1</li></ul>").count(parse_html("<li>1</li>")) == 2


def test_shuffling_depends_on_the_seed_alone():
    items = [str(number) for number in range(20)]
    once = Shuffler(7).shuffle(items, key=str)
    assert once == Shuffler(7).shuffle(reversed(items), key=str)
    assert sorted(once) == sorted(items)
    without = [item for item in items if item != "3"]
    assert Shuffler(7).shuffle(without, key=str) == [item for item in once if item != "3"]


def test_suites_are_divided_by_class():
    class A(unittest.TestCase):
        def test_1(self): ...
        def test_2(self): ...

    class B(unittest.TestCase):
        def test_1(self): ...

    tests = [B("test_1"), A("test_1"), A("test_2")]
    ordered = list(reorder_tests(tests, classes=[A]))
    assert [type(test) for test in ordered] == [A, A, B]
    parts = partition_suite_by_case(unittest.TestSuite(ordered))
    assert [part.countTestCases() for part in parts] == [2, 1]


def test_databases_come_after_those_they_depend_on():
    raw = [(1, ("one", ["a"])), (2, ("two", ["b"]))]
    assert [signature for signature, _ in dependency_ordered(raw, {"a": ["b"]})] == [2, 1]


def test_approximate_numbers():
    assert Approximate(1.00001, places=3) == 1
    assert Approximate(1.1, places=3) != 1
