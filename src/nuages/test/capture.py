"""Recording what code under test does: its queries, its output, its log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from nuages.core.signals import request_started


class CaptureQueriesContext:
    """Context manager that keeps the queries a connection executes inside it.

    Manual: "Advanced testing topics" and ``assertNumQueries``.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __iter__(self) -> Iterator[dict[str, str]]:
        return iter(self.captured_queries)

    def __getitem__(self, index: Any) -> Any:
        return self.captured_queries[index]

    def __len__(self) -> int:
        return len(self.captured_queries)

    @property
    def captured_queries(self) -> list[dict[str, str]]:
        return self.connection.queries[self.initial_queries : self.final_queries]

    def __enter__(self) -> CaptureQueriesContext:
        from nuages.db import reset_queries

        self.force_debug_cursor = self.connection.force_debug_cursor
        self.connection.force_debug_cursor = True
        # Connecting may take queries of its own, which are not the block's.
        self.connection.ensure_connection()
        self.initial_queries = len(self.connection.queries_log)
        self.final_queries: int | None = None
        self.resets = request_started.disconnect(reset_queries)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        from nuages.db import reset_queries

        self.connection.force_debug_cursor = self.force_debug_cursor
        if self.resets:
            request_started.connect(reset_queries)
        if exc_type is None:
            self.final_queries = len(self.connection.queries_log)


@contextmanager
def captured_output(stream_name: str) -> Iterator[StringIO]:
    """Put a ``StringIO`` in the place of ``sys.<stream_name>`` for a block."""
    original = getattr(sys, stream_name)
    captured = StringIO()
    setattr(sys, stream_name, captured)
    try:
        yield captured
    finally:
        setattr(sys, stream_name, original)


def captured_stdout() -> Any:
    """Capture ``sys.stdout`` for a block."""
    return captured_output("stdout")


def captured_stderr() -> Any:
    """Capture ``sys.stderr`` for a block."""
    return captured_output("stderr")


def captured_stdin() -> Any:
    """Put an empty stream in the place of ``sys.stdin`` for a block."""
    return captured_output("stdin")


@contextmanager
def patch_logger(logger_name: str, log_level: str, log_kwargs: bool = False) -> Iterator[list[Any]]:
    """Collect the messages that a logger is given at one level, by its method's name."""
    calls: list[Any] = []

    def collect(message: str, *args: Any, **kwargs: Any) -> None:
        text = message % args
        calls.append((text, kwargs) if log_kwargs else text)

    logger = logging.getLogger(logger_name)
    original = getattr(logger, log_level)
    setattr(logger, log_level, collect)
    try:
        yield calls
    finally:
        setattr(logger, log_level, original)


class LoggingCaptureMixin:
    """Mixin: ``self.logger_output`` has what the ``django`` logger writes."""

    def setUp(self) -> None:
        self.logger = logging.getLogger("django")
        self.logger_output = StringIO()
        self.old_stream = self.logger.handlers[0].stream  # type: ignore[attr-defined]
        self.logger.handlers[0].stream = self.logger_output  # type: ignore[attr-defined]

    def tearDown(self) -> None:
        self.logger.handlers[0].stream = self.old_stream  # type: ignore[attr-defined]
