"""Transactions: ``atomic``, ``on_commit``, savepoints and autocommit.

Manual: topics/db/transactions.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any, overload

from nuages.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    Error,
    ProgrammingError,
    connections,
)
from nuages.db.engine.leases import TESTS, awaits, leased_connection, note_block, perform
from nuages.utils import asyncio
from nuages.utils.concurrency import _get_running_loop
from nuages.utils.deprecation import RemovedInDjango2028Warning

__all__ = [
    "Atomic",
    "TransactionManagementError",
    "atomic",
    "clean_savepoints",
    "commit",
    "get_autocommit",
    "get_connection",
    "get_rollback",
    "mark_for_rollback_on_error",
    "non_atomic_requests",
    "on_commit",
    "rollback",
    "savepoint",
    "savepoint_commit",
    "savepoint_create",
    "savepoint_rollback",
    "set_autocommit",
    "set_rollback",
]


class TransactionManagementError(ProgrammingError):
    """Transactions are used in a way that makes no sense."""


def get_connection(using: str | None = None) -> Any:
    """Return the connection for an alias, the default one for ``None``.

    In async code it is the one that an open block holds there, if there is one.
    """
    alias = DEFAULT_DB_ALIAS if using is None else using
    if _get_running_loop() is not None and (leased := leased_connection(alias)) is not None:
        return leased
    return connections[alias]


def get_autocommit(using: str | None = None) -> bool:
    """Return whether the connection commits after each statement."""
    return get_connection(using).get_autocommit()


def set_autocommit(autocommit: bool, using: str | None = None) -> None:
    """Turn autocommit on or off. Raises within an ``atomic`` block."""
    get_connection(using).set_autocommit(autocommit)


def commit(using: str | None = None) -> None:
    """Commit the transaction. Raises within an ``atomic`` block."""
    get_connection(using).commit()


def rollback(using: str | None = None) -> None:
    """Roll the transaction back. Raises within an ``atomic`` block."""
    get_connection(using).rollback()


def savepoint_create(using: str | None = None) -> str | None:
    """Create a savepoint and return its id (``None`` in autocommit mode)."""
    return get_connection(using).savepoint()


def savepoint(using: str | None = None) -> str | None:
    """The older name of ``savepoint_create``."""
    warnings.warn(
        "savepoint() is deprecated. Use savepoint_create() instead.",
        RemovedInDjango2028Warning,
        stacklevel=2,
    )
    return savepoint_create(using)


def clean_savepoints(using: str | None = None) -> None:
    """Start the numbering of savepoint ids anew in this thread."""
    get_connection(using).clean_savepoints()


def savepoint_commit(sid: str, using: str | None = None) -> None:
    """Release the savepoint ``sid``, keeping what was done since."""
    connections[using or DEFAULT_DB_ALIAS].savepoint_commit(sid)


def savepoint_rollback(sid: str, using: str | None = None) -> None:
    """Undo what was done since the savepoint ``sid``."""
    connections[using or DEFAULT_DB_ALIAS].savepoint_rollback(sid)


def set_rollback(rollback: bool, using: str | None = None) -> None:
    """Say whether the innermost ``atomic`` block shall roll back at its end.

    ``False`` is only right after the database was brought to a known state by rolling back to a
    savepoint.
    """
    get_connection(using).set_rollback(rollback)


def get_rollback(using: str | None = None) -> bool:
    """Return whether the innermost ``atomic`` block will roll back at its end."""
    return get_connection(using).get_rollback()


def on_commit(func: Callable[[], Any], using: str | None = None, robust: bool = False) -> None:
    """Call ``func`` after the transaction is committed; at once if there is none.

    With ``robust``, an exception of ``func`` is logged and the next callbacks still run.
    """
    conn = get_connection(using)
    if not conn.in_atomic_block and _get_running_loop() and not asyncio.may_block() and awaits():
        # No block is open, so there is nothing to wait for.
        conn.call_on_commit(func, robust)
    else:
        conn.on_commit(func, robust)


class _RollbackMark(ContextDecorator):
    """The block that ``mark_for_rollback_on_error`` makes."""

    __slots__ = ("_using",)

    def __init__(self, using: str | None) -> None:
        self._using = using

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, Exception):
            conn = get_connection(self._using)
            if conn.in_atomic_block:
                conn.needs_rollback = True
                conn.rollback_exc = error


def mark_for_rollback_on_error(using: str | None = None) -> _RollbackMark:
    """Make the enclosing ``atomic`` block roll back if the body raises.

    For code that runs several statements without a savepoint of its own: cheaper than
    ``atomic(savepoint=False)``, and without effect in autocommit mode.
    """
    return _RollbackMark(using)


class Atomic(ContextDecorator):
    """The block that ``atomic`` makes: for ``with``, ``async with``, or as a decorator.

    The outermost block is a transaction. An inner block is a savepoint, or, with
    ``savepoint=False``, part of the block around it.
    """

    # TestCase's own blocks set this, so that durable=True can be tested within them.
    _from_testcase = False
    # How many savepoints there had been before it, for them.
    _savepoint_state = 0
    # How many rows had been changed before what happens in it, for them.
    _row_changes: int | None = None

    def __init__(self, using: str | None, savepoint: bool, durable: bool) -> None:
        self.using = using
        self.savepoint = savepoint
        self.durable = durable

    def __enter__(self) -> None:
        conn = get_connection(self.using)
        if self.durable and conn.atomic_blocks and not conn.atomic_blocks[-1]._from_testcase:
            raise RuntimeError(
                "A durable atomic block cannot be nested within another atomic block."
            )
        if conn.in_atomic_block:
            conn.savepoint_ids.append(self._new_savepoint(conn))
        else:
            conn.needs_rollback = False
            note_block(conn)
            # The user turned autocommit off: a transaction is open, and not ours to end.
            conn.commit_on_exit = conn.get_autocommit()
            if conn.commit_on_exit:
                conn.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
                conn.in_atomic_block = True
            else:
                conn.in_atomic_block = True
                conn.savepoint_ids.append(self._new_savepoint(conn))
        conn.atomic_blocks.append(self)
        if self._from_testcase:
            TESTS.add(self)

    def _new_savepoint(self, conn: Any) -> str | None:
        return conn.savepoint() if self.savepoint and not conn.needs_rollback else None

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        TESTS.discard(self)
        conn = get_connection(self.using)
        if conn.atomic_blocks:
            conn.atomic_blocks.pop()
        inner = bool(conn.savepoint_ids)
        sid = conn.savepoint_ids.pop() if inner else None
        succeeded = exc_type is None and not conn.needs_rollback
        try:
            if conn.closed_in_transaction:
                # The database has rolled back by itself; the outermost block clears up.
                conn.needs_rollback = True
            elif inner:
                leave = self._release if succeeded else self._undo
                leave(conn, sid)
            else:
                conn.in_atomic_block = False
                self._commit(conn) if succeeded else self._roll_back(conn)
        finally:
            if not inner:
                self._end_transaction(conn)
            elif not conn.savepoint_ids and not conn.commit_on_exit:
                # The outermost block inside a transaction of the user's.
                if conn.closed_in_transaction:
                    conn.connection = None
                conn.in_atomic_block = False

    @staticmethod
    def _release(conn: Any, sid: str | None) -> None:
        if sid is None:
            return
        try:
            conn.savepoint_commit(sid)
        except DatabaseError:
            try:
                conn.savepoint_rollback(sid)
                # Rolled back or not, a savepoint stays until it is released.
                conn.savepoint_commit(sid)
            except Error:
                conn.needs_rollback = True
            raise

    @staticmethod
    def _undo(conn: Any, sid: str | None) -> None:
        conn.needs_rollback = False
        if sid is None:
            # Only a block further out can undo this.
            conn.needs_rollback = True
            return
        try:
            conn.savepoint_rollback(sid)
            conn.savepoint_commit(sid)
        except Error:
            conn.needs_rollback = True

    @staticmethod
    def _commit(conn: Any) -> None:
        try:
            conn.commit()
        except DatabaseError:
            try:
                conn.rollback()
            except Error:
                conn.close()
            raise

    @staticmethod
    def _roll_back(conn: Any) -> None:
        try:
            conn.rollback()
        except Error:
            conn.close()

    @staticmethod
    def _end_transaction(conn: Any) -> None:
        conn.in_atomic_block = False
        if conn.closed_in_transaction:
            conn.connection = None
        else:
            conn.set_autocommit(True)

    async def __aenter__(self) -> None:
        await perform(self.__enter__)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await perform(lambda: self.__exit__(exc_type, exc_value, traceback))

    def __call__(self, func: Callable[..., Any]) -> Any:
        """Run each call of ``func``, a function or coroutine function, in a block like this."""
        from inspect import iscoroutinefunction

        if not iscoroutinefunction(func):
            return super().__call__(func)
        from functools import wraps

        @wraps(func)
        async def inner(*args: Any, **kwargs: Any) -> Any:
            async with self:
                return await func(*args, **kwargs)

        return inner


@overload
def atomic[**P, R](using: Callable[P, R]) -> Callable[P, R]: ...
@overload
def atomic(using: str | None = None, savepoint: bool = True, durable: bool = False) -> Atomic: ...
def atomic(using: Any = None, savepoint: bool = True, durable: bool = False) -> Any:
    """Return a block that is committed as a whole, or not at all.

    Use it as ``with atomic():``, ``async with atomic():``, ``@atomic`` or ``@atomic(using=…)``.
    ``durable=True`` raises ``RuntimeError`` inside another block.
    """
    if callable(using):
        return Atomic(DEFAULT_DB_ALIAS, savepoint, durable)(using)
    return Atomic(using, savepoint, durable)


@overload
def non_atomic_requests[**P, R](using: Callable[P, R]) -> Callable[P, R]: ...
@overload
def non_atomic_requests[**P, R](
    using: str | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def non_atomic_requests(using: Any = None) -> Any:
    """Keep ``ATOMIC_REQUESTS`` away from a view, for one database alias."""

    def mark(view: Callable[..., Any], alias: str) -> Callable[..., Any]:
        vars(view).setdefault("_non_atomic_requests", set()).add(alias)
        return view

    if callable(using):
        return mark(using, DEFAULT_DB_ALIAS)
    alias = using or DEFAULT_DB_ALIAS
    return lambda view: mark(view, alias)
