"""WSGI. Manual: "How to deploy with WSGI"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import IOBase
from typing import Any

from nuages.conf import settings
from nuages.core import signals
from nuages.core.handlers import base
from nuages.dispatch._house import house_receivers
from nuages.http import HttpRequest, QueryDict, parse_cookie
from nuages.http.request import FromBody
from nuages.urls import set_script_prefix
from nuages.utils.encoding import repercent_broken_unicode
from nuages.utils.functional import cached_property
from nuages.utils.regex_helper import _lazy_re_compile

_slashes_re = _lazy_re_compile(rb"/+")

Environ = dict[str, Any]


class LimitedStream:
    """Reads ``stream`` up to ``limit`` bytes: WSGI input that does not block at its end.

    A file to read from, of no class of ``io``: those take time to be made and finalized.
    """

    def __init__(self, stream: Any, limit: int) -> None:
        self._read = stream.read
        self._readline = stream.readline
        self._left = limit
        self.closed = False

    def close(self) -> None:
        """Mark this as closed; the server closes what is below."""
        self.closed = True

    def readable(self) -> bool:
        """Return ``True``."""
        return True

    def seekable(self) -> bool:
        """Return ``False``, like :meth:`writable`."""
        return False

    writable = isatty = seekable

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """Return the lines that are left, or as many of them as make ``hint`` bytes."""
        if hint is None or hint <= 0:
            return list(self)
        lines: list[bytes] = []
        while hint > 0 and (line := self.readline()):
            lines.append(line)
            hint -= len(line)
        return lines

    def received_in(self) -> Any:
        """Return the stream that this one reads from; ``None`` if that is no file."""
        return getattr(self._read, "__self__", None)

    def _taken(self, read: Callable[[int], bytes], size: int | None) -> bytes:
        left = self._left
        if size is None or size < 0 or size > left:
            size = left
        if size <= 0:
            return b""
        data = read(size)
        # Less than was asked for may mean that the client is gone: reading on finds that out.
        self._left = left - len(data)
        return data

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to ``size`` bytes, or all that are left."""
        return self._taken(self._read, size)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line, or its first ``size`` bytes."""
        return self._taken(self._readline, size)


class WSGIRequest(HttpRequest):
    """A request as a WSGI server describes it."""

    def __init__(self, environ: Environ) -> None:
        self.META = self.environ = environ
        # A request without a path is for the root.
        self.path_info = path_info = get_path_info(environ) or "/"
        script_name = get_script_name(environ)
        # Whoever joins them sees one slash between the two.
        self.path = f"{script_name.rstrip('/')}/{path_info.replace('/', '', 1)}"
        environ["PATH_INFO"] = path_info
        environ["SCRIPT_NAME"] = script_name
        self.method = environ["REQUEST_METHOD"].upper()
        self._set_content_type_params(environ)
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        self._stream: Any = (
            LimitedStream(environ.get("wsgi.input"), length) if length > 0 else _nothing
        )
        self.resolver_match = None

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        environ = self.environ
        state["META"] = {
            name: value for name, value in environ.items() if not name.startswith("wsgi.")
        }
        state["environ"] = state["META"]
        return state

    def _get_scheme(self) -> str:
        return self.environ.get("wsgi.url_scheme") or "http"

    @cached_property
    def GET(self) -> QueryDict:
        """The query string's fields."""
        return QueryDict(
            get_bytes_from_wsgi(self.environ, "QUERY_STRING", ""), encoding=self._encoding
        )

    @cached_property
    def COOKIES(self) -> dict[str, str]:
        """The cookies that the client sent."""
        sent = get_str_from_wsgi(self.environ, "HTTP_COOKIE", "")
        return parse_cookie(sent) if sent else {}

    POST, FILES = FromBody("_post"), FromBody("_files")


class _Nothing(IOBase):
    """The body of a request that has none; one for all of them."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b""

    def readline(self, size: int | None = -1, /) -> bytes:
        return b""

    def close(self) -> None:
        """Stay open: other requests have this body too."""


_nothing = _Nothing()


class WSGIHandler(base.BaseHandler):
    """The WSGI application of a project."""

    request_class = WSGIRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.load_middleware()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 says."""
        set_script_prefix(get_script_name(environ))
        quick = house_receivers(signals.request_started)
        if quick is None:
            signals.request_started.send(sender=self.__class__, environ=environ)
        else:
            for receiver in quick:
                receiver(sender=None)
        request = self.request_class(environ)
        response = self.get_response(request)
        response._handler_class = self.__class__
        headers = list(response.items())
        headers += [("Set-Cookie", line) for line in response._cookie_lines()]
        start_response(f"{response.status_code:d} {response.reason_phrase}", headers)
        file: Any = getattr(response, "file_to_stream", None)
        wrapper = environ.get("wsgi.file_wrapper") if file is not None else None
        if wrapper is not None:
            # The server closes what it was given: let that close the response.
            file.close = response.close
            return wrapper(file, response.block_size)
        return response


def get_path_info(environ: Environ) -> str:
    """Return the path below the script; what is not UTF-8 in it stays escaped."""
    raw = environ.get("PATH_INFO", "/")
    return raw if raw.isascii() else repercent_broken_unicode(_as_bytes(raw)).decode()


def get_script_name(environ: Environ) -> str:
    """Return the prefix under which the application is mounted.

    ``FORCE_SCRIPT_NAME`` decides; else what a rewriting server says it was asked for; else
    ``SCRIPT_NAME``.
    """
    forced = settings.FORCE_SCRIPT_NAME
    if forced is not None:
        return forced
    if "SCRIPT_URL" in environ or "REDIRECT_URL" in environ:
        asked = get_bytes_from_wsgi(environ, "SCRIPT_URL", "") or get_bytes_from_wsgi(
            environ, "REDIRECT_URL", ""
        )
        if asked:
            # Servers merge slashes in PATH_INFO, so it is compared with merged ones.
            asked = _slashes_re.sub(b"/", asked)
            name = asked.removesuffix(get_bytes_from_wsgi(environ, "PATH_INFO", ""))
            return name.decode(errors="replace")
    raw = environ.get("SCRIPT_NAME", "")
    return raw if raw.isascii() else _as_bytes(raw).decode(errors="replace")


def get_bytes_from_wsgi(environ: Environ, key: str, default: str) -> bytes:
    """Return an entry of the environment as the bytes that the client sent."""
    return _as_bytes(environ.get(key, default))


def _as_bytes(value: str) -> bytes:
    # PEP 3333: native strings hold bytes as ISO-8859-1.
    return value.encode("iso-8859-1")


def get_str_from_wsgi(environ: Environ, key: str, default: str) -> str:
    """Return an entry of the environment decoded as UTF-8, leniently."""
    value = environ.get(key, default)
    return value if value.isascii() else _as_bytes(value).decode(errors="replace")


__all__ = [
    "LimitedStream",
    "WSGIHandler",
    "WSGIRequest",
    "get_bytes_from_wsgi",
    "get_path_info",
    "get_script_name",
    "get_str_from_wsgi",
]
