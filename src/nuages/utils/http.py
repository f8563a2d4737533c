"""HTTP: query strings, dates, entity tags, header values, and URLs that are safe to follow.

Manual: ref/utils, "django.utils.http".
"""

import base64
import math
import re
import time
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from urllib.parse import urlencode as _urlencode

from nuages.utils.datastructures import MultiValueDict

# https://datatracker.ietf.org/doc/html/rfc3986#section-2.2
RFC3986_GENDELIMS = ":/?#[]@"
RFC3986_SUBDELIMS = "!$&'()*+,;="

MAX_URL_LENGTH = 2048
MAX_HEADER_LENGTH = 10_000
MAX_URL_REDIRECT_LENGTH = 16_384

# Ones that a client sends most: RFC 9110, section 8.8.3.
ETAG_MATCH = re.compile(r'(?:W/)?"[^\x00-\x20"\x7F]*"')

_WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def urlencode(query: Any, doseq: bool = False) -> str:
    """Return the query string of a mapping or of pairs.

    With ``doseq`` an iterable value gives one ``key=value`` for each item. Raises
    ``TypeError`` for ``None``: whether it means the empty string or nothing is unclear.
    """
    if isinstance(query, MultiValueDict):
        query = query.lists()
    elif hasattr(query, "items"):
        query = query.items()
    return _urlencode([(key, _query_value(key, value, doseq)) for key, value in query], doseq)


def _query_value(key: Any, value: Any, doseq: bool) -> Any:
    if value is None:
        raise TypeError(
            f"Cannot encode None for key {key!r} in a query string. Did you mean to pass an "
            "empty string or omit the value?"
        )
    if isinstance(value, str | bytes):
        return value
    if not doseq or not isinstance(value, Iterable) and not hasattr(value, "__getitem__"):
        return value if isinstance(value, bytes) else str(value)
    # A str() of each item now: the standard library would test them for being iterable.
    return [
        item if isinstance(item, bytes) else str(_query_value(key, item, False)) for item in value
    ]


def http_date(epoch_seconds: float | None = None) -> str:
    """Return seconds since the epoch (default: now) as ``Wdy, DD Mon YYYY HH:MM:SS GMT``."""
    return _date_at(math.floor(time.time() if epoch_seconds is None else epoch_seconds))


@lru_cache(64)
def _date_at(second_since_epoch: int) -> str:
    # One response has up to three dates, and many responses are sent in a second.
    year, month, day, hour, minute, second, weekday, *_ = time.gmtime(second_since_epoch)
    date = f"{_WEEKDAYS[weekday]}, {day:02d} {MONTHS[month - 1].title()} {year:04d}"
    return f"{date} {hour:02d}:{minute:02d}:{second:02d} GMT"


_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = r"(?P<month>[A-Za-z]{3})"
_date_formats = tuple(
    re.compile(pattern)
    for pattern in (
        # RFC 1123, RFC 850, and C's asctime().
        rf"[A-Za-z]{{3}}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT\Z",
        rf"[A-Za-z]{{6,9}}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT\Z",
        rf"[A-Za-z]{{3}} {_MONTH} (?P<day>[ 0-9][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})\Z",
    )
)


def parse_http_date(date: str) -> int:
    """Return the seconds since the epoch of an HTTP date in any of its three formats.

    Raises ``ValueError`` for anything else.
    """
    for pattern in _date_formats:
        if found := pattern.match(date):
            break
    else:
        raise ValueError(f"{date!r} is not in a valid HTTP date format")
    try:
        year = _full_year(int(found["year"]))
        month = MONTHS.index(found["month"].lower()) + 1
        day, hour, minute, second = map(int, found.group("day", "hour", "minute", "second"))
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError as error:
        raise ValueError(f"{date!r} is not a valid date") from error


def _full_year(year: int) -> int:
    if year >= 100:
        return year
    # Two digits that look more than 50 years ahead mean the century before (RFC 9110, 5.6.7).
    this_year = datetime.now(tz=UTC).year
    year += this_year - this_year % 100
    return year - 100 if year - this_year > 50 else year


def parse_http_date_safe(date: str) -> int | None:
    """Like `parse_http_date()`, with ``None`` for what is no date."""
    try:
        return parse_http_date(date)
    except ValueError:
        return None


def base36_to_int(s: str) -> int:
    """Return the number that a base 36 string of at most 13 digits writes."""
    if len(s) > 13:
        raise ValueError("Base36 input too large")
    return int(s, 36)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def int_to_base36(i: int) -> str:
    """Return a number of zero or more in base 36."""
    if i < 0:
        raise ValueError("Negative base36 conversion input.")
    digits = [_DIGITS[i % 36]]
    while i := i // 36:
        digits.append(_DIGITS[i % 36])
    return "".join(reversed(digits))


