"""Signals that models send. Manual: "Signals", section "Model signals"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.db.models.utils import make_model_tuple
from nuages.dispatch import Signal

class_prepared = Signal()


class SenderLoaded:
    """What waits in the registry until a sender named as text is loaded."""

    __slots__ = ("act", "arguments", "receiver", "signal")

    def __init__(
        self,
        signal: ModelSignal,
        act: Callable[..., Any],
        receiver: Any,
        arguments: dict[str, Any],
    ) -> None:
        self.signal, self.act = signal, act
        self.receiver, self.arguments = receiver, arguments

    def __call__(self, model: type) -> Any:
        return self.act(receiver=self.receiver, sender=model, **self.arguments)


class ModelSignal(Signal):
    """A signal whose sender is a model, which may be named before it exists: ``"app.Model"``."""

    def _act(
        self, act: Callable[..., Any], receiver: Any, sender: Any, apps: Any, **arguments: Any
    ) -> Any:
        loaded = SenderLoaded(self, act, receiver, arguments)
        if not isinstance(sender, str):
            return loaded(sender)
        if apps is None:
            from nuages.apps import apps
        return apps.lazy_model_operation(loaded, make_model_tuple(sender))

    def connect(
        self,
        receiver: Callable[..., Any],
        sender: Any = None,
        weak: bool = True,
        dispatch_uid: Any = None,
        apps: Any = None,
    ) -> None:
        """Like ``Signal.connect()``; a named ``sender`` is connected once it is loaded."""
        self._act(super().connect, receiver, sender, apps, weak=weak, dispatch_uid=dispatch_uid)

    def disconnect(  # type: ignore[override]
        self,
        receiver: Callable[..., Any] | None = None,
        sender: Any = None,
        dispatch_uid: Any = None,
        apps: Any = None,
    ) -> bool | None:
        """Like ``Signal.disconnect()``; ``None`` if the named ``sender`` is not loaded yet."""
        return self._act(super().disconnect, receiver, sender, apps, dispatch_uid=dispatch_uid)


# Before and after: an instance is made, saved, deleted; a database is migrated.
pre_init, post_init = ModelSignal(use_caching=True), ModelSignal(use_caching=True)
# Once per row: a thread would take longer than what the receivers do.
pre_init.apart = post_init.apart = False
pre_save, post_save = ModelSignal(use_caching=True), ModelSignal(use_caching=True)
pre_delete, post_delete = ModelSignal(use_caching=True), ModelSignal(use_caching=True)
m2m_changed = ModelSignal(use_caching=True)
pre_migrate, post_migrate = Signal(), Signal()


def listened_to(before: ModelSignal, after: ModelSignal, model: type) -> bool:
    """Whether a signal or its counterpart would call anything for ``model``."""
    return bool(before.receivers or after.receivers) and (
        before.has_listeners(model) or after.has_listeners(model)
    )
