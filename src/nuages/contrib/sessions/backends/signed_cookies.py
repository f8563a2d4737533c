"""Sessions that are kept in the cookie itself, signed. Manual: "Using cookie-based sessions"."""

from __future__ import annotations

from typing import Any

from nuages.contrib.sessions.backends.base import SessionBase
from nuages.core import signing
from nuages.utils.twins import Calls, call, twin

_SALT = "django.contrib.sessions.backends.signed_cookies"


class SessionStore(SessionBase):
    """The key *is* the data: nothing is stored on the server."""

    def _read(self) -> dict[str, Any] | None:
        try:
            return signing.loads(
                self.session_key or "",
                serializer=self.serializer,
                # Older cookies are refused even if the browser still has them.
                max_age=self.get_session_cookie_age(),
                salt=_SALT,
            )
        except Exception:
            # Too old, tampered with, or written by another serializer: the visitor starts anew.
            return None

    @twin
    def load(self) -> Calls[dict[str, Any]]:
        """Return the data in the cookie."""
        yield from ()  # It never waits, but has to have a twin.
        data = self._read()
        self.modified |= data is None
        return data or {}

    @twin
    def create(self) -> Calls[None]:
        """Have the cookie sent."""
        yield from ()
        self.modified = True

    @twin
    def save(self, must_create: bool = False) -> Calls[None]:
        """Sign the data; the middleware sends it."""
        self._session_key = self._signed((yield call(self, "_get_session")))
        self.modified = True

    @twin
    def exists(self, session_key: str | None = None) -> Calls[bool]:
        """Return False: any key is free."""
        yield from ()
        return False

    @twin
    def delete(self, session_key: str | None = None) -> Calls[None]:
        """Forget data and key."""
        yield from ()
        self._session_key, self._session_cache, self.modified = "", {}, True

    @twin
    def cycle_key(self) -> Calls[None]:
        """Sign the data anew: old cookies cannot be called back."""
        yield call(self, "save")

    def _signed(self, data: dict[str, Any]) -> str:
        return signing.dumps(data, compress=True, salt=_SALT, serializer=self.serializer)

    @twin
    def _get_or_create_session_key(self) -> Calls[str]:
        """Return the signed data."""
        return self._signed((yield call(self, "_get_session")))

    @classmethod
    def clear_expired(cls) -> None:
        """Do nothing: browsers do it."""


__all__ = ["SessionStore"]
