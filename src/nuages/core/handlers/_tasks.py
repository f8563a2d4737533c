"""Running a request on the event loop: threads for its sync parts, an eye on the client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

Receive = Callable[[], Awaitable[dict[str, Any]]]

logger = logging.getLogger("django.request")

_current = SyncToAsync.thread_sensitive_context
_executors = SyncToAsync.context_to_thread_executor


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
                _executors[self] = ThreadPoolExecutor(1, thread_name_prefix="request")
        return True

    def afterwards(self, work: Callable[[], Any]) -> bool:
        """Let the request's thread do ``work``, for which nobody waits.

        Whoever gets the thread next waits for it. Returns ``False`` if there is no such thread.
        """
        thread = _executors.get(self) if self.used and self.token is not None else None
        if thread is None:
            return False
        thread.submit(copy_context().run, _logged, work)
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


def _logged(work: Callable[[], Any]) -> None:
    try:
        work()
    except Exception:
        logger.exception("A request could not be finished")


def _check(message: dict[str, Any]) -> None:
    if message["type"] != "http.disconnect":
        raise AssertionError(f"Invalid ASGI message after request body: {message['type']}")


class UnlessDisconnected:
    """Goes on with work that waits for something, and cancels it when the client goes away.

    Work that never waits is done without one: this brings a second task, which watches the client.

    Args:
        work: a coroutine that was begun in the running task.
        waits_for: what it yielded.
        receive: the server's; its next message is the disconnection.
    """

    def __init__(self, work: Coroutine[Any, Any, Any], waits_for: Any, receive: Receive) -> None:
        self.work, self.waits_for = work, waits_for
        self.receive = receive
        self.disconnected = False
        self.problem: BaseException | None = None

    async def _watch(self, task: asyncio.Task[Any]) -> None:
        try:
            _check(await self.receive())
        except AssertionError as problem:
            self.problem = problem
        self.disconnected = True
        task.cancel()

    def __await__(self) -> Generator[Any, Any, Any]:
        work, waits_for = self.work, self.waits_for
        task = asyncio.current_task()
        assert task is not None
        watcher = asyncio.get_running_loop().create_task(self._watch(task))
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = work.throw(error)
                else:
                    waits_for = work.send(sent)
        except StopIteration as stop:
            return stop.value
        finally:
            watcher.cancel()

    async def finish(self) -> bool:
        """Return False where the client's leaving has cancelled the work."""
        try:
            await self
        except asyncio.CancelledError:
            if not self.disconnected:
                raise  # Somebody else's wish, such as the server's at its end.
        if not self.disconnected:
            return True
        await _forget_cancellation()
        if self.problem is not None:
            raise self.problem
        return False


async def _forget_cancellation() -> None:
    """Undo the watcher's ``cancel()``, which may not have reached the task yet."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        task.uncancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass
