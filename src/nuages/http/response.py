"""Responses. Manual: "Request and response objects", section "HttpResponse objects"."""

from __future__ import annotations

import datetime
import json
import os
import re
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from nuages.conf import settings
from nuages.core import signals, signing
from nuages.core.exceptions import DisallowedRedirect
from nuages.dispatch._house import house_receivers
from nuages.http._response_headers import BadHeaderError, ResponseHeaders, refuse_newlines
from nuages.http._set_cookies import Noted, can_note, filled, line
from nuages.http._streams import bytes_left
from nuages.http.cookie import SimpleCookie
from nuages.utils._lazy import later
from nuages.utils.encoding import iri_to_uri
from nuages.utils.functional import cached_property
from nuages.utils.http import (
    MAX_URL_REDIRECT_LENGTH,
    content_disposition_header,
    http_date,
)

if TYPE_CHECKING:
    import mimetypes
else:
    mimetypes = later("mimetypes")

_phrases = {status.value: status.phrase for status in HTTPStatus}
_USUALLY_OF_THE_CLASS = (
    "status_code",
    "_charset",
    "_reason_phrase",
    "_handler_class",
    "closed",
    "cookies",
)
_charset_re = re.compile(r';\s*charset=\s*"?(?P<charset>[^\s;"]+)', re.IGNORECASE)
_control_re = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"
_SAMESITE = ("lax", "none", "strict")

# What a browser must be told about a file that is packed as a whole, instead of its packing.
_PACKED_TYPES = {
    "br": "application/x-brotli",
    "bzip2": "application/x-bzip",
    "compress": "application/x-compress",
    "gzip": "application/gzip",
    "xz": "application/x-xz",
}


class Http404(Exception):
    """There is nothing at this URL: the handler answers with the 404 page."""


@lru_cache(maxsize=256)
def _charset_in(content_type: str) -> str | None:
    found = _charset_re.search(content_type)
    return found["charset"] if found else None


def _refusing(why: str) -> Callable[..., Any]:
    def refuse(self: Any, *args: Any) -> Any:
        """Refuse: there is no content to work on."""
        raise OSError(f"This {type(self).__name__} instance {why}")

    return refuse


def _answering(answer: Any) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        """Part of the file interface."""
        return answer

    return method


