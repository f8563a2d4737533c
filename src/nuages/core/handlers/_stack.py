"""Neighbouring middleware with before and after hooks, run as one generated function.

Its plain twin is the chain of middleware instances that call each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nuages.core.handlers.exception import (
    aresponse_for_exception,
    guarded_by_conversion,
    response_for_exception,
)
from nuages.utils.codegen import compile_function
from nuages.utils.deprecation import (
    MiddlewareMixin,
    _defined_in_house,
    _definer,
    _twin_is_current,
)

_CALL = MiddlewareMixin.__call__
_ACALL = MiddlewareMixin.__acall__
_HOOK = MiddlewareMixin._hook

# How a hook is called, by the way in which it takes part.
_FORMS = {
    "inline": "m{n}.{name}({args})",
    "twin": "await m{n}.a{name}({args})",
    "hop": "await m{n}._hook({name!r}, {args})",
}


def is_pair_of_hooks(middleware: Any) -> bool:
    """Whether all that a middleware does around the view is in its two hooks."""
    kind = type(middleware)
    return (
        isinstance(middleware, MiddlewareMixin)
        and kind.__call__ is _CALL
        and kind.__acall__ is _ACALL
        and kind._hook is _HOOK
    )


def runs_inline(middleware: Any, name: str) -> bool:
    """Whether a hook may be called on the event loop."""
    kind = type(middleware)
    return (
        isinstance(middleware, MiddlewareMixin)
        and middleware.inline
        and _defined_in_house(kind, name)
        and not (hasattr(kind, "a" + name) and _twin_is_current(kind, name))
    )


def _way(middleware: Any, name: str, is_async: bool) -> str:
    """How a hook of a pair is called."""
    kind = type(middleware)
    if not is_async or runs_inline(middleware, name):
        return "inline"
    return "twin" if hasattr(kind, "a" + name) and _twin_is_current(kind, name) else "hop"


def stacked(middleware: Any, inner: Callable[..., Any], is_async: bool) -> Callable[..., Any]:
    """Return ``inner`` within the hooks of ``middleware``; exceptions become responses.

    Args:
        inner: never raises an ``Exception``. A function that this one returned is flattened.
    """
    made, layers, core = getattr(inner, "_stack", (None, (), inner))
    if made is not inner:
        # Whoever wraps a function may copy its attributes.
        layers, core = (), inner
    layers = (middleware, *layers)
    run = _generate(layers, core, is_async)
    run._stack = (run, layers, core)  # type: ignore[attr-defined]
    return run


def _generate(
    layers: Sequence[Any], core: Callable[..., Any], is_async: bool
) -> Callable[..., Any]:
    raises = guarded_by_conversion(core)
    names = {f"m{n}": layer for n, layer in enumerate(layers)}
    names["core"] = core if raises is None else raises
    names["converted"] = aresponse_for_exception if is_async else response_for_exception
    source = "\n".join(_source(layers, is_async))
    return compile_function(source, "run", names, "middleware")


def _source(layers: Sequence[Any], is_async: bool) -> Iterator[str]:
    """Yield the lines of a function that passes the layers in and out.

    ``depth`` is the number of layers that the request leaves through: a layer whose first hook has
    answered counts, one whose first hook has raised does not.
    """
    wait = "await " if is_async else ""
    yield f"{'async ' if is_async else ''}def run(request):"
    yield "    depth = 0"
    yield "    while True:"
    yield "        try:"
    for n, layer in enumerate(layers):
        if hasattr(layer, "process_request"):
            yield f"            depth = {n}"
            yield f"            response = {_call(n, layer, 'process_request', is_async)}"
            yield "            if response:"
            yield f"                depth = {n + 1}"
            yield "                break"
    yield f"            depth = {len(layers)}"
    yield f"            response = {wait}core(request)"
    yield "        except Exception as error:"
    yield f"            response = {wait}converted(request, error)"
    yield "        break"
    for n, layer in reversed([*enumerate(layers)]):
        if hasattr(layer, "process_response"):
            rest = f" and not m{n}.rests(request)" if _can_rest(layer) else ""
            yield f"    if depth > {n}{rest}:"
            yield "        try:"
            yield f"            response = {_call(n, layer, 'process_response', is_async)}"
            yield "        except Exception as error:"
            yield f"            response = {wait}converted(request, error)"
    yield "    return response"


def _call(n: int, layer: Any, name: str, is_async: bool) -> str:
    args = "request" if name == "process_request" else "request, response"
    return _FORMS[_way(layer, name, is_async)].format(n=n, name=name, args=args)


def _can_rest(layer: Any) -> bool:
    """Whether the layer's own ``rests(request)`` tells when its second hook has nothing to do."""
    kind: Any = type(layer)
    says, hook = _definer(kind, "rests"), _definer(kind, "process_response")
    return says is not None and says is hook is _definer(kind, "aprocess_response")
