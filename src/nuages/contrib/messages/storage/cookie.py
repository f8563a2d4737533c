"""Messages in a cookie, signed."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from http.cookies import SimpleCookie
from typing import Any

from nuages.conf import settings
from nuages.contrib.messages.storage.base import BaseStorage, Message
from nuages.core import signing
from nuages.utils.functional import cached_property
from nuages.utils.safestring import SafeData, mark_safe


class MessageEncoder(json.JSONEncoder):
    """Writes messages as JSON lists: mark, safe or not, level, text, tags."""

    message_key = "__json_message"

    def __init__(self, **options: Any) -> None:
        options.setdefault("separators", (",", ":"))
        super().__init__(**options)

    def default(self, obj: Any) -> Any:
        """Return a message as a list."""
        if not isinstance(obj, Message):
            return super().default(obj)
        is_safe = int(isinstance(obj.message, SafeData))
        tags = () if obj.extra_tags is None else (obj.extra_tags,)
        return [self.message_key, is_safe, obj.level, obj.message, *tags]


class MessageDecoder(json.JSONDecoder):
    """Reads what ``MessageEncoder`` writes."""

    def decode(self, s: str, *spaces: Any, **named: Any) -> Any:
        """Return the value in ``s`` with its messages."""
        return self.process_messages(super().decode(s, *spaces, **named))

    def process_messages(self, obj: Any) -> Any:
        """Turn the lists that stand for messages into messages, however deep they are."""
        match obj:
            case [MessageEncoder.message_key, is_safe, level, text, *tags]:
                return Message(level, mark_safe(text) if is_safe else text, *tags)
            case list():
                return [self.process_messages(each) for each in obj]
            case dict():
                return {name: self.process_messages(each) for name, each in obj.items()}
        return obj


class MessageSerializer:
    """A serializer for signing."""

    def dumps(self, obj: Any) -> bytes:
        """Return messages as bytes."""
        return MessageEncoder().encode(obj).encode("latin-1")

    def loads(self, data: bytes) -> Any:
        """Return the messages in ``data``."""
        return json.loads(data.decode("latin-1"), cls=MessageDecoder)


def bisect_keep_left(a: Sequence[Any], fn: Callable[[Any], bool]) -> int:
    """Return how many of the first items can be kept before ``fn`` says "too much"."""
    return bisect_left(range(len(a)), True, key=lambda i: bool(fn(a[: i + 1])))


def bisect_keep_right(a: Sequence[Any], fn: Callable[[Any], bool]) -> int:
    """Return from where on the last items can be kept before ``fn`` says "too much"."""
    return bisect_left(range(len(a)), True, key=lambda i: not fn(a[i:]))


class CookieStorage(BaseStorage):
    """Keeps messages in a cookie of at most ``max_cookie_size`` bytes."""

    cookie_name = "messages"
    # uwsgi's buffer for all headers is 4096 by default: half of that leaves room for others.
    max_cookie_size = 2048
    not_finished = "__messagesnotfinished__"
    key_salt = "django.contrib.messages"

    @cached_property
    def signer(self) -> Any:
        """What signs the cookie."""
        return signing.get_cookie_signer(salt=self.key_salt)

    def _get(self, *args: Any, **kwargs: Any) -> tuple[list[Message] | None, bool]:
        messages = self._decode(self.request.COOKIES.get(self.cookie_name))
        more_elsewhere = bool(messages) and messages[-1] == self.not_finished
        return (messages[:-1] if more_elsewhere else messages), not more_elsewhere

    def _store(
        self,
        messages: list[Message],
        response: Any,
        remove_oldest: bool = True,
        *args: Any,
        **kwargs: Any,
    ) -> list[Message]:
        encoded, unstored = self._encode(messages), []
        if encoded and self._too_long(encoded):
            keep: list[Any]
            if remove_oldest:
                at = bisect_keep_right(
                    messages, lambda some: self._too_long(self._encode([*some, self.not_finished]))
                )
                unstored, keep = messages[:at], messages[at:]
            else:
                at = bisect_keep_left(
                    messages, lambda some: self._too_long(self._encode([*some, self.not_finished]))
                )
                keep, unstored = messages[:at], messages[at:]
            # With none of them, the mark tells that there are others elsewhere.
            encoded = self._encode([*keep, self.not_finished])
        cookie_options = {
            "domain": settings.SESSION_COOKIE_DOMAIN,
            "samesite": settings.SESSION_COOKIE_SAMESITE,
        }
        if encoded:
            response.set_cookie(
                self.cookie_name,
                encoded,
                secure=settings.SESSION_COOKIE_SECURE or None,
                httponly=settings.SESSION_COOKIE_HTTPONLY or None,
                **cookie_options,
            )
        else:
            response.delete_cookie(self.cookie_name, **cookie_options)
        return unstored

    def _too_long(self, encoded: str | None) -> bool:
        if not self.max_cookie_size or encoded is None:
            return False
        # The length that counts is the one after quoting.
        return len(SimpleCookie().value_encode(encoded)[1]) > self.max_cookie_size

    def _encode(self, messages: Sequence[Any], encode_empty: bool = False) -> str | None:
        """Return messages as the cookie's value; ``None`` for none of them."""
        if not messages and not encode_empty:
            return None
        return self.signer.sign_object(messages, serializer=MessageSerializer, compress=True)

    def _decode(self, data: str | None) -> Any:
        """Return the messages in a cookie's value; ``None`` where it is no valid one."""
        messages = None
        if data:
            try:
                messages = self.signer.unsign_object(data, serializer=MessageSerializer)
            except (ValueError, signing.BadSignature):  # The first also for wrong base64 and JSON.
                # Marked as shown, so that the cookie is removed.
                self.used = True
        return messages