def _of_headers(name: str, purpose: str) -> Callable[..., Any]:
    on_headers: Callable[..., Any] = getattr(ResponseHeaders, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return on_headers(self.headers, *args, **kwargs)

    method.__doc__ = purpose
    return method


class HttpResponseBase:
    """What all responses share: status, headers and cookies, without content.

    Manual: "HttpResponseBase class".
    """

    status_code = 200
    streaming = False
    _charset: str | None = None
    _reason_phrase: str | None = None
    _handler_class: type | None = None
    closed = False

    def __init__(
        self,
        content_type: str | None = None,
        status: int | str | None = None,
        reason: str | None = None,
        charset: str | None = None,
        headers: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    ) -> None:
        self.headers = own = ResponseHeaders(headers or ())
        if charset is not None:
            self._charset = charset
        if content_type is not None:
            if "content-type" in own._store:
                raise ValueError(
                    "'headers' must not contain 'Content-Type' when the 'content_type' "
                    "parameter is provided."
                )
            own["Content-Type"] = content_type
        elif "content-type" not in own._store:
            own._store["content-type"] = ("Content-Type", f"text/html; charset={self.charset}")
        self._resource_closers: list[Callable[[], Any]] = []
        if status is not None:
            try:
                self.status_code = int(status)
            except (ValueError, TypeError):
                raise TypeError("HTTP status code must be an integer.") from None
            if not 100 <= self.status_code <= 599:
                raise ValueError("HTTP status code must be an integer from 100 to 599.")
        if reason is not None:
            self.reason_phrase = reason

    @cached_property
    def cookies(self) -> SimpleCookie:
        """The cookies that the response sets."""
        noted = self.__dict__.pop("_noted_cookies", None)
        return filled(noted) if noted else SimpleCookie()

    def _cookie_lines(self) -> list[str]:
        """Return the values of ``Set-Cookie``."""
        own = self.__dict__
        if noted := own.get("_noted_cookies"):
            return [line(key, facts) for key, facts in noted.items()]
        return (
            [cookie.OutputString() for cookie in self.cookies.values()] if "cookies" in own else []
        )

    @property
    def reason_phrase(self) -> str:
        """The words beside the status code; those of the standard unless set."""
        if self._reason_phrase is not None:
            return self._reason_phrase
        return _phrases.get(self.status_code, "Unknown Status Code")

    @reason_phrase.setter
    def reason_phrase(self, value: str) -> None:
        if _control_re.search(value):
            raise BadHeaderError("reason_phrase can't contain control characters.")
        self._reason_phrase = value

    @property
    def charset(self) -> str:
        """The encoding of the content: as given, else from Content-Type, else the setting's."""
        charset = self._charset
        if charset is None:
            sent = self.headers._store.get("content-type")
            charset = (sent and _charset_in(sent[1])) or settings.DEFAULT_CHARSET
        return charset

    @charset.setter
    def charset(self, value: str) -> None:
        self._charset = value

    # -- headers --------------------------------------------------------------------------------

    def serialize_headers(self) -> bytes:
        """Return the headers as they go over the wire, without those of cookies."""
        return b"\r\n".join(
            name.encode("ascii") + b": " + value.encode("latin-1")
            for name, value in self.headers.items()
        )

    __bytes__ = serialize_headers

    @property
    def _content_type_for_repr(self) -> str:
        return f', "{self.headers["Content-Type"]}"' if "Content-Type" in self.headers else ""

    def _repr_details(self) -> tuple[str, str]:
        return "", ""

    def __repr__(self) -> str:
        before, after = self._repr_details()
        return (
            f"<{type(self).__name__}{before} status_code={self.status_code}"
            f"{self._content_type_for_repr}{after}>"
        )

    __getitem__ = _of_headers("__getitem__", "Return a header.")
    __setitem__ = _of_headers("__setitem__", "Set a header.")
    __delitem__ = _of_headers("__delitem__", "Remove a header, if it is there.")
    __contains__ = has_header = _of_headers("__contains__", "Return whether there is a header.")
    get = _of_headers("get", "Return a header, or the second argument.")
    items = _of_headers("items", "Return the headers as pairs.")
    setdefault = _of_headers("setdefault", "Set a header unless it is set.")

    # -- cookies ----------------------------------------------------------------------------------

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: float | datetime.timedelta | None = None,
        expires: str | datetime.datetime | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
    ) -> None:
        """Set a cookie. Manual: "HttpResponse.set_cookie".

        Args:
            max_age: in seconds, or a timedelta; ``None`` for as long as the browser runs.
            expires: a time in UTC, or such a time as text.
            samesite: ``"Lax"``, ``"None"`` or ``"Strict"``.
        """
        when = ""
        if expires.__class__ is str:
            when = expires
        elif isinstance(expires, datetime.datetime):
            if max_age is not None:
                raise ValueError("'expires' and 'max_age' can't be used together.")
            if expires.tzinfo is None:
                expires = expires.replace(tzinfo=datetime.UTC)
            left = expires - datetime.datetime.now(datetime.UTC)
            # A started second counts: what is set 9.999 s ahead was meant to be 10.
            max_age = max(0, left.days * 86400 + left.seconds + 1)
        elif expires:
            when = expires
        if max_age is not None:
            if isinstance(max_age, datetime.timedelta):
                max_age = max_age.total_seconds()
            max_age = int(max_age)
            when = when or http_date(time.time() + max_age)
        if samesite and samesite.lower() not in _SAMESITE:
            raise ValueError('samesite must be "lax", "none", or "strict".')
        facts = Noted(
            value,
            when,
            "" if max_age is None else max_age,
            "" if path is None else path,
            "" if domain is None else domain,
            secure or "",
            httponly or "",
            samesite or "",
        )
        own = self.__dict__
        noted = own.get("_noted_cookies")
        if "cookies" not in own and (noted is None or key not in noted) and can_note(key, facts):
            if noted is None:
                noted = own["_noted_cookies"] = {}
            noted[key] = facts
            return
        # The jar knows what to quote, what to refuse but for this, and what an earlier cookie of the name has.
        for attribute in (when, path, domain):
            if isinstance(attribute, str):
                refuse_newlines(attribute, attribute)
        self.cookies[key] = value
        morsel = self.cookies[key]
        morsel["expires"] = when
        given: tuple[tuple[str, Any], ...] = (
            ("max-age", max_age),
            ("path", path),
            ("domain", domain),
            ("secure", secure or None),
            ("httponly", httponly or None),
            ("samesite", samesite or None),
        )
        for attribute, setting in given:
            if setting is not None:
                morsel[attribute] = setting

    def set_signed_cookie(self, key: str, value: str, salt: str = "", **kwargs: Any) -> None:
        """Sign ``value`` and set it as a cookie; arguments as those of ``set_cookie()``."""
        signer = signing.get_cookie_signer(salt=signing._cookie_signer_salt(key, salt))
        self.set_cookie(key, signer.sign(value), **kwargs)

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        samesite: str | None = None,
    ) -> None:
        """Tell the browser to forget a cookie; ``path`` and ``domain`` as it was set with."""
        # Browsers drop a Set-Cookie without "secure" for these, and so would keep the cookie.
        secure = key.startswith(("__Secure-", "__Host-")) or (samesite or "").lower() == "none"
        self.set_cookie(
            key,
            max_age=0,
            path=path,
            domain=domain,
            secure=secure,
            expires=_EPOCH,
            samesite=samesite,
        )

    # -- as a file ----------------------------------------------------------------------------

    def make_bytes(self, value: Any) -> bytes:
        """Return ``value`` as bytes, encoding text as the charset says."""
        if isinstance(value, (bytes, memoryview)):
            return bytes(value)
        return str(value).encode(self.charset)

    def close(self) -> None:
        """Release what the content held and send ``request_finished``; servers call this."""
        self._release()
        finished = signals.request_finished
        if (receivers := house_receivers(finished)) is None:
            finished.send(sender=self._handler_class)
            return
        for receiver in receivers:
            receiver(signal=finished, sender=self._handler_class)

    def _release(self) -> None:
        closers, self.closed = self._resource_closers, True
        while closers:
            # One that fails must not keep the others open; the client cannot be told any more.
            try:
                closers.pop(0)()
            except Exception:
                continue

    # -- the file interface, of which this class has almost nothing ---------------------------

    write = writelines = _refusing("is not writable")
    tell = _refusing("cannot tell its position")
    readable = seekable = writable = _answering(False)
    flush = _answering(None)


