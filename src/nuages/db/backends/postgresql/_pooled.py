"""What ``nuages.db.engine.pools`` asks of a connection."""

from __future__ import annotations

import select
from typing import Any

from psycopg.pq import TransactionStatus


class Pooled:
    """The part of a connection that tells whether it can be used again."""

    connection: Any
    errors_occurred: bool
    run_on_commit: list[Any]
    settings_dict: dict[str, Any]
    _start_transaction_state: Any

    #: Whether the pool of async code has made it.
    of_async_pool = False
    #: When it was connected, and when it was last given back, by the monotonic clock.
    opened = last_use = 0.0

    def is_reusable(self) -> bool:
        """Whether the next one finds it as if it were new."""
        handle = self.connection
        if handle is None:
            self._start_transaction_state()
            return True
        return (
            handle.pgconn.transaction_status == TransactionStatus.IDLE
            and handle.autocommit
            and not self.in_atomic_block  # type: ignore[attr-defined]
            and not self.closed_in_transaction  # type: ignore[attr-defined]
        )

    def hears_something(self) -> bool:
        """Whether the server has said something unasked: mostly, that it closes the connection."""
        try:
            asked = select.poll()
            asked.register(self.connection.pgconn.socket, select.POLLIN)
            return bool(asked.poll(0))
        except (OSError, self.Database.Error):  # type: ignore[attr-defined]
            return True

    def discard(self) -> None:
        """Close the driver's connection, in whatever state it is; the next use opens another."""
        handle, self.connection = self.connection, None
        self._start_transaction_state()
        self.errors_occurred = False
        if handle is not None and not handle.closed:
            handle.close()
