"""Assertions about messages."""

from collections.abc import Iterable
from typing import Any

from nuages.contrib.messages import get_messages

# Keeps unittest from showing the frames of this file.
__unittest = True


class MessagesTestMixin:
    """Adds ``assertMessages()`` to a test case. Manual: "Testing" (messages)."""

    def assertMessages(
        self, response: Any, expected_messages: Iterable[Any], *, ordered: bool = True
    ) -> None:
        """Fail unless the response's request has exactly these messages."""
        compare = self.assertEqual if ordered else self.assertCountEqual  # type: ignore[attr-defined]
        compare(list(get_messages(response.wsgi_request)), expected_messages)
