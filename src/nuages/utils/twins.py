"""Methods that are written once and exist twice: blocking, and awaiting.

Such a method is a generator. It yields the calls that may block, and gets their results; a blocking
driver makes them, an awaiting one awaits their async counterparts::

    class Store:
        @twin
        def rename(self, key):          # defines rename() and arename()
            data = yield call(self, "load")
            yield call(self, "save", key, data)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from nuages.utils.concurrency import sync_to_async


class Either(NamedTuple):
    """One call in two colours."""

    blocking: Callable[..., Any]
    given: Callable[..., Awaitable[Any]] | None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}  # noqa: RUF012 - never changed

    @property
    def awaiting(self) -> Callable[..., Awaitable[Any]]:
        return self.given or _in_thread(self.blocking)


type Calls[T] = Generator[Either | _Named, Any, T]


def either(
    blocking: Callable[..., Any],
    awaiting: Callable[..., Awaitable[Any]] | None = None,
    *args: Any,
    **kwargs: Any,
) -> Either:
    """Return a call of ``blocking``, or of ``awaiting`` (default: ``blocking`` in a thread)."""
    return Either(blocking, awaiting, args, kwargs)


def _in_thread(blocking: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    async def awaiting(*args: Any, **kwargs: Any) -> Any:
        return await sync_to_async(blocking)(*args, **kwargs)

    return awaiting


class _Named:
    """A call of a method by its name. Which async twin it has is looked up by who awaits it."""

    __slots__ = ("args", "kwargs", "name", "target")

    def __init__(
        self, target: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.target, self.name, self.args, self.kwargs = target, name, args, kwargs

    @property
    def blocking(self) -> Callable[..., Any]:
        return getattr(self.target, self.name)

    @property
    def awaiting(self) -> Callable[..., Awaitable[Any]]:
        target, name = self.target, self.name
        other = twin_name(name)
        for base in type(target).__mro__:
            # Whichever of the two comes first was defined last.
            if other in vars(base):
                return getattr(target, other)
            if name in vars(base):
                break
        return _in_thread(getattr(target, name))


def call(target: Any, name: str, /, *args: Any, **kwargs: Any) -> _Named:
    """Return a call of ``target.name()``, or of ``target.aname()``.

    Where a subclass has overridden the first alone, it is called in a thread.
    """
    return _Named(target, name, args, kwargs)


def twin_name(name: str) -> str:
    """Return the name of a method's async twin: ``asave``, ``_afind``."""
    return f"_a{name[1:]}" if name.startswith("_") else f"a{name}"


def run[T](calls: Calls[T], wanted: Either | _Named | None = None) -> T:
    """Make the calls of a generator, blocking; return what it returns.

    Args:
        wanted: the first call, if the generator has been started.
    """
    step: Callable[[Any], Either | _Named] = calls.send
    value: Any = None
    if wanted is not None:
        try:
            value = wanted.blocking(*wanted.args, **wanted.kwargs)
        except Exception as error:
            step, value = calls.throw, error
    while True:
        try:
            wanted = step(value)
        except StopIteration as stop:
            return stop.value
        try:
            step, value = calls.send, wanted.blocking(*wanted.args, **wanted.kwargs)
        except Exception as error:
            step, value = calls.throw, error


async def arun[T](calls: Calls[T]) -> T:
    """Await the calls of a generator; return what it returns."""
    step: Callable[[Any], Either | _Named] = calls.send
    value: Any = None
    while True:
        try:
            wanted = step(value)
        except StopIteration as stop:
            return stop.value
        try:
            step, value = calls.send, await wanted.awaiting(*wanted.args, **wanted.kwargs)
        except Exception as error:
            step, value = calls.throw, error


class twin:  # noqa: N801 - reads as the decorator that it is
    """Define a method and its async twin from one generator method.

    Args:
        awaiting: the name of the twin; default: the method's with an ``a`` before it.
    """

    def __init__(self, calls: Callable[..., Calls[Any]], awaiting: str | None = None) -> None:
        self.calls = calls
        self.awaiting = awaiting

    def __set_name__(self, owner: type, name: str) -> None:
        calls = self.calls

        @wraps(calls)
        def blocking(*args: Any, **kwargs: Any) -> Any:
            work = calls(*args, **kwargs)
            try:
                first = work.send(None)
            except StopIteration as stop:
                # Nothing had to be waited for, as most often.
                return stop.value
            return run(work, first)

        @wraps(calls)
        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            return await arun(calls(*args, **kwargs))

        awaiting.__name__ = self.awaiting or twin_name(name)
        awaiting.__qualname__ = f"{owner.__qualname__}.{awaiting.__name__}"
        setattr(owner, name, blocking)
        setattr(owner, awaiting.__name__, awaiting)

    if TYPE_CHECKING:
        # Both names are plain functions by the time that anybody asks for them.
        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]: ...
