"""Tokens in links that let a password be reset."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nuages.conf import settings
from nuages.utils.crypto import constant_time_compare, salted_hmac
from nuages.utils.http import base36_to_int, int_to_base36

#: Tokens count seconds from here.
_EPOCH = datetime(2001, 1, 1)


class PasswordResetTokenGenerator:
    """Makes and checks tokens: a time, and a hash over it and the user's state.

    So a token is good until ``PASSWORD_RESET_TIMEOUT``, the next login, or a new password.
    """

    key_salt = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
    algorithm: str | None = None
    _own_secret: str | None = None
    _own_fallbacks: list[str] | None = None

    def __init__(self) -> None:
        self.algorithm = self.algorithm or "sha256"

    @property
    def secret(self) -> str:
        """The key; by default ``SECRET_KEY``."""
        return self._own_secret or settings.SECRET_KEY

    @secret.setter
    def secret(self, value: str) -> None:
        self._own_secret = value

    @property
    def secret_fallbacks(self) -> list[str]:
        """Earlier keys; by default ``SECRET_KEY_FALLBACKS``."""
        own = self._own_fallbacks
        return settings.SECRET_KEY_FALLBACKS if own is None else own

    @secret_fallbacks.setter
    def secret_fallbacks(self, value: list[str]) -> None:
        self._own_fallbacks = value

    def make_token(self, user: Any) -> str:
        """Return a token for a user."""
        seconds = self._num_seconds(self._now())
        return self._make_token_with_timestamp(user, seconds, self.secret)

    def check_token(self, user: Any, token: str | None) -> bool:
        """Whether a token is good for a user."""
        if not user or not token:
            return False
        stamp, dash, _digest = token.partition("-")
        try:
            seconds = base36_to_int(stamp)
        except ValueError:
            return False
        if not dash or "-" in _digest:
            return False
        genuine = any(
            constant_time_compare(self._make_token_with_timestamp(user, seconds, secret), token)
            for secret in (self.secret, *self.secret_fallbacks)
        )
        age = self._num_seconds(self._now()) - seconds
        return genuine and age <= settings.PASSWORD_RESET_TIMEOUT

    def _make_token_with_timestamp(self, user: Any, timestamp: int, secret: str) -> str:
        digest = salted_hmac(
            self.key_salt,
            self._make_hash_value(user, timestamp),
            secret=secret,
            algorithm=self.algorithm or "sha256",
        ).hexdigest()
        # Half of it keeps the link short.
        return f"{int_to_base36(timestamp)}-{digest[::2]}"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Return what changes when the token should not be good any more."""
        login = user.last_login
        if login is not None:
            # Some databases keep neither microseconds nor time zones.
            login = login.replace(microsecond=0, tzinfo=None)
        email = getattr(user, user.get_email_field_name(), "") or ""
        return f"{user.pk}{user.password}{login or ''}{timestamp}{email}"

    def _num_seconds(self, dt: datetime) -> int:
        return int((dt - _EPOCH).total_seconds())

    def _now(self) -> datetime:
        return datetime.now()


default_token_generator = PasswordResetTokenGenerator()
