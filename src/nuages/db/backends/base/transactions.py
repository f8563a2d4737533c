"""The state of a connection's transaction: autocommit, savepoints, functions to call on commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from nuages.db.backends.utils import debug_transaction
from nuages.utils import asyncio
from nuages.utils.asyncio import async_unsafe

logger = logging.getLogger("django.db.backends.base")


class Transactions:
    """The part of ``BaseDatabaseWrapper`` that ``django.db.transaction`` works on."""

    connection: Any
    features: Any
    ops: Any
    wrap_database_errors: Any
    driver_sql: Any
    execute_compiled: Any
    validate_thread_sharing: Callable[[], None]
    cursor: Callable[[], Any]
    close_if_health_check_failed: Callable[[], None]
    ensure_connection: Callable[[], None]
    _set_autocommit: Callable[[bool], None]

    def _start_transaction_state(self) -> None:
        """Set all of it to what holds for a connection without a transaction."""
        # Blocks: those that are open, outermost first; per inner one its savepoint, or None.
        self.atomic_blocks: list[Any] = []
        self.savepoint_ids: list[str | None] = []
        #: Number of the last savepoint made.
        self.savepoint_state = 0
        #: Savepoints that a function depends on, the function, whether it is robust.
        self.run_on_commit: list[tuple[set[str | None], Callable[[], Any], bool]] = []
        #: What made the transaction unusable.
        self.rollback_exc: BaseException | None = None
        self.commit_on_exit = True
        self.autocommit = self.in_atomic_block = self.needs_rollback = False
        self.closed_in_transaction = self.run_commit_hooks_on_set_autocommit_on = False

    # -- commit and rollback -----------------------------------------------------------------

    def _end(self, how: str) -> None:
        if self.connection is not None:
            with debug_transaction(self, how.upper()), self.wrap_database_errors:
                getattr(self.connection, how)()

    def _commit(self) -> None:
        self._end("commit")

    def _rollback(self) -> None:
        self._end("rollback")

    def _about_to_end(self) -> None:
        self.validate_thread_sharing()
        self.validate_no_atomic_block()

    @async_unsafe
    def commit(self) -> None:
        """Commit the transaction. Raises within an ``atomic`` block."""
        self._about_to_end()
        self._commit()
        # The database answered, so it is there.
        self.errors_occurred, self.run_commit_hooks_on_set_autocommit_on = False, True

    @async_unsafe
    def rollback(self) -> None:
        """Roll the transaction back. Raises within an ``atomic`` block."""
        self._about_to_end()
        self._rollback()
        self.errors_occurred = self.needs_rollback = False
        self.run_on_commit = []

    # -- savepoints --------------------------------------------------------------------------

    def _savepoint(self, sid: str) -> None:
        self._tell(self.ops.savepoint_create_sql, sid)

    def _savepoint_commit(self, sid: str) -> None:
        self._tell(self.ops.savepoint_commit_sql, sid)

    def _savepoint_rollback(self, sid: str) -> None:
        self._tell(self.ops.savepoint_rollback_sql, sid)

    def _tell(self, statement: Callable[[str], str], sid: str) -> None:
        text = statement(sid)
        # (The names of savepoints are ours: there is nothing to be translated for the driver.)
        if self.execute_compiled(text, ()) is None:
            with self.cursor() as cursor:
                cursor.execute(text)

    def _savepoint_allowed(self) -> bool:
        return self.features.uses_savepoints and not self.get_autocommit()

    def _can_use_savepoints(self) -> bool:
        """Whether there is a transaction to have savepoints in; the thread is checked as well."""
        allowed = self._savepoint_allowed()
        if allowed:
            self.validate_thread_sharing()
        return allowed

    @async_unsafe
    def savepoint(self) -> str | None:
        """Create a savepoint and return its id; do nothing in autocommit mode."""
        if not self._can_use_savepoints():
            return None
        self.savepoint_state += 1
        sid = f"s{abs(threading.get_ident())}_x{self.savepoint_state}"
        self._savepoint(sid)
        return sid

    @async_unsafe
    def savepoint_commit(self, sid: str) -> None:
        """Release the savepoint; do nothing in autocommit mode."""
        if self._can_use_savepoints():
            self._savepoint_commit(sid)

    @async_unsafe
    def savepoint_rollback(self, sid: str) -> None:
        """Undo what was done since the savepoint; do nothing in autocommit mode."""
        if self._can_use_savepoints():
            self._savepoint_rollback(sid)
            # What was to happen after the commit of what is undone will not happen.
            self.run_on_commit = [hook for hook in self.run_on_commit if sid not in hook[0]]

    # -- autocommit --------------------------------------------------------------------------

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Turn autocommit on or off. Raises within an ``atomic`` block.

        Some drivers' own idea of autocommit is not to be relied on (SQLite's): there,
        ``force_begin_transaction_with_broken_autocommit`` begins the transaction explicitly.
        """
        self.validate_no_atomic_block()
        self.close_if_health_check_failed()
        self.ensure_connection()
        begin = force_begin_transaction_with_broken_autocommit and getattr(
            self, "_start_transaction_under_autocommit", None
        )
        if autocommit:
            self._set_autocommit(True)
        elif begin:
            begin()
        else:
            with debug_transaction(self, "BEGIN"):
                self._set_autocommit(False)
        self.autocommit = autocommit
        if self.run_commit_hooks_on_set_autocommit_on and autocommit:
            self.run_and_clear_commit_hooks()
            self.run_commit_hooks_on_set_autocommit_on = False

    def get_autocommit(self) -> bool:
        """Return whether autocommit is on, connecting if need be."""
        self.ensure_connection()
        return self.autocommit

    @async_unsafe
    def clean_savepoints(self) -> None:
        """Start the numbering of savepoints anew."""
        self.savepoint_state = 0

    # -- what an atomic block forbids --------------------------------------------------------

    @property
    def _rollback_flag(self) -> bool:
        if self.in_atomic_block:
            return self.needs_rollback
        raise _management_error("The rollback flag doesn't work outside of an 'atomic' block.")

    def get_rollback(self) -> bool:
        """Return whether the innermost block will roll back. Raises outside a block."""
        return self._rollback_flag

    def set_rollback(self, rollback: bool) -> None:
        """Say whether the innermost block shall roll back. Raises outside a block."""
        if self._rollback_flag is not rollback:
            self.needs_rollback = rollback

    def validate_no_atomic_block(self) -> None:
        """Raise if an ``atomic`` block is open."""
        if self.in_atomic_block:
            raise _management_error("This is forbidden when an 'atomic' block is active.")

    def validate_no_broken_transaction(self) -> None:
        """Raise if the transaction has failed and was not rolled back yet."""
        if self.needs_rollback:
            raise _management_error(
                "An error occurred in the current transaction. You can't execute queries until "
                "the end of the 'atomic' block."
            ) from self.rollback_exc

    # -- functions to call on commit ---------------------------------------------------------

    def on_commit(self, func: Callable[[], Any], robust: bool = False) -> None:
        """Call ``func`` after the commit; at once in autocommit mode."""
        if not callable(func):
            raise TypeError("on_commit()'s callback must be a callable.")
        depends_on = {*self.savepoint_ids}
        if not self.in_atomic_block and not self.get_autocommit():
            raise _management_error("on_commit() cannot be used in manual transaction management")
        if self.in_atomic_block:
            self.run_on_commit.append((depends_on, func, robust))
        else:
            self.call_on_commit(func, robust)

    def call_on_commit(self, func: Callable[[], Any], robust: bool) -> None:
        """Call ``func`` at once, as there is no transaction."""
        if robust:
            self._call_robustly(func, "on_commit()")
        else:
            func()

    def run_and_clear_commit_hooks(self) -> None:
        """Call the functions that ``on_commit`` has collected, in their order."""
        self.validate_no_atomic_block()
        hooks, self.run_on_commit = self.run_on_commit, []
        for _, func, robust in hooks:
            if robust:
                self._call_robustly(func, "on_commit() during transaction")
            else:
                _call_hook(func)

    @staticmethod
    def _call_robustly(func: Callable[[], Any], where: str) -> None:
        try:
            _call_hook(func)
        except Exception as error:
            name = getattr(func, "__qualname__", func)
            logger.exception("Error calling %s in %s (%s).", name, where, error)


def _call_hook(func: Callable[[], Any]) -> None:
    if asyncio.may_block():
        # Somebody else's code, called by async code: it may block.
        from nuages.utils.bridge import call_apart

        call_apart(func)
    else:
        func()


def _management_error(message: str) -> Exception:
    from nuages.db.transaction import TransactionManagementError

    return TransactionManagementError(message)
