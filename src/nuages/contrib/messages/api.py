"""Functions for views. Manual: "Using messages in views and templates"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.contrib.messages import constants
from nuages.contrib.messages.storage import default_storage

__all__ = (
    "MessageFailure",
    "add_message",
    "debug",
    "error",
    "get_level",
    "get_messages",
    "info",
    "set_level",
    "success",
    "warning",
)


class MessageFailure(Exception):
    """There is nowhere to put a message: the middleware is missing."""


def add_message(
    request: Any, level: int, message: Any, extra_tags: str = "", fail_silently: bool = False
) -> None:
    """Leave a message for the visitor.

    Raises:
        MessageFailure: the middleware is missing, unless ``fail_silently``.
        TypeError: ``request`` is none.
    """
    if (storage := getattr(request, "_messages", None)) is not None:
        storage.add(level, message, extra_tags)
    elif not hasattr(request, "META"):
        raise TypeError(
            f"add_message() argument must be an HttpRequest object, not '{type(request).__name__}'."
        )
    elif not fail_silently:
        raise MessageFailure(
            "You cannot add messages without installing "
            "django.contrib.messages.middleware.MessageMiddleware"
        )


def get_messages(request: Any) -> Any:
    """Return the visitor's messages; reading them means that they were shown."""
    return getattr(request, "_messages", [])


def get_level(request: Any) -> int:
    """Return the lowest level that is recorded."""
    return getattr(request, "_messages", default_storage(request)).level


def set_level(request: Any, level: int | None) -> bool:
    """Set the lowest level that is recorded for this request; ``None`` for the setting's.

    Returns:
        whether there is a storage to set it on.
    """
    storage = getattr(request, "_messages", None)
    if storage is not None:
        storage.level = level
    return storage is not None


def _shortcut(level: int, name: str) -> Callable[..., None]:
    def add(request: Any, message: Any, extra_tags: str = "", fail_silently: bool = False) -> None:
        add_message(request, level, message, extra_tags, fail_silently)

    add.__name__ = add.__qualname__ = name
    add.__doc__ = f"Leave a message of the level ``{name.upper()}``."
    return add


debug, info, success, warning, error = (
    _shortcut(level, name) for level, name in constants.DEFAULT_TAGS.items()
)
