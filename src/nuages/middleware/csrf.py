"""Protection against cross-site request forgery. Manual: "Cross Site Request Forgery protection".

A secret is kept in a cookie, or in the session. Forms carry a token: the secret, masked by random
characters so that no two pages show the same.
"""

from __future__ import annotations

import logging
import re
import string
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from nuages.conf import settings
from nuages.core.exceptions import DisallowedHost, ImproperlyConfigured
from nuages.http import UnreadablePostError
from nuages.http.request import HttpHeaders
from nuages.urls import get_callable
from nuages.utils.cache import patch_vary_headers
from nuages.utils.crypto import constant_time_compare, get_random_string
from nuages.utils.deprecation import MiddlewareMixin
from nuages.utils.functional import cached_property
from nuages.utils.http import is_same_domain
from nuages.utils.log import log_response

logger = logging.getLogger("django.security.csrf")

CSRF_ALLOWED_CHARS = string.ascii_letters + string.digits
CSRF_SECRET_LENGTH = 32
CSRF_TOKEN_LENGTH = 2 * CSRF_SECRET_LENGTH
CSRF_SESSION_KEY = "_csrftoken"

REASON_BAD_ORIGIN = "Origin checking failed - %s does not match any trusted origins."
REASON_NO_REFERER = "Referer checking failed - no Referer."
REASON_BAD_REFERER = "Referer checking failed - %s does not match any trusted origins."
REASON_NO_CSRF_COOKIE = "CSRF cookie not set."
REASON_CSRF_TOKEN_MISSING = "CSRF token missing."
REASON_MALFORMED_REFERER = "Referer checking failed - Referer is malformed."
REASON_INSECURE_REFERER = "Referer checking failed - Referer is insecure while host is secure."
# Why a token or secret is not even one, as parts of the sentences above.
REASON_INCORRECT_LENGTH = "has incorrect length"
REASON_INVALID_CHARACTERS = "has invalid characters"

_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_SIZE = len(CSRF_ALLOWED_CHARS)
# Which place in the alphabet a character has, and which one is at a place, counted round and round.
_PLACES = bytes.maketrans(CSRF_ALLOWED_CHARS.encode(), bytes(range(_SIZE)))
_CHARACTERS = bytes(ord(CSRF_ALLOWED_CHARS[place % _SIZE]) for place in range(256))
_ONCE_ROUND = int.from_bytes(bytes([_SIZE]) * CSRF_SECRET_LENGTH)
_is_of_alphabet = re.compile(f"[{CSRF_ALLOWED_CHARS}]*").fullmatch
_COOKIE_OPTIONS = {
    "max_age": "CSRF_COOKIE_AGE",
    **{
        name: f"CSRF_COOKIE_{name.upper()}"
        for name in ("path", "domain", "secure", "httponly", "samesite")
    },
}
_LENGTHS = (CSRF_SECRET_LENGTH, CSRF_TOKEN_LENGTH)


class InvalidTokenFormat(Exception):
    """A text cannot be a token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class RejectRequest(Exception):
    """A request is refused."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _get_failure_view() -> Callable[..., Any]:
    return get_callable(settings.CSRF_FAILURE_VIEW)


def _get_new_csrf_string() -> str:
    return get_random_string(CSRF_SECRET_LENGTH, allowed_chars=CSRF_ALLOWED_CHARS)


def _shifted(text: str, mask: str, direction: int) -> str:
    """Move each character of ``text`` by the place of the one in ``mask``, within the alphabet.

    All of them in one addition: places are less than 62, so that no byte carries into the next one.
    """
    length = len(text)
    if len(mask) != length:
        raise ValueError("A mask is as long as what it hides.")
    places = int.from_bytes(text.encode().translate(_PLACES))
    moves = int.from_bytes(mask.encode().translate(_PLACES))
    # (Once round the alphabet more, no difference is negative.)
    sums = places + moves if direction > 0 else places + _ONCE_ROUND - moves
    return sums.to_bytes(length).translate(_CHARACTERS).decode()


def _mask_cipher_secret(secret: str) -> str:
    """Return a token for ``secret``: a random mask, and the secret moved by it."""
    mask = _get_new_csrf_string()
    return mask + _shifted(secret, mask, 1)


def _unmask_cipher_token(token: str) -> str:
    """Return the secret in a token."""
    mask, moved = token[:CSRF_SECRET_LENGTH], token[CSRF_SECRET_LENGTH:]
    return _shifted(moved, mask, -1)


def _check_token_format(token: str) -> None:
    """Raise ``InvalidTokenFormat`` for what is neither a token nor a secret."""
    if len(token) not in _LENGTHS:
        raise InvalidTokenFormat(REASON_INCORRECT_LENGTH)
    if _is_of_alphabet(token) is None:
        raise InvalidTokenFormat(REASON_INVALID_CHARACTERS)


