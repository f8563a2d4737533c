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
from nuages.utils.twins import Calls, call, twin

#: Salt of the hash that ties sessions to a password; it is part of sessions that exist.
_SESSION_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


class BaseUserManager(models.Manager):
    """Finds users by what they log in with."""

    @twin
    def get_by_natural_key(self, username: str | None) -> Calls[Any]:
        """Return the user of that name.

        Raises:
            DoesNotExist: there is none.
        """
        lookup = {self.model.USERNAME_FIELD: username}
        return (yield call(self, "get", **lookup))

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return a mail address with its domain in small letters."""
        name, at, domain = (email or "").strip().rpartition("@")
        return f"{name}{at}{domain.lower()}" if at else email or ""


class AbstractBaseUser(models.Model):
    """A user with a password; subclasses say what the name is."""

    class Meta:
        abstract = True

    REQUIRED_FIELDS: ClassVar[list[str]] = []
    USERNAME_FIELD: ClassVar[str]

    password = models.CharField(verbose_name=_("password"), max_length=128)
    last_login = models.DateTimeField(verbose_name=_("last login"), null=True, blank=True)

    is_active: Any = True
    # An object of this class is a known user.
    is_anonymous = property(lambda self: False, doc="False.")
    is_authenticated = property(lambda self: True, doc="True.")

    # The password as it was set, until it is saved and validators have heard of it.
    _password: str | None = None

    # The name

    def __str__(self) -> str:
        return self.get_username()

    def natural_key(self) -> tuple[str]:
        """Return what the user logs in with, as a tuple."""
        return (self.get_username(),)

    def get_username(self) -> str:
        """Return what the user logs in with."""
        return getattr(self, type(self).USERNAME_FIELD)

    @classmethod
    def normalize_username(cls, username: Any) -> Any:
        """Return a name in the form that makes look-alikes equal (NFKC)."""
        return unicodedata.normalize("NFKC", username) if isinstance(username, str) else username

    @classmethod
    def get_email_field_name(cls) -> str:
        """Return the name of the field that holds the mail address."""
        return getattr(cls, "EMAIL_FIELD", "email")

    def clean(self) -> None:
        """Bring the user name into its normal form."""
        name = self.normalize_username(self.get_username())
        setattr(self, self.USERNAME_FIELD, name)

    # The password

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and tell password validators about a new password."""
        super().save(*args, **kwargs)
        raw, self._password = self._password, None
        if raw is not None:
            password_validation.password_changed(raw, self)

    def set_password(self, raw_password: str | None) -> None:
        """Set the password; None makes it unusable."""
        self.password, self._password = make_password(raw_password), raw_password

    def set_unusable_password(self) -> None:
        """Set a password that no one can enter."""
        self.password = make_password(None)

    def has_usable_password(self) -> bool:
        """Whether a password can be entered at all."""
        return is_password_usable(self.password)

    @twin
    def _renew_hash(self, raw: str) -> Calls[None]:
        """Store the same password again, hashed as it is done today."""
        self.set_password(raw)
        # It is no new password, so nobody hears of it.
        self._password = None
        yield call(self, "save", update_fields=["password"])

    def check_password(self, raw_password: str) -> bool:
        """Whether this is the password; its hash is renewed if it is an outdated one."""
        return check_password(raw_password, self.password, self._renew_hash)

    async def acheck_password(self, raw_password: str) -> bool:
        """Asynchronous twin of ``check_password``."""
        itself: Any = self
        return await acheck_password(raw_password, self.password, itself._arenew_hash)

    # Sessions

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        made = salted_hmac(_SESSION_SALT, self.password, secret=secret, algorithm="sha256")
        return made.hexdigest()

    def get_session_auth_hash(self) -> str:
        """Return what ties sessions to the password as it is."""
        return self._get_session_auth_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under each of ``SECRET_KEY_FALLBACKS``."""
        yield from map(self._get_session_auth_hash, settings.SECRET_KEY_FALLBACKS)
