"""Signed values, in the format that other sites of the same key can check.

``value:signature`` with an HMAC over the value; timestamps are base 62, objects are JSON in
URL-safe base 64, with a leading dot where they are compressed. Manual: "Cryptographic signing".
"""

from __future__ import annotations

import datetime
import functools
import json
import re
import time
import zlib
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable
from typing import Any

from nuages.conf import settings
from nuages.utils.crypto import constant_time_compare, salted_digest

BASE62_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {digit: value for value, digit in enumerate(BASE62_ALPHABET)}
_SEP_UNSAFE = re.compile(r"[A-Za-z0-9_=-]*")

type Key = str | bytes


class BadSignature(Exception):
    """The signature does not match."""


class SignatureExpired(BadSignature):
    """The signature matches, and is too old."""


def b62_encode(s: int) -> str:
    """Return a number in base 62."""
    if s == 0:
        return "0"
    digits = []
    rest = abs(s)
    while rest:
        rest, digit = divmod(rest, 62)
        digits.append(BASE62_ALPHABET[digit])
    return ("-" if s < 0 else "") + "".join(reversed(digits))


def b62_decode(s: str) -> int:
    """Read a number in base 62. Raises ``KeyError`` for a character that is no digit."""
    number = 0
    for character in s.removeprefix("-"):
        number = number * 62 + _DIGITS[character]
    return -number if s.startswith("-") else number


def b64_encode(s: bytes) -> bytes:
    """Return URL-safe base 64 without padding."""
    return b2a_base64(s, newline=False).translate(_TO_URL).rstrip(b"=")


def b64_decode(s: bytes) -> bytes:
    """Read URL-safe base 64 without padding."""
    return a2b_base64(s.translate(_FROM_URL) + b"=" * (-len(s) % 4))


_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def base64_hmac(salt: str, value: str | bytes, key: Key, algorithm: str | None = None) -> str:
    """Return the salted HMAC of ``value`` in base 64."""
    if algorithm is None:
        import warnings

        from nuages.utils.deprecation import RemovedInDjango2028Warning

        warnings.warn(
            "The default argument for algorithm in base64_hmac() will change from 'sha1' to "
            "'sha256' in Django 2028. Pass an explicit algorithm to silence this warning.",
            RemovedInDjango2028Warning,
            stacklevel=2,
        )
        algorithm = "sha1"
    return b64_encode(salted_digest(salt, value, key, algorithm)).decode()


def _cookie_signer_key(key: Key) -> bytes:
    # Not the key of other signatures, so that none of those passes as a cookie.
    return b"django.http.cookies" + (key.encode() if isinstance(key, str) else key)


def get_cookie_signer(salt: str = "django.core.signing.get_cookie_signer") -> Any:
    """Return a signer for cookies, of the class that ``SIGNING_BACKEND`` names."""
    from nuages.utils.module_loading import import_string

    return import_string(settings.SIGNING_BACKEND)(
        key=_cookie_signer_key(settings.SECRET_KEY),
        fallback_keys=[_cookie_signer_key(key) for key in settings.SECRET_KEY_FALLBACKS],
        salt=salt,
    )


def _cookie_signer_salt(cookie_name: str, salt: str = "") -> str:
    # The length keeps name and salt apart: "a" + "bc" is not "ab" + "c".
    return f"django.http.cookies.v2:{len(salt)}:{salt}{cookie_name}"


def _cookie_signer_legacy_salt(cookie_name: str, salt: str = "") -> str:
    return cookie_name + salt


def _unsign_cookie(
    signed_value: str,
    *,
    cookie_name: str,
    salt: str = "",
    max_age: float | datetime.timedelta | None = None,
) -> str:
    """Return the value of a signed cookie. Raises ``BadSignature`` or ``SignatureExpired``."""
    signer = get_cookie_signer(salt=_cookie_signer_salt(cookie_name, salt))
    try:
        value: str = signer.unsign(signed_value, max_age=max_age)
    except SignatureExpired:
        raise
    except BadSignature:
        if not settings.SIGNED_COOKIE_LEGACY_SALT_FALLBACK:
            raise
        older = get_cookie_signer(salt=_cookie_signer_legacy_salt(cookie_name, salt))
        value = older.unsign(signed_value, max_age=max_age)
    return value


_decoder: Any = json.JSONDecoder()
_encoder = json.JSONEncoder(separators=(",", ":"))


def _kept_writer() -> Callable[[Any, int], Iterable[str]]:
    """Return what ``_encoder`` makes anew for each text, where the interpreter has it.

    It does not look out for circles, and so needs no memory between texts.
    """
    make: Any = json.encoder.c_make_encoder  # type: ignore[attr-defined]
    escape = json.encoder.encode_basestring_ascii
    try:
        made: Callable[[Any, int], Iterable[str]] = make(
            None, _encoder.default, escape, None, ":", ",", False, False, True
        )
    except TypeError:
        return lambda obj, level: _encoder.iterencode(obj)
    return made


_pieces = _kept_writer()


class JSONSerializer:
    """Compact JSON in Latin-1."""

    def loads(self, data: bytes) -> Any:
        """Read JSON."""
        text = str(data, "latin-1")
        try:
            value, end = _decoder.scan_once(text, 0)
        except StopIteration:
            end = -1
        # What has space around it, or is none: the whole way reads it, or says where it is wrong.
        return value if end == len(text) else _decoder.decode(text)

    def dumps(self, obj: Any) -> bytes:
        """Return ``obj`` as JSON."""
        try:
            text = "".join(_pieces(obj, 0))
        except (RecursionError, TypeError, ValueError):
            # The usual way says better what cannot be written.
            text = _encoder.encode(obj)
        return text.encode("latin-1")


