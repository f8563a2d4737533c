"""Sessions in the database. Manual: "Using database-backed sessions"."""

from __future__ import annotations

import logging
from typing import Any

from nuages.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from nuages.core.exceptions import SuspiciousOperation
from nuages.db import DatabaseError, IntegrityError, router, transaction
from nuages.utils import timezone
from nuages.utils.concurrency import sync_to_async
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
        from nuages.contrib.sessions.models import Session

        return Session

    # Looking for the key alone is one plan for all times; the row knows when it ends.

    def _get_session_from_db(self) -> Any:
        """Return the row, if it has not expired; else ``None``, and the key is given up."""
        model = self.model
        try:
            return self._lasting(model.objects.get(session_key=self.session_key))
        except (model.DoesNotExist, SuspiciousOperation) as problem:
            self._give_up(problem)

    async def _aget_session_from_db(self) -> Any:
        """The async twin of ``_get_session_from_db()``."""
        model = self.model
        try:
            return self._lasting(await model.objects.aget(session_key=self.session_key))
        except (model.DoesNotExist, SuspiciousOperation) as problem:
            self._give_up(problem)

    def _lasting(self, row: Any) -> Any:
        if row.expire_date > timezone.now():
            return row
        raise self.model.DoesNotExist

    def _give_up(self, problem: Exception) -> None:
        if isinstance(problem, SuspiciousOperation):
            name = type(problem).__name__
            logging.getLogger(f"django.security.{name}").warning(str(problem))
        self._session_key = None

    def load(self) -> dict[str, Any]:
        """Return the row's data."""
        row = self._get_session_from_db()
        return self.decode(row.session_data) if row else {}

    async def aload(self) -> dict[str, Any]:
        """The async twin of ``load()``."""
        row = await call(self, "_get_session_from_db").awaiting()
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

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return an unsaved row with this session's key and ``data``; may be extended."""
        key = self.session_key or self._get_or_create_session_key()
        return self._row(key, data, self.get_expiry_date())

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        """The async twin of ``create_model_instance()``."""
        key = self.session_key or await call(self, "_get_or_create_session_key").awaiting()
        return self._row(key, data, await call(self, "get_expiry_date").awaiting())

    def _row(self, key: Any, data: dict[str, Any], expires: Any) -> Any:
        return self.model(session_key=key, session_data=self.encode(data), expire_date=expires)

    def save(self, must_create: bool = False) -> None:
        """Write the row."""
        if self.session_key is None:
            self.create()
            return
        row = self.create_model_instance(self._get_session(no_load=must_create))
        try:
            self._write(row, must_create)
        except DatabaseError as error:
            _tell(error, must_create)
            raise

    async def asave(self, must_create: bool = False) -> None:
        """The async twin of ``save()``."""
        if self.session_key is None:
            await call(self, "create").awaiting()
            return
        data = await self._aget_session(no_load=must_create)
        row = await call(self, "create_model_instance").awaiting(data)
        try:
            await sync_to_async(self._write)(row, must_create)
        except DatabaseError as error:
            _tell(error, must_create)
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


def _tell(error: DatabaseError, must_create: bool) -> None:
    """Raise what a refused row means: the key is taken, or the session is gone. Else do nothing."""
    if must_create and isinstance(error, IntegrityError):
        raise CreateError from error
    if not (must_create or isinstance(error, IntegrityError)):
        raise UpdateError from error
