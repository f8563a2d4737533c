"""``HttpRequest``. Manual: "Request and response objects"."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from nuages.conf import settings
from nuages.core import signing
from nuages.core.exceptions import (
    BadRequest,
    DisallowedHost,
    ImproperlyConfigured,
    RequestDataTooBig,
)
from nuages.http._headers import HttpHeaders
from nuages.http._media import MediaType, by_precedence, by_quality, parse_accept
from nuages.http._querydict import QueryDict
from nuages.http._streams import bytes_left
from nuages.utils.datastructures import ImmutableList, MultiValueDict
from nuages.utils.encoding import escape_uri_path, iri_to_uri
from nuages.utils.functional import cached_property
from nuages.utils.hints import unannotated
from nuages.utils.http import is_same_domain, parse_header_parameters

if TYPE_CHECKING:
    from nuages.core.files.uploadhandler import FileUploadHandler
    from nuages.http.multipartparser import MultiPartParser
    from nuages.urls import ResolverMatch

__all__ = [
    "HttpHeaders",
    "HttpRequest",
    "MediaType",
    "QueryDict",
    "RawPostDataException",
    "UnreadablePostError",
    "bytes_to_text",
    "split_domain_port",
    "validate_host",
]

RAISE_ERROR = object()

# A name of letters, digits, dots and hyphens, or an IPv6 address in brackets; then perhaps a port.
host_validation_re = re.compile(
    r"(?P<domain>[a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9:.]*\])(?::(?P<port>[0-9]+))?"
)


class UnreadablePostError(OSError):
    """The client's connection broke while the body was read."""


class RawPostDataException(Exception):
    """``request.body`` was asked for after something had read the stream."""


def _from_stream(name: str) -> Any:
    def method(self: HttpRequest, *args: Any, **kwargs: Any) -> bytes:
        """Read from the body as from a file; UnreadablePostError where the connection broke."""
        self._read_started = True
        try:
            return getattr(self._stream, name)(*args, **kwargs)
        except OSError as error:
            raise UnreadablePostError(*error.args) from error

    method.__name__, method.__qualname__ = name, f"HttpRequest.{name}"
    return method


_FORM = "application/x-www-form-urlencoded"


class FromBody:
    """An attribute that is read from the body when something asks for it.

    Args:
        kept_as: the attribute that holds it then.
    """

    def __init__(self, kept_as: str) -> None:
        self.kept_as = kept_as

    def __get__(self, request: Any, owner: type | None = None) -> Any:
        if request is None:
            return self
        own = request.__dict__
        if self.kept_as not in own:
            request._load_post_and_files()
        return own[self.kept_as]

    def __set__(self, request: Any, value: Any) -> None:
        vars(request)[self.kept_as] = value


