"""Who listens to the start and the end of requests."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

#: Modules whose receivers of these signals neither block nor care about threads.
_HOUSE = frozenset(("django.core.cache", "django.core.handlers.base", "django.db"))


#: Per signal: links that were looked at, and their receivers.
_judged: dict[Any, tuple[list[Any], list[Callable[..., Any]]]] = {}
_NEVER: tuple[Any, Any] = (None, None)


def house_receivers(signal: Any) -> list[Callable[..., Any]] | None:
    """Return the receivers of a signal, where nobody but the house listens; else ``None``.

    They may be called on the event loop, and ask for no arguments but ``sender``.
    """
    links, receivers = _judged.get(signal, _NEVER)
    if links == signal.receivers:
        # Those that were looked at before: compared one by one, by identity.
        return receivers
    found: list[Any] = []
    for link in signal.receivers:
        held = link.receiver
        receiver = held() if isinstance(held, weakref.ref) else held
        if getattr(receiver, "__module__", None) not in _HOUSE:
            return None
        found.append(receiver)
    _judged[signal] = signal.receivers.copy(), found
    return found
