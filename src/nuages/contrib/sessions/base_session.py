"""The base of session models: usable without ``django.contrib.sessions`` being installed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from nuages.db import models
from nuages.utils.translation import gettext_lazy as _


class BaseSessionManager(models.Manager):
    """Manager of session rows."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return session data as the rows hold it."""
        return self.model.get_session_store_class()().encode(session_dict)

    def save(self, session_key: str, session_dict: dict[str, Any], expire_date: datetime) -> Any:
        """Write a row; without data, remove it."""
        row = self.model(session_key, self.encode(session_dict), expire_date)
        row.save() if session_dict else row.delete()
        return row


class AbstractBaseSession(models.Model):
    """A session as a row. Manual: "Extending database-backed session engines"."""

    class Meta:
        verbose_name, verbose_name_plural = _("session"), _("sessions")
        abstract = True

    # As long as keys may ever get; those that are made now have 32 characters.
    session_key = models.CharField(_("session key"), primary_key=True, max_length=40)
    # Signed, and readable by everyone who can read the table.
    session_data = models.TextField(_("session data"))
    # Indexed for the removal of expired rows.
    expire_date = models.DateTimeField(_("expire date"), db_index=True)
    objects = BaseSessionManager()

    def get_decoded(self) -> dict[str, Any]:
        """Return the data."""
        store = self.get_session_store_class()()
        return store.decode(self.session_data)

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the store whose rows these are."""
        raise NotImplementedError("get_session_store_class() must be provided by the model.")

    def __str__(self) -> str:
        return self.session_key
