"""Sessions in the database, read through the cache. Manual: "Using cached sessions"."""

from __future__ import annotations

import logging
from typing import Any

from nuages.contrib.sessions.backends._keys import CacheKeys
from nuages.contrib.sessions.backends.db import SessionStore as DBStore
from nuages.utils.twins import Calls, call, either, twin

logger = logging.getLogger("django.contrib.sessions")

KEY_PREFIX = "django.contrib.sessions.cached_db"


class SessionStore(CacheKeys, DBStore):
    """The row is the session; the cache has a copy of its data."""

    cache_key_prefix = KEY_PREFIX

    @twin
    def load(self) -> Calls[dict[str, Any]]:
        """Return the copy, or the row's data, which is copied then."""
        try:
            key = yield call(self, "_get_or_create_session_key")
            data = yield call(self._cache, "get", self._key_of(key))
        except Exception:
            # Some caches cannot even be asked for what a visitor sends as a key.
            data = None
        if data is not None:
            return data
        row = yield call(self, "_get_session_from_db")
        if not row:
            return {}
        data = self.decode(row.session_data)
        age = yield call(self, "get_expiry_age", expiry=row.expire_date)
        yield call(self._cache, "set", self._key_of(self.session_key), data, age)
        return data

    @twin
    def exists(self, session_key: str | None) -> Calls[bool]:
        """Return whether there is a copy or a row of that key."""
        if session_key:
            # Asked for the entry itself: some caches have no cheaper question.
            copied = yield call(self._cache, "get", self._key_of(session_key))
            if copied is not None:
                return True
        parent: Any = super()
        return (yield either(parent.exists, parent.aexists, session_key))

    @twin
    def save(self, must_create: bool = False) -> Calls[None]:
        """Write the row, then the copy; a cache that fails is reported, no more."""
        parent: Any = super()
        yield either(parent.save, parent.asave, must_create)
        data = yield call(self, "_get_session")
        age = yield call(self, "get_expiry_age")
        try:
            yield call(self._cache, "set", self._key_of(self.session_key), data, age)
        except Exception:
            logger.exception("Error saving to cache (%s)", self._cache)

    @twin
    def delete(self, session_key: str | None = None) -> Calls[None]:
        """Remove row and copy."""
        parent: Any = super()
        yield either(parent.delete, parent.adelete, session_key)
        session_key = session_key or self.session_key
        if session_key is not None:
            yield call(self._cache, "delete", self._key_of(session_key))

    @twin
    def flush(self) -> Calls[None]:
        """Remove the session with its data; go on with a new one."""
        self.clear()
        yield call(self, "delete", self.session_key)
        self._session_key = None
