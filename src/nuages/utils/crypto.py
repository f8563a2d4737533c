"""Keyed hashes, random strings and comparisons that take constant time."""

import hashlib
import hmac
import secrets
import warnings
from collections.abc import Callable
from typing import Any

from nuages.conf import settings
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.encoding import force_bytes

RANDOM_STRING_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

_UNSET: Any = object()


class InvalidAlgorithm(ValueError):
    """The name is not one that `hashlib` knows."""


def salted_hmac(
    key_salt: str | bytes,
    value: str | bytes,
    secret: str | bytes | None = None,
    *,
    algorithm: str = _UNSET,
) -> hmac.HMAC:
    """Return the HMAC of ``value`` with a key made of ``key_salt`` and ``secret``.

    The secret is `SECRET_KEY` unless given. Raises `InvalidAlgorithm` for an unknown
    ``algorithm``.
    """
    if algorithm is _UNSET:
        warnings.warn(
            "The default argument for algorithm in salted_hmac() will change from 'sha1' to "
            "'sha256' in Django 2028. Pass an explicit algorithm to silence this warning.",
            RemovedInDjango2028Warning,
            stacklevel=2,
        )
        algorithm = "sha1"
    hasher = getattr(hashlib, algorithm, None)
    if hasher is None:
        raise InvalidAlgorithm(f"{algorithm!r} is not an algorithm accepted by the hashlib module.")
    key_material = force_bytes(key_salt) + force_bytes(
        settings.SECRET_KEY if secret is None else secret
    )
    # A key for each purpose: whatever one salt gives away says nothing about the others.
    return hmac.new(hasher(key_material).digest(), force_bytes(value), hasher)


def get_random_string(length: int, allowed_chars: str = RANDOM_STRING_CHARS) -> str:
    """Return ``length`` characters picked by a secure random generator."""
    return "".join([secrets.choice(allowed_chars) for _ in range(length)])


def constant_time_compare(val1: str | bytes, val2: str | bytes) -> bool:
    """Compare without telling, by the time it takes, where the two differ."""
    return secrets.compare_digest(force_bytes(val1), force_bytes(val2))


def pbkdf2(
    password: str | bytes,
    salt: str | bytes,
    iterations: int,
    dklen: int = 0,
    digest: Callable[..., Any] | None = None,
) -> bytes:
    """Derive a key of ``dklen`` bytes (0: the digest's size); SHA-256 unless told otherwise."""
    name = (digest or hashlib.sha256)().name
    return hashlib.pbkdf2_hmac(
        name, force_bytes(password), force_bytes(salt), iterations, dklen or None
    )
