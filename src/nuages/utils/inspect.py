"""Questions about the parameters of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FunctionType
from typing import TYPE_CHECKING, Any

from nuages.utils._lazy import later
from nuages.utils.version import PY314

if TYPE_CHECKING:
    import inspect
    from inspect import Parameter
else:
    inspect = later("inspect")

_TAKES_KEYWORDS = 0x08  # as in the flags of code


@functools.cache
def _named_kinds() -> frozenset[Any]:
    kinds = inspect.Parameter
    return frozenset((kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY))


def __getattr__(name: str) -> Any:
    if name == "ARG_KINDS":
        return _named_kinds()
    if name in ("Parameter", "unwrap"):
        return getattr(inspect, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def signature(obj: Callable[..., Any]) -> inspect.Signature:
    """Return the signature of ``obj`` without evaluating its annotations."""
    if PY314:
        import annotationlib

        return inspect.signature(obj, annotation_format=annotationlib.Format.FORWARDREF)  # type: ignore[call-arg]
    return inspect.signature(obj)


@functools.lru_cache(maxsize=512)
def _parameters_of(function: Callable[..., Any], bound: bool) -> tuple[Parameter, ...]:
    found = tuple(signature(function).parameters.values())
    return found[1:] if bound else found


def _parameters(obj: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Return the parameters that a caller of ``obj`` gives (without a bound ``self``)."""
    function = getattr(obj, "__func__", None)
    # The function of a bound method, not the method, is the cache key: it lets instances go.
    return _parameters_of(obj, False) if function is None else _parameters_of(function, True)


def get_func_args(func: Callable[..., Any]) -> list[str]:
    """Return the names of the parameters that may be given by position."""
    return [
        each.name
        for each in _parameters(func)
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]


def get_func_full_args(func: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Return ``(name,)`` or ``(name, default)`` of each parameter but ``self``; stars kept."""
    kinds = inspect.Parameter
    stars: dict[object, str] = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}
    return [
        (stars.get(each.kind, "") + each.name,)
        if each.default is inspect.Parameter.empty
        else (each.name, each.default)
        for each in _parameters(func)
        if each.name != "self"
    ]


def func_accepts_kwargs(func: Callable[..., Any]) -> bool:
    """Whether ``func`` takes ``**kwargs``."""
    if type(func) is FunctionType and not func.__dict__:
        return bool(func.__code__.co_flags & _TAKES_KEYWORDS)
    return any(each.kind is inspect.Parameter.VAR_KEYWORD for each in _parameters(func))


def func_accepts_var_args(func: Callable[..., Any]) -> bool:
    """Whether ``func`` takes ``*args``."""
    return any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in _parameters(func))


def method_has_no_args(meth: Callable[..., Any]) -> bool:
    """Whether a method takes nothing but ``self``."""
    count = sum(each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for each in _parameters(meth))
    return count == 0 if inspect.ismethod(meth) else count == 1


def func_supports_parameter(func: Callable[..., Any], name: str) -> bool:
    """Whether ``func`` has a parameter ``name``."""
    return any(each.kind in _named_kinds() and each.name == name for each in _parameters(func))


def is_module_level_function(func: Any) -> bool:
    """Whether ``func`` is a Python function (or coroutine function) found under its name in a module."""
    if not inspect.isfunction(func) or inspect.isbuiltin(func):
        return False
    return "<locals>" not in func.__qualname__ and "<lambda>" not in func.__qualname__


def getfullargspec(*args: Any, annotation_format: Any = None, **kwargs: Any) -> Any:
    """:func:`inspect.getfullargspec` without evaluating annotations."""
    with lazy_annotations():
        return inspect.getfullargspec(*args, **kwargs)


def lazy_annotations() -> AbstractContextManager[None]:
    """Return a context in which ``inspect`` does not evaluate annotations."""
    if not PY314:
        return nullcontext()
    from nuages.utils._annotations import forward_references

    return forward_references()
