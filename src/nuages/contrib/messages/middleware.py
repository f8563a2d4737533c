"""Messages for requests."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.messages.storage import default_storage
from nuages.contrib.messages.storage.base import BaseStorage
from nuages.utils.concurrency import sync_to_async
from nuages.utils.deprecation import MiddlewareMixin


class MessageMiddleware(MiddlewareMixin):
    """Gives each request its messages, and stores those that were not shown yet."""

    inline = True

    def process_request(self, request: Any) -> None:
        """Make the storage; it reads when something asks for messages."""
        request._messages = default_storage(request)

    def process_response(self, request: Any, response: Any) -> Any:
        """Store what is left.

        Raises:
            ValueError: in ``DEBUG``, where messages did not fit into the storage.
        """
        storage = getattr(request, "_messages", None)
        left_over = None if storage is None else storage.update(response)
        if left_over and settings.DEBUG:
            raise ValueError("Not all temporary messages could be stored.")
        return response

    def rests(self, request: Any) -> bool:
        """Whether nothing was read or added."""
        storage = getattr(request, "_messages", None)
        if storage is None:
            return True
        ours = getattr(type(storage), "update", None) is BaseStorage.update
        return ours and not (storage.used or storage.added_new)

    async def aprocess_response(self, request: Any, response: Any) -> Any:
        """The same; a storage that was used may have to ask the session, in a thread."""
        if self.rests(request):
            return response
        return await sync_to_async(self.process_response)(request, response)
