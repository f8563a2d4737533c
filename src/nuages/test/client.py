"""Requests for tests: factories that make them, and clients that send them to the handler.

Manual: "Testing tools", "The test client". What a client does around a request is written once; the
blocking and the awaiting client differ in who waits.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Generator, Mapping
from functools import partial
from http import HTTPStatus
from http.cookies import SimpleCookie
from importlib import import_module
from io import BytesIO
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urljoin, urlparse, urlsplit

from nuages.conf import settings
from nuages.core.handlers.base import BaseHandler
from nuages.core.handlers.wsgi import LimitedStream, WSGIRequest
from nuages.core.signals import got_request_exception
from nuages.http import HttpHeaders, HttpRequest, QueryDict
from nuages.test import signals
from nuages.test._handlers import (
    AsyncClientHandler,
    ClientHandler,
    closing_iterator_wrapper,
    conditional_content_removal,
    store_rendered_templates,
)
from nuages.test.payload import (
    BOUNDARY,
    MULTIPART_CONTENT,
    FakePayload,
    encode_file,
    encode_multipart,
)
from nuages.urls import resolve
from nuages.utils.encoding import force_bytes
from nuages.utils.functional import SimpleLazyObject, cached_property
from nuages.utils.http import urlencode

__all__ = [
    "AsyncClient",
    "AsyncClientHandler",
    "AsyncRequestFactory",
    "Client",
    "ClientHandler",
    "RedirectCycleError",
    "RequestFactory",
    "closing_iterator_wrapper",
    "conditional_content_removal",
    "encode_file",
    "encode_multipart",
    "store_rendered_templates",
]

OCTETS = "application/octet-stream"
CONTENT_TYPE_RE = re.compile(r".*; charset=([\w-]+);?")
# "application/json", and types whose structured suffix says JSON (RFC 6839).
JSON_CONTENT_TYPE_RE = re.compile(r"^application/(?:.+\+)?json")

REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
KEEP_METHOD = frozenset({HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT})
LONGEST_CHAIN = 20

Headers = Mapping[str, Any] | None
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


class RedirectCycleError(Exception):
    """A chain of redirects came back to where it was, or did not end."""

    def __init__(self, message: str, last_response: Any) -> None:
        super().__init__(message)
        self.last_response = last_response
        self.redirect_chain = last_response.redirect_chain


# Factories: from a call like ``get("/path/")`` to a request.


class RequestFactory:
    """Makes requests that can be handed to a view, without middleware or URL resolving.

    Manual: "Advanced testing topics", "The request factory".

    Args:
        json_encoder: encodes data sent with a JSON content type; by default ``DjangoJSONEncoder``.
        headers: headers of each request.
        query_params: query string of each request.
        defaults: entries of each request's WSGI environment.
    """

    def __init__(
        self,
        *,
        json_encoder: type[json.JSONEncoder] | None = None,
        headers: Headers = None,
        query_params: Any = None,
        **defaults: Any,
    ) -> None:
        if json_encoder is not None:
            self.json_encoder = json_encoder
        self.defaults: dict[str, Any] = defaults
        self.cookies: SimpleCookie = SimpleCookie()
        self.errors = BytesIO()
        if headers:
            self.defaults.update(self._named_headers(headers))
        if query_params:
            self.defaults["QUERY_STRING"] = urlencode(query_params, doseq=True)

    @cached_property
    def json_encoder(self) -> type[json.JSONEncoder]:
        """What encodes data that is sent as JSON."""
        from nuages.core.serializers.json import DjangoJSONEncoder

        return DjangoJSONEncoder

    @staticmethod
    def _named_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
        return HttpHeaders.to_wsgi_names(headers)

    def _cookie_header(self) -> str:
        return "; ".join(
            sorted(f"{morsel.key}={morsel.coded_value}" for morsel in self.cookies.values())
        )

    def _base_environ(self, **request: Any) -> dict[str, Any]:
        """Return a WSGI environment: what PEP 3333 requires, the defaults, and ``request``."""
        return {
            "HTTP_COOKIE": self._cookie_header(),
            "PATH_INFO": "/",
            "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": FakePayload(b""),
            "wsgi.errors": self.errors,
            "wsgi.multiprocess": True,
            "wsgi.multithread": False,
            "wsgi.run_once": False,
            **self.defaults,
            **request,
        }

    def request(self, **request: Any) -> Any:
        """Return the request that an environment with these entries describes."""
        return WSGIRequest(self._base_environ(**request))

    def _encode_data(self, data: Any, content_type: str) -> bytes:
        if content_type is MULTIPART_CONTENT:
            return encode_multipart(BOUNDARY, data)
        charset = CONTENT_TYPE_RE.match(content_type)
        return force_bytes(data, encoding=charset[1] if charset else settings.DEFAULT_CHARSET)

    def _encode_json(self, data: Any, content_type: str) -> Any:
        if JSON_CONTENT_TYPE_RE.match(content_type) and isinstance(data, (dict, list, tuple)):
            return json.dumps(data, cls=self.json_encoder)
        return data

    def _get_path(self, parsed: Any) -> str:
        """Return the path of a parsed URL as WSGI has it: its bytes, read as Latin-1."""
        path = f"{parsed.path};{parsed.params}" if parsed.params else parsed.path
        if path.isascii() and "%" not in path:
            return path
        return unquote_to_bytes(path).decode("iso-8859-1")

    def _with_query(
        self, method: str, path: str, data: Any, secure: bool, headers: Headers,
        query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request whose data goes into the query string."""
        if query_params and data:
            raise ValueError("query_params and data arguments are mutually exclusive.")
        sent = data or query_params
        query = urlencode(sent, doseq=True) if sent else ""
        return self.generic(
            method, path, secure=secure, headers=headers, **{"QUERY_STRING": query, **extra}
        )

    def _with_body(
        self, method: str, path: str, data: Any, content_type: str, secure: bool,
        headers: Headers, query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request whose data goes into the body, as JSON where the type says so."""
        encoded = self._encode_json(data, content_type)
        return self._with_raw_body(
            method, path, encoded, content_type, secure, headers, query_params, extra
        )

    def _with_form(
        self, method: str, path: str, data: Any, content_type: str, secure: bool,
        headers: Headers, query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request whose data goes into the body as a form, unless the type says else."""
        encoded = self._encode_json({} if data is None else data, content_type)
        body = self._encode_data(encoded, content_type)
        return self._with_raw_body(
            method, path, body, content_type, secure, headers, query_params, extra
        )

    def _with_raw_body(
        self, method: str, path: str, data: Any, content_type: str, secure: bool,
        headers: Headers, query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request whose data goes into the body as it is."""
        named = {"headers": headers, "query_params": query_params, **extra}
        return self.generic(method, path, data, content_type, secure, **named)

    def generic(
        self, method: str, path: str, data: Any = "",
        content_type: str = OCTETS, secure: bool = False, *,
        headers: Headers = None, query_params: Any = None, **extra: Any,
    ) -> Any:  # fmt: skip
        """Make a request with any method and body."""
        parsed = urlparse(str(path))
        body = force_bytes(data, settings.DEFAULT_CHARSET)
        environ: dict[str, Any] = {
            "PATH_INFO": self._get_path(parsed),
            "REQUEST_METHOD": method,
            "SERVER_PORT": "443" if secure else "80",
            "wsgi.url_scheme": "https" if secure else "http",
        }
        if body:
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["CONTENT_TYPE"] = content_type
            environ["wsgi.input"] = FakePayload(body)
        if headers:
            environ.update(self._named_headers(headers))
        if query_params:
            environ["QUERY_STRING"] = urlencode(query_params, doseq=True)
        environ.update(extra)
        if not environ.get("QUERY_STRING"):
            # The path's own query, byte for byte.
            own_query = force_bytes(parsed.query).decode("iso-8859-1")
            if own_query or "QUERY_STRING" not in self.defaults:
                environ["QUERY_STRING"] = own_query
            else:
                environ.pop("QUERY_STRING", None)
        return self.request(**environ)


class AsyncRequestFactory(RequestFactory):
    """Makes requests as an ASGI server would; keyword arguments are headers, without a prefix."""

    @staticmethod
    def _named_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
        return HttpHeaders.to_asgi_names(headers)

    def _base_scope(self, **request: Any) -> dict[str, Any]:
        """Return an ASGI scope: what its specification requires, and ``request``."""
        scope = {
            "asgi": {"version": "3.0"},
            "type": "http",
            "http_version": "1.1",
            "client": ["127.0.0.1", 0],
            "server": ("testserver", "80"),
            "scheme": "http",
            "method": "GET",
            "headers": [],
            **request,
        }
        scope["headers"] = [*scope["headers"], (b"cookie", self._cookie_header().encode("latin1"))]
        return scope

    def request(self, **request: Any) -> Any:
        """Return the request that a scope with these entries describes."""
        from nuages.core.handlers.asgi import ASGIRequest  # and with it asyncio

        body = request.pop("_body_file", None) or FakePayload("")
        return ASGIRequest(self._base_scope(**request), LimitedStream(body, len(body)))

    def generic(
        self, method: str, path: str, data: Any = "",
        content_type: str = OCTETS, secure: bool = False, *,
        headers: Headers = None, query_params: Any = None, **extra: Any,
    ) -> Any:  # fmt: skip
        """Make a request with any method and body."""
        parsed = urlparse(str(path))
        body = force_bytes(data, settings.DEFAULT_CHARSET)
        named: dict[str, Any] = {**self.defaults}
        if headers:
            named.update(self._named_headers(headers))
        named.update(extra)
        query = named.pop("QUERY_STRING", "")
        if query_params:
            query = urlencode(query_params, doseq=True)
        scope: dict[str, Any] = {
            name: named.pop(name) for name in ("server", "client", "root_path") if name in named
        }
        scope |= {
            "method": method,
            "path": self._get_path(parsed),
            "server": scope.get("server", ("127.0.0.1", "443" if secure else "80")),
            "scheme": "https" if secure else "http",
            "headers": [(b"host", b"testserver")],
            "query_string": query or parsed.query,
        }
        if body:
            scope["headers"] += [
                (b"content-length", str(len(body)).encode("ascii")),
                (b"content-type", content_type.encode("ascii")),
            ]
            scope["_body_file"] = FakePayload(body)
        scope["headers"] += [
            (name.lower().replace("_", "-").encode("ascii"), str(value).encode("latin1"))
            for name, value in named.items()
        ]
        return self.request(**scope)


# Clients: factories that send what they make.


class ClientMixin:
    """What clients do besides requests: sessions, logging in, and looking at responses."""

    cookies: SimpleCookie
    exc_info: ExcInfo | None
    raise_request_exception: bool
    # Overridden by pytest plugins and projects, hence documented here: the last request's
    # ``headers`` and ``extra``.
    headers: Headers
    extra: dict[str, Any] | None

    def store_exc_info(self, **kwargs: Any) -> None:
        """Keep the exception that a view raised, for the test to see."""
        self.exc_info = sys.exc_info()  # type: ignore[assignment]

    def check_exception(self, response: Any) -> None:
        """Raise the exception that the request met, unless the client was told not to."""
        met, self.exc_info = self.exc_info, None
        response.exc_info = met
        if met is not None and self.raise_request_exception:
            raise met[1]

    def _parse_json(self, response: Any, **extra: Any) -> Any:
        if not hasattr(response, "_json"):
            content_type = response.get("Content-Type")
            if not JSON_CONTENT_TYPE_RE.match(content_type):
                raise ValueError(f'Content-Type header is "{content_type}", not "application/json"')
            response._json = json.loads(response.content.decode(response.charset), **extra)
        return response._json

    def _exchange(self, description: dict[str, Any]) -> Generator[None, Any, Any]:
        """Everything around one request: yields once, for the response, and returns it dressed."""
        rendered: dict[str, Any] = {}
        on_template = signals.template_rendered.attach(partial(store_rendered_templates, rendered))
        on_exception = got_request_exception.attach(self.store_exc_info)
        try:
            response = yield
        finally:
            signals.template_rendered.detach(on_template)
            got_request_exception.detach(on_exception)
        self.check_exception(response)
        response.client = self
        response.request = description
        response.templates = rendered.get("templates", [])
        contexts = rendered.get("context")
        response.context = contexts[0] if contexts and len(contexts) == 1 else contexts
        response.json = partial(self._parse_json, response)
        response.resolver_match = SimpleLazyObject(partial(self._match_of, response))
        if response.cookies:
            self.cookies.update(response.cookies)
        return response

    @staticmethod
    def _match_of(response: Any) -> Any:
        request = getattr(response, "wsgi_request", None) or response.asgi_request
        urlconf = getattr(request, "urlconf", None)
        return resolve(request.path_info, urlconf=urlconf)

    # Redirects

    def _redirect_steps(
        self, response: Any, data: Any, content_type: str, headers: Headers, extra: dict[str, Any]
    ) -> Generator[tuple[str, str, dict[str, Any]], Any, Any]:
        """Follow redirects: yields (method, path, arguments) for each request, returns the end."""
        response.redirect_chain = chain = []
        while response.status_code in REDIRECTS:
            target = response.url
            chain.append((target, response.status_code))
            url = urlsplit(target)
            extra = {**extra, **self._redirect_origin(url)}
            path = url.path
            if not path and url.netloc:
                path = "/"
            came_from = response.request
            if not path.startswith("/"):
                path = urljoin(came_from.get("PATH_INFO", came_from.get("path")), path)
            if response.status_code in KEEP_METHOD:
                method = came_from.get("REQUEST_METHOD", came_from.get("method")).lower()
                if method not in ("get", "head"):
                    extra["QUERY_STRING"] = url.query
            else:
                method, data, content_type = "get", QueryDict(url.query), ""
            arguments = {"data": data, "follow": False, "headers": headers, **extra}
            if method == "trace":
                del arguments["data"]
            elif content_type and method not in ("get", "head"):
                arguments["content_type"] = content_type
            response = yield method, path, arguments
            response.redirect_chain = chain
            if chain[-1] in chain[:-1]:
                raise RedirectCycleError("Redirect loop detected.", last_response=response)
            if len(chain) > LONGEST_CHAIN:
                raise RedirectCycleError("Too many redirects.", last_response=response)
        return response

    def _redirect_origin(self, url: Any) -> dict[str, Any]:
        """Return what of a redirect's scheme, host and port goes into the next request."""
        raise NotImplementedError

    # Sessions and logging in

    def _stored_session(self) -> tuple[Any, bool]:
        """Return the session that the cookie names, or a new one; and whether it is new."""
        store = import_module(settings.SESSION_ENGINE).SessionStore
        if cookie := self.cookies.get(settings.SESSION_COOKIE_NAME):
            return store(cookie.value), False
        return store(), True

    @property
    def session(self) -> Any:
        """The current session, made if there is none."""
        session, is_new = self._stored_session()
        if is_new:
            session.save()
            self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return session

    async def asession(self) -> Any:
        """Asynchronous version of :attr:`session`."""
        session, is_new = self._stored_session()
        if is_new:
            await session.asave()
            self.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return session

    def login(self, **credentials: Any) -> bool:
        """Log in as the user that a backend accepts ``credentials`` for; return whether one did."""
        from nuages.contrib.auth import authenticate

        accepted = authenticate(**credentials)
        if accepted is not None:
            self._login(accepted)
        return accepted is not None

    async def alogin(self, **credentials: Any) -> bool:
        """Asynchronous version of :meth:`login`."""
        from nuages.contrib.auth import aauthenticate

        accepted = await aauthenticate(**credentials)
        if accepted is not None:
            await self._alogin(accepted)
        return accepted is not None

    def force_login(self, user: Any, backend: str | None = None) -> None:
        """Log in as ``user``, without credentials."""
        user.backend = self._backend_path(backend)
        self._login(user, user.backend)

    async def aforce_login(self, user: Any, backend: str | None = None) -> None:
        """Asynchronous version of :meth:`force_login`."""
        user.backend = self._backend_path(backend)
        await self._alogin(user, user.backend)

    @staticmethod
    def _backend_path(backend: str | None) -> str | None:
        """Return ``backend``, or the first one that knows users."""
        from nuages.contrib.auth import load_backend

        if backend is not None:
            return backend
        for path in settings.AUTHENTICATION_BACKENDS:
            if hasattr(load_backend(path), "get_user"):
                return path
        return None

    @staticmethod
    def _request_with(session: Any) -> Any:
        """Return a request for functions that want one for its session."""
        request: Any = HttpRequest()
        request.session = session
        return request

    def _login(self, user: Any, backend: str | None = None) -> None:
        from nuages.contrib.auth import login

        request = self._request_with(self.session)
        login(request, user, backend)
        request.session.save()
        self._set_login_cookies(request)

    async def _alogin(self, user: Any, backend: str | None = None) -> None:
        from nuages.contrib.auth import alogin

        request = self._request_with(await self.asession())
        await alogin(request, user, backend)
        await request.session.asave()
        self._set_login_cookies(request)

    def _set_login_cookies(self, request: Any) -> None:
        self.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
        morsel = self.cookies[settings.SESSION_COOKIE_NAME]
        morsel["path"] = "/"
        morsel["domain"] = settings.SESSION_COOKIE_DOMAIN
        morsel["secure"] = settings.SESSION_COOKIE_SECURE or None
        morsel["max-age"] = morsel["expires"] = None

    def logout(self) -> None:
        """Log out: forget the session and all cookies."""
        from nuages.contrib.auth import get_user, logout

        request = self._request_with(self.session)
        request.user = get_user(request)
        logout(request)
        self.cookies = SimpleCookie()

    async def alogout(self) -> None:
        """Asynchronous version of :meth:`logout`."""
        from nuages.contrib.auth import aget_user, alogout

        request = self._request_with(await self.asession())
        request.user = await aget_user(request)
        await alogout(request)
        self.cookies = SimpleCookie()


class _Verb(NamedTuple):
    """How a request method takes its data."""

    maker: str | None  # the factory's method that puts the data where it belongs
    data: Any = None
    content_type: str | None = None


_VERBS = {
    "get": _Verb("_with_query"),
    "head": _Verb("_with_query"),
    "post": _Verb("_with_form", None, MULTIPART_CONTENT),
    "options": _Verb("_with_raw_body", "", OCTETS),
    "put": _Verb("_with_body", "", OCTETS),
    "patch": _Verb("_with_body", "", OCTETS),
    "delete": _Verb("_with_body", "", OCTETS),
    "trace": _Verb(None),
}


def _declared(verb: str, how: _Verb, follows: bool) -> Callable[..., Any]:
    """Return the method ``verb`` of factories, or (``follows``) of clients.

    Manual: "Testing tools", "Making requests". Its positional arguments are, as far as the verb has
    them, path, data, content_type, follow and secure.
    """
    defaults: dict[str, Any] = {"data": how.data} if how.maker else {}
    if how.content_type:
        defaults["content_type"] = how.content_type
    if follows:
        defaults["follow"] = False
    defaults["secure"] = False
    names = tuple(defaults)

    def request_method(
        self: Any, path: str, *given: Any, headers: Headers = None, query_params: Any = None,
        **extra: Any,
    ) -> Any:  # fmt: skip
        if len(given) > len(names):
            raise TypeError(f"{verb}() takes a path and at most {len(names)} positional arguments")
        arguments = defaults | dict(zip(names, given, strict=False))
        for name in names[len(given) :]:
            if name in extra:
                arguments[name] = extra.pop(name)
        if follows:
            follow = arguments.pop("follow")
            return self._ask(verb, follow, path, arguments, headers, query_params, extra)
        if how.maker is None:
            named = {"headers": headers, "query_params": query_params, **extra}
            return self.generic(verb.upper(), path, **arguments, **named)
        make = getattr(self, how.maker)
        return make(verb.upper(), path, *arguments.values(), headers, query_params, extra)

    either, by_name = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    request_method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("self", either),
            inspect.Parameter("path", either),
            *(inspect.Parameter(name, either, default=value) for name, value in defaults.items()),
            *(
                inspect.Parameter(name, by_name, default=None)
                for name in ("headers", "query_params")
            ),
            inspect.Parameter("extra", inspect.Parameter.VAR_KEYWORD),
        ]
    )
    request_method.__name__ = verb
    request_method.__doc__ = f"{'Send' if follows else 'Make'} a {verb.upper()} request."
    return request_method


