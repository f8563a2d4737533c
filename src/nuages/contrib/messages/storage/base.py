"""Messages, and what all their storages share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nuages.conf import settings
from nuages.contrib.messages import constants
from nuages.contrib.messages.utils import LevelTags

LEVEL_TAGS = LevelTags()


@dataclass(repr=False)
class Message:
    """A message: its level, text, and further tags. Manual: "class storage.base.Message"."""

    level: int
    message: Any
    # Messages are equal that say the same, however they look.
    extra_tags: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        self.level = int(self.level)

    __hash__ = None  # type: ignore[assignment]

    def _prepare(self) -> None:
        """Turn lazy texts into text, in the language of this moment."""
        self.message = str(self.message)
        if self.extra_tags is not None:
            self.extra_tags = str(self.extra_tags)

    def __str__(self) -> str:
        return str(self.message)

    def __repr__(self) -> str:
        tags = f", extra_tags={self.extra_tags!r}" if self.extra_tags else ""
        return f"Message(level={self.level}, message={self.message!r}{tags})"

    @property
    def level_tag(self) -> str:
        """The tag of the level."""
        return LEVEL_TAGS.get(self.level, "")

    @property
    def tags(self) -> str:
        """All tags, with spaces between."""
        return " ".join(filter(None, (self.extra_tags, self.level_tag)))


class BaseStorage:
    """The messages of a request: those that came with it, and those that it adds.

    A storage of its own defines ``_get()`` and ``_store()``.
    """

    _own_level: int | None = None

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        self.request = request
        self._queued_messages: list[Message] = []
        self.used = self.added_new = False
        super().__init__(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: request={self.request!r}>"

    def __len__(self) -> int:
        return len(self._loaded_messages) + len(self._queued_messages)

    def __contains__(self, item: object) -> bool:
        return item in self._loaded_messages or item in self._queued_messages

    def __iter__(self) -> Iterator[Message]:
        self.used = True
        # What was read counts as loaded, so that it is not stored again.
        self._loaded_messages += self._queued_messages
        self._queued_messages = []
        return iter(self._loaded_messages)

    @property
    def _loaded_messages(self) -> list[Message]:
        if not hasattr(self, "_loaded_data"):
            self._loaded_data = self._get()[0] or []
        return self._loaded_data

    @_loaded_messages.setter
    def _loaded_messages(self, messages: list[Message]) -> None:
        self._loaded_data = messages

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message] | None, bool]:
        """Return the stored messages, and whether those are all that were stored."""
        raise NotImplementedError("subclasses of BaseStorage must provide a _get() method")

    def _store(
        self, messages: list[Message], response: Any, *args: Any, **kwargs: Any
    ) -> list[Message]:
        """Store messages; return those that did not fit."""
        raise NotImplementedError("subclasses of BaseStorage must provide a _store() method")

    def update(self, response: Any) -> list[Message] | None:
        """Store what is to be shown later; return what did not fit."""
        new = self._queued_messages
        for message in new:
            message._prepare()
        if self.used:
            return self._store(new, response)
        return self._store(self._loaded_messages + new, response) if self.added_new else None

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        """Queue a message, if it has a text and its level is high enough."""
        if message and int(level) >= self.level:
            self.added_new = True
            self._queued_messages.append(Message(level, message, extra_tags=extra_tags))

    @property
    def level(self) -> int:
        """The lowest level that is recorded; ``None`` goes back to the setting's."""
        own = self._own_level
        return getattr(settings, "MESSAGE_LEVEL", constants.INFO) if own is None else own

    @level.setter
    def level(self, value: int | None) -> None:
        self._own_level = None if value is None else int(value)
