"""Sessions in the database. Manual: "Using database-backed sessions"."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from nuages.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from nuages.core.exceptions import SuspiciousOperation
from nuages.db import DatabaseError, IntegrityError, router, transaction
from nuages.utils import timezone
from nuages.utils.functional import cached_property
from nuages.utils.twins import Calls, call, either, twin


class SessionStore(SessionBase):
    """Keeps each session as a row."""

    @cached_property
    def model(self) -> Any:
        """The model of the rows."""
        return self.get_model_class()

    @classmethod
    def get_model_class(cls) -> Any:
        """Return the model; a subclass may have one of its own."""
        return import_module("nuages.contrib.sessions.models").Session

    @twin
    def _get_session_from_db(self) -> Calls[Any]:
        """Return the row, if it has not expired; else ``None``, and the key is given up."""
        objects = self.model.objects
        try:
            # Looking for the key alone is one plan for all times; the row knows when it ends.
            row = yield either(objects.get, objects.aget, session_key=self.session_key)
            if row.expire_date > timezone.now():
                return row
            raise self.model.DoesNotExist
        except (self.model.DoesNotExist, SuspiciousOperation) as problem:
            if isinstance(problem, SuspiciousOperation):
                name = type(problem).__name__
                logging.getLogger(f"django.security.{name}").warning(str(problem))
            self._session_key = None
            return None

    @twin
    def load(self) -> Calls[dict[str, Any]]:
        """Return the row's data."""
        row = yield call(self, "_get_session_from_db")
        return self.decode(row.session_data) if row else {}

    @twin
    def exists(self, session_key: str) -> Calls[bool]:
        """Return whether there is a row of that key."""
        rows = self.model.objects.filter(session_key=session_key)
        return (yield either(rows.exists, rows.aexists))

    @twin
    def create(self) -> Calls[None]:
        """Find a free key and take it."""
        taken = True
        while taken:
            self._session_key = yield call(self, "_get_new_session_key")
            try:
                # At once, so that no other request takes it.
                yield call(self, "save", must_create=True)
                taken = False
            except CreateError:
                continue
        self.modified = True

    @twin
    def create_model_instance(self, data: dict[str, Any]) -> Calls[Any]:
        """Return an unsaved row with this session's key and ``data``; may be extended."""
        key = self.session_key or (yield call(self, "_get_or_create_session_key"))
        expires = yield call(self, "get_expiry_date")
        return self.model(session_key=key, session_data=self.encode(data), expire_date=expires)

    @twin
    def save(self, must_create: bool = False) -> Calls[None]:
        """Write the row."""
        if self.session_key is None:
            yield call(self, "create")
            return
        data = yield from self._open(no_load=must_create)
        row = yield call(self, "create_model_instance", data)
        try:
            yield either(self._write, None, row, must_create)
        except IntegrityError as error:
            if must_create:
                raise CreateError from error
            raise
        except DatabaseError as error:
            if not must_create:
                raise UpdateError from error
            raise

    @staticmethod
    def _write(row: Any, must_create: bool) -> None:
        using = router.db_for_write(type(row), instance=row)
        how = {"using": using, "force_insert": must_create, "force_update": not must_create}
        if not transaction.get_connection(using).in_atomic_block:
            row.save(**how)
            return
        # A refused row must not spoil the transaction around the request.
        with transaction.atomic(using=using):
            row.save(**how)

    @twin
    def delete(self, session_key: str | None = None) -> Calls[None]:
        """Remove the row."""
        session_key = session_key or self.session_key
        if session_key is not None:
            rows = self.model.objects.filter(session_key=session_key)
            yield either(rows.delete, rows.adelete)

    @classmethod
    def _expired(cls) -> Any:
        return cls.get_model_class().objects.filter(expire_date__lt=timezone.now())

    @classmethod
    def clear_expired(cls) -> None:
        """Remove the expired rows."""
        cls._expired().delete()

    @classmethod
    async def aclear_expired(cls) -> None:
        """The async twin of ``clear_expired()``."""
        await cls._expired().adelete()