class _Clients(ClientMixin):
    """What both clients are made of. Each request method gives a response, or a coroutine for one."""

    handler_class: type[BaseHandler]

    def __init__(
        self,
        enforce_csrf_checks: bool = False,
        raise_request_exception: bool = True,
        *,
        headers: Headers = None,
        query_params: Any = None,
        **defaults: Any,
    ) -> None:
        super().__init__(headers=headers, query_params=query_params, **defaults)  # type: ignore[call-arg]
        self.handler = self.handler_class(enforce_csrf_checks)  # type: ignore[call-arg]
        self.raise_request_exception = raise_request_exception
        self.exc_info = None
        self.extra = None
        self.headers = None


for _name, _how in _VERBS.items():
    setattr(RequestFactory, _name, _declared(_name, _how, follows=False))
    setattr(_Clients, _name, _declared(_name, _how, follows=True))


class Client(_Clients, RequestFactory):
    """A browser for tests: sends requests through the middleware, keeps cookies and sessions.

    Manual: "Testing tools", "The test client".

    Args:
        enforce_csrf_checks: whether requests need a CSRF token.
        raise_request_exception: whether a view's exception is raised in the test.
        json_encoder, headers, query_params, defaults: see :class:`RequestFactory`.
    """

    handler_class: type[BaseHandler] = ClientHandler

    def request(self, **request: Any) -> Any:
        """Send the request that an environment with these entries describes."""
        exchange = self._exchange(request)
        next(exchange)
        return _finish(exchange, self.handler, self._base_environ(**request))

    def _ask(
        self, verb: str, follow: bool, path: str, arguments: dict[str, Any], headers: Headers,
        query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request by the factory's method, which sends it; follow redirects if asked."""
        self.headers, self.extra = headers, extra
        named = {"headers": headers, "query_params": query_params, **extra}
        response = getattr(RequestFactory, verb)(self, path, **arguments, **named)
        if not follow:
            return response
        arguments.pop("secure")
        return self._handle_redirects(response, headers=headers, **arguments, **extra)

    def _handle_redirects(
        self, response: Any, data: Any = "", content_type: str = "", headers: Headers = None,
        query_params: Any = None, **extra: Any,
    ) -> Any:  # fmt: skip
        """Follow the redirects of ``response`` to their end."""
        steps = self._redirect_steps(response, data, content_type, headers, extra)
        answer = None
        while True:
            try:
                method, path, arguments = steps.send(answer)
            except StopIteration as end:
                return end.value
            answer = getattr(self, method)(path, **arguments)

    def _redirect_origin(self, url: Any) -> dict[str, Any]:
        origin = {
            "wsgi.url_scheme": url.scheme,
            "SERVER_NAME": url.hostname,
            "SERVER_PORT": str(url.port) if url.port else None,
            # A redirect elsewhere leaves the host that the test named behind.
            "HTTP_HOST": "HTTP_HOST" in (self.extra or {}) and url.netloc,
        }
        return {name: value for name, value in origin.items() if value}


class AsyncClient(_Clients, AsyncRequestFactory):
    """The test client for asynchronous tests: the methods of :class:`Client`, to be awaited."""

    handler_class: type[BaseHandler] = AsyncClientHandler

    async def request(self, **request: Any) -> Any:
        """Send the request that a scope with these entries describes."""
        exchange = self._exchange(request)
        next(exchange)
        try:
            response = await self.handler(self._base_scope(**request))  # type: ignore[operator]
        except BaseException as error:
            exchange.throw(error)
            raise
        return _answer(exchange, response)

    async def _ask(
        self, verb: str, follow: bool, path: str, arguments: dict[str, Any], headers: Headers,
        query_params: Any, extra: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Make a request by the factory's method, which sends it; follow redirects if asked."""
        self.headers, self.extra = headers, extra
        named = {"headers": headers, "query_params": query_params, **extra}
        response = await getattr(RequestFactory, verb)(self, path, **arguments, **named)
        if not follow:
            return response
        arguments.pop("secure")
        return await self._ahandle_redirects(response, headers=headers, **arguments, **extra)

    async def _ahandle_redirects(
        self, response: Any, data: Any = "", content_type: str = "", headers: Headers = None,
        query_params: Any = None, **extra: Any,
    ) -> Any:  # fmt: skip
        """Follow the redirects of ``response`` to their end."""
        steps = self._redirect_steps(response, data, content_type, headers, extra)
        answer = None
        while True:
            try:
                method, path, arguments = steps.send(answer)
            except StopIteration as end:
                return end.value
            answer = await getattr(self, method)(path, **arguments)

    def _redirect_origin(self, url: Any) -> dict[str, Any]:
        if not url.hostname:
            return {}
        secure = url.scheme == "https"
        return {
            "server": (url.hostname, str(url.port or (443 if secure else 80))),
            "secure": secure,
        }


def _answer(exchange: Generator[None, Any, Any], response: Any) -> Any:
    """Hand the response to the exchange and return what it makes of it."""
    try:
        exchange.send(response)
    except StopIteration as end:
        return end.value
    raise RuntimeError("An exchange has one request.")


def _finish(exchange: Generator[None, Any, Any], handler: Any, environ: dict[str, Any]) -> Any:
    try:
        response = handler(environ)
    except BaseException as error:
        exchange.throw(error)
        raise
    return _answer(exchange, response)
