"""What the handlers of both protocols share: the middleware stack and the way to the view."""

from __future__ import annotations

import logging
import types
from collections.abc import Callable
from functools import cache, partial
from inspect import CO_COROUTINE
from typing import Any

from nuages.conf import settings, switches
from nuages.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from nuages.core.handlers._stack import is_pair_of_hooks, runs_inline, stacked
from nuages.core.handlers.exception import convert_exception_to_response
from nuages.core.signals import request_finished
from nuages.http import HttpRequest
from nuages.urls import get_resolver, set_urlconf
from nuages.utils.concurrency import (
    async_to_sync,
    in_thread,
    iscoroutinefunction,
    sync_to_async,
)
from nuages.utils.log import log_response
from nuages.utils.module_loading import import_string

logger = logging.getLogger("django.request")

Hook = Callable[..., Any]

_UNSET: Any = object()


class BaseHandler:
    """Takes a request through the middleware to a view. Manual: "Middleware"."""

    _view_middleware: list[Hook] = []
    _template_response_middleware: list[Hook] = []
    _exception_middleware: list[Hook] = []
    _middleware_chain: Callable[..., Any] | None = None

    # -- making the stack ----------------------------------------------------------------------

    def load_middleware(self, is_async: bool = False) -> None:
        """Make one callable of all that ``MIDDLEWARE`` names.

        Must be called before any request, once ``settings`` are there.

        Raises:
            ImproperlyConfigured: a factory returned ``None``.
            RuntimeError: a middleware is neither sync nor async.
        """
        self._view_middleware = []
        self._template_response_middleware = []
        self._exception_middleware = []
        compiled = switches.enabled("COMPILED_MIDDLEWARE")
        handler = convert_exception_to_response(
            self._get_response_async if is_async else self._get_response
        )
        handler_is_async = is_async
        for path in reversed(settings.MIDDLEWARE):
            factory = import_string(path)
            layer_is_async = self._mode_of(factory, path, handler_is_async)
            inner = handler
            try:
                inner = self.adapt_method_mode(
                    layer_is_async,
                    handler,
                    handler_is_async,
                    debug=settings.DEBUG,
                    name=f"middleware {path}",
                )
                middleware = factory(inner)
            except MiddlewareNotUsed as reason:
                if settings.DEBUG:
                    if str(reason):
                        logger.debug("MiddlewareNotUsed(%r): %s", path, reason)
                    else:
                        logger.debug("MiddlewareNotUsed: %r", path)
                continue
            if middleware is None:
                raise ImproperlyConfigured(f"Middleware factory {path} returned None.")
            self._collect_hooks(middleware, is_async)
            if compiled and is_pair_of_hooks(middleware):
                handler = stacked(middleware, inner, layer_is_async)
            else:
                handler = convert_exception_to_response(middleware)
            handler_is_async = layer_is_async
        # Set last: a chain that is there means that loading has succeeded.
        self._middleware_chain = self.adapt_method_mode(is_async, handler, handler_is_async)

    @staticmethod
    def _mode_of(factory: Any, path: str, handler_is_async: bool) -> bool:
        """Return whether a middleware is to run async: as what is inside it, where it can."""
        can_sync = getattr(factory, "sync_capable", True)
        can_async = getattr(factory, "async_capable", False)
        if not (can_sync or can_async):
            raise RuntimeError(
                f"Middleware {path} must have at least one of sync_capable/async_capable set to "
                "True."
            )
        return bool(can_async if handler_is_async else not can_sync)

    def _collect_hooks(self, middleware: Any, is_async: bool) -> None:
        if hasattr(middleware, "process_view"):
            self._view_middleware.insert(0, self._hook(middleware, "process_view", is_async))
        if hasattr(middleware, "process_template_response"):
            self._template_response_middleware.append(
                self._hook(middleware, "process_template_response", is_async)
            )
        if hasattr(middleware, "process_exception"):
            # Exceptions are handled by sync code, on the thread of the view.
            self._exception_middleware.append(
                self.adapt_method_mode(False, middleware.process_exception)
            )

    def _hook(self, middleware: Any, name: str, is_async: bool) -> Hook:
        method: Hook = getattr(middleware, name)
        if is_async and not iscoroutinefunction(method) and runs_inline(middleware, name):
            return method
        return self.adapt_method_mode(is_async, method)

    def adapt_method_mode(
        self,
        is_async: bool,
        method: Callable[..., Any],
        method_is_async: bool | None = None,
        debug: bool = False,
        name: str | None = None,
    ) -> Callable[..., Any]:
        """Return ``method`` as a coroutine function, or as a plain one.

        Args:
            debug: whether to log that it was adapted, under ``name``.
        """
        if method_is_async is None:
            method_is_async = iscoroutinefunction(method)
        if method_is_async == is_async:
            return method
        if debug:
            name = name or f"method {method.__qualname__}()"
            given = "Asynchronous" if method_is_async else "Synchronous"
            logger.debug("%s handler adapted for %s.", given, name)
        if is_async:
            return sync_to_async(method, thread_sensitive=True)
        return async_to_sync(method)

    # -- answering a request -------------------------------------------------------------------

    def get_response(self, request: HttpRequest) -> Any:
        """Return the response to ``request``, whatever happens."""
        set_urlconf(settings.ROOT_URLCONF)
        response = self._middleware_chain(request)  # type: ignore[misc]
        return self._finished(request, response)

    async def get_response_async(self, request: HttpRequest) -> Any:
        """Return the response to ``request``, whatever happens, without blocking."""
        set_urlconf(settings.ROOT_URLCONF)
        response = await self._middleware_chain(request)  # type: ignore[misc]
        return self._finished(request, response)

    @staticmethod
    def _finished(request: HttpRequest, response: Any) -> Any:
        response._resource_closers.append(request.close)
        if response.status_code >= 400:
            log_response(
                "%s: %s",
                response.reason_phrase,
                request.path,
                response=response,
                request=request,
            )
        return response

    def _get_response(self, request: HttpRequest) -> Any:
        """Find the view and call it, with the hooks around it."""
        view, args, kwargs = self.resolve_request(request)
        for hook in self._view_middleware:
            if response := hook(request, view, args, kwargs):
                break
        else:
            run = _in_colour(self.make_view_atomic(view), is_async=False)
            try:
                response = run(request, *args, **kwargs)
            except Exception as error:
                response = self._rescue(request, error)
                if response is None:
                    raise
        self.check_response(response, view)
        if callable(getattr(response, "render", None)):
            for hook in self._template_response_middleware:
                response = hook(request, response)
                self.check_response(response, hook, name=_hook_name(hook))
            render = _in_colour(response.render, is_async=False)
            try:
                response = render()
            except Exception as error:
                response = self._rescue(request, error)
                if response is None:
                    raise
        return response

    def _rescue(self, request: HttpRequest, error: Exception) -> Any:
        if not self._exception_middleware:
            return None
        return self.process_exception_by_middleware(error, request)

    async def _get_response_async(self, request: HttpRequest) -> Any:
        """Find the view and await it; a sync view runs in a thread."""
        view, args, kwargs = self.resolve_request(request)
        response = None
        for hook in self._view_middleware:
            response = hook(request, view, args, kwargs)
            if response is not None and (response := await _settled(response)):
                break
        else:
            run = _in_colour(self.make_view_atomic(view), is_async=True)
            try:
                response = run(request, *args, **kwargs)
                if hasattr(response, "__await__"):
                    response = await response
            except Exception as error:
                response = await self._arescue(request, error)
                if response is None:
                    raise
        self.check_response(response, view)
        if callable(getattr(response, "render", None)):
            for hook in self._template_response_middleware:
                response = await _settled(hook(request, response))
                self.check_response(response, hook, name=_hook_name(hook))
            try:
                response = await _in_colour(response.render, is_async=True)()
            except Exception as error:
                response = await self._arescue(request, error)
                if response is None:
                    raise
        return response

    async def _arescue(self, request: HttpRequest, error: Exception) -> Any:
        if not self._exception_middleware:
            return None
        ask = _in_colour(self.process_exception_by_middleware, is_async=True)
        return await ask(error, request)

    def resolve_request(self, request: HttpRequest) -> Any:
        """Find the view for a request; also sets its ``resolver_match``."""
        urlconf = getattr(request, "urlconf", _UNSET)
        if urlconf is _UNSET:
            urlconf = None
        else:
            set_urlconf(urlconf)
        match = get_resolver(urlconf).resolve(request.path_info)
        request.resolver_match = match
        return match

    def check_response(self, response: Any, callback: Any, name: str | None = None) -> None:
        """Raise ``ValueError`` if what a view or hook returned cannot be a response."""
        if response is not None and type(response) is not types.CoroutineType:
            return
        if name is None:
            if isinstance(callback, types.FunctionType):
                name = f"The view {callback.__module__}.{callback.__name__}"
            else:
                kind = type(callback)
                name = f"The view {callback.__module__}.{kind.__name__}.__call__"
        problem = f"{name} didn't return an HttpResponse object. It returned "
        if response is None:
            raise ValueError(f"{problem}None instead.")
        response.close()  # Or Python warns that it was never awaited.
        raise ValueError(
            f"{problem}an unawaited coroutine instead. You may need to add an 'await' into your "
            "view."
        )

    # -- around the view -----------------------------------------------------------------------

    def make_view_atomic(self, view: Any) -> Any:
        """Return ``view`` within a transaction for each database with ``ATOMIC_REQUESTS``.

        Raises:
            RuntimeError: such a view is async.
        """
        options: dict[str, Any]
        for options in _databases().settings.values():
            if options["ATOMIC_REQUESTS"]:
                break
        else:
            return view
        exempt = getattr(view, "_non_atomic_requests", ())
        aliases = [
            alias
            for alias, options in _databases().settings.items()
            if options["ATOMIC_REQUESTS"] and alias not in exempt
        ]
        if aliases:
            from nuages.db.transaction import atomic

            if is_async_view(view):
                raise RuntimeError("You cannot use ATOMIC_REQUESTS with async views.")
            for alias in aliases:
                view = atomic(using=alias)(view)
        return view

    def process_exception_by_middleware(self, exception: Exception, request: HttpRequest) -> Any:
        """Return the first response that a ``process_exception`` hook gives, or ``None``."""
        answers = (hook(request, exception) for hook in self._exception_middleware)
        return next(filter(None, answers), None)


