"""Messages in the session."""

from __future__ import annotations

import json
from typing import Any

from nuages.contrib.messages.storage.base import BaseStorage, Message
from nuages.contrib.messages.storage.cookie import MessageDecoder, MessageEncoder
from nuages.core.exceptions import ImproperlyConfigured


class SessionStorage(BaseStorage):
    """Keeps messages in the visitor's session.

    Raises:
        ImproperlyConfigured: the request has no session.
    """

    session_key = "_messages"

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if getattr(request, "session", None) is None:
            raise ImproperlyConfigured(
                "The session-based temporary message storage requires session middleware to be "
                "installed, and come before the message middleware in the MIDDLEWARE list."
            )
        super().__init__(request, *args, **kwargs)

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message] | None, bool]:
        return self.deserialize_messages(self.request.session.get(self.session_key)), True

    def _store(
        self, messages: list[Message], response: Any, *args: Any, **kwargs: Any
    ) -> list[Message]:
        session = self.request.session
        if messages:
            session[self.session_key] = self.serialize_messages(messages)
        else:
            session.pop(self.session_key, None)
        return []

    def serialize_messages(self, messages: list[Message]) -> str:
        """Return messages as JSON."""
        return MessageEncoder().encode(messages)

    def deserialize_messages(self, data: Any) -> Any:
        """Return the messages in a JSON text; anything else is returned unchanged."""
        return json.loads(data, cls=MessageDecoder) if data and isinstance(data, str) else data
