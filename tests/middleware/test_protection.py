"""What the built-in middleware protects from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.http import HttpResponse
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import (
    CSRF_ALLOWED_CHARS,
    CSRF_SECRET_LENGTH,
    CsrfViewMiddleware,
    _does_token_match,
    _mask_cipher_secret,
    _unmask_cipher_token,
)
from django.middleware.gzip import GZipMiddleware
from django.test import RequestFactory

secrets = st.text(CSRF_ALLOWED_CHARS, min_size=CSRF_SECRET_LENGTH, max_size=CSRF_SECRET_LENGTH)


@given(secrets)
def test_a_masked_secret_is_unmasked_to_itself(secret):
    token = _mask_cipher_secret(secret)
    assert _unmask_cipher_token(token) == secret
    assert _does_token_match(token, secret)


@given(secrets, secrets)
def test_a_token_belongs_to_one_secret_only(secret, other):
    assert _does_token_match(_mask_cipher_secret(secret), other) is (secret == other)


def test_a_form_of_another_site_is_refused(settings_override):
    with settings_override(ROOT_URLCONF=None):
        request = RequestFactory().post("/", headers={"origin": "https://evil.org"})
        request.COOKIES["csrftoken"] = "a" * 32
        middleware = CsrfViewMiddleware(lambda request: HttpResponse())
        middleware.process_request(request)
        assert middleware.process_view(request, lambda r: None, (), {}).status_code == 403


def test_cve_2018_14574_appended_slashes_do_not_lead_to_another_host(settings_override):
    middleware = CommonMiddleware(lambda request: HttpResponse())
    request = RequestFactory().get("//evil.org/x")
    request.path = request.path_info = "//evil.org/x"
    assert middleware.get_full_path_with_slash(request).startswith("/%2Fevil.org/")


def test_compressed_pages_differ_in_length_from_one_another():
    request = RequestFactory().get("/", headers={"accept-encoding": "gzip"})
    compress = GZipMiddleware(lambda request: HttpResponse("a" * 5000))
    lengths = {len(compress(request).content) for _ in range(30)}
    assert len(lengths) > 3


@pytest.mark.parametrize("engine", ["signed_cookies", "cache", "file"])
def test_a_session_holds_what_was_put_into_it(engine, settings_override, tmp_path):
    import asyncio
    from importlib import import_module

    with settings_override(SESSION_FILE_PATH=str(tmp_path)):
        module = import_module(f"django.contrib.sessions.backends.{engine}")
        vars(module.SessionStore).get("_storage_path") and delattr(
            module.SessionStore, "_storage_path"
        )
        session = module.SessionStore()
        session["piece"] = "Nuages"
        session.save()
        assert module.SessionStore(session.session_key)["piece"] == "Nuages"
        again = module.SessionStore(session.session_key)
        assert asyncio.run(again.aget("piece")) == "Nuages"
        asyncio.run(again.aflush())
        assert again.session_key is None