def urlsafe_base64_encode(s: bytes) -> str:
    """Return ``s`` in base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(s).decode("ascii").rstrip("=")


def urlsafe_base64_decode(s: str | bytes) -> bytes:
    """Return the bytes of base64 for URLs; padding is added. Raises ``ValueError``."""
    data = s.encode() if isinstance(s, str) else s
    try:
        return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))
    except LookupError as error:
        raise ValueError(error) from error


def parse_etags(etag_str: str) -> list[str]:
    """Return the tags of an ``If-Match`` or ``If-None-Match`` header, ``["*"]`` for any."""
    if etag_str.strip() == "*":
        return ["*"]
    candidates = (tag.strip() for tag in etag_str.split(","))
    return [tag for tag in candidates if ETAG_MATCH.fullmatch(tag)]


def quote_etag(etag_str: str) -> str:
    """Return ``etag_str`` in quotes, unless it is a complete tag already."""
    return etag_str if ETAG_MATCH.fullmatch(etag_str) else f'"{etag_str}"'


def is_same_domain(host: str, pattern: str) -> bool:
    """Say whether ``host`` is ``pattern`` or, for one with a leading dot, below it."""
    pattern = pattern.lower()
    if not pattern:
        return False
    return pattern == host or (
        pattern[0] == "." and (host.endswith(pattern) or host == pattern[1:])
    )


def url_has_allowed_host_and_scheme(
    url: str | None,
    allowed_hosts: str | Collection[str] | None,
    require_https: bool = False,
) -> bool:
    """Say whether a redirect to ``url`` stays on one of ``allowed_hosts``.

    A path without a host is allowed; schemes other than HTTP(S) never are.
    """
    url = url.strip() if url else ""
    if not url or len(url) > MAX_URL_LENGTH:
        return False
    hosts = {allowed_hosts} if isinstance(allowed_hosts, str) else set(allowed_hosts or ())
    # Browsers take a backslash for a slash, so both readings must be harmless.
    return all(_leads_home(form, hosts, require_https) for form in (url, url.replace("\\", "/")))


def _leads_home(url: str, hosts: set[str], require_https: bool) -> bool:
    # Browsers read "///host" as "//host", and skip leading control characters.
    if url.startswith("///") or unicodedata.category(url[0]).startswith("C"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # "http:///host" and "http:path" have no host here, but a browser may find one.
    if parts.scheme and not parts.netloc:
        return False
    scheme = parts.scheme or ("http" if parts.netloc else "")
    schemes = ("https",) if require_https else ("http", "https")
    return (not parts.netloc or parts.netloc in hosts) and (not scheme or scheme in schemes)


def escape_leading_slashes(url: str) -> str:
    """Return ``url`` so that leading slashes cannot be read as the start of a host."""
    return f"/%2F{url.removeprefix('//')}" if url.startswith("//") else url


def split_header_value(value: str, sep: str = ",") -> Iterator[str]:
    """Yield the parts of a header value between ``sep``, without white space or empty ones."""
    return (part for part in map(str.strip, value.split(sep)) if part)


def split_directive_names(value: str) -> Iterator[str]:
    """Yield the lower-case names of the directives in a header such as ``Cache-Control``."""
    for directive in split_header_value(value):
        yield directive.partition("=")[0].rstrip().lower()


def _parameters(rest: str) -> Iterator[str]:
    """Yield the parts of ``rest`` between semicolons that do not stand in quotes."""
    start = at = 0
    quoted = False
    for found in re.finditer(r'\\.|[";]', rest, re.DOTALL):
        at = found.start()
        match found[0]:
            case '"':
                quoted = not quoted
            case ";" if not quoted:
                yield rest[start:at]
                start = at + 1
    yield rest[start:]


def parse_header_parameters(
    line: str | None, max_length: int | None = MAX_HEADER_LENGTH
) -> tuple[str, dict[str, str]]:
    """Return the main value of a header such as ``Content-Type``, lower case, and its options.

    Reads extended values (RFC 2231). Raises ``ValueError`` for a line of more than
    ``max_length`` characters, or an encoding that does not exist.
    """
    if not line:
        return "", {}
    if max_length is not None and len(line) > max_length:
        raise ValueError("Unable to parse header parameters (value too long).")
    main, more, rest = line.partition(";")
    if not more:
        return main.strip().lower(), {}
    options: dict[str, str] = {}
    for parameter in _parameters(rest):
        name, has_value, value = parameter.partition("=")
        if not has_value:
            continue
        name, value = name.strip().lower(), value.strip()
        if name.endswith("*"):
            name = name[:-1]
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1]
            if value.count("'") == 2:
                encoding, _, encoded = value.split("'")
                value = _decode_extended(encoded, encoding)
            else:
                value = unquote(value)
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = re.sub(r'\\([\\"])', r"\1", value[1:-1])
        options[name] = value
    return main.strip().lower(), options


def _decode_extended(value: str, encoding: str) -> str:
    try:
        return unquote(value, encoding=encoding)
    except LookupError as error:
        raise ValueError(f"Invalid encoding: {encoding!r}") from error


def content_disposition_header(as_attachment: bool, filename: str | None) -> str | None:
    """Return a ``Content-Disposition`` value (RFC 6266), ``None`` if there is nothing to say."""
    disposition = "attachment" if as_attachment else "inline"
    if not filename:
        return disposition if as_attachment else None
    if filename.isascii() and filename.isprintable():
        quoted = filename.replace("\\", "\\\\").replace('"', r"\"")
        return f'{disposition}; filename="{quoted}"'
    return f"{disposition}; filename*=utf-8''{quote(filename)}"
