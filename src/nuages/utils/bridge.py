"""Blocking code inside async code, without a thread: its waits are handed to the event loop.

``await crossing(function, owner)`` calls a blocking function in a greenlet of the event loop's thread. Where the function would
wait for a socket, the greenlet is left, the task awaits, and the greenlet goes on with the result. So what is
written for blocking callers serves async ones as it is, and thousands of calls can be under way in one thread.

Whoever waits takes part by asking ``bridge_here()`` first; what does not ask blocks the loop as it does anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from nuages.utils import asyncio

try:
    from greenlet import getcurrent, greenlet
except ImportError:  # It comes with the extras that need it.
    greenlet = object

    def getcurrent() -> Any:
        return None


available = greenlet is not object


class Owner(Protocol):
    """Whoever crosses."""

    def enter(self) -> None:
        """Called before each stretch in which the function runs."""

    def leave(self) -> None:
        """Called after each such stretch."""

    def apart(self, function: Callable[[], Any]) -> Coroutine[Any, Any, Any]:
        """Call in a thread what may block in ways that we know nothing of."""

    def lend(self, coroutine: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, Any]:
        """Await async code that belongs to the call."""


class Bridge(greenlet):
    """One call under way. It holds nothing but its place in the code, and whose it is."""

    def __init__(self, function: Callable[[], Any], parent: Any, owner: Owner) -> None:
        super().__init__(function, parent)
        self.owner = owner
        # What the function sets in context variables, its task sees.
        self.gr_context = parent.gr_context

    def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Let the event loop finish a coroutine; return its result, or raise what it raised."""
        return self.parent.switch(coroutine)


def bridge_here() -> Bridge | None:
    """Return the call that this code is part of; ``None`` in ordinary code."""
    current = getcurrent()
    return current if type(current) is Bridge else None


def call_apart(function: Callable[[], Any]) -> Any:
    """Call a function of somebody else's, which may block: within a bridge, in a thread."""
    call = bridge_here()
    return function() if call is None else call.wait_for(call.owner.apart(function))


# There blocking is no danger to the loop.
asyncio.may_block = lambda: type(getcurrent()) is Bridge


async def crossing[T](function: Callable[[], T], owner: Owner) -> T:
    """Call a blocking function from async code and return its result.

    Raises:
        What the function raises. A cancellation is raised in the function, where it waits.
    """
    enter, leave = owner.enter, owner.leave
    call = Bridge(function, getcurrent(), owner)
    proceed: Callable[..., Any] = call.switch
    given: tuple[Any, ...] = ()
    while True:
        enter()
        try:
            reached = proceed(*given)
        finally:
            leave()
        if call.dead:
            return reached
        try:
            given = (await reached,)
            proceed = call.switch
        except BaseException as error:
            given = (error,)
            proceed = call.throw