class HttpResponse(HttpResponseBase):
    """A response whose whole content is known. Manual: "HttpResponse objects".

    Args:
        content: text, bytes, or an iterable of either, which is read at once.
    """

    streaming = False
    non_picklable_attrs = frozenset(
        (
            "resolver_match",
            # What the test client adds.
            "asgi_request",
            "client",
            "context",
            "json",
            "request",
            "templates",
            "wsgi_request",
        )
    )

    def __init__(self, content: Any = b"", *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            super().__init__(*args, **kwargs)
        else:
            # The same without any arguments to look at.
            self.headers = own = ResponseHeaders()
            own._store["content-type"] = ("Content-Type", f"text/html; charset={self.charset}")
            self._resource_closers = []
        self.content = content

    def __copy__(self) -> HttpResponse:
        """Return a twin with the same content, and with what cannot be pickled."""
        twin = self.__class__.__new__(self.__class__)
        if "_noted_cookies" in self.__dict__:
            # Both have one jar.
            _ = self.cookies
        twin.__dict__.update(self.__dict__)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        dropped = self.non_picklable_attrs
        # What an instance takes from its class is written, too: who reads the state may run an
        # engine whose classes have no such values.
        state: dict[str, Any] = {name: getattr(self, name) for name in _USUALLY_OF_THE_CLASS}
        state |= self.__dict__
        state["_resource_closers"] = []
        return {name: value for name, value in state.items() if name not in dropped}

    def serialize(self) -> bytes:
        """Return headers and content as one message."""
        return self.serialize_headers() + b"\r\n\r\n" + self.content

    __bytes__ = serialize

    @property
    def content(self) -> bytes:
        """The content, in bytes."""
        pieces = self._container
        if len(pieces) != 1:
            pieces[:] = [b"".join(pieces)]
        return pieces[0]

    @content.setter
    def content(self, value: Any) -> None:
        if isinstance(value, str):
            whole = value.encode(self.charset)
        elif isinstance(value, bytes):
            whole = bytes(value)
        elif hasattr(value, "__iter__") and not isinstance(value, memoryview):
            whole = b"".join(map(self.make_bytes, value))
            if hasattr(value, "close"):
                try:
                    value.close()
                except Exception:
                    # It was read to its end: a failure to close it loses nothing.
                    pass
        else:
            whole = self.make_bytes(value)
        self._container = [whole]
        self.__dict__.pop("text", None)

    @cached_property
    def text(self) -> str:
        """The content, decoded."""
        return self.content.decode(self.charset or "utf-8")

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._container)

    def write(self, content: Any) -> None:
        """Add to the content."""
        self._container.append(self.make_bytes(content))
        self.__dict__.pop("text", None)

    def writelines(self, lines: Iterable[Any]) -> None:
        """Add each of ``lines`` to the content; no line ends are added."""
        for each in lines:
            self.write(each)

    def tell(self) -> int:
        """Return the length of the content in bytes."""
        return len(self.content)

    def getvalue(self) -> bytes:
        """Return the content."""
        return self.content

    writable = _answering(True)

    def __init_subclass__(cls, status: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if status is not None:
            cls.status_code = status


class StreamingHttpResponse(HttpResponseBase):
    """A response whose content comes from an iterator, sync or async, as it is sent.

    Manual: "StreamingHttpResponse objects".
    """

    streaming = True
    is_async = False

    def __init__(self, streaming_content: Any = (), *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.streaming_content = streaming_content

    def _absent(self, name: str) -> AttributeError:
        hint = " Use `streaming_content` instead." if name == "content" else ""
        return AttributeError(
            f"This {type(self).__name__} instance has no `{name}` attribute.{hint}"
        )

    @property
    def content(self) -> bytes:
        """Absent: reading it would end the stream."""
        raise self._absent("content")

    @property
    def text(self) -> str:
        """Absent: reading it would end the stream."""
        raise self._absent("text")

    @property
    def streaming_content(self) -> Iterator[bytes] | AsyncIterator[bytes]:
        """The pieces of content, in bytes; middleware may wrap and set it."""
        if self.is_async:
            return self._async_pieces(self._iterator)
        return map(self.make_bytes, self._iterator)

    @streaming_content.setter
    def streaming_content(self, value: Any) -> None:
        self._set_streaming_content(value)

    async def _async_pieces(self, source: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for piece in source:
            yield self.make_bytes(piece)

    def _set_streaming_content(self, value: Any) -> None:
        self.is_async = hasattr(value, "__aiter__")
        self._iterator = aiter(value) if self.is_async else iter(value)
        if hasattr(value, "close"):
            self._resource_closers.append(value.close)

    def __iter__(self) -> Iterator[bytes]:
        content = self.streaming_content
        if not self.is_async:
            return iter(content)  # type: ignore[arg-type]
        from nuages.utils.concurrency import async_to_sync

        self._warn_of_consuming("asynchronous", "synchronously", "synchronous")

        async def consume() -> list[bytes]:
            return [piece async for piece in content]  # type: ignore[union-attr]

        return iter(async_to_sync(consume)())

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self.streaming_content
        if self.is_async:
            async for piece in content:  # type: ignore[union-attr]
                yield piece
            return
        from asgiref.sync import sync_to_async

        self._warn_of_consuming("synchronous", "asynchronously", "asynchronous")
        collect: Any = sync_to_async(list)
        for piece in await collect(content):
            yield piece

    @staticmethod
    def _warn_of_consuming(given: str, served: str, wanted: str) -> None:
        article = "an" if wanted.startswith("a") else "a"
        warnings.warn(
            f"StreamingHttpResponse must consume {given} iterators in order to serve them "
            f"{served}. Use {article} {wanted} iterator instead.",
            Warning,
            stacklevel=3,
        )

    def getvalue(self) -> bytes:
        """Read the stream to its end and return it."""
        return b"".join(self)


class FileResponse(StreamingHttpResponse):
    """A file, sent in pieces, by the server's own means where it has them.

    Manual: "FileResponse objects".

    Args:
        as_attachment: whether the browser shall offer to save it.
        filename: its name, where the file has none or another one.
    """

    block_size = 4096

    def __init__(
        self, *args: Any, as_attachment: bool = False, filename: str = "", **kwargs: Any
    ) -> None:
        self.as_attachment = as_attachment
        self.filename = filename
        # set_headers() guesses the type unless one was named.
        self._guess_type = not kwargs.get("content_type") and not any(
            str(name).lower() == "content-type" for name in dict(kwargs.get("headers") or ())
        )
        super().__init__(*args, **kwargs)

    def _set_streaming_content(self, value: Any) -> None:
        self.file_to_stream = None
        if not hasattr(value, "read"):
            super()._set_streaming_content(value)
            return
        self.file_to_stream = value
        if hasattr(value, "close"):
            self._resource_closers.append(value.close)
        self.set_headers(value)
        super()._set_streaming_content(iter(lambda: value.read(self.block_size), b""))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        file = self.file_to_stream
        if file is None or self.is_async:
            async for piece in super().__aiter__():
                yield piece
            return
        from asgiref.sync import sync_to_async

        # Piece by piece, so that neither memory nor the event loop waits for all of it.
        read = sync_to_async(partial(next, self.streaming_content, None), thread_sensitive=False)
        while (piece := await read()) is not None:
            yield piece

    def set_headers(self, filelike: Any) -> None:
        """Set length, type and disposition, as far as the file tells them."""
        path = getattr(filelike, "name", "")
        path = path if isinstance(path, str) else ""
        length = bytes_left(filelike)
        if length is None and hasattr(filelike, "tell") and os.path.isfile(path):
            length = os.path.getsize(path) - filelike.tell()
        if length is not None:
            self.headers["Content-Length"] = length
        name = os.path.basename(self.filename or path)
        if self._guess_type:
            self.headers["Content-Type"] = _type_of(name)
        disposition = content_disposition_header(self.as_attachment, name)
        if disposition:
            self.headers["Content-Disposition"] = disposition


def _type_of(name: str) -> str:
    content_type, packing = mimetypes.guess_type(name)
    if packing in _PACKED_TYPES:
        return _PACKED_TYPES[packing]
    return content_type or "application/octet-stream"


class HttpResponseRedirectBase(HttpResponse):
    """A response that sends the browser elsewhere.

    Args:
        redirect_to: a URL, absolute or relative.
        preserve_request: whether the browser repeats the method and the body there.
        max_length: the longest allowed URL, in characters; ``None`` for any.

    Raises:
        DisallowedRedirect: the URL is too long, or of a scheme not in ``allowed_schemes``.
    """

    allowed_schemes = ["http", "https", "ftp"]
    status_code_preserve_request = 307

    def __init__(
        self,
        redirect_to: Any,
        preserve_request: bool = False,
        *args: Any,
        max_length: int | None = MAX_URL_REDIRECT_LENGTH,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        target = str(redirect_to)
        location = iri_to_uri(target)
        self.headers["Location"] = location
        if max_length is not None and len(location) > max_length:
            raise DisallowedRedirect(f"Unsafe redirect exceeding {max_length} characters")
        if preserve_request:
            self.status_code = self.status_code_preserve_request
        if target[:1] == "/" and target[1:2] != "/":
            # A path has no scheme.
            return
        try:
            scheme = urlsplit(target).scheme
        except ValueError as error:
            raise DisallowedRedirect(f"Unsafe redirect to an invalid URL: {error}") from error
        if scheme and scheme not in self.allowed_schemes:
            raise DisallowedRedirect(f"Unsafe redirect to URL with protocol {scheme!r}")

    @property
    def url(self) -> str:
        """Where the browser is sent."""
        return self["Location"]

    def _repr_details(self) -> tuple[str, str]:
        return "", f', url="{self.url}"'


class HttpResponseRedirect(HttpResponseRedirectBase, status=302):
    """Found elsewhere, for now: 302, or 307 where the request is to be repeated."""


class HttpResponsePermanentRedirect(HttpResponseRedirectBase, status=301):
    """Moved for good: 301, or 308 where the request is to be repeated."""

    status_code_preserve_request = 308


class HttpResponseNotAllowed(HttpResponse, status=405):
    """405: another method is needed, one of ``permitted_methods``."""

    def __init__(self, permitted_methods: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["Allow"] = ", ".join(permitted_methods)

    def _repr_details(self) -> tuple[str, str]:
        return f" [{self['Allow']}]", ""


class HttpResponseNotModified(HttpResponse, status=304):
    """The browser's copy is still good: 304, without content."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self["content-type"]

    def _set_content(self, value: Any) -> None:
        if value:
            raise AttributeError("You cannot set content to a 304 (Not Modified) response")
        self._container = []

    content = property(HttpResponse.content.fget, _set_content, doc="Always empty.")  # type: ignore[attr-defined]


class HttpResponseBadRequest(HttpResponse, status=400):
    """400: the request makes no sense."""


class HttpResponseForbidden(HttpResponse, status=403):
    """403: not for this client."""


class HttpResponseNotFound(HttpResponse, status=404):
    """404: there is nothing here."""


class HttpResponseGone(HttpResponse, status=410):
    """410: there was something here."""


class HttpResponseServerError(HttpResponse, status=500):
    """500: our fault."""


class JsonResponse(HttpResponse):
    """``data`` as JSON. Manual: "JsonResponse objects".

    Args:
        encoder: a ``json.JSONEncoder`` class; by default ``DjangoJSONEncoder``.
        safe: whether only dictionaries are allowed.
        json_dumps_params: further arguments of ``json.dumps()``.
    """

    def __init__(
        self,
        data: Any,
        encoder: type[json.JSONEncoder] | None = None,
        safe: bool = True,
        json_dumps_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if safe and not isinstance(data, dict):
            raise TypeError(
                "In order to allow non-dict objects to be serialized set the safe parameter to "
                "False."
            )
        if encoder is None:
            from nuages.core.serializers.json import DjangoJSONEncoder as encoder
        kwargs.setdefault("content_type", "application/json")
        text = json.dumps(data, cls=encoder, **(json_dumps_params or {}))
        super().__init__(content=text, **kwargs)
