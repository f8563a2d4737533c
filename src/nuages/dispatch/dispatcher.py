"""The signal dispatcher."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

from nuages.utils import asyncio
from nuages.utils.concurrency import async_to_sync, iscoroutinefunction, sync_to_async
from nuages.utils.inspect import func_accepts_kwargs

logger = logging.getLogger("django.dispatch")

type Receiver = Callable[..., Any]
type Results = list[tuple[Receiver, Any]]


class Live(NamedTuple):
    """The receivers of one sender that are alive now, by the way they are called."""

    plain: list[Receiver]
    coroutine: list[Receiver]


class Link(NamedTuple):
    """One connection of a receiver."""

    key: tuple[Any, Any]
    receiver: Any  # the receiver, or a weak reference to it
    sender: Any  # a weak reference to the sender, where it can have one
    is_async: bool


def _make_id(target: Any) -> Any:
    if hasattr(target, "__func__"):
        return (id(target.__self__), id(target.__func__))
    return id(target)


#: The key of links that listen to every sender.
ANYONE = _make_id(None)


_NOBODY: tuple[list[Link], Live] = ([], Live([], []))


def _lasts(link: Link) -> bool:
    """Whether a link is for all senders, and to a function that is held, or that of a module."""
    function = link.receiver
    if not isinstance(function, weakref.ReferenceType):
        return link.key[1] == ANYONE
    function = function()
    home = sys.modules.get(getattr(function, "__module__", None) or "")
    return (
        link.key[1] == ANYONE
        and home is not None
        and getattr(home, getattr(function, "__name__", ""), None) is function
    )


def _check_receiver(receiver: Any) -> None:
    """Refuse what cannot be called with keyword arguments, while a project is being worked on."""
    from nuages.conf import settings

    if not (settings.configured and settings.DEBUG):
        return
    if not callable(receiver):
        raise TypeError("Signal receivers must be callable.")
    if not func_accepts_kwargs(receiver):
        raise ValueError("Signal receivers must accept keyword arguments (**kwargs).")


class Signal:
    """A kind of event that receivers listen to.

    Args:
        use_caching: remember each sender's receivers; senders must be weakly referable.
    """

    def __init__(self, use_caching: bool = False) -> None:
        self.use_caching, self._dead_receivers = use_caching, False
        self.sender_receivers_cache: Any = weakref.WeakKeyDictionary() if use_caching else {}
        self.receivers: list[Link] = []
        #: Without caching: links, and the receivers of all senders, if those are known.
        self._for_all: tuple[list[Link], Live] = _NOBODY
        self.lock = threading.Lock()

    def connect(
        self,
        receiver: Receiver,
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
    ) -> None:
        """Call ``receiver`` whenever the signal is sent by ``sender`` (by anyone, if ``None``).

        Args:
            weak: hold the receiver by a weak reference.
            dispatch_uid: a name for this connection; a second one of that name is ignored.

        Raises:
            TypeError, ValueError: with ``DEBUG``, for a receiver that cannot be called with
                keyword arguments.
        """
        _check_receiver(receiver)
        key = (dispatch_uid or _make_id(receiver), _make_id(sender))
        held: Any = receiver
        if weak:
            # A bound method dies with its instance, which must be watched itself.
            owner = getattr(receiver, "__self__", None) if hasattr(receiver, "__func__") else None
            weakly = weakref.ref if owner is None else weakref.WeakMethod
            held = weakly(receiver, self._note_death)
        sender_ref = None
        if sender is not None:
            try:
                sender_ref = weakref.ref(sender, self._note_death)
            except TypeError:
                sender_ref = None
        link = Link(key, held, sender_ref, iscoroutinefunction(receiver))
        with self.lock:
            self._clear_dead_receivers()
            if all(known.key != key for known in self.receivers):
                self.receivers.append(link)
            self._forget()

    def disconnect(
        self, receiver: Receiver | None = None, sender: Any = None, dispatch_uid: Any = None
    ) -> bool:
        """Undo a connection, named as it was made; return whether there was one."""
        key = (dispatch_uid or _make_id(receiver), _make_id(sender))
        with self.lock:
            self._clear_dead_receivers()
            kept = [link for link in self.receivers if link.key != key]
            found = len(kept) != len(self.receivers)
            self.receivers[:] = kept
            self._forget()
        return found

    def attach(self, receiver: Receiver) -> Link:
        """Connect a plain function for a while, strongly and to all senders, with little ado.

        Returns:
            The connection, for :meth:`detach`. There may be several of one receiver.
        """
        link = Link((object(), ANYONE), receiver, None, False)
        with self.lock:
            self.receivers.append(link)
            self._forget()
        return link

    def detach(self, link: Link) -> None:
        """Undo :meth:`attach`."""
        with self.lock:
            self.receivers[:] = [known for known in self.receivers if known is not link]
            self._forget()

    def _forget(self) -> None:
        """Forget what follows from the connections, which have changed."""
        self.sender_receivers_cache.clear()
        self._for_all = _NOBODY

    #: Whether receivers of others may block: within async code they run in a thread.
    apart = True

    def has_listeners(self, sender: Any = None) -> bool:
        """Whether anything would be called for ``sender``."""
        live = self._live_receivers(sender)
        return bool(live.plain or live.coroutine)

    def send(self, sender: Any, **named: Any) -> Results:
        """Call the receivers; return ``(receiver, response)`` pairs. Errors go through."""
        if not self.receivers:
            return []
        live = self._live_receivers(sender)
        plain, coroutine = live
        if plain and self.apart and asyncio.may_block():
            results = [
                (each, _called_apart(each, signal=self, sender=sender, **named)) for each in plain
            ]
        elif named:
            results = [(each, each(signal=self, sender=sender, **named)) for each in plain]
        else:
            # Without a dictionary to merge.
            results = [(each, each(signal=self, sender=sender)) for each in plain]
        if coroutine:
            results += async_to_sync(_together)(
                coroutine, lambda each: each(signal=self, sender=sender, **named)
            )
        return results

    async def asend(self, sender: Any, **named: Any) -> Results:
        """:meth:`send` for async code: coroutine receivers run concurrently."""

        def call(each: Receiver) -> Any:
            return each(signal=self, sender=sender, **named)

        return await self._asend(sender, call, call)

    async def _asend(
        self, sender: Any, call: Callable[[Receiver], Any], acall: Callable[[Receiver], Any]
    ) -> Results:
        """Call each receiver by one of two functions, according to its colour."""
        if not self.receivers:
            return []
        live = self._live_receivers(sender)
        results: Results = []
        if live.plain:
            # One hop for all of them.
            results = await sync_to_async(lambda: [(each, call(each)) for each in live.plain])()
        if live.coroutine:
            results += await _together(live.coroutine, acall)
        return results

    def send_robust(self, sender: Any, **named: Any) -> Results:
        """:meth:`send`, where an error of a receiver is its response, and is logged."""
        if not self.receivers:
            return []
        live = self._live_receivers(sender)
        results = [(each, self._guarded(each, sender, named)) for each in live.plain]
        if live.coroutine:
            results += async_to_sync(_together)(
                live.coroutine, lambda each: self._aguarded(each, sender, named)
            )
        return results

    async def asend_robust(self, sender: Any, **named: Any) -> Results:
        """:meth:`send_robust` for async code."""
        return await self._asend(
            sender,
            lambda each: self._guarded(each, sender, named),
            lambda each: self._aguarded(each, sender, named),
        )

    def _guarded(self, receiver: Receiver, sender: Any, named: dict[str, Any]) -> Any:
        try:
            return receiver(signal=self, sender=sender, **named)
        except Exception as error:
            self._log_robust_failure(receiver, error)
            return error

    async def _aguarded(self, receiver: Receiver, sender: Any, named: dict[str, Any]) -> Any:
        try:
            return await receiver(signal=self, sender=sender, **named)
        except Exception as error:
            self._log_robust_failure(receiver, error)
            return error

    def _log_robust_failure(self, receiver: Receiver, err: Exception) -> None:
        logger.error(
            "Error calling %s in Signal.send_robust() (%s)",
            getattr(receiver, "__qualname__", receiver),
            err,
            exc_info=err,
        )

    def _note_death(self, *unused: Any) -> None:
        # May run at any moment, even inside the lock: only leave a mark.
        self._dead_receivers = True

    def _clear_dead_receivers(self) -> None:
        """Forget links whose receiver or sender is gone. Call with the lock held."""
        if self._dead_receivers:
            self._dead_receivers = False
            self.receivers[:] = [
                link
                for link in self.receivers
                if not (
                    isinstance(link.receiver, weakref.ReferenceType) and link.receiver() is None
                )
                and not (link.sender is not None and link.sender() is None)
            ]

    def _live_receivers(self, sender: Any) -> Live:
        """Return the receivers to call for ``sender``."""
        caches = self.use_caching
        if caches and not self._dead_receivers:
            known: Live | None = self.sender_receivers_cache.get(sender) if sender else None
            if known is not None:
                return known
        if self._dead_receivers:
            with self.lock:
                self._clear_dead_receivers()
        if not caches:
            links, live = self._for_all
            if links == self.receivers:
                return live
            live = self._collect(sender)[0]
            if all(map(_lasts, self.receivers)):
                self._for_all = self.receivers.copy(), live
            return live
        with self.lock:
            live, lasting = self._collect(sender)
            if lasting and sender is not None and self.receivers and not self._dead_receivers:
                self.sender_receivers_cache[sender] = live
        return live

    def _collect(self, sender: Any) -> tuple[Live, bool]:
        """Return the receivers for ``sender``, and whether they may be remembered."""
        plain: list[Receiver] = []
        coroutine: list[Receiver] = []
        lasting, wanted = True, None
        # A copy, as another thread may connect or disconnect meanwhile.
        for (_, listens_to), function, _, is_async in self.receivers.copy():
            if listens_to != ANYONE:
                if wanted is None:
                    wanted = _make_id(sender)
                if listens_to != wanted:
                    continue
            if isinstance(function, weakref.ReferenceType):
                lasting = lasting and not isinstance(function, weakref.WeakMethod)
                function = function()
                if function is None:
                    continue
            (coroutine if is_async else plain).append(function)
        return Live(plain, coroutine), lasting


_UNSET: Any = object()


async def _together(
    receivers: Iterable[Receiver], start: Callable[[Receiver], Awaitable[Any]]
) -> Results:
    """Run coroutine receivers concurrently; the first error cancels the others.

    They share one context, and what they set in it is seen here afterwards.
    """
    receivers = list(receivers)
    if len(receivers) == 1:
        return [(receivers[0], await start(receivers[0]))]

    async def one(each: Receiver) -> Any:
        return await start(each)

    shared = contextvars.copy_context()
    try:
        from asyncio import TaskGroup

        async with TaskGroup() as group:
            tasks = [group.create_task(one(each), context=shared) for each in receivers]
    except BaseExceptionGroup as errors:
        if len(errors.exceptions) == 1:
            raise errors.exceptions[0] from None
        raise
    for variable, value in shared.items():
        if variable.get(_UNSET) is not value:
            variable.set(value)
    return [(each, task.result()) for each, task in zip(receivers, tasks, strict=True)]


def receiver(signal: Signal | Iterable[Signal], **kwargs: Any) -> Callable[[Receiver], Receiver]:
    """Return a decorator that connects a function to one signal, or to several."""
    signals = [signal] if isinstance(signal, Signal) or hasattr(signal, "connect") else signal

    def decorator(function: Receiver) -> Receiver:
        for each in signals:
            each.connect(function, **kwargs)
        return function

    return decorator


def _called_apart(receiver: Receiver, **named: Any) -> Any:
    """Call a receiver within a bridge; what is not of the house in a thread."""
    if str(getattr(receiver, "__module__", "")).startswith("django."):
        return receiver(**named)
    from nuages.utils.bridge import call_apart

    return call_apart(lambda: receiver(**named))
