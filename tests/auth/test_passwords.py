"""Passwords, tokens and where a login leads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django.contrib.auth.hashers import (
    PBKDF2PasswordHasher,
    ScryptPasswordHasher,
    check_password,
    make_password,
)
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError


@settings(max_examples=15, deadline=None)
@given(password=st.text(), other=st.text())
@pytest.mark.parametrize("kind", [PBKDF2PasswordHasher, ScryptPasswordHasher])
def test_a_password_matches_its_own_hash_only(kind: type, password: str, other: str) -> None:
    hasher = kind()
    hasher.iterations = hasher.work_factor = 2
    encoded = hasher.encode(password, "somesalt")
    assert hasher.verify(password, encoded)
    assert hasher.verify(other, encoded) == (other.encode() == password.encode())


def test_a_hash_made_by_django_is_read() -> None:
    # Made with make_password("lètmein", "seasalt") of Django, with one iteration.
    encoded = "pbkdf2_sha256$1$seasalt$mJQ8D8xVBAKQGCo0t0n+NSPS2a0gQhVtjuC9LdL9WiM="
    assert PBKDF2PasswordHasher().verify("lètmein", encoded)
    assert not PBKDF2PasswordHasher().verify("letmein", encoded)


def test_no_password_matches_an_unusable_one() -> None:
    assert not check_password("", make_password(None))


@pytest.mark.parametrize("password", ["password", "Password1", "qwerty", "123456"])
def test_well_known_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        CommonPasswordValidator().validate(password)
