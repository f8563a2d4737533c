"""Running a request on the event loop, with an eye on the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import BuiltinFunctionType, CoroutineType
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

#: Seconds that work may wait for something before the client is watched all the time.
_UNWATCHED = 0.02


def is_native(receive: Receive) -> bool:
    """Whether a server's ``receive()`` is no coroutine, but native code that goes its own ways."""
    return type(receive) is BuiltinFunctionType


class UnlessDisconnected:
    """Goes on with work that waits for something, and cancels it when the client goes away.

    Work that never waits is done without one. Most of the rest waits for a moment, for a thread or a
    database: for that there is a look whether the client is there, but no second task, which watches
    it. Such a task is made when the work has waited for a while.

    Args:
        work: a coroutine that was begun in the running task.
        waits_for: what it yielded.
        receive: the server's; its next message is the disconnection.
        unread: whether the message of an empty body comes before that.
    """

    def __init__(
        self, work: Coroutine[Any, Any, Any], waits_for: Any, receive: Receive, unread: bool
    ) -> None:
        self.work, self.waits_for = work, waits_for
        self.receive, self.unread = receive, unread
        self.disconnected = False
        self.problem: BaseException | None = None
        self.watcher: asyncio.Task[Any] | None = None
        #: The server's coroutine that waits for the client to leave, and what it has yielded.
        self.waiting: tuple[Any, Any] | None = None

    def _heard(self, message: dict[str, Any]) -> bool:
        """Whether a message says that the client has left."""
        if message["type"] != "http.disconnect":
            if self.unread and message["type"] == "http.request" and not message.get("body"):
                self.unread = False
                return bool(message.get("more_body"))
            self.problem = AssertionError(
                f"Invalid ASGI message after request body: {message['type']}"
            )
        return True

    def _look(self, task: asyncio.Task[Any]) -> None:
        """Ask for the next message; if there is none yet, leave it at that."""
        if is_native(self.receive):
            return
        waiting = self.receive()
        if type(waiting) is not CoroutineType:
            return
        try:
            self.waiting = waiting, waiting.send(None)
        except StopIteration as stop:
            if self._heard(stop.value):
                self.disconnected = True
                task.cancel()
        except Exception:
            # Of no matter as long as nobody has to wait for the client: the watcher will see it.
            pass

    def _start(self, task: asyncio.Task[Any]) -> None:
        if not self.disconnected:
            self.watcher = asyncio.get_running_loop().create_task(self._watch(task))

    async def _watch(self, task: asyncio.Task[Any]) -> None:
        while True:
            waiting, self.waiting = self.waiting, None
            message = await (self.receive() if waiting is None else _Continued(*waiting))
            if self._heard(message):
                break
        self.disconnected = True
        task.cancel()

    def __await__(self) -> Generator[Any, Any, None]:
        work, waits_for = self.work, self.waits_for
        task = asyncio.current_task()
        assert task is not None
        self._look(task)
        timer = asyncio.get_running_loop().call_later(_UNWATCHED, self._start, task)
        try:
            yield from _continued(work, waits_for)
        finally:
            timer.cancel()
            if self.watcher is not None:
                self.watcher.cancel()
            if self.waiting is not None:
                self.waiting[0].close()

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


def _continued(coroutine: Any, waits_for: Any) -> Generator[Any, Any, Any]:
    """Go on with a coroutine that was begun and has yielded something."""
    try:
        while True:
            try:
                sent = yield waits_for
            except BaseException as error:
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(sent)
    except StopIteration as stop:
        return stop.value


class _Continued:
    """The same, to be awaited."""

    def __init__(self, coroutine: Any, waits_for: Any) -> None:
        self._steps = _continued(coroutine, waits_for)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._steps


async def _forget_cancellation() -> None:
    """Undo the watcher's ``cancel()``, which may not have reached the task yet."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        task.uncancel()
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            pass
