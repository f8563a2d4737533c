"""HTTP caching: ``Vary``, ``Cache-Control``, conditional requests, and keys for whole pages.

Manual: ref/utils, "django.utils.cache"; topics/cache; topics/conditional-view-processing.
"""

import hashlib
import re
import time
from collections.abc import Iterable
from typing import Any

from nuages.conf import settings
from nuages.utils.encoding import netstring
from nuages.utils.http import (
    http_date,
    parse_etags,
    parse_http_date_safe,
    quote_etag,
    split_header_value,
)
from nuages.utils.log import log_response
from nuages.utils.timezone import get_current_timezone_name
from nuages.utils.translation import get_language

cc_delim_re = re.compile(r"\s*,\s*")


# Cache-Control. A directive is a pair (name, value); value ``True`` stands for no value.


def _directives(header: str) -> Iterable[tuple[str, Any]]:
    for part in split_header_value(header):
        name, equals, value = part.partition("=")
        yield name.strip().lower(), value.strip() if equals else True


def patch_cache_control(response: Any, **kwargs: Any) -> None:
    """Add directives to ``Cache-Control``: ``max_age=3`` gives ``max-age=3``.

    ``True`` gives a directive without a value. The shortest ``max_age`` wins, ``public`` and
    ``private`` replace each other, and the values of ``no_cache`` add up.
    """
    current: dict[str, Any] = {}
    # Fields that must not be served from a cache, several of which may be named.
    guarded: dict[Any, None] = {}
    for name, value in _directives(response.get("Cache-Control", "")):
        if name == "no-cache":
            guarded[value] = None
        current[name] = value

    if "max_age" in kwargs and "max-age" in current:
        shortest = _as_seconds(current["max-age"])
        if shortest is not None:
            kwargs["max_age"] = min(shortest, kwargs["max_age"])
    for added, replaced in (("public", "private"), ("private", "public")):
        if added in kwargs:
            current.pop(replaced, None)

    for keyword, value in kwargs.items():
        name = keyword.replace("_", "-").lower()
        if name == "no-cache":
            guarded[value] = None
        current[name] = value
    if True in guarded:
        # Nothing may be served from a cache: naming single fields says less.
        guarded = {True: None}
    response.headers["Cache-Control"] = ", ".join(
        name if value is True else f"{name}={value}"
        for name, known in current.items()
        for value in (guarded if name == "no-cache" else (known,))
    )


def _as_seconds(value: Any) -> int | None:
    try:
        return None if value is True else int(value)
    except ValueError:
        return None


def get_max_age(response: Any) -> int | None:
    """Return the ``max-age`` of ``Cache-Control``; ``None`` if there is none."""
    return _as_seconds(dict(_directives(response.get("Cache-Control", ""))).get("max-age", True))


def patch_response_headers(response: Any, cache_timeout: float | None = None) -> None:
    """Add ``Expires`` and ``Cache-Control: max-age`` for ``cache_timeout`` seconds.

    The timeout is `CACHE_MIDDLEWARE_SECONDS` unless given, and at least zero.
    """
    seconds = settings.CACHE_MIDDLEWARE_SECONDS if cache_timeout is None else cache_timeout
    seconds = max(0, seconds)
    response.headers.setdefault("Expires", http_date(time.time() + seconds))
    patch_cache_control(response, max_age=seconds)


def add_never_cache_headers(response: Any) -> None:
    """Add headers that tell every cache to keep nothing."""
    if "Cache-Control" not in response.headers:
        # As below, in one go.
        response.headers.setdefault("Expires", http_date(time.time()))
        response.headers["Cache-Control"] = _NEVER
        return
    patch_response_headers(response, cache_timeout=-1)
    forbidden = ("no_cache", "no_store", "must_revalidate", "private")
    patch_cache_control(response, **dict.fromkeys(forbidden, True))


_NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"


# Vary.


def _vary(response: Any) -> dict[str, str]:
    """Return the names in ``Vary``, by their lower-case form."""
    names = split_header_value(response.headers.get("Vary", ""))
    return {name.lower(): name for name in names}


def patch_vary_headers(response: Any, newheaders: Iterable[str]) -> None:
    """Add names to ``Vary``; an asterisk takes the place of all."""
    present = response.headers.get("Vary")
    match newheaders:
        case (str(name),) if not present and name == name.strip() != "":
            response.headers["Vary"] = name
            return
        case (str(name),) if name == present:
            return
    wanted = {name.strip().lower(): name.strip() for name in newheaders}
    names = wanted | _vary(response)
    # Those that were there come first.
    order = dict.fromkeys([*_vary(response), *wanted])
    response.headers["Vary"] = "*" if "*" in names else ", ".join(names[key] for key in order)


def has_vary_header(response: Any, header_query: str) -> bool:
    """Say whether ``Vary`` has a name, in any case."""
    return response.has_header("Vary") and header_query.lower() in _vary(response)


# Conditional requests (RFC 9110, section 13).


def set_response_etag(response: Any) -> Any:
    """Give a response with content an ``ETag`` made of that; return the response."""
    if not response.streaming and response.content:
        digest = hashlib.md5(response.content, usedforsecurity=False).hexdigest()
        response.headers["ETag"] = quote_etag(digest)
    return response


