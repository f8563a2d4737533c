"""The model of database-backed sessions."""

from __future__ import annotations

from typing import Any

from nuages.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager


class SessionManager(BaseSessionManager):
    """Manager of sessions, also in migrations."""

    use_in_migrations = True


class Session(AbstractBaseSession):
    """A visitor's session. The data is signed, not secret."""

    objects = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        db_table = "django_session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the store whose rows these are."""
        from nuages.contrib.sessions.backends.db import SessionStore

        return SessionStore
