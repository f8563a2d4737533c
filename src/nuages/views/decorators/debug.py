"""Keep secrets out of error reports. Manual: "Filtering sensitive information"."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

from nuages.views.decorators._around import View, around, around_methods

#: The names of sensitive variables, by the code of the function that has them; empty for all.
#: Keyed by code, a frame in a traceback finds its own entry, and no wrapper stands in its way.
sensitive_code: dict[CodeType, tuple[str, ...]] = {}


def _parenthesised(name: str, arguments: tuple[Any, ...]) -> None:
    if len(arguments) == 1 and callable(arguments[0]):
        raise TypeError(
            f"{name}() must be called to use it as a decorator, e.g., use @{name}(), not @{name}."
        )


def sensitive_variables(*variables: str) -> Callable[[View], View]:
    """Return a decorator that hides local variables of a function in error reports.

    Args:
        variables: names; none means all.
    """
    _parenthesised("sensitive_variables", variables)

    def decorator(func: View) -> View:
        target: Any = func
        while hasattr(target, "__wrapped__"):
            target = target.__wrapped__
        target = getattr(target, "__func__", target)
        code = getattr(target, "__code__", None)
        if code is None:
            code = type(target).__call__.__code__
        sensitive_code[code] = variables
        return func

    return decorator


def sensitive_post_parameters(*parameters: str) -> Callable[[View], View]:
    """Return a decorator that hides values of ``request.POST`` in error reports.

    Args:
        parameters: names; none means all.
    """
    _parenthesised("sensitive_post_parameters", parameters)

    def note(request: Any, *args: Any, **kwargs: Any) -> None:
        if not isinstance(request, _request_class()):
            raise TypeError(
                "sensitive_post_parameters didn't receive an HttpRequest object. If you are "
                "decorating a classmethod, make sure to use @method_decorator."
            )
        note_on: Any = request
        note_on.sensitive_post_parameters = parameters or "__ALL__"

    def decorator(view: View) -> View:
        return around(view, before=note)

    decorator.for_methods = around_methods(before=note)  # type: ignore[attr-defined]
    return decorator


@cache
def _request_class() -> type:
    # Only who has views needs it: models of users have sensitive variables too.
    from nuages.http import HttpRequest

    return HttpRequest
