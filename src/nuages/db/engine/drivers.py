"""The two drivers: ``run`` blocks, ``arun`` awaits. Both give the same results and exceptions."""

from __future__ import annotations

from typing import Any

from nuages.db.engine.steps import Steps


def run[T](steps: Steps[T]) -> T:
    """Perform all the steps of a generator in this thread and return what it returns.

    An exception that a step raises is thrown into the generator at its ``yield``.
    """
    send = steps.send
    try:
        step = send(None)
        while True:
            try:
                value = step.run()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = send(value)
    except StopIteration as stop:
        return stop.value


async def arun[T](steps: Steps[T]) -> T:
    """Perform all the steps of a generator without blocking the event loop.

    Where no configured database has an async driver, the whole generator runs in one hop, on the
    thread that owns the blocking connections: so async code sees the transactions of sync code.
    """
    from nuages.db import connections

    if not connections.any_async_driver:
        from asgiref.sync import sync_to_async

        return await sync_to_async(run, thread_sensitive=True)(steps)
    return await _arun_each(steps)


async def _arun_each[T](steps: Steps[T]) -> T:
    send: Any = steps.send
    try:
        step = send(None)
        while True:
            try:
                value = await step.arun()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = send(value)
    except StopIteration as stop:
        return stop.value
