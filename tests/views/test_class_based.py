"""Class-based views: dispatch, and decorators on both kinds of functions."""

import asyncio

import pytest

import nuages  # noqa: F401
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers
from django.views.generic import RedirectView

requests = RequestFactory()


def test_head_is_answered_by_get_and_others_are_refused():
    class Page(View):
        def get(self, request):
            return HttpResponse("page")

    view = Page.as_view()
    assert view(requests.head("/")).status_code == 200
    assert view(requests.options("/")).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert view(requests.delete("/")).status_code == 405


def test_async_handlers_make_an_async_view():
    class Page(View):
        async def get(self, request):
            return HttpResponse("page")

    view = Page.as_view()
    assert asyncio.run(view(requests.get("/"))).content == b"page"
    assert asyncio.run(view(requests.post("/"))).status_code == 405


def test_handlers_are_all_of_one_kind():
    class Mixed(View):
        def get(self, request): ...

        async def post(self, request): ...

    with pytest.raises(ImproperlyConfigured, match="must either be all sync or all async"):
        Mixed.as_view()


def test_redirects_keep_the_query_if_asked_to():
    view = RedirectView.as_view(url="/to/%(name)s?a=1", query_string=True)
    assert view(requests.get("/?b=2"), name="x").url == "/to/x?a=1&b=2"
    assert RedirectView.as_view()(requests.get("/")).status_code == 410


def test_decorators_take_sync_and_async_views_alike():
    decorate = [vary_on_headers("Accept"), never_cache, require_POST]

    def view(request):
        return HttpResponse("done")

    async def aview(request):
        return HttpResponse("done")

    for decorator in decorate:
        view, aview = decorator(view), decorator(aview)
    for request in (requests.post("/"), requests.get("/")):
        sync, unsync = view(request), asyncio.run(aview(request))
        assert sync.status_code == unsync.status_code
        assert sync.headers == unsync.headers
    assert view(requests.post("/")).headers["Vary"] == "Accept"