@unannotated
class HttpRequest:
    """What a client asks for. Manual: "HttpRequest objects"."""

    _encoding: str | None = None
    _upload_handlers: list[FileUploadHandler] | tuple[()] = ()
    _multipart_parser_class: type[MultiPartParser] | None = None
    _read_started = False

    method: str | None = None
    content_type: str | None = None
    content_params: dict[str, str] | None = None
    resolver_match: ResolverMatch | None = None

    # What middleware adds: the user (or an anonymous one), the session, and the site.
    user: Any
    session: Any
    site: Any

    def __init__(self) -> None:
        self.path = self.path_info = ""
        self.META: dict[str, Any] = {}
        self.COOKIES: dict[str, str] = {}
        self.GET, self.POST = (QueryDict(mutable=True) for _ in range(2))
        self.FILES: MultiValueDict = MultiValueDict()

    def __repr__(self) -> str:
        what = f": {self.method} {self.get_full_path()!r}" if self.method and self.path else ""
        return f"<{type(self).__name__}{what}>"

    def __getstate__(self) -> dict[str, Any]:
        # Streams and the objects of a server stay behind when a request is copied or pickled.
        state = self.__dict__.copy()
        for name in ("_stream", "environ", "scope"):
            state.pop(name, None)
        return state

    def __copy__(self) -> HttpRequest:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> HttpRequest:
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__getstate__(), memo))
        return twin

    # -- headers ------------------------------------------------------------------------------

    @cached_property
    def headers(self) -> HttpHeaders:
        """The request's headers, case-insensitive."""
        return HttpHeaders(self.META)

    @cached_property
    def _accept(self) -> list[MediaType]:
        return parse_accept(self.META.get("HTTP_ACCEPT", "*/*"))

    @cached_property
    def accepted_types(self) -> list[MediaType]:
        """The media types that the client accepts, best-liked first."""
        return by_quality(self._accept)

    @cached_property
    def accepted_types_by_precedence(self) -> list[MediaType]:
        """The media types that the client accepts, most specific first."""
        return by_precedence(self._accept)

    def accepted_type(self, media_type: str | MediaType) -> MediaType | None:
        """Return the accepted range that governs ``media_type``, or ``None`` if it is refused."""
        wanted = MediaType(media_type)
        for accepted in self.accepted_types_by_precedence:
            if wanted.match(accepted):
                return accepted
        return None

    def get_preferred_type(self, media_types: Iterable[str]) -> str | None:
        """Return the one of ``media_types`` that the client likes best, or ``None``."""
        best, best_rank = None, (0.0, -1)
        for media_type in media_types:
            if accepted := self.accepted_type(media_type):
                rank = (accepted.quality, accepted.specificity)
                if rank > best_rank:
                    best, best_rank = media_type, rank
        return best

    def accepts(self, media_type: str) -> bool:
        """Return whether the client accepts ``media_type``."""
        return self.accepted_type(media_type) is not None

    def _set_content_type_params(self, meta: Mapping[str, Any]) -> None:
        header = meta.get("CONTENT_TYPE", "")
        if not header:
            self.content_type, self.content_params = "", {}
            return
        try:
            if header == _FORM:
                self.content_type, self.content_params = _FORM, {}
                return
            self.content_type, self.content_params = parse_header_parameters(header)
        except (LookupError, ValueError) as error:
            raise BadRequest("Invalid Content-Type header.") from error
        charset = self.content_params.get("charset")
        if charset is not None and _is_codec(charset):
            self.encoding = charset

    # -- where the request went ----------------------------------------------------------------

    def _in_meta(self, key: str) -> Any:
        """Return an entry of ``META``, or ``None``; a request need not make all of it for that."""
        return self.META.get(key)

    def _get_raw_host(self) -> str:
        host: str | None = None
        if settings.USE_X_FORWARDED_HOST:
            host = self._in_meta("HTTP_X_FORWARDED_HOST")
        if host is None:
            host = self._in_meta("HTTP_HOST")
        if host is not None:
            return host
        host, port = self.META["SERVER_NAME"], self.get_port()
        return host if port == ("443" if self.is_secure() else "80") else f"{host}:{port}"

    def get_host(self) -> str:
        """Return the host that the client asked for, with its port where it named one.

        Raises:
            DisallowedHost: the host is malformed, or not in ``ALLOWED_HOSTS``.
        """
        host = self._get_raw_host()
        allowed = settings.ALLOWED_HOSTS
        if not allowed and settings.DEBUG:
            allowed = [".localhost", "127.0.0.1", "[::1]"]
        domain = split_domain_port(host)[0]
        if domain and validate_host(domain, allowed):
            return host
        advice = (
            f"You may need to add {domain!r} to ALLOWED_HOSTS."
            if domain
            else "The domain name provided is not valid according to RFC 1034/1035."
        )
        raise DisallowedHost(f"Invalid HTTP_HOST header: {host!r}. {advice}")

    def get_port(self) -> str:
        """Return the port that the request came in on."""
        if settings.USE_X_FORWARDED_PORT and "HTTP_X_FORWARDED_PORT" in self.META:
            return str(self.META["HTTP_X_FORWARDED_PORT"])
        return str(self.META["SERVER_PORT"])

    def get_full_path(self, force_append_slash: bool = False) -> str:
        """Return the path with its query string."""
        return self._get_full_path(self.path, force_append_slash)

    def get_full_path_info(self, force_append_slash: bool = False) -> str:
        """Return the path below the script's prefix, with its query string."""
        return self._get_full_path(self.path_info, force_append_slash)

    def _get_full_path(self, path: str, force_append_slash: bool) -> str:
        slash = "/" if force_append_slash and not path.endswith("/") else ""
        query = self.META.get("QUERY_STRING", "")
        return f"{escape_uri_path(path)}{slash}{'?' if query else ''}{iri_to_uri(query)}"

    def build_absolute_uri(self, location: str | None = None) -> str:
        """Return the absolute URI of ``location``, by default of this request."""
        if location is None:
            return iri_to_uri(self._current_scheme_host + self.get_full_path())
        location = str(location)
        parts = urlsplit(location)
        if parts.scheme and parts.netloc:
            return iri_to_uri(location)
        plain = (
            parts.path.startswith("/")
            and not (parts.scheme or parts.netloc)
            and not location.startswith("//")
            and "/." not in parts.path
        )
        if plain:
            return iri_to_uri(self._current_scheme_host + location)
        if not parts.netloc and location.startswith("//"):
            location = "/" + location.lstrip("/")
        return iri_to_uri(urljoin(self._current_scheme_host + self.path, location))

    @cached_property
    def _current_scheme_host(self) -> str:
        return f"{self.scheme}://{self.get_host()}"

    def _get_scheme(self) -> str:
        """Return the scheme as the server gives it; requests of a protocol override this."""
        return "http"

    @property
    def scheme(self) -> str:
        """``"http"`` or ``"https"``, after what a trusted proxy's header says."""
        trusted = settings.SECURE_PROXY_SSL_HEADER
        if trusted:
            try:
                header, secure_value = trusted
            except ValueError:
                raise ImproperlyConfigured(
                    "The SECURE_PROXY_SSL_HEADER setting must be a tuple containing two values."
                ) from None
            sent = self.META.get(header)
            if sent is not None:
                return "https" if sent.split(",", 1)[0].strip() == secure_value else "http"
        return self._get_scheme()

    def is_secure(self) -> bool:
        """Return whether the client's side of the connection is HTTPS."""
        return self.scheme == "https"

    # -- cookies -------------------------------------------------------------------------------

    def get_signed_cookie(
        self,
        key: str,
        default: Any = RAISE_ERROR,
        salt: str = "",
        max_age: float | timedelta | None = None,
    ) -> Any:
        """Return the value of a signed cookie.

        Args:
            default: returned instead of raising.
            max_age: in seconds; an older signature counts as wrong.

        Raises:
            KeyError: there is no such cookie.
            BadSignature: it was tampered with, or (SignatureExpired) is too old.
        """
        try:
            return signing._unsign_cookie(
                self.COOKIES[key], cookie_name=key, salt=salt, max_age=max_age
            )
        except (KeyError, signing.BadSignature):
            if default is RAISE_ERROR:
                raise
            return default

    # -- form data -----------------------------------------------------------------------------

    @property
    def encoding(self) -> str | None:
        """The encoding of form data; ``None`` means ``DEFAULT_CHARSET``. Setting it rereads it."""
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value
        for name in ("GET", "_post"):
            self.__dict__.pop(name, None)

    def _initialize_handlers(self) -> None:
        from nuages.core.files.uploadhandler import load_handler

        self._upload_handlers = [load_handler(path, self) for path in settings.FILE_UPLOAD_HANDLERS]

    @property
    def upload_handlers(self) -> list[FileUploadHandler]:
        """The handlers that uploaded files go through; may be replaced before POST is read."""
        if not self._upload_handlers:
            self._initialize_handlers()
        return self._upload_handlers  # type: ignore[return-value]

    @upload_handlers.setter
    def upload_handlers(self, handlers: list[FileUploadHandler]) -> None:
        if hasattr(self, "_files"):
            raise AttributeError(
                "You cannot set the upload handlers after the upload has been processed."
            )
        self._upload_handlers = handlers

    @property
    def multipart_parser_class(self) -> type[MultiPartParser]:
        """The parser of ``multipart/form-data`` bodies; may be replaced before POST is read."""
        if self._multipart_parser_class is None:
            from nuages.http.multipartparser import MultiPartParser

            return MultiPartParser
        return self._multipart_parser_class

    @multipart_parser_class.setter
    def multipart_parser_class(self, parser_class: type[MultiPartParser]) -> None:
        if hasattr(self, "_files"):
            raise RuntimeError(
                "You cannot set the multipart parser class after the upload has been processed."
            )
        self._multipart_parser_class = parser_class

    def parse_file_upload(
        self, META: Mapping[str, Any], post_data: Any
    ) -> tuple[QueryDict, MultiValueDict]:
        """Return the fields and the files of the ``multipart/form-data`` body ``post_data``."""
        self.upload_handlers = ImmutableList(  # type: ignore[assignment]  # nobody may add more
            self.upload_handlers,
            warning="You cannot alter upload handlers after the upload has been processed.",
        )
        parser = self.multipart_parser_class(META, post_data, self.upload_handlers, self.encoding)
        return parser.parse()

    @property
    def body(self) -> bytes:
        """The whole body.

        Raises:
            RawPostDataException: the stream was read before.
            RequestDataTooBig: it is longer than ``DATA_UPLOAD_MAX_MEMORY_SIZE``.
            UnreadablePostError: the connection broke.
        """
        body: bytes | None = vars(self).get("_body")
        if body is None:
            body = self._body = self._read_whole()
        return body

    def _read_whole(self) -> bytes:
        if self._read_started:
            raise RawPostDataException(
                "You cannot access body after reading from request's data stream"
            )
        self._check_data_too_big(self._length_of_body())
        stream: Any = vars(self)["_stream"]
        try:
            whole = self.read()
        finally:
            stream.close()
        # To be read as a file from the start.
        self._stream = BytesIO(whole)
        return whole

    def _length_of_body(self) -> int:
        """Return the length: as received where that is known, else as the client declares it."""
        received = bytes_left(self._stream)
        if received is not None:
            return received
        try:
            return int(self.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return 0

    def _check_data_too_big(self, length: int) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if limit is not None and length > limit:
            raise RequestDataTooBig("Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.")

    def _mark_post_parse_error(self) -> None:
        self._post = QueryDict()
        self._files = MultiValueDict()

    def _load_post_and_files(self) -> None:
        """Read the body into ``_post`` and ``_files``, where it is a form's."""
        if self.method != "POST" or (self._read_started and not hasattr(self, "_body")):
            self._mark_post_parse_error()
        elif self.content_type == "multipart/form-data":
            source = BytesIO(self._body) if hasattr(self, "_body") else self
            try:
                self._post, self._files = self.parse_file_upload(self.META, source)
            except BaseException:
                # Error pages read POST too: they shall find it empty, not fail once more.
                self._mark_post_parse_error()
                raise
        elif self.content_type == _FORM:
            if self._encoding is not None and self._encoding.lower() not in ("utf-8", "utf8"):
                raise BadRequest(
                    "HTTP requests with the 'application/x-www-form-urlencoded' content type "
                    "must be UTF-8 encoded."
                )
            self._post = QueryDict(self.body, encoding="utf-8")
            self._files = MultiValueDict()
        else:
            self._mark_post_parse_error()

    def close(self) -> None:
        """Close the uploaded files, where there are any."""
        if hasattr(self, "_files"):
            for _, files in self._files.lists():
                for uploaded in files:
                    uploaded.close()

    def received_in(self) -> Any:
        """Return the stream that the body is read from."""
        stream = vars(self).get("_stream")
        inner = getattr(stream, "received_in", None)
        return stream if inner is None else inner()

    # -- the body as a file --------------------------------------------------------------------

    read = _from_stream("read")
    readline = _from_stream("readline")

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def readlines(self) -> list[bytes]:
        """Return the lines of the body."""
        return list(self)


@lru_cache(maxsize=128)
def _is_codec(name: str) -> bool:
    import codecs

    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return True


def bytes_to_text(value: Any, encoding: str) -> Any:
    """Decode bytes leniently; return anything else unchanged."""
    return value.decode(encoding, "replace") if isinstance(value, bytes) else value


@lru_cache(maxsize=512)
def split_domain_port(host: str) -> tuple[str, str]:
    """Return the domain (lower case, without a dot at its end) and port that ``host`` names.

    Both are empty where it is not a valid host. Of a name of any length the cost is linear.
    """
    found = host_validation_re.fullmatch(host.lower())
    if found is None:
        return "", ""
    return found["domain"].removesuffix("."), found["port"] or ""


def validate_host(host: str, allowed_hosts: Iterable[str]) -> bool:
    """Return whether one of the patterns allows ``host``, which has no port.

    ``*`` allows every host, ``.example.com`` the domain and all below it.
    """
    if host and type(allowed_hosts) is list and host in allowed_hosts:
        return True
    return any(pattern == "*" or is_same_domain(host, pattern) for pattern in allowed_hosts)
