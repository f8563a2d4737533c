"""Neighbouring middleware with before and after hooks, run as one function.

Its plain twin is the chain of middleware instances that call each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nuages.core.handlers.exception import aresponse_for_exception, response_for_exception
from nuages.utils.deprecation import MiddlewareMixin, _defined_in_house, _twin_is_current

INLINE, TWIN, HOP = "inline", "twin", "hop"
_CALL = MiddlewareMixin.__call__
_ACALL = MiddlewareMixin.__acall__
_HOOK = MiddlewareMixin._hook


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


def _way(middleware: Any, name: str) -> str:
    """How a hook of a pair is called on the event loop."""
    kind = type(middleware)
    if runs_inline(middleware, name):
        return INLINE
    return TWIN if hasattr(kind, "a" + name) and _twin_is_current(kind, name) else HOP


def stacked(middleware: Any, inner: Callable[..., Any], is_async: bool) -> Callable[..., Any]:
    """Return ``inner`` within the hooks of ``middleware``; exceptions become responses.

    Args:
        inner: never raises an ``Exception``. A function that this one returned is flattened.
    """
    layers = (middleware, *getattr(inner, "_layers", ()))
    core = getattr(inner, "_core", inner)
    run = _async_run(layers, core) if is_async else _sync_run(layers, core)
    run._layers = layers  # type: ignore[attr-defined]
    run._core = core  # type: ignore[attr-defined]
    return run


def _ways_out(layers: Sequence[Any]) -> list[list[Any]]:
    """For each depth that a request may reach: the layers to pass on the way out."""
    ways: list[list[Any]] = [[]]
    for layer in layers:
        after = [layer] if hasattr(layer, "process_response") else []
        ways.append(after + ways[-1])
    return ways


def _sync_run(layers: Sequence[Any], core: Callable[..., Any]) -> Callable[..., Any]:
    befores = [(n, layer) for n, layer in enumerate(layers) if hasattr(layer, "process_request")]
    ways_out = _ways_out(layers)
    bottom = len(layers)

    def run(request: Any) -> Any:
        depth, response = bottom, None
        for number, layer in befores:
            try:
                response = layer.process_request(request)
            except Exception as error:
                # Converted outside of this layer, so its own way out is not taken.
                depth, response = number, response_for_exception(request, error)
                break
            if response:
                depth = number + 1
                break
        else:
            response = core(request)
        for layer in ways_out[depth]:
            try:
                response = layer.process_response(request, response)
            except Exception as error:
                response = response_for_exception(request, error)
        return response

    return run


def _async_run(layers: Sequence[Any], core: Callable[..., Any]) -> Callable[..., Any]:
    befores = [
        (n, layer, _way(layer, "process_request"))
        for n, layer in enumerate(layers)
        if hasattr(layer, "process_request")
    ]
    ways_out = [
        [(layer, _way(layer, "process_response")) for layer in way] for way in _ways_out(layers)
    ]
    bottom = len(layers)

    async def run(request: Any) -> Any:
        depth, response = bottom, None
        for number, layer, way in befores:
            try:
                if way is INLINE:
                    response = layer.process_request(request)
                elif way is TWIN:
                    response = await layer.aprocess_request(request)
                else:
                    response = await layer._hook("process_request", request)
            except Exception as error:
                depth, response = number, await aresponse_for_exception(request, error)
                break
            if response:
                depth = number + 1
                break
        else:
            response = await core(request)
        for layer, way in ways_out[depth]:
            try:
                if way is INLINE:
                    response = layer.process_response(request, response)
                elif way is TWIN:
                    response = await layer.aprocess_response(request, response)
                else:
                    response = await layer._hook("process_response", request, response)
            except Exception as error:
                response = await aresponse_for_exception(request, error)
        return response

    return run
