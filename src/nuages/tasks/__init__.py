"""Background tasks: how work is described, handed over, and followed.

Running it is the matter of a backend. The ones here are meant for development and tests.
"""

from __future__ import annotations

from typing import Any

from nuages.tasks import checks, signals  # noqa: F401  (they register themselves)
from nuages.tasks.base import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_QUEUE_NAME,
    Task,
    TaskContext,
    TaskResult,
    TaskResultStatus,
    task,
)
from nuages.tasks.exceptions import InvalidTaskBackend
from nuages.utils.connection import BaseConnectionHandler, ConnectionProxy
from nuages.utils.module_loading import import_string

__all__ = [
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_QUEUE_NAME",
    "Task",
    "TaskContext",
    "TaskResult",
    "TaskResultStatus",
    "default_task_backend",
    "task",
    "task_backends",
]


class TaskBackendHandler(BaseConnectionHandler):
    """The backends of ``TASKS``."""

    settings_name, exception_class = "TASKS", InvalidTaskBackend

    def create_connection(self, alias: str) -> Any:
        configured = self.settings[alias]
        path = configured["BACKEND"]
        try:
            backend = import_string(path)
        except ImportError as problem:
            raise self.exception_class(f"Could not find backend '{path}': {problem}") from problem
        return backend(alias=alias, params=configured)


task_backends = TaskBackendHandler()
default_task_backend: Any = ConnectionProxy(task_backends, DEFAULT_TASK_BACKEND_ALIAS)
