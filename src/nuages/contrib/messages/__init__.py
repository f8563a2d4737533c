"""One-time notes to the visitor. Manual: "The messages framework"."""

from nuages.contrib.messages.constants import *  # noqa: F403
from nuages.utils._lazy import names_from

__getattr__ = names_from(
    __name__,
    {
        "api": (
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
        ),
        "storage.base": ("Message",),
    },
)
