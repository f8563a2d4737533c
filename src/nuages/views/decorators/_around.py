"""One way to wrap a view, synchronous or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from nuages.utils.concurrency import iscoroutinefunction
from nuages.utils.decorators import OneCall

View = Callable[..., Any]


def around(
    view: View,
    before: Callable[..., Any] | None = None,
    after: Callable[[Any, Any], Any] | None = None,
) -> View:
    """Return a view that does something before and after another one.

    Args:
        before: gets what the view gets; if it returns a response, the view is not called.
        after: gets request and response, and changes the response.
    """

    def start(request: Any, args: Any, kwargs: Any) -> Any:
        return None if before is None else before(request, *args, **kwargs)

    def finish(request: Any, response: Any) -> Any:
        if after is not None:
            after(request, response)
        return response

    if type(view) is OneCall:

        def once(request: Any, *args: Any, **kwargs: Any) -> Any:
            early = None if before is None else before(request, *args, **kwargs)
            return early or finish(request, view(request, *args, **kwargs))

        return view.within(once)

    if iscoroutinefunction(view):

        @wraps(view)
        async def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
            early = start(request, args, kwargs)
            return early or finish(request, await view(request, *args, **kwargs))

    else:

        @wraps(view)
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
            early = start(request, args, kwargs)
            return early or finish(request, view(request, *args, **kwargs))

    return wrapped


def around_methods(
    before: Callable[..., Any] | None = None, after: Callable[[Any, Any], Any] | None = None
) -> Callable[[View], View]:
    """Return what :func:`around` is for functions that take ``self`` and then what a view does."""

    def decorate(method: View) -> View:
        def wrapped(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            early = None if before is None else before(request, *args, **kwargs)
            if early:
                return early
            response = method(self, request, *args, **kwargs)
            if after is not None:
                after(request, response)
            return response

        return wrapped

    return decorate


def marked(view: View, **marks: Any) -> View:
    """Return a view like ``view`` with attributes that middleware looks for."""
    if type(view) is OneCall or iscoroutinefunction(view):
        wrapped = around(view)
    else:

        @wraps(view)
        def wrapped(request: Any, *args: Any, **kwargs: Any) -> Any:
            return view(request, *args, **kwargs)

    vars(wrapped).update(marks)
    return wrapped
