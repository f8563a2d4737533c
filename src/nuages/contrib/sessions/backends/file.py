"""Sessions in files. Manual: "Using file-based sessions"."""

from __future__ import annotations

import logging
import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.contrib.sessions.backends.base import (
    VALID_KEY_CHARS,
    CreateError,
    SessionBase,
    UpdateError,
)
from nuages.contrib.sessions.exceptions import InvalidSessionKey
from nuages.core.exceptions import ImproperlyConfigured, SuspiciousOperation

_KEY_CHARACTERS = frozenset(VALID_KEY_CHARS)


class SessionStore(SessionBase):
    """Keeps each session as a file in ``SESSION_FILE_PATH``. The async twins use threads."""

    _storage_path: str

    def __init__(self, session_key: str | None = None) -> None:
        self.storage_path = type(self)._get_storage_path()
        self.file_prefix = settings.SESSION_COOKIE_NAME
        super().__init__(session_key)

    @classmethod
    def _get_storage_path(cls) -> str:
        """Return the folder; found out once.

        Raises:
            ImproperlyConfigured: there is no such folder.
        """
        if not hasattr(cls, "_storage_path"):
            folder = str(settings.SESSION_FILE_PATH or tempfile.gettempdir())
            if not os.path.isdir(folder):
                raise ImproperlyConfigured(
                    f"The session storage path {folder!r} doesn't exist. Please set your "
                    "SESSION_FILE_PATH setting to an existing directory in which Django can store "
                    "session data."
                )
            cls._storage_path = folder
        return cls._storage_path

    def _key_to_file(self, session_key: str | None = None) -> str:
        """Return the path of a session's file.

        Raises:
            InvalidSessionKey: the key has other characters than keys have; it could lead anywhere.
        """
        key = session_key or self._get_or_create_session_key()
        if not _KEY_CHARACTERS.issuperset(key):
            raise InvalidSessionKey("Invalid characters in session key")
        return os.path.join(self.storage_path, self.file_prefix + key)

    def _last_modification(self) -> datetime:
        """When the file was written."""
        changed = os.stat(self._key_to_file()).st_mtime
        return datetime.fromtimestamp(changed, tz=UTC if settings.USE_TZ else None)

    def _expiry_date(self, session_data: dict[str, Any]) -> datetime:
        """When the session expires; without a time of its own, some time after the file's."""
        expiry = session_data.get("_session_expiry")
        if isinstance(expiry, str):
            return datetime.fromisoformat(expiry)
        lifetime = expiry or self.get_session_cookie_age()
        return self._last_modification() + timedelta(seconds=lifetime)

    def load(self) -> dict[str, Any]:
        """Return the file's data; an expired or unreadable session starts anew."""
        try:
            text = Path(self._key_to_file()).read_text(encoding="ascii")
            data = self.decode(text) if text else None
        except (OSError, SuspiciousOperation) as problem:
            if isinstance(problem, SuspiciousOperation):
                name = type(problem).__name__
                logging.getLogger(f"django.security.{name}").warning(str(problem))
            data, text = None, None
        if text is None:
            self._session_key = None
        elif data is not None:
            age = self.get_expiry_age(expiry=self._expiry_date(data))
            if age <= 0:
                self.delete()
                self.create()
                return {}
        return data or {}

    def create(self) -> None:
        """Find a free key and take it."""
        taken = True
        while taken:
            self._session_key = self._get_new_session_key()
            with suppress(CreateError):
                self.save(must_create=True)
                taken = False
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Write the file: whole, under another name, and then in the place of the old one."""
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)
        target = self._key_to_file()
        mode = os.O_WRONLY | getattr(os, "O_BINARY", 0)
        if must_create:
            mode |= os.O_EXCL | os.O_CREAT
        try:
            os.close(os.open(target, mode))
        except FileNotFoundError:
            if must_create:
                raise
            raise UpdateError from None
        except FileExistsError:
            raise CreateError from None
        handle, draft = tempfile.mkstemp(dir=self.storage_path, prefix=f"{self.file_prefix}_out_")
        try:
            with open(handle, "wb") as file:
                file.write(self.encode(data).encode())
            # Readers see the old contents or the new ones, never a part.
            os.replace(draft, target)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
        return None

    def exists(self, session_key: str) -> bool:
        """Return whether there is a file of that key."""
        return os.path.exists(self._key_to_file(session_key))

    def delete(self, session_key: str | None = None) -> None:
        """Remove the file."""
        session_key = session_key or self.session_key
        if session_key is not None:
            Path(self._key_to_file(session_key)).unlink(missing_ok=True)

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the files of expired sessions."""
        prefix = settings.SESSION_COOKIE_NAME
        for name in os.listdir(cls._get_storage_path()):
            if name.startswith(prefix):
                session = cls(name[len(prefix) :])
                # Loading an expired session removes it, and makes another, which is not wanted.
                session.create = lambda: None  # type: ignore[method-assign]
                session.load()
