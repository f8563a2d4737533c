"""The two drivers: ``run`` blocks, ``arun`` awaits. Both give the same results and exceptions."""

from __future__ import annotations

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

    See ``leases.perform``: with drivers that can be awaited they are, on the connection of the task; with others
    the whole generator runs in one hop on the thread that owns the blocking connections.
    """
    from nuages.db.engine.leases import perform

    return await perform(lambda: run(steps))
