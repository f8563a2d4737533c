"""What every user model has. Manual: "Customizing authentication in Django"."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, ClassVar

from nuages.conf import settings
from nuages.contrib.auth import password_validation
from nuages.contrib.auth.hashers import (
    acheck_password,
    check_password,
    is_password_usable,
    make_password,
)
from nuages.db import models
from nuages.utils.crypto import salted_hmac
from nuages.utils.translation import gettext_lazy as _

#: Salt of the hash that ties sessions to a password; it is part of sessions that exist.
_SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


class BaseUserManager(models.Manager):
    """Finds users by what they log in with."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return a mail address with its domain in small letters."""
        email = email or ""
        name, at, domain = email.strip().rpartition("@")
        return f"{name}{at}{domain.lower()}" if at else email

    def get_by_natural_key(self, username: str | None) -> Any:
        """Return the user of that name.

        Raises:
            DoesNotExist: there is none.
        """
        return self.get(**{self.model.USERNAME_FIELD: username})

    async def aget_by_natural_key(self, username: str | None) -> Any:
        """Asynchronous twin of ``get_by_natural_key``."""
        return await self.aget(**{self.model.USERNAME_FIELD: username})


class AbstractBaseUser(models.Model):
    """A user with a password; subclasses say what the name is."""

    password = models.CharField(_("password"), max_length=128)
    last_login = models.DateTimeField(_("last login"), blank=True, null=True)

    is_active: Any = True
    USERNAME_FIELD: ClassVar[str]
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    # The password as it was set, until it is saved and validators have heard of it.
    _password: str | None = None

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.get_username()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and tell password validators about a new password."""
        super().save(*args, **kwargs)
        if self._password is not None:
            password_validation.password_changed(self._password, self)
            self._password = None

    def get_username(self) -> str:
        """Return what the user logs in with."""
        return getattr(self, self.USERNAME_FIELD)

    def clean(self) -> None:
        """Bring the user name into its normal form."""
        setattr(self, self.USERNAME_FIELD, self.normalize_username(self.get_username()))

    def natural_key(self) -> tuple[str]:
        """Return what the user logs in with, as a tuple."""
        return (self.get_username(),)

    @property
    def is_anonymous(self) -> bool:
        """False."""
        return False

    @property
    def is_authenticated(self) -> bool:
        """True: an object of this class is a known user."""
        return True

    def set_password(self, raw_password: str | None) -> None:
        """Set the password; None makes it unusable."""
        self.password = make_password(raw_password)
        self._password = raw_password

    def check_password(self, raw_password: str) -> bool:
        """Whether this is the password; its hash is renewed if it is an outdated one."""

        def renew(raw: str) -> None:
            self.set_password(raw)
            # The password stays the same, so nobody hears of it.
            self._password = None
            self.save(update_fields=["password"])

        return check_password(raw_password, self.password, renew)

    async def acheck_password(self, raw_password: str) -> bool:
        """Asynchronous twin of ``check_password``."""

        async def renew(raw: str) -> None:
            self.set_password(raw)
            self._password = None
            await self.asave(update_fields=["password"])

        return await acheck_password(raw_password, self.password, renew)

    def set_unusable_password(self) -> None:
        """Set a password that no one can enter."""
        self.password = make_password(None)

    def has_usable_password(self) -> bool:
        """Whether a password can be entered at all."""
        return is_password_usable(self.password)

    def get_session_auth_hash(self) -> str:
        """Return what ties sessions to the password as it is."""
        return self._get_session_auth_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under each of ``SECRET_KEY_FALLBACKS``."""
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._get_session_auth_hash(secret=secret)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        made = salted_hmac(_SESSION_SALT, self.password, secret=secret, algorithm="sha256")
        return made.hexdigest()

    @classmethod
    def get_email_field_name(cls) -> str:
        """Return the name of the field that holds the mail address."""
        return getattr(cls, "EMAIL_FIELD", "email")

    @classmethod
    def normalize_username(cls, username: Any) -> Any:
        """Return a name in the form that makes look-alikes equal (NFKC)."""
        return unicodedata.normalize("NFKC", username) if isinstance(username, str) else username
