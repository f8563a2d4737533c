"""Who listens to the start and the end of requests."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

#: Modules whose receivers of these signals neither block nor care about threads.
_HOUSE = frozenset(("django.core.cache", "django.core.handlers.base", "django.db"))


#: Those of them that have nothing to do on an event loop.
_IDLE_ON_LOOP = frozenset(("close_old_connections",))

Receivers = list[Callable[..., Any]]

#: Per signal: links that were looked at, their receivers, and those of them for an event loop.
_judged: dict[Any, tuple[list[Any], Receivers, Receivers]] = {}
_NEVER: tuple[Any, Any, Any] = (None, None, None)


def house_receivers(signal: Any, on_loop: bool = False) -> Receivers | None:
    """Return the receivers of a signal, where nobody but the house listens; else ``None``.

    They may be called on the event loop, and ask for no arguments but ``sender``.

    Args:
        on_loop: whether they will be, so that those that do nothing there are left out.
    """
    links, receivers, awake = _judged.get(signal, _NEVER)
    if links == signal.receivers:
        # Those that were looked at before: compared one by one, by identity.
        return awake if on_loop else receivers
    found: list[Any] = []
    for link in signal.receivers:
        held = link.receiver
        receiver = held() if isinstance(held, weakref.ref) else held
        if getattr(receiver, "__module__", None) not in _HOUSE:
            return None
        found.append(receiver)
    awake = [each for each in found if each.__name__ not in _IDLE_ON_LOOP]
    _judged[signal] = signal.receivers.copy(), found, awake
    return awake if on_loop else found
