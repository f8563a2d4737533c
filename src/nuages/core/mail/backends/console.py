"""Delivery to the console, or another stream."""

import sys
import threading
from collections.abc import Iterable
from typing import Any

from nuages.core.mail.backends.base import SilencingEmailBackend


class EmailBackend(SilencingEmailBackend):
    """Writes messages to ``stream`` (default: standard output)."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        self.stream = kwargs.pop("stream", None) or sys.stdout
        self._lock = threading.RLock()
        super().__init__(fail_silently, **kwargs)

    def write_message(self, message: Any) -> None:
        """Write one message and the line that ends it."""
        parsed = message.message()
        data = parsed.as_bytes()
        charset = parsed.get_charset()
        text = data.decode(charset.get_output_charset() if charset else "utf-8", errors="replace")
        self.stream.write(f"{text}\n{'-' * 79}\n")

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Write all messages; return how many."""
        count = 0
        with self._lock:
            try:
                opened = self.open()
                for message in email_messages:
                    self.write_message(message)
                    self.stream.flush()
                    count += 1
                if opened:
                    self.close()
            except Exception:
                if not self.fail_silently:
                    raise
        return count
