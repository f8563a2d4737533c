"""Messages in the cookie as long as they fit, the others in the session."""

from __future__ import annotations

from typing import Any

from nuages.contrib.messages.storage.base import BaseStorage, Message
from nuages.contrib.messages.storage.cookie import CookieStorage
from nuages.contrib.messages.storage.session import SessionStorage
from nuages.utils.functional import cached_property


class FallbackStorage(BaseStorage):
    """Fills the storages of ``storage_classes`` one after the other."""

    storage_classes: tuple[type[BaseStorage], ...] = (CookieStorage, SessionStorage)

    @cached_property
    def storages(self) -> list[BaseStorage]:
        """One of each class; made when there is something to do for them."""
        return [each(self.request) for each in self.storage_classes]

    @cached_property
    def _used_storages(self) -> set[BaseStorage]:
        return set()

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message], bool]:
        found: list[Message] = []
        complete = False
        for storage in self.storages:
            if complete:
                break
            messages, complete = storage._get()
            if messages is None:
                break
            if messages:
                self._used_storages.add(storage)
                found += messages
        return found, complete

    def _store(
        self, messages: list[Message], response: Any, *args: Any, **kwargs: Any
    ) -> list[Message]:
        for storage in self.storages:
            if messages:
                messages = storage._store(messages, response, remove_oldest=False)
            elif storage in self._used_storages:
                # It has messages that are no longer wanted.
                self._used_storages.discard(storage)
                storage._store([], response)
        return messages
