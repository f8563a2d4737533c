"""Running a request on the event loop: threads for its sync parts, an eye on the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from types import CoroutineType
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext


class SyncThread(ThreadPoolExecutor):
    """One thread for the sync parts of one request at a time; it starts when it is needed."""

    used = False

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="request")

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in the thread."""
        self.used = True
        return super().submit(*args, **kwargs)


class RequestThreads(ThreadSensitiveContext):
    """Gives each request a thread of its own for thread-sensitive code, from a shared pool.

    Within a request all sync code runs in the same thread, as asgiref promises; threads are kept
    for later requests instead of being made anew.
    """

    _idle: list[SyncThread] = []
    _most_idle = 32

    async def __aenter__(self) -> RequestThreads:
        try:
            self.thread = self._idle.pop()
        except IndexError:
            self.thread = SyncThread()
        self.thread.used = False
        SyncToAsync.context_to_thread_executor[self] = self.thread
        await super().__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        # Before asgiref sees it, which would shut it down.
        thread = SyncToAsync.context_to_thread_executor.pop(self, None)
        await super().__aexit__(*exc)
        if isinstance(thread, SyncThread):
            if len(self._idle) < self._most_idle:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)


def _check(message: dict[str, Any]) -> None:
    if message["type"] != "http.disconnect":
        raise AssertionError(f"Invalid ASGI message after request body: {message['type']}")


def gone_already(receive: Callable[[], Awaitable[dict[str, Any]]]) -> bool:
    """Whether the server has said that the client is gone, without waiting for it to say so."""
    waiting = receive()
    if type(waiting) is not CoroutineType:
        # Something that may have begun to wait elsewhere: to be asked by the watcher alone.
        return False
    try:
        waiting.send(None)
    except StopIteration as stop:
        _check(stop.value)
        return True
    waiting.close()
    return False


class UnlessDisconnected:
    """Awaits ``work`` in the running task, and cancels it when the client goes away.

    Work that never waits for anything is done without a second task: only when it does is one
    started that watches the client.

    Args:
        receive: the server's; its next message is the disconnection.
    """

    def __init__(
        self,
        work: Coroutine[Any, Any, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
    ) -> None:
        self.work = work
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
        work = self.work
        try:
            waits_for = work.send(None)
        except StopIteration as stop:
            return stop.value
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


async def respond_unless_gone(
    work: Coroutine[Any, Any, None], receive: Callable[[], Awaitable[dict[str, Any]]]
) -> bool:
    """Run ``work``; return False where the client's leaving has cancelled it."""
    try:
        if gone_already(receive):
            work.close()
            return False
    except BaseException:
        work.close()
        raise
    guarded = UnlessDisconnected(work, receive)
    try:
        await guarded
    except asyncio.CancelledError:
        if not guarded.disconnected:
            raise  # Somebody else's wish, such as the server's at its end.
    if guarded.disconnected:
        await _forget_cancellation()
        if guarded.problem is not None:
            raise guarded.problem
        return False
    return True


async def _forget_cancellation() -> None:
    """Undo the watcher's ``cancel()``, which may not have reached the task yet."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        task.uncancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass
