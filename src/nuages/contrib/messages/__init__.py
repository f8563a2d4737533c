"""One-time notes to the visitor. Manual: "The messages framework"."""

from nuages.contrib.messages.api import *  # noqa: F403
from nuages.contrib.messages.constants import *  # noqa: F403
from nuages.contrib.messages.storage.base import Message
