"""``Set-Cookie`` is what the standard library's jar writes, whether anybody has looked at the jar or not."""

from __future__ import annotations

import asyncio
import copy
import pickle
from http.cookies import CookieError, Morsel
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.http import BadHeaderError, HttpResponse
from django.test import RequestFactory, override_settings

_words = st.sampled_from(
    [
        "",
        "a",
        "sessionid",
        "Expires",
        "x y",
        "ä",
        "a;b",
        "a=b",
        'q"',
        "a\r\nX-Bad: 1",
        "a:b:c",
        "\x7f",
    ]
)
_arguments = st.fixed_dictionaries(
    {},
    optional={
        "max_age": st.sampled_from([None, 0, 60, 1.5]),
        "path": st.sampled_from(["/", "", None, "/a b", "/a;b", "/\n"]),
        "domain": st.sampled_from([None, "", "example.com", "a; Secure", "a\r\nb"]),
        "expires": st.sampled_from(["", "Thu, 01 Jan 1970 00:00:00 GMT", "x\nSet-Cookie: b=c"]),
        "secure": st.booleans(),
        "httponly": st.booleans(),
        "samesite": st.sampled_from([None, "lax", "Strict", "None"]),
    },
)


def lines(response: HttpResponse) -> list[str]:
    """Return the lines that a server is given."""
    from django.core.handlers.wsgi import WSGIHandler

    sent: list[Any] = []
    with override_settings(MIDDLEWARE=[]):
        handler = WSGIHandler()
    handler.get_response = lambda request: response  # type: ignore[assignment]
    handler(RequestFactory().get("/").environ, lambda status, headers: sent.extend(headers))
    return [value for name, value in sent if name == "Set-Cookie"]


@given(_words, _words, _arguments)
def test_lines_are_those_of_the_jar(key: str, value: str, arguments: dict[str, Any]) -> None:
    written, looked_at = HttpResponse(), HttpResponse()
    _ = looked_at.cookies
    outcomes = []
    for response in (written, looked_at):
        try:
            response.set_cookie(key, value, **arguments)
        except (CookieError, BadHeaderError) as error:
            outcomes.append(str(error))
    if outcomes:
        assert len(outcomes) == 2 and outcomes[0] == outcomes[1]
        return
    one, other = lines(written), lines(looked_at)
    # (A second may have gone by between the two.)
    if not arguments.get("max_age"):
        assert one == other == [looked_at.cookies[key].OutputString()]
    assert written.cookies[key].value == looked_at.cookies[key].value
    assert "\n" not in one[0] and "\r" not in one[0]


def test_a_second_cookie_of_a_name_keeps_what_the_first_one_said() -> None:
    response = HttpResponse()
    response.set_cookie("a", "1", httponly=True, path="/x")
    response.set_cookie("a", "2")
    response.set_cookie("b", "3")
    assert lines(response) == ["a=2; HttpOnly; Path=/", "b=3; Path=/"]
    response.delete_cookie("b")
    assert response.cookies["b"]["max-age"] == 0 and response.cookies["a"]["httponly"] is True


def test_changes_of_the_jar_count() -> None:
    response = HttpResponse()
    response.set_cookie("a", "1")
    response.cookies["a"]["comment"] = "seen"
    response.set_cookie("b", "2")
    del response.cookies["b"]
    assert lines(response) == ["a=1; Comment=seen; Path=/"]


def test_copies_and_pickles_have_the_cookies() -> None:
    response = HttpResponse()
    response.set_cookie("a", "1", secure=True)
    shared = copy.copy(response)
    shared.cookies["a"]["path"] = "/x"
    assert lines(response) == ["a=1; Path=/x; Secure"]
    assert lines(pickle.loads(pickle.dumps(response))) == ["a=1; Path=/x; Secure"]


def test_a_replaced_method_of_the_standard_library_is_asked(monkeypatch: Any) -> None:
    response = HttpResponse()
    monkeypatch.setattr(Morsel, "OutputString", lambda self, attrs=None: f"mine {self.key}")
    response.set_cookie("a", "1")
    assert lines(response) == ["mine a"]


def test_asgi_sends_the_same() -> None:
    from django.core.handlers.asgi import ASGIHandler

    response, sent = HttpResponse(), []
    response.set_cookie("a", "1", samesite="Lax")

    async def send(message: Any) -> None:
        sent.append(message)

    with override_settings(MIDDLEWARE=[]):
        asyncio.run(ASGIHandler().send_response(response, send))
    assert (b"Set-Cookie", b"a=1; Path=/; SameSite=Lax") in sent[0]["headers"]


@pytest.mark.parametrize("key", ["path", "a b", "", "a\n"])
def test_names_that_the_standard_library_refuses_are_refused(key: str) -> None:
    with pytest.raises(CookieError):
        HttpResponse().set_cookie(key, "1")


@pytest.mark.parametrize("attribute", ["path", "domain", "expires"])
def test_no_attribute_begins_another_header(attribute: str) -> None:
    response = HttpResponse()
    for text in ("/x\nSet-Cookie: admin=1", "/x\rSet-Cookie: admin=1"):
        with pytest.raises(BadHeaderError, match="newlines"):
            response.set_cookie("a", "1", **{attribute: text})  # type: ignore[arg-type]
    assert lines(response) == []
