"""What past advisories of Django were about does not happen here."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from django.contrib.auth import hashers
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.contrib.auth.password_validation import UserAttributeSimilarityValidator
from django.test import RequestFactory


def test_cve_2021_45115_long_passwords_are_compared_in_little_time() -> None:
    user = SimpleNamespace(username="somebody", first_name="a" * 100, last_name="", email="")
    start = time.process_time()
    UserAttributeSimilarityValidator().validate("x" * 1_000_000, user)
    assert time.process_time() - start < 1


def test_cve_2024_39329_an_unusable_password_takes_as_long(monkeypatch: Any) -> None:
    hashed: list[Any] = []
    make = hashers.make_password
    monkeypatch.setattr(hashers, "make_password", lambda *args: hashed.append(args) or make(*args))
    assert not hashers.check_password("guess", make(None))
    assert len(hashed) == 1


def test_a_header_of_the_client_is_no_remote_user_under_wsgi() -> None:
    request = RequestFactory().get("/", headers={"remote-user": "boss"})
    middleware = RemoteUserMiddleware(lambda request: None)
    assert request.META.get(middleware._key_in(request)) is None