@cache
def _databases() -> Any:
    from nuages.db import connections

    return connections


def is_async_view(view: Any) -> bool:
    """Whether calling ``view`` gives a coroutine; quick for plain functions."""
    if type(view) is types.FunctionType and not view.__dict__:
        return bool(view.__code__.co_flags & CO_COROUTINE)
    return iscoroutinefunction(view)


async def _settled(value: Any) -> Any:
    """Return what a hook gave; hooks that run on the event loop give no coroutine."""
    return await value if hasattr(value, "__await__") else value


def _in_colour(function: Hook, is_async: bool) -> Hook:
    """Return ``function`` as one that gives a coroutine, or as one that blocks."""
    if is_async_view(function) == is_async:
        return function
    return partial(in_thread, function) if is_async else async_to_sync(function)


def _hook_name(hook: Any) -> str:
    # An adapted hook keeps the method it was made from.
    method = getattr(hook, "__self__", None)
    owner = getattr(hook, "func", None) or getattr(hook, "awaitable", None)
    if owner is not None:
        method = getattr(owner, "__self__", method)
    return f"{type(method).__name__}.process_template_response"


def reset_urlconf(sender: Any, **kwargs: Any) -> None:
    """Forget the URLconf of a request that has ended."""
    set_urlconf(None)


request_finished.connect(reset_urlconf)
