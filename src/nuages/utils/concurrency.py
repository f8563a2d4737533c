"""Between sync and async code, without asyncio in processes that never leave sync code.

The functions are asgiref's, imported when one is called. :class:`Local` keeps values as
``asgiref.local.Local`` does.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from functools import partial
from types import FunctionType, MethodType
from typing import Any

__all__ = [
    "Local",
    "async_to_sync",
    "in_thread",
    "iscoroutinefunction",
    "markcoroutinefunction",
    "sync_to_async",
]

_modules = sys.modules
_IS_COROUTINE = 0x80  # as in the flags of code


def iscoroutinefunction(function: Any) -> bool:
    """See ``inspect.iscoroutinefunction``, which is asked where a look does not settle it."""
    inner = function.__func__ if function.__class__ is MethodType else function
    if inner.__class__ is FunctionType and not inner.__dict__:
        return bool(inner.__code__.co_flags & _IS_COROUTINE)
    while True:
        if isinstance(inner, MethodType):
            inner = inner.__func__
        elif isinstance(inner, partial):
            inner = inner.func
        else:
            break
    plain = isinstance(inner, FunctionType)
    if plain:
        if inner.__code__.co_flags & _IS_COROUTINE:
            return True
        # What decorators leave behind (``__wrapped__``, marks of views) says nothing of this.
        notes = inner.__dict__
        unmarked = not notes or not (
            "_is_coroutine_marker" in notes or "__partialmethod__" in notes
        )
    else:
        unmarked = isinstance(inner, type) or not hasattr(inner, "__code__")
    if unmarked and (plain or getattr(inner, "_is_coroutine_marker", None) is None):
        return False
    from inspect import iscoroutinefunction as ask

    return ask(function)


def markcoroutinefunction[F](function: F) -> F:
    """See ``inspect.markcoroutinefunction``."""
    from inspect import markcoroutinefunction as mark

    return mark(function)  # type: ignore[type-var]


def _get_running_loop() -> Any:
    """Return the event loop of this thread. There is none while asyncio is not imported."""
    if (machinery := _modules.get("_asyncio")) is None:
        return None
    return machinery._get_running_loop()


def sync_to_async(*args: Any, **kwargs: Any) -> Any:
    """See ``asgiref.sync.sync_to_async``."""
    from asgiref.sync import sync_to_async as convert

    return convert(*args, **kwargs)


def in_thread(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Return a coroutine that calls ``function`` where thread-sensitive code runs.

    It is ``sync_to_async(function)(*args, **kwargs)`` without a wrapper that is made for one call.
    """
    global _call_in_thread
    if _call_in_thread is None:
        _call_in_thread = sync_to_async(_call, thread_sensitive=True)
    return _call_in_thread(function, *args, **kwargs)


_call_in_thread: Any = None


def _call(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def async_to_sync(*args: Any, **kwargs: Any) -> Any:
    """See ``asgiref.sync.async_to_sync``."""
    from nuages.utils import asyncio

    if asyncio.may_block():
        # The loop is there, and waits for us: it can do this as well.
        from nuages.utils.bridge import bridge_here

        call: Any = bridge_here()
        function = args[0]
        return lambda *given, **named: call.wait_for(call.owner.lend(function(*given, **named)))
    from asgiref.sync import async_to_sync as convert

    return convert(*args, **kwargs)


_NO_VALUES: dict[str, Any] = {}


def peek(local: Any, key: str) -> Any:
    """Return a value of a :class:`Local`, or of what stands in for one; ``None`` if not set.

    Sooner than ``getattr()``, which has to make an error first.
    """
    if local.__class__ is Local and local._critical is None:
        return local._variable.get(_NO_VALUES).get(key)
    return getattr(local, key, None)


class Local:
    """Values of the current context: of a thread, or of a task and those it awaits.

    They go along into threads that :func:`sync_to_async` starts, and come back, unless they are
    critical: then a sync thread keeps its own, and an async one its own per task.
    """

    __slots__ = ("_critical", "_variable")

    def __init__(self, thread_critical: bool = False) -> None:
        put = object.__setattr__
        put(self, "_critical", threading.local() if thread_critical else None)
        put(self, "_variable", ContextVar("nuages.local"))

    def _variable_here(self) -> Any:
        """Return the variable that holds the values; ``None`` where the thread itself does."""
        own = self._critical
        if own is None:
            return self._variable
        if _get_running_loop() is None:
            return None
        if (variable := own.__dict__.get(" tasks")) is None:
            variable = own.__dict__[" tasks"] = ContextVar("nuages.local")
        return variable

    def _values(self) -> dict[str, Any]:
        variable = self._variable_here()
        return self._critical.__dict__ if variable is None else variable.get({})

    def __getattr__(self, key: str) -> Any:
        try:
            return self._values()[key]
        except KeyError:
            raise AttributeError(f"{self!r} object has no attribute {key!r}") from None

    def __setattr__(self, key: str, value: Any) -> None:
        if (variable := self._variable_here()) is None:
            self._critical.__dict__[key] = value
        else:
            # A dictionary of its own for each context that changes it.
            variable.set({**variable.get({}), key: value})

    def __delattr__(self, key: str) -> None:
        values = self._values()
        if key not in values:
            raise AttributeError(f"{self!r} object has no attribute {key!r}")
        if (variable := self._variable_here()) is None:
            del values[key]
        else:
            variable.set({name: value for name, value in values.items() if name != key})