def dumps(
    obj: Any,
    key: Key | None = None,
    salt: str = "django.core.signing",
    serializer: Any = JSONSerializer,
    compress: bool = False,
) -> str:
    """Return ``obj`` as signed text with a timestamp, fit for URLs.

    Args:
        compress: deflate where that is shorter.
    """
    signer = TimestampSigner(key=key, salt=salt)
    return signer.sign_object(obj, serializer=serializer, compress=compress)


def loads(
    s: str,
    key: Key | None = None,
    salt: str = "django.core.signing",
    serializer: Any = JSONSerializer,
    max_age: float | datetime.timedelta | None = None,
    fallback_keys: Iterable[Key] | None = None,
) -> Any:
    """Read what :func:`dumps` made. Raises ``BadSignature`` or, past ``max_age``, ``SignatureExpired``."""
    signer = TimestampSigner(key=key, salt=salt, fallback_keys=fallback_keys)
    return signer.unsign_object(s, serializer=serializer, max_age=max_age)


def _deflated(data: bytes) -> bytes:
    """Return ``data`` as :func:`zlib.compress` packs it, with tables no larger than it needs.

    The usual ones take a quarter of a megabyte, which for a small session is most of the work.
    """
    size = len(data)
    if size > _SMALL:
        return zlib.compress(data)
    window = max(9, (size + _LOOKAHEAD).bit_length())
    memory = max(1, size.bit_length() - 6)
    packer = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, window, memory)
    return packer.compress(data) + packer.flush()


_SMALL, _LOOKAHEAD = 8192, 262
#: So few bytes are not worth the time it takes to see whether they could be fewer.
_TINY = 64


class Signer:
    """Appends a signature to text.

    Args:
        key: ``SECRET_KEY`` by default.
        sep: what stands before the signature.
        salt: a name for the purpose; signatures of another salt do not match.
        algorithm: of :mod:`hashlib`.
        fallback_keys: further keys to accept; ``SECRET_KEY_FALLBACKS`` by default.

    Raises:
        ValueError: ``sep`` may be part of a signature.
    """

    def __init__(
        self,
        *,
        key: Key | None = None,
        sep: str = ":",
        salt: str | None = None,
        algorithm: str | None = None,
        fallback_keys: Iterable[Key] | None = None,
    ) -> None:
        self.key = key or settings.SECRET_KEY
        self.fallback_keys = (
            settings.SECRET_KEY_FALLBACKS if fallback_keys is None else list(fallback_keys)
        )
        self.sep = sep
        cls = type(self)
        self.salt = salt or f"{cls.__module__}.{cls.__name__}"
        self.algorithm = algorithm or "sha256"
        if sep != ":" and _SEP_UNSAFE.fullmatch(sep):
            raise ValueError(
                f"Unsafe Signer separator: {sep!r} (cannot be empty or consist of only A-z0-9-_=)"
            )

    def signature(self, value: str | bytes, key: Key | None = None) -> str:
        """Return the signature of ``value``."""
        digest = salted_digest(self.salt + "signer", value, key or self.key, self.algorithm)
        return b64_encode(digest).decode()

    def sign(self, value: Any) -> str:
        """Return ``value``, as text, with its signature."""
        return (
            f"{value}{self.sep}{self.signature(value if isinstance(value, bytes) else str(value))}"
        )

    def unsign(self, signed_value: str) -> str:
        """Return the value without its signature. Raises ``BadSignature``."""
        value, found, signature = signed_value.rpartition(self.sep)
        if not found:
            raise BadSignature(f'No "{self.sep}" found in value')
        for key in (self.key, *self.fallback_keys):
            if constant_time_compare(signature, self.signature(value, key)):
                return value
        raise BadSignature(f'Signature "{signature}" does not match')

    def sign_object(
        self, obj: Any, serializer: Any = JSONSerializer, compress: bool = False
    ) -> str:
        """Return ``obj`` serialized and signed."""
        data: bytes = serializer().dumps(obj)
        mark = ""
        if compress and len(data) > _TINY and len(packed := _deflated(data)) < len(data) - 1:
            data, mark = packed, "."
        return self.sign(mark + b64_encode(data).decode())

    def unsign_object(
        self, signed_obj: str, serializer: Any = JSONSerializer, **kwargs: Any
    ) -> Any:
        """Read what :meth:`sign_object` made; ``kwargs`` go to :meth:`unsign`."""
        text = self.unsign(signed_obj, **kwargs)
        data = b64_decode(text.removeprefix(".").encode())
        return serializer().loads(zlib.decompress(data) if text.startswith(".") else data)


# Many values are signed in a second.
_stamp = functools.lru_cache(4)(b62_encode)


class TimestampSigner(Signer):
    """A :class:`Signer` that also signs the time, so that signatures can expire."""

    def timestamp(self) -> str:
        """Return the time, in seconds, base 62."""
        return _stamp(int(time.time()))

    def sign(self, value: Any) -> str:
        """Return ``value`` with time and signature."""
        return super().sign(f"{value}{self.sep}{self.timestamp()}")

    def unsign(self, value: str, max_age: float | datetime.timedelta | None = None) -> str:
        """Return the value.

        Args:
            max_age: the oldest that is accepted, in seconds or as a ``timedelta``.

        Raises:
            BadSignature: the signature does not match.
            SignatureExpired: it is older than ``max_age``.
        """
        value, _, stamp = super().unsign(value).rpartition(self.sep)
        if max_age is None:
            return value
        limit = max_age.total_seconds() if isinstance(max_age, datetime.timedelta) else max_age
        age = time.time() - b62_decode(stamp)
        if age > limit:
            raise SignatureExpired(f"Signature age {age} > {limit} seconds")
        return value
