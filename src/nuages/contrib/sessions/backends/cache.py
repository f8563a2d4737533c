"""Sessions in the cache. Manual: "Using cached sessions"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.sessions.backends._keys import CacheKeys
from nuages.contrib.sessions.backends.base import CreateError, UpdateError
from nuages.utils.twins import Calls, call, twin

KEY_PREFIX = "django.contrib.sessions.cache"

_ATTEMPTS = 10_000


class SessionStore(CacheKeys):
    """Keeps each session as one entry of the cache, which also lets it expire."""

    cache_key_prefix = KEY_PREFIX

    @twin
    def load(self) -> Calls[dict[str, Any]]:
        """Return the entry; where it is gone, the session gets another key."""
        try:
            key = yield call(self, "_get_or_create_session_key")
            data = yield call(self._cache, "get", self._key_of(key))
        except Exception:
            # Some caches cannot even be asked for what a visitor sends as a key.
            data = None
        if data is None:
            self._session_key = None
        return data or {}

    @twin
    def create(self) -> Calls[None]:
        """Find a free key and take it."""
        for _ in range(_ATTEMPTS):
            self._session_key = yield call(self, "_get_new_session_key")
            try:
                yield call(self, "save", must_create=True)
            except CreateError:
                continue
            self.modified = True
            return
        raise RuntimeError(
            "Unable to create a new session key. It is likely that the cache is unavailable."
        )

    @twin
    def save(self, must_create: bool = False) -> Calls[None]:
        """Write the entry."""
        if self.session_key is None:
            yield call(self, "create")
            return
        key = self._key_of(self.session_key)
        if must_create:
            write = "add"
        elif (yield call(self._cache, "get", key)) is None:
            raise UpdateError
        else:
            write = "set"
        data = yield call(self, "_get_session", no_load=must_create)
        age = yield call(self, "get_expiry_age")
        written = yield call(self._cache, write, key, data, age)
        if must_create and not written:
            raise CreateError

    @twin
    def exists(self, session_key: str | None) -> Calls[bool]:
        """Return whether there is an entry of that key."""
        if not session_key:
            return False
        key = self._key_of(session_key)
        return (yield call(self._cache, "get", key)) is not None

    @twin
    def delete(self, session_key: str | None = None) -> Calls[None]:
        """Remove the entry."""
        session_key = session_key or self.session_key
        if session_key is not None:
            yield call(self._cache, "delete", self._key_of(session_key))

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: the cache does it."""

    @classmethod
    async def aclear_expired(cls) -> None:
        """Do nothing: the cache does it."""
