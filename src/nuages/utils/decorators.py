"""Decorators for methods and classes, and decorators made of middleware.

Manual: ref/utils, "django.utils.decorators".
"""

from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, partial, update_wrapper, wraps
from typing import Any

from nuages.utils.concurrency import iscoroutinefunction, markcoroutinefunction

__all__ = [
    "async_only_middleware",
    "classonlymethod",
    "decorator_from_middleware",
    "decorator_from_middleware_with_args",
    "make_middleware_decorator",
    "method_decorator",
    "sync_and_async_middleware",
    "sync_only_middleware",
]


class classonlymethod(classmethod):  # type: ignore[type-arg]
    """A class method that instances do not have."""

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is not None:
            raise AttributeError("This method is available only on the class, not on instances.")
        return super().__get__(instance, cls)


class OneCall(partial[Any]):
    """A method bound for one call, as decorators see it: what they make of it is called at once.

    Only what a call goes by is passed on, not all that :func:`functools.wraps` copies.
    """

    def within(self, run: Callable[..., Any]) -> "OneCall":
        """Return ``run`` with this one's attributes."""
        outer = OneCall(run)
        own = outer.__dict__
        own.update(self.__dict__)
        own["__wrapped__"] = self
        return outer


def _apply(decorators: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate ``function`` by one decorator, or by several, the last one first."""
    if not hasattr(decorators, "__iter__"):
        return decorators(function)
    for decorate in decorators[::-1]:
        function = decorate(function)
    return function


def called_alike(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls ``method``: for decorators that set attributes alone."""

    def alike(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs)

    return alike


def _decorated_once(decorators: Any, method: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return ``method`` decorated for good, if all decorators know how to do that; else ``None``.

    Such a decorator has an attribute ``for_methods``, a decorator of functions that take ``self``. It does what
    the decorator does to the bound method at each call.
    """
    several = decorators if hasattr(decorators, "__iter__") else (decorators,)
    made = method
    for decorate in several[::-1]:
        for_methods = getattr(decorate, "for_methods", None)
        if for_methods is None:
            return None
        made = for_methods(made)
    return None if made is method else made


def _decorated_method(decorators: Any, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that decorates its bound self at each call, and is called instead."""
    if hasattr(decorators, "__iter__"):
        decorators = decorators[::-1][::-1]

    # What wraps() would copy at each call. Attributes may still be set on the method later.
    names: dict[str, Any] = {
        name: getattr(method, name) for name in WRAPPER_ASSIGNMENTS if hasattr(method, name)
    }

    kind: Any = partial if iscoroutinefunction(method) else OneCall

    def each_time(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A partial: decorators may set attributes, which bound methods do not take.
        bound = kind(method.__get__(self, type(self)))
        own = bound.__dict__
        own.update(names)
        own.update(getattr(method, "__dict__", ()))
        own["__wrapped__"] = method
        return _apply(decorators, bound)(*args, **kwargs)

    wrapper = (None if kind is partial else _decorated_once(decorators, method)) or each_time

    # The attributes that the decorators set, and then the method's own.
    def stand_in(*args: Any, **kwargs: Any) -> None: ...

    for each in decorators if hasattr(decorators, "__iter__") else (decorators,):
        # One by one: a decorator need not keep what the one inside it has set.
        update_wrapper(wrapper, each(stand_in), assigned=())
    update_wrapper(wrapper, method)
    if iscoroutinefunction(method):
        markcoroutinefunction(wrapper)
    return wrapper


def method_decorator(decorator: Any, name: str = "") -> Callable[[Any], Any]:
    """Return a decorator for methods made of one for functions, or of a list of those.

    Applied to a class it decorates the method ``name``. Raises ``ValueError`` or ``TypeError``
    where the class has no such method.
    """

    def decorate(target: Any) -> Any:
        if not isinstance(target, type):
            return _decorated_method(decorator, target)
        if not (name and hasattr(target, name)):
            raise ValueError(
                "The keyword argument `name` must be the name of a method of the decorated "
                f"class: {target}. Got '{name}' instead"
            )
        method = getattr(target, name)
        if not callable(method):
            raise TypeError(
                f"Cannot decorate '{name}' as it isn't a callable attribute of {target} ({method})"
            )
        setattr(target, name, _decorated_method(decorator, method))
        return target

    # For tracebacks and help(); a list of decorators has no name.
    if hasattr(decorator, "__name__") or not hasattr(decorator, "__iter__"):
        shown = getattr(decorator, "__name__", type(decorator).__name__)
        if hasattr(decorator, "__wrapped__") or hasattr(decorator, "__dict__"):
            update_wrapper(decorate, decorator, assigned=("__module__", "__doc__"))
        decorate.__name__ = f"method_decorator({shown})"
    return decorate


def decorator_from_middleware_with_args(middleware_class: type) -> Callable[..., Any]:
    """Return a function that takes the middleware's arguments and gives a view decorator."""
    return make_middleware_decorator(middleware_class)


def decorator_from_middleware(middleware_class: type) -> Callable[..., Any]:
    """Return a view decorator that runs the hooks of a middleware around that view."""
    return make_middleware_decorator(middleware_class)()


def make_middleware_decorator(middleware_class: type) -> Callable[..., Any]:
    """Return what `decorator_from_middleware_with_args()` returns."""

    def with_arguments(*m_args: Any, **m_kwargs: Any) -> Callable[[Any], Any]:
        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            hooks = middleware_class(view, *m_args, **m_kwargs)
            if type(view) is OneCall:
                return view.within(_sync_view(hooks, view))
            make = _async_view if iscoroutinefunction(view) else _sync_view
            return wraps(view)(make(hooks, view))

        def for_methods(method: Callable[..., Any]) -> Callable[..., Any]:
            def run(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
                # Made for each call, as around a bound method: it may look at the settings.
                hooks = middleware_class(method, *m_args, **m_kwargs)
                early = _before(hooks, request, method, args, kwargs)
                if early is not None:
                    return early
                try:
                    response = method(self, request, *args, **kwargs)
                except Exception as error:
                    return _failed(hooks, request, error)
                return _after(hooks, request, response)

            return run

        if vars(middleware_class).get("calls_no_view"):
            decorate.for_methods = for_methods  # type: ignore[attr-defined]
        return decorate

    return with_arguments


def _before(hooks: Any, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
    """Run the hooks before the view; a response of theirs takes its place."""
    response = None
    if hasattr(hooks, "process_request"):
        response = hooks.process_request(request)
    if response is None and hasattr(hooks, "process_view"):
        response = hooks.process_view(request, view, args, kwargs)
    return response


def _failed(hooks: Any, request: Any, error: Exception) -> Any:
    """Return the response that the hooks make of an error; raise it again if none."""
    if hasattr(hooks, "process_exception"):
        response = hooks.process_exception(request, error)
        if response is not None:
            return response
    raise error


def _after(hooks: Any, request: Any, response: Any) -> Any:
    """Run the hooks after the view; ``process_response`` only once there is content."""
    unrendered = hasattr(response, "render") and callable(response.render)
    if unrendered and hasattr(hooks, "process_template_response"):
        response = hooks.process_template_response(request, response)
    if hasattr(hooks, "process_response"):
        if not unrendered:
            return hooks.process_response(request, response)
        response.add_post_render_callback(lambda r: hooks.process_response(request, r))
    return response


def _sync_view(hooks: Any, view: Callable[..., Any]) -> Callable[..., Any]:
    def run(request: Any, *args: Any, **kwargs: Any) -> Any:
        early = _before(hooks, request, view, args, kwargs)
        if early is not None:
            return early
        try:
            response = view(request, *args, **kwargs)
        except Exception as error:
            return _failed(hooks, request, error)
        return _after(hooks, request, response)

    return run


def _async_view(hooks: Any, view: Callable[..., Any]) -> Callable[..., Any]:
    async def run(request: Any, *args: Any, **kwargs: Any) -> Any:
        early = _before(hooks, request, view, args, kwargs)
        if early is not None:
            return early
        try:
            response = await view(request, *args, **kwargs)
        except Exception as error:
            return _failed(hooks, request, error)
        return _after(hooks, request, response)

    return run


def _marked(middleware: Any, sync: bool, asynchronous: bool) -> Any:
    middleware.sync_capable = sync
    middleware.async_capable = asynchronous
    return middleware


def sync_only_middleware[F](func: F) -> F:
    """Mark a middleware as one for the synchronous path (the default)."""
    return _marked(func, True, False)


def async_only_middleware[F](func: F) -> F:
    """Mark a middleware as one for the asynchronous path."""
    return _marked(func, False, True)


def sync_and_async_middleware[F](func: F) -> F:
    """Mark a middleware as one for both paths."""
    return _marked(func, True, True)