def _does_token_match(request_csrf_token: str, csrf_secret: str) -> bool:
    """Whether a token, or bare secret, of the right format belongs to ``csrf_secret``."""
    assert len(request_csrf_token) in _LENGTHS
    return constant_time_compare(_bare(request_csrf_token), csrf_secret)


def _bare(token: str) -> str:
    return _unmask_cipher_token(token) if len(token) == CSRF_TOKEN_LENGTH else token


def _add_new_csrf_cookie(request: Any) -> str:
    secret = _get_new_csrf_string()
    request.META.update(CSRF_COOKIE=secret, CSRF_COOKIE_NEEDS_UPDATE=True)
    return secret


def get_token(request: Any) -> str:
    """Return a token for a form, and see to it that the response sends the cookie."""
    secret = request.META.get("CSRF_COOKIE")
    if secret is None:
        secret = _add_new_csrf_cookie(request)
    else:
        # A page that shows a token prolongs the life of the cookie.
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
    return _mask_cipher_secret(secret)


def rotate_token(request: Any) -> None:
    """Change the secret, as is done at login."""
    _add_new_csrf_cookie(request)


class CsrfViewMiddleware(MiddlewareMixin):
    """Refuses unsafe requests without a valid token, or from origins that are not trusted."""

    @property
    def inline(self) -> bool:  # type: ignore[override]
        """Reading a session may wait for a database. (Views are decorated before there are settings.)"""
        return not settings.CSRF_USE_SESSIONS

    #: As a decorator, it asks the view for attributes alone.
    calls_no_view = True

    # -- the trusted origins -------------------------------------------------------------------

    @cached_property
    def csrf_trusted_origins_hosts(self) -> list[str]:
        """Hosts, or domains with a leading dot, that pages may be on."""
        return [urlsplit(each).netloc.lstrip("*") for each in settings.CSRF_TRUSTED_ORIGINS]

    @cached_property
    def allowed_origins_exact(self) -> set[str]:
        """Origins without a wildcard."""
        return {each for each in settings.CSRF_TRUSTED_ORIGINS if "*" not in each}

    @cached_property
    def allowed_origin_subdomains(self) -> dict[str, list[str]]:
        """Scheme → domains, each with a leading dot, of the origins with a wildcard."""
        domains: dict[str, list[str]] = {}
        for each in settings.CSRF_TRUSTED_ORIGINS:
            if "*" in each:
                parts = urlsplit(each)
                domains.setdefault(parts.scheme, []).append(parts.netloc.lstrip("*"))
        return domains

    # -- the secret -----------------------------------------------------------------------------

    def _get_secret(self, request: Any) -> str | None:
        """Return the secret that came with the request, unmasked.

        Raises:
            InvalidTokenFormat: what the cookie holds is none.
        """
        if settings.CSRF_USE_SESSIONS:
            try:
                kept = request.session.get(CSRF_SESSION_KEY)
            except AttributeError:
                raise ImproperlyConfigured(
                    "CSRF_USE_SESSIONS is enabled, but request.session is not set. "
                    "SessionMiddleware must appear before CsrfViewMiddleware in MIDDLEWARE."
                ) from None
        else:
            kept = request.COOKIES.get(settings.CSRF_COOKIE_NAME)
            if kept is not None:
                _check_token_format(kept)
        # Older releases kept it masked.
        return None if kept is None else _bare(kept)

    def _set_csrf_cookie(self, request: Any, response: Any) -> None:
        secret = request.META["CSRF_COOKIE"]
        if settings.CSRF_USE_SESSIONS:
            # Writing what is there already would mark the session as changed.
            if request.session.get(CSRF_SESSION_KEY) != secret:
                request.session[CSRF_SESSION_KEY] = secret
            return
        options = {name: getattr(settings, setting) for name, setting in _COOKIE_OPTIONS.items()}
        response.set_cookie(settings.CSRF_COOKIE_NAME, secret, **options)
        patch_vary_headers(response, ("Cookie",))

    # -- the checks -----------------------------------------------------------------------------

    def _origin_verified(self, request: Any) -> bool:
        origin = request.META["HTTP_ORIGIN"]
        if origin in self.allowed_origins_exact:
            return True
        try:
            own = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
        except DisallowedHost:
            own = None
        if origin == own:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        domains = self.allowed_origin_subdomains.get(parts.scheme, ())
        return any(is_same_domain(parts.netloc, domain) for domain in domains)

    def _check_referer(self, request: Any) -> None:
        """Raise ``RejectRequest`` unless the page that sent the form is one of ours.

        Only for HTTPS without an Origin header: there, a man in the middle of an insecure page
        could set cookies, but not send a referrer with HTTPS.
        """
        sent = request.META.get("HTTP_REFERER")
        if sent is None:
            raise RejectRequest(REASON_NO_REFERER)
        try:
            referer = urlsplit(sent)
        except ValueError:
            raise RejectRequest(REASON_MALFORMED_REFERER) from None
        if not (referer.scheme and referer.netloc):
            raise RejectRequest(REASON_MALFORMED_REFERER)
        if referer.scheme != "https":
            raise RejectRequest(REASON_INSECURE_REFERER)
        for host in self._good_hosts(request):
            if is_same_domain(referer.netloc, host):
                return
        raise RejectRequest(REASON_BAD_REFERER % referer.geturl())

    def _good_hosts(self, request: Any) -> Iterator[str]:
        yield from self.csrf_trusted_origins_hosts
        sessions = settings.CSRF_USE_SESSIONS
        domain = settings.SESSION_COOKIE_DOMAIN if sessions else settings.CSRF_COOKIE_DOMAIN
        if domain is None:
            try:
                yield request.get_host()
            except DisallowedHost:
                return
        else:
            port = request.get_port()
            yield domain if port in ("80", "443") else f"{domain}:{port}"

    def _check_token(self, request: Any) -> None:
        """Raise ``RejectRequest`` unless the request carries a token for its secret."""
        try:
            secret = self._get_secret(request)
        except InvalidTokenFormat as error:
            raise RejectRequest(f"CSRF cookie {error.reason}.") from None
        if secret is None:
            raise RejectRequest(REASON_NO_CSRF_COOKIE)
        token, source = self._sent_token(request)
        try:
            _check_token_format(token)
        except InvalidTokenFormat as error:
            raise RejectRequest(f"CSRF token from {source} {error.reason}.") from None
        if not _does_token_match(token, secret):
            raise RejectRequest(f"CSRF token from {source} incorrect.")

    @staticmethod
    def _sent_token(request: Any) -> tuple[str, str]:
        """Return the token of the form, or of the header, and where it was."""
        token = ""
        if request.method == "POST":
            try:
                token = request.POST.get("csrfmiddlewaretoken", "")
            except UnreadablePostError:
                # The client is gone; its request is refused as one without a token.
                token = ""
        if token:
            return token, "POST"
        header = settings.CSRF_HEADER_NAME
        try:
            return request.META[
                header
            ], f"the {HttpHeaders.parse_header_name(header)!r} HTTP header"
        except KeyError:
            raise RejectRequest(REASON_CSRF_TOKEN_MISSING) from None

    def _check(self, request: Any) -> None:
        if "HTTP_ORIGIN" in request.META:
            if not self._origin_verified(request):
                raise RejectRequest(REASON_BAD_ORIGIN % request.META["HTTP_ORIGIN"])
        elif request.is_secure():
            self._check_referer(request)
        self._check_token(request)

    def _accept(self, request: Any) -> None:
        # So that a decorator around the view does not check once more.
        request.csrf_processing_done = True

    def _reject(self, request: Any, reason: str) -> Any:
        response = _get_failure_view()(request, reason=reason)
        log_response(
            "Forbidden (%s): %s",
            reason,
            request.path,
            response=response,
            request=request,
            logger=logger,
        )
        return response

    # -- the hooks ------------------------------------------------------------------------------

    def process_request(self, request: Any) -> None:
        """Note the secret that came with the request; replace one that is none."""
        try:
            secret = self._get_secret(request)
        except InvalidTokenFormat:
            _add_new_csrf_cookie(request)
        else:
            if secret is not None:
                request.META["CSRF_COOKIE"] = secret

    def process_view(
        self, request: Any, callback: Any, callback_args: Any, callback_kwargs: Any
    ) -> Any:
        """Refuse the request, where it is unsafe, not exempt and does not pass the checks."""
        if getattr(callback, "csrf_exempt", False) or hasattr(request, "csrf_processing_done"):
            return None
        # The second is for tests, which need not send tokens.
        trusted = getattr(request, "_dont_enforce_csrf_checks", False)
        refusal = None
        if not (trusted or request.method in _SAFE_METHODS):
            try:
                self._check(request)
            except RejectRequest as raised:
                refusal = raised.reason
        return self._accept(request) if refusal is None else self._reject(request, refusal)

    def process_response(self, request: Any, response: Any) -> Any:
        """Send the cookie, where a token was made."""
        if request._in_meta("CSRF_COOKIE_NEEDS_UPDATE"):
            self._set_csrf_cookie(request, response)
            # Said once: a decorator's instance of this middleware shall not repeat it.
            request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
        return response
