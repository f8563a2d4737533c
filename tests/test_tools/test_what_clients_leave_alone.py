"""What the test client leaves as it was: connections, and who listens to signals."""

import unittest

import pytest

from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, connections
from django.dispatch import Signal
from django.http import HttpResponse, StreamingHttpResponse
from django.template import engines
from django.test import AsyncClient, Client, SimpleTestCase, override_settings
from django.test.signals import template_rendered
from django.test.utils import setup_test_environment, teardown_test_environment
from django.urls import path


def greeting(request):
    return HttpResponse(engines["django"].from_string("Hello {{ name }}").render({"name": "you"}))


class URLs:
    urlpatterns = [
        path("", greeting),
        path("boom/", lambda request: 1 / 0),
        path("stream/", lambda request: StreamingHttpResponse(["a", "b"])),
    ]


@pytest.fixture(autouse=True)
def environment():
    setup_test_environment()
    with override_settings(ROOT_URLCONF=URLs):
        yield
    teardown_test_environment()


@pytest.fixture
def closings(monkeypatch):
    """Count how often the connection is asked whether it should be closed."""
    asked = []
    monkeypatch.setattr(
        connections["default"], "close_if_unusable_or_obsolete", lambda: asked.append(1)
    )
    return asked


def test_connections_stay_open_over_a_request(closings):
    assert Client().get("/").content == b"Hello you"
    assert list(Client().get("/stream/").streaming_content) == [b"a", b"b"]
    assert not closings
    request_finished.send(sender=None)
    assert closings == [1]


async def test_connections_stay_open_over_an_asynchronous_request(closings):
    assert (await AsyncClient().get("/")).content == b"Hello you"
    assert not closings


def test_whoever_closes_connections_himself_does(closings):
    own = Signal()
    own.connect(close_old_connections)

    def close(**kwargs):
        close_old_connections()
        own.send(sender=None)

    request_started.connect(close)
    try:
        Client().get("/")
    finally:
        request_started.disconnect(close)
    assert closings == [1, 1]


def test_nobody_listens_longer_than_the_request():
    signals = (template_rendered, got_request_exception, request_started, request_finished)
    before = [signal.receivers.copy() for signal in signals]
    response = Client().get("/")
    assert [template.source for template in response.templates] == ["Hello {{ name }}"]
    assert response.context["name"] == "you"
    with pytest.raises(ZeroDivisionError):
        Client().get("/boom/")
    assert [signal.receivers for signal in signals] == before


def test_a_client_of_ones_own_is_told_of_exceptions():
    class Quiet(Client):
        told = 0

        def store_exc_info(self, **kwargs):
            self.told += 1

    client = Quiet()
    assert client.get("/boom/").status_code == 500
    assert client.told == 1


def test_each_test_has_a_client_of_its_own():
    met = []

    class Case(SimpleTestCase):
        def test_1(self):
            assert self.client is self.client is type(self).client
            met.append(self.client)

        test_2 = test_1

        def test_3(self):
            # What a test sets for itself or its class is gone with it.
            type(self).client = self.client = Client(headers={"x-mine": "1"})

        test_4 = test_1

    class Below(Case):
        client_class = type("Mine", (Client,), {})

    for case in (Case, Below):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
        assert result.wasSuccessful() and result.testsRun == 4
    assert len(set(map(id, met))) == 6
    assert [type(client).__name__ for client in met] == ["Client"] * 3 + ["Mine"] * 3
    assert not any(client.defaults for client in met)
