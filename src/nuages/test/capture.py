"""Recording what code under test does: its queries, its output, its log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Any

from nuages.core.signals import request_started
from nuages.utils._lazy import later

if TYPE_CHECKING:
    from unittest import mock
else:
    mock = later("unittest.mock")


class CaptureQueriesContext(Sequence[dict[str, str]]):
    """Context manager and sequence: the queries that a connection executes inside the block.

    Manual: "Advanced testing topics" and ``assertNumQueries``.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._span: tuple[int, int | None] = (0, 0)
        self._undo = ExitStack()

    @property
    def captured_queries(self) -> list[dict[str, str]]:
        """What was executed so far, as in ``connection.queries``."""
        return self.connection.queries[slice(*self._span)]

    @property
    def initial_queries(self) -> int:
        """The length of the connection's log when the block began."""
        return self._span[0]

    @property
    def final_queries(self) -> int | None:
        """The length of the connection's log when the block ended; ``None`` before."""
        return self._span[1]

    def __getitem__(self, index: Any) -> Any:
        return self.captured_queries[index]

    def __len__(self) -> int:
        return len(self.captured_queries)

    def __enter__(self) -> CaptureQueriesContext:
        from nuages.db import reset_queries
        from nuages.db.engine.leases import TESTS

        connection = self.connection
        undo = self._undo = ExitStack()
        # Async code uses this connection meanwhile, so that its queries are seen.
        TESTS.add(id(self))
        undo.callback(TESTS.discard, id(self))
        undo.callback(setattr, connection, "force_debug_cursor", connection.force_debug_cursor)
        connection.force_debug_cursor = True
        # Connecting may take queries of its own, which are not the block's.
        connection.ensure_connection()
        self._span = len(connection.queries_log), None
        # A request of the block must not empty the log.
        if request_started.disconnect(reset_queries):
            undo.callback(request_started.connect, reset_queries)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if exc_type is None:
            self._span = self._span[0], len(self.connection.queries_log)
        self._undo.close()


def captured_output(stream_name: str) -> AbstractContextManager[Any]:
    """Put a ``StringIO`` in the place of ``sys.<stream_name>`` for a block."""
    return mock.patch.object(sys, stream_name, new_callable=StringIO)


#: Capture one of the standard streams for a block.
captured_stdout = partial(captured_output, "stdout")
captured_stderr = partial(captured_output, "stderr")
captured_stdin = partial(captured_output, "stdin")


@contextmanager
def patch_logger(logger_name: str, log_level: str, log_kwargs: bool = False) -> Iterator[list[Any]]:
    """Collect the messages that a logger is given at one level, by its method's name."""
    with mock.patch.object(logging.getLogger(logger_name), log_level) as method:
        calls: list[Any] = []
        method.side_effect = lambda message, *args, **kwargs: calls.append(
            (message % args, kwargs) if log_kwargs else message % args
        )
        yield calls


class LoggingCaptureMixin:
    """Mixin: ``self.logger_output`` has what the ``django`` logger writes."""

    def setUp(self) -> None:
        """Begin to keep what is logged."""
        self.logger = logging.getLogger("django")
        self.logger_output = StringIO()
        handler: Any = self.logger.handlers[0]
        self._stream_patch = mock.patch.object(handler, "stream", self.logger_output)
        self._stream_patch.start()

    def tearDown(self) -> None:
        """Log to where it went before."""
        self._stream_patch.stop()


# Where the manual has them.
CaptureQueriesContext.__module__ = "django.test.utils"
