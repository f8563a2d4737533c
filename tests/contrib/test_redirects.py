"""Redirects stand in for pages that are missing, and for no others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from django.contrib.redirects.middleware import RedirectFallbackMiddleware
from django.contrib.redirects.models import Redirect
from django.http import HttpResponse, HttpResponseNotFound
from django.test import RequestFactory

MIDDLEWARE = ["django.contrib.redirects.middleware.RedirectFallbackMiddleware"]


def _answer(path: str, status: int = 404) -> Any:
    middleware = RedirectFallbackMiddleware(lambda request: HttpResponse(status=status))
    return middleware(RequestFactory().get(path))


@pytest.mark.parametrize(
    ("asked", "target"),
    [("/old", "/without"), ("/old/", "/with"), ("/other", "/slashed"), ("/old?a=1", None)],
)
def test_the_spelling_that_was_asked_for_goes_first(site: Any, asked: str, target: Any) -> None:
    for old, new in (("/old", "/without"), ("/old/", "/with"), ("/other/", "/slashed")):
        Redirect.objects.create(site=site, old_path=old, new_path=new)
    response = _answer(asked)
    assert response.headers.get("Location") == target
    assert response.status_code == (404 if target is None else 301)


def test_an_empty_target_is_gone(site: Any) -> None:
    Redirect.objects.create(site=site, old_path="/old", new_path="")
    assert _answer("/old").status_code == 410


def test_pages_that_are_found_cost_no_query(site: Any, queries: Any) -> None:
    with queries(0):
        assert _answer("/old", status=200).status_code == 200
    with queries(1):
        assert _answer("/old").status_code == 404


def test_found_pages_need_no_thread_in_an_async_stack(monkeypatch: Any) -> None:
    async def found(request: Any) -> HttpResponse:
        return HttpResponse("here")

    async def missing(request: Any) -> HttpResponse:
        return HttpResponseNotFound()

    def answer(self: Any, request: Any, response: Any) -> HttpResponse:
        return HttpResponse("instead")

    request = RequestFactory().get("/")
    monkeypatch.setattr(RedirectFallbackMiddleware, "answer", answer)
    assert asyncio.run(RedirectFallbackMiddleware(missing)(request)).content == b"instead"
    monkeypatch.setattr("django.middleware._fallback.sync_to_async", None)
    assert asyncio.run(RedirectFallbackMiddleware(found)(request)).content == b"here"
