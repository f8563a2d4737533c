"""Decorators of methods run at each call, around that call's own object."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters


def foreign(view: Any) -> Any:
    @wraps(view)
    def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        response["X-Seen"] = view.__name__
        return response

    return wrapped


class Page(View):
    own = ""

    @method_decorator(sensitive_post_parameters("pin"))
    @method_decorator([csrf_protect, foreign, never_cache])
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer."""
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: Any, word: str = "") -> HttpResponse:
        return HttpResponse(self.own + word)

    post = get


def test_each_call_has_its_own_object_and_all_the_decorations() -> None:
    first, second = Page.as_view(own="1"), Page.as_view(own="2")
    for view, text in ((first, b"1a"), (second, b"2a"), (first, b"1a")):
        request = RequestFactory().get("/")
        response = view(request, word="a")
        assert response.content == text
        assert "no-store" in response["Cache-Control"]
        assert response["X-Seen"] == "dispatch"
        assert request.sensitive_post_parameters == ("pin",)
    assert Page.dispatch.__doc__ == "Answer."


def test_protection_refuses_and_exemption_shows() -> None:
    request = RequestFactory().post("/")
    request._dont_enforce_csrf_checks = False
    assert Page.as_view()(request).status_code == 403

    @method_decorator(csrf_exempt, name="dispatch")
    class Open(View):
        pass

    assert Open.as_view().csrf_exempt is True


def test_an_asynchronous_method_is_awaited() -> None:
    import asyncio

    class Later(View):
        @method_decorator(cache_control(private=True))
        async def get(self, request: Any) -> HttpResponse:
            return HttpResponse("later")

    response = asyncio.run(Later.as_view()(RequestFactory().get("/")))
    assert (response.content, response["Cache-Control"]) == (b"later", "private")


def test_what_is_applied_once_is_what_is_applied_each_time() -> None:
    """Decorators of the house know how to decorate a function; around a foreign one all are applied anew."""

    def alike(view: Any) -> Any:
        # Has no twin for methods, so that the whole list takes the long way.
        return view

    house = [sensitive_post_parameters("pin"), csrf_protect, never_cache]
    for decorators in (house, [*house, alike]):

        @method_decorator(decorators, name="dispatch")
        class Both(View):
            def get(self, request: Any) -> HttpResponse:
                if "fail" in request.GET:
                    raise LookupError("here")
                return HttpResponse(request.META.get("CSRF_COOKIE", "none"))

            post = get

        view = Both.as_view()
        shown = view(RequestFactory().get("/"))
        assert "no-store" in shown["Cache-Control"] and shown.content == b"none"
        refused = RequestFactory().post("/")
        refused._dont_enforce_csrf_checks = False
        assert view(refused).status_code == 403
        assert refused.sensitive_post_parameters == ("pin",)
        assert Both.dispatch.__name__ == "dispatch" and Both.dispatch.__wrapped__
        for request in (object(), RequestFactory().get("/?fail=1")):
            try:
                view(request)
            except (TypeError, LookupError, AttributeError) as error:
                assert str(error)
            else:
                raise AssertionError("nothing was raised")


def test_settings_are_looked_at_with_each_call() -> None:
    from django.test import override_settings

    @method_decorator(csrf_protect, name="dispatch")
    class Guarded(View):
        def post(self, request: Any) -> HttpResponse:
            return HttpResponse("in")

    def sent() -> int:
        request = RequestFactory().post("/", headers={"origin": "https://other.example"})
        request._dont_enforce_csrf_checks = False
        token = "a" * 32
        request.COOKIES["csrftoken"], request.META["HTTP_X_CSRFTOKEN"] = token, token
        return Guarded.as_view()(request).status_code

    assert sent() == 403
    with override_settings(CSRF_TRUSTED_ORIGINS=["https://other.example"]):
        assert sent() == 200
    assert sent() == 403