def _strongly(tag: str | None, tags: list[str]) -> bool:
    """Compare so that only equal bytes count: weak tags match nothing."""
    return bool(tag) and (tags == ["*"] or not tag.startswith("W/") and tag in tags)  # type: ignore[union-attr]


def _weakly(tag: str | None, tags: list[str]) -> bool:
    """Compare so that equivalent content counts."""
    if not tag:
        return False
    return tags == ["*"] or tag.removeprefix("W/") in {t.removeprefix("W/") for t in tags}


def get_conditional_response(
    request: Any,
    etag: str | None = None,
    last_modified: float | None = None,
    response: Any = None,
) -> Any:
    """Return what answers a conditional request for a resource in this state.

    That is 304 or 412 if its conditions are decided, otherwise ``response``.
    """
    # An error stays an error, whatever the client has.
    if response is not None and not 200 <= response.status_code < 300:
        return response
    header = request.META.get
    tags = {name: parse_etags(header(name, "")) for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")}
    dates = {
        name: parse_http_date_safe(date) if (date := header(name)) else None
        for name in ("HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_MODIFIED_SINCE")
    }
    reading = request.method in ("GET", "HEAD")

    # Which conditions count, and in which order: section 13.2.2.
    if wanted := tags["HTTP_IF_MATCH"]:
        if not _strongly(etag, wanted):
            return _precondition_failed(request)
    elif until := dates["HTTP_IF_UNMODIFIED_SINCE"]:
        if not last_modified or last_modified > until:
            return _precondition_failed(request)

    if known := tags["HTTP_IF_NONE_MATCH"]:
        if _weakly(etag, known):
            return _not_modified(request, response) if reading else _precondition_failed(request)
    elif (since := dates["HTTP_IF_MODIFIED_SINCE"]) and reading:
        if last_modified and last_modified <= since:
            return _not_modified(request, response)
    return response


def _precondition_failed(request: Any) -> Any:
    from nuages.http import HttpResponse

    refusal = HttpResponse(status=412)
    log_response("Precondition Failed: %s", request.path, response=refusal, request=request)
    return refusal


_KEPT_BY_NOT_MODIFIED = (
    "Cache-Control",
    "Content-Location",
    "Date",
    "ETag",
    "Expires",
    "Last-Modified",
    "Vary",
)


def _not_modified(request: Any, response: Any = None) -> Any:
    from nuages.http import HttpResponseNotModified

    short = HttpResponseNotModified()
    if response is not None:
        for name in _KEPT_BY_NOT_MODIFIED:
            if name in response:
                short.headers[name] = response.headers[name]
        # A cookie that was renewed is to reach the client all the same.
        short.cookies = response.cookies
    return short


# Keys. A page is kept under a key made of its URL and the values of the request headers that
# it varies on; which those are is learned from the response, and kept under a key of the URL.


def _digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _localized(request: Any, key: str) -> str:
    """Add to a key what a localized page depends on besides its URL."""
    if settings.USE_I18N:
        # The request knows its language even where the active one was changed since.
        key += f".{getattr(request, 'LANGUAGE_CODE', get_language())}"
    if settings.USE_TZ:
        key += f".{get_current_timezone_name()}"
    return key


def _headers_key(request: Any, key_prefix: str) -> str:
    url = _digest(request.build_absolute_uri().encode("ascii"))
    return _localized(request, f"views.decorators.cache.cache_header.{key_prefix}.{url}")


def _page_key(request: Any, method: str, headers: Iterable[str], key_prefix: str) -> str:
    # A header that is absent is not one that is empty.
    values = (request.META.get(name) for name in headers)
    varies = _digest(b"".join(b"-," if value is None else netstring(value) for value in values))
    url = _digest(request.build_absolute_uri().encode("ascii"))
    return _localized(
        request, f"views.decorators.cache.cache_page.{key_prefix}.{method}.{url}.{varies}"
    )


def _page_cache(cache: Any) -> Any:
    from nuages.core.cache import caches

    return caches[settings.CACHE_MIDDLEWARE_ALIAS] if cache is None else cache


def get_cache_key(
    request: Any, key_prefix: str | None = None, method: str = "GET", cache: Any = None
) -> str | None:
    """Return the key of the page that a request asks for; ``None`` if it is not known yet."""
    prefix = settings.CACHE_MIDDLEWARE_KEY_PREFIX if key_prefix is None else key_prefix
    headers = _page_cache(cache).get(_headers_key(request, prefix))
    return None if headers is None else _page_key(request, method, headers, prefix)


def learn_cache_key(
    request: Any,
    response: Any,
    cache_timeout: float | None = None,
    key_prefix: str | None = None,
    cache: Any = None,
) -> str:
    """Remember which headers the response varies on, and return the key for the page."""
    prefix = settings.CACHE_MIDDLEWARE_KEY_PREFIX if key_prefix is None else key_prefix
    timeout = settings.CACHE_MIDDLEWARE_SECONDS if cache_timeout is None else cache_timeout
    names = sorted(f"HTTP_{name.upper().replace('-', '_')}" for name in _vary(response))
    if settings.USE_I18N and "HTTP_ACCEPT_LANGUAGE" in names:
        # The key has the language that was chosen, which is less than the whole header.
        names.remove("HTTP_ACCEPT_LANGUAGE")
    _page_cache(cache).set(_headers_key(request, prefix), names, timeout)
    return _page_key(request, request.method, names, prefix)
