"""Delivery to memory, for tests: ``django.core.mail.outbox``."""

import copy
from collections.abc import Iterable
from typing import Any

from nuages.core import mail
from nuages.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Puts copies of messages into the outbox; their ``sent_using`` says by which alias."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not hasattr(mail, "outbox"):
            mail.outbox = []

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Keep the messages; raises ``ValueError`` for one that could not be sent."""
        before = len(mail.outbox)
        for message in email_messages:
            message.message()
            kept = copy.deepcopy(message)
            kept.sent_using = self.alias
            mail.outbox.append(kept)
        return len(mail.outbox) - before
