"""Keeping blocking code out of event loops. Manual: topics/async, "Async safety"."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from sys import modules
from typing import Any, overload

from nuages.core.exceptions import SynchronousOnlyOperation

#: Whether blocking code runs here with its waits handed to the loop: ``nuages.utils.bridge`` knows.
may_block: Callable[[], bool] = lambda: False

_MESSAGE = "You cannot call this from an async context - use a thread or sync_to_async."


def loop_here() -> bool:
    """Return whether an event loop runs in this thread, so that blocking code would hold it up."""
    machinery = modules.get("_asyncio")
    return machinery is not None and machinery._get_running_loop() is not None and not may_block()


@overload
def async_unsafe[**P, R](message: Callable[P, R]) -> Callable[P, R]: ...
@overload
def async_unsafe[**P, R](message: str) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def async_unsafe(message: Any) -> Any:
    """Make a function raise ``SynchronousOnlyOperation`` where an event loop runs in its thread.

    Use it bare, or with the message of the exception. The environment variable
    ``DJANGO_ALLOW_ASYNC_UNSAFE`` turns the check off.
    """

    def decorate(func: Callable[..., Any], text: str) -> Callable[..., Any]:
        @wraps(func)
        def inner(*args: Any, **kwargs: Any) -> Any:
            if (
                # Without asyncio there is no loop; with it, this is one call of C.
                (machinery := modules.get("_asyncio")) is not None
                and machinery._get_running_loop() is not None
                and not may_block()
                and not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
            ):
                raise SynchronousOnlyOperation(text)
            return func(*args, **kwargs)

        return inner

    if callable(message):
        return decorate(message, _MESSAGE)
    return lambda func: decorate(func, message)
