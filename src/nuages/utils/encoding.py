"""Text and bytes: conversions, and the percent-encoding of URIs.

Manual: ref/utils, "django.utils.encoding".
"""

import codecs
import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, overload
from urllib.parse import quote

from nuages.utils.functional import Promise

_PROTECTED_TYPES = (
    type(None),
    int,
    float,
    Decimal,
    datetime.datetime,
    datetime.date,
    datetime.time,
)

# What may stand unescaped in an IRI that is on its way to become a URI (RFC 3987, section 3.1).
_IRI_SAFE = "/#%[]=:;$&()+,!?*@'~"
_is_uri = re.compile(rf"[a-zA-Z0-9_.{re.escape(_IRI_SAFE)}-]*").fullmatch


class DjangoUnicodeDecodeError(UnicodeDecodeError):
    """A decoding error that also names the value that was passed in."""

    def __str__(self) -> str:
        return f"{super().__str__()}. You passed in {self.object!r} ({type(self.object)})"


def is_protected_type(obj: Any) -> bool:
    """Say whether ``obj`` is kept as it is by ``force_str(obj, strings_only=True)``."""
    return isinstance(obj, _PROTECTED_TYPES)


def smart_str(
    s: Any, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict"
) -> Any:
    """Return ``s`` as text, leaving lazy strings lazy."""
    return s if isinstance(s, Promise) else force_str(s, encoding, strings_only, errors)


@overload
def force_str(
    s: Any, encoding: str = ..., strings_only: Literal[False] = ..., errors: str = ...
) -> str: ...
@overload
def force_str(s: Any, encoding: str = ..., *, strings_only: bool, errors: str = ...) -> Any: ...
@overload
def force_str(s: Any, encoding: str, strings_only: bool, errors: str = ...) -> Any: ...
def force_str(
    s: Any, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict"
) -> Any:
    """Return ``s`` as ``str``; bytes are decoded, lazy strings are resolved.

    With ``strings_only`` numbers, dates and ``None`` are returned unchanged.
    """
    # Not isinstance(): a proxy of a string passes that check without being one.
    if issubclass(type(s), str) or strings_only and is_protected_type(s):
        return s
    if not isinstance(s, bytes):
        return str(s)
    try:
        return s.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise DjangoUnicodeDecodeError(*error.args) from None


def smart_bytes(
    s: Any, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict"
) -> Any:
    """Return ``s`` as bytes, leaving lazy strings lazy."""
    return s if isinstance(s, Promise) else force_bytes(s, encoding, strings_only, errors)


@overload
def force_bytes(
    s: Any, encoding: str = ..., strings_only: Literal[False] = ..., errors: str = ...
) -> bytes: ...
@overload
def force_bytes(s: Any, encoding: str = ..., *, strings_only: bool, errors: str = ...) -> Any: ...
@overload
def force_bytes(s: Any, encoding: str, strings_only: bool, errors: str = ...) -> Any: ...
def force_bytes(
    s: Any, encoding: str = "utf-8", strings_only: bool = False, errors: str = "strict"
) -> Any:
    """Return ``s`` as bytes in ``encoding``; lazy strings are resolved.

    With ``strings_only`` numbers, dates and ``None`` are returned unchanged.
    """
    match s:
        case bytes() if encoding == "utf-8":
            return s
        case bytes():
            return s.decode("utf-8", errors).encode(encoding, errors)
        case memoryview():
            return bytes(s)
    if strings_only and is_protected_type(s):
        return s
    return str(s).encode(encoding, errors)


@overload
def iri_to_uri(iri: None) -> None: ...
@overload
def iri_to_uri(iri: object) -> str: ...
def iri_to_uri(iri: Any) -> str | None:
    """Percent-encode what a URI may not contain; ``None`` stays ``None``."""
    if iri is None:
        return None
    text = str(iri) if isinstance(iri, Promise) else iri
    if type(text) is str and _is_uri(text):
        return text
    return quote(text, safe=_IRI_SAFE)


def _decoded_triplets() -> dict[bytes, bytes]:
    unreserved = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    table = {}
    for octet in (*unreserved, *range(128, 256)):
        high, low = map("0123456789abcdef".__getitem__, divmod(octet, 16))
        for digits in {a + b for a in (high, high.upper()) for b in (low, low.upper())}:
            table[digits.encode()] = bytes((octet,))
    return table


_TRIPLETS = _decoded_triplets()
_triplet = re.compile(rb"%([0-9A-Fa-f]{2})")


def uri_to_iri(uri: Any) -> str | None:
    """Decode the percent-encoded letters, digits and UTF-8 sequences of a URI.

    Reserved characters and broken sequences stay encoded; ``None`` stays ``None``.
    """
    if uri is None:
        return None
    decoded = _triplet.sub(lambda m: _TRIPLETS.get(m[1], m[0]), force_bytes(uri))
    return repercent_broken_unicode(decoded).decode()


def escape_uri_path(path: str) -> str:
    """Percent-encode the characters that would end or split the path of a URI."""
    return quote(path, safe="/:@&+$,-_.!~*'()")


def punycode(domain: str) -> str:
    """Return ``domain`` in its ASCII form."""
    return domain.encode("idna").decode("ascii")


def _portions(whole: bytes) -> Iterator[bytes]:
    """Cut ``whole`` into parts of some kilobytes, never within a character."""
    start = 0
    while start < len(whole):
        end = start + 8192
        # Before a byte that does not continue a character. The fourth in a row that does so is
        # broken anyway.
        cuts = range(end, end - 4, -1)
        end = next(
            (cut for cut in cuts if whole[cut : cut + 1] < b"\x80" or whole[cut] >= 0xC0), end
        )
        yield whole[start:end]
        start = end


def repercent_broken_unicode(path: bytes) -> bytes:
    """Percent-encode the bytes of ``path`` that are not valid UTF-8."""
    good = bytearray()
    # Each error costs a copy of what is left, so there must not be much left.
    for path in _portions(path):
        while path:
            try:
                path.decode()
            except UnicodeDecodeError as error:
                good += path[: error.start]
                good += quote(path[error.start : error.end], safe=_IRI_SAFE).encode()
                path = path[error.end :]
            else:
                good += path
                break
    return bytes(good)


def filepath_to_uri(path: str | bytes | Path | None) -> str | None:
    """Percent-encode a file path for a URL; backslashes become slashes."""
    if path is None:
        return None
    text = path.decode() if isinstance(path, bytes) else str(path)
    return quote(text.replace("\\", "/"), safe="/~!*()'")


def get_system_encoding() -> str:
    """Return the encoding of the default locale, ``"ascii"`` where there is none."""
    import locale

    try:
        name = locale.getlocale()[1] or "ascii"
        codecs.lookup(name)
    except Exception:  # locale and codecs raise various errors for odd environments
        return "ascii"
    return name


def __getattr__(name: str) -> str:
    if name == "DEFAULT_LOCALE_ENCODING":
        return get_system_encoding()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def netstring(value: Any) -> bytes:
    """Return ``value`` as UTF-8 with its length before it: joined, such values stay apart."""
    data = str(value).encode()
    return b"%d:%b," % (len(data), data)
