"""Running a request on the event loop, with an eye on the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import BuiltinFunctionType
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]

#: Seconds that work may wait for something before a native server is asked for the client.
_UNWATCHED = 0.02


def is_native(receive: Receive) -> bool:
    """Whether a server's ``receive()`` is no coroutine, but native code that goes its own ways."""
    return type(receive) is BuiltinFunctionType


class UnlessDisconnected:
    """Goes on with work that waits for something, and cancels it when the client goes away.

    Work that never waits is done without one. The rest gets a second task, which watches the client.
    That begins at once, in its own name: the receive() of a framework around us may tie what it does
    to the task that calls it. Asking a native server costs more than most work waits for, a thread or
    a database: such a server is asked when the work has waited for a while.

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

    def _start(self, loop: Any, task: asyncio.Task[Any], eager: bool = False) -> None:
        self.watcher = asyncio.Task(self._watch(task), loop=loop, eager_start=eager)

    async def _watch(self, task: asyncio.Task[Any]) -> None:
        while not self._heard(await self.receive()):
            pass
        self.disconnected = True
        task.cancel()

    def __await__(self) -> Generator[Any, Any, None]:
        task = asyncio.current_task()
        assert task is not None
        loop, timer = asyncio.get_running_loop(), None
        if is_native(self.receive):
            timer = loop.call_later(_UNWATCHED, self._start, loop, task)
        else:
            self._start(loop, task, eager=True)
        work, waits_for = self.work, self.waits_for
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = work.throw(error)
                else:
                    waits_for = work.send(sent)
        except StopIteration:
            return
        finally:
            if timer is not None:
                timer.cancel()
            if self.watcher is not None:
                self.watcher.cancel()

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
