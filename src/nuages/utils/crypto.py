"""Keyed hashes, random strings and comparisons that take constant time."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nuages.conf import settings
from nuages.utils._lazy import later
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.encoding import force_bytes

if TYPE_CHECKING:
    import hashlib
    import hmac
    import secrets
else:
    hashlib = later("hashlib")
    hmac = later("hmac")
    secrets = later("secrets")

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
    key = _key_for_purpose(key_salt, settings.SECRET_KEY if secret is None else secret, algorithm)
    return hmac.new(key, force_bytes(value), getattr(hashlib, algorithm))


def salted_digest(
    key_salt: str | bytes, value: str | bytes, secret: str | bytes, algorithm: str
) -> bytes:
    """Return the digest of what :func:`salted_hmac` returns, in one go."""
    begun_inner, begun_outer = _begun(key_salt, secret, algorithm)
    inner, outer = begun_inner.copy(), begun_outer.copy()
    inner.update(value.encode() if value.__class__ is str else force_bytes(value))
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


@functools.lru_cache(64)
def _begun(key_salt: str | bytes, secret: str | bytes, algorithm: str) -> tuple[Any, Any]:
    """Return the two hashes of an HMAC (RFC 2104) that have read the key, and wait for the value."""
    key = _key_for_purpose(key_salt, secret, algorithm)
    new = getattr(hashlib, algorithm)
    size = new().block_size
    padded = (new(key).digest() if len(key) > size else key).ljust(size, b"\0")
    return tuple(new(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))


@functools.lru_cache(64)
def _key_for_purpose(key_salt: str | bytes, secret: str | bytes, algorithm: str) -> bytes:
    hasher = getattr(hashlib, algorithm, None)
    if hasher is None:
        raise InvalidAlgorithm(f"{algorithm!r} is not an algorithm accepted by the hashlib module.")
    # A key for each purpose: whatever one salt gives away says nothing about the others.
    digest: bytes = hasher(force_bytes(key_salt) + force_bytes(secret)).digest()
    return digest


def get_random_string(length: int, allowed_chars: str = RANDOM_STRING_CHARS) -> str:
    """Return ``length`` characters picked by a secure random generator."""
    if not 0 < len(allowed_chars) <= 256 or length > 4096:
        return "".join([secrets.choice(allowed_chars) for _ in range(length)])
    letters, too_large, share = _alphabet(allowed_chars)
    found = os.urandom(int(length * share) + 8).translate(letters, too_large)
    while len(found) < length:
        found += os.urandom(length).translate(letters, too_large)
    text = found[:length].decode("latin-1")
    return text if allowed_chars.isascii() else text.translate(dict(enumerate(allowed_chars)))


@functools.lru_cache(16)
def _alphabet(characters: str) -> tuple[bytes, bytes, float]:
    """Return what turns bytes into characters, the bytes that must not be, and how many to draw.

    Bytes above the last multiple of the number of characters would favour the first ones. Where the
    characters are not ASCII, it is their places that bytes are turned into.
    """
    size = len(characters)
    usable = 256 - 256 % size
    places = characters.encode() if characters.isascii() else bytes(range(size))
    letters = bytes(places[byte % size] for byte in range(256))
    # A few more than needed on average, since some are thrown away.
    return letters, bytes(range(usable, 256)), 1.1 * 256 / usable


def constant_time_compare(val1: str | bytes, val2: str | bytes) -> bool:
    """Compare without telling, by the time it takes, where the two differ."""
    if val1.__class__ is val2.__class__ is str:
        return secrets.compare_digest(val1.encode(), val2.encode())
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
