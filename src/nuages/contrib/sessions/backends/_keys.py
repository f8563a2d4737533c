"""What a session is called in the cache."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.sessions.backends.base import SessionBase
from nuages.core.cache import caches


class CacheKeys(SessionBase):
    """The part of a store that knows the cache, and its entries' keys."""

    cache_key_prefix: str

    def __init__(self, session_key: str | None = None) -> None:
        self._cache: Any = caches[settings.SESSION_CACHE_ALIAS]
        super().__init__(session_key)

    def _key_of(self, session_key: str | None) -> str:
        return f"{self.cache_key_prefix}{session_key}"

    @property
    def cache_key(self) -> str:
        """The entry's key; a new session gets one."""
        return self._key_of(self._get_or_create_session_key())

    async def acache_key(self) -> str:
        """The async twin of ``cache_key``."""
        return self._key_of(await self._aget_or_create_session_key())  # type: ignore[attr-defined]
