"""Threads for the sync parts of requests that run on an event loop."""

from __future__ import annotations

import atexit
import logging
import os
import weakref
from _queue import Empty, SimpleQueue
from asyncio import get_running_loop
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

logger = logging.getLogger("django.request")

_current = SyncToAsync.thread_sensitive_context
_executors = SyncToAsync.context_to_thread_executor

#: Seconds that a thread looks for work before it does what can wait, and sleeps.
_PATIENCE = 0.02


class RequestThread(Executor):
    """One thread, which gives its results to the event loop that asks for them.

    An executor of the standard library makes a future of its own for each call, and ties it to one of
    the loop; here there is the loop's alone. What :meth:`later` is told is done before the next call,
    or when there is none for a while: nobody has to be woken for it.
    """

    _all: weakref.WeakSet[RequestThread] = weakref.WeakSet()

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._later: list[Callable[[], Any]] = []
        #: Whether the thread is going to look at what can wait without being told.
        self._looks = True
        # The interpreter does not wait for it by itself, or a thread without work would hold it up.
        self._thread = Thread(target=self._run, name="request", daemon=True)
        self._all.add(self)
        self._thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Return a future of what ``fn`` returns: the running loop's, or one of threads."""
        try:
            loop = get_running_loop()
        except RuntimeError:
            plain: Future[Any] = Future()
            self._jobs.put(partial(_do, fn, args, kwargs, plain, _settle))
            return plain
        future = loop.create_future()
        settle = partial(_settle_on, loop)
        self._jobs.put(partial(_do, fn, args, kwargs, future, settle))
        return future

    def later(self, work: Callable[[], Any]) -> None:
        """Do ``work``, for which nobody waits, before the next call; or soon, if there is none."""
        self._later.append(work)
        if not self._looks:
            self._jobs.put(_nothing)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the thread, after what it was given to do."""
        self._jobs.put(None)
        if wait:
            self._thread.join()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # Not while waiting: it may hold a request.

    def _next(self) -> Callable[[], Any] | None:
        self._looks = True
        try:
            job = self._jobs.get(timeout=_PATIENCE)
        except Empty:
            # In this order: who adds something now either sees this, or is seen below.
            self._looks = False
            self._catch_up()
            return self._jobs.get()
        self._catch_up()
        return job

    def _catch_up(self) -> None:
        while self._later:
            try:
                self._later.pop(0)()
            except Exception:
                logger.exception("A request could not be finished")


def _nothing() -> None:
    """Wake a thread."""


def _do(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    future: Any,
    settle: Callable[[Any, Any, BaseException | None], Any],
) -> None:
    if future.cancelled():
        return
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        settle(future, None, error)
    else:
        settle(future, result, None)


def _settle(future: Any, result: Any, error: BaseException | None) -> None:
    if future.done():
        return  # Cancelled meanwhile.
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _settle_on(loop: Any, future: Any, result: Any, error: BaseException | None) -> None:
    try:
        loop.call_soon_threadsafe(_settle, future, result, error)
    except RuntimeError:
        if not loop.is_closed():
            raise
        # Nobody waits any more.


class RequestThreads(ThreadSensitiveContext):
    """Gives each request a thread of its own for thread-sensitive code, from a shared pool.

    Within a request all sync code runs in the same thread, as asgiref promises. The thread is taken
    when the first of it runs, and kept for later requests. To be entered by :meth:`enter` and left
    by :meth:`leave`; neither waits.
    """

    # What the constructor of asgiref's class would set.
    token: Any = None
    _executor = None
    _exited = False

    _idle: list[Executor] = []
    _most_idle = 32

    def __init__(self) -> None:
        self.used = False

    def enter(self) -> None:
        """Make this the place of thread-sensitive code, unless there is one around it."""
        if _current.get(None) is None:
            self.token = _current.set(self)
        else:
            self.used = True

    def __bool__(self) -> bool:
        # asgiref asks before it looks for the thread of this context. A task that outlives its
        # request is told that there is none.
        if self.token is None:
            return False
        if not self.used:
            self.used = True
            try:
                _executors[self] = self._idle.pop()
            except IndexError:
                _executors[self] = RequestThread()
        return True

    def afterwards(self, work: Callable[[], Any]) -> bool:
        """Let the request's thread do ``work``, for which nobody waits.

        Whoever gets the thread next waits for it. Returns ``False`` if there is no such thread.
        """
        thread = _executors.get(self) if self.used and self.token is not None else None
        if not isinstance(thread, RequestThread):
            return False
        thread.later(partial(copy_context().run, work))
        return True

    def leave(self) -> None:
        """Give the thread back."""
        if self.token is None:
            return
        _current.reset(self.token)
        self.token = None
        if not self.used:
            return
        thread = _executors.pop(self, None)
        if thread is not None and len(self._idle) < self._most_idle:
            self._idle.append(thread)
        elif thread is not None:
            thread.shutdown(wait=False)


@atexit.register
def _stop() -> None:
    """Let the threads finish what they do before the interpreter ends."""
    threads = [*RequestThread._all]
    for thread in threads:
        thread.shutdown(wait=False)
    for thread in threads:
        thread._thread.join()


def _forget() -> None:
    """Start anew in a process that was forked: threads stay behind."""
    RequestThreads._idle.clear()
    RequestThread._all.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
