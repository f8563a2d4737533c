"""The signals of tasks, and what the log says of them."""

from __future__ import annotations

import logging
import sys
from typing import Any

from nuages.dispatch import Signal, receiver
from nuages.tasks.base import TaskResult, TaskResultStatus

logger = logging.getLogger("django.tasks")

task_enqueued = Signal()
task_started = Signal()
task_finished = Signal()


def _log(level: int, result: TaskResult, words: str, *args: Any, **options: Any) -> None:
    logger.log(
        level, f"Task id=%s path=%s {words}", result.id, result.task.module_path, *args, **options
    )


@receiver(task_enqueued)
def log_task_enqueued(sender: Any, task_result: TaskResult, **kwargs: Any) -> None:
    """Say in the log that a task waits."""
    _log(logging.DEBUG, task_result, "enqueued backend=%s", task_result.backend)


@receiver(task_started)
def log_task_started(sender: Any, task_result: TaskResult, **kwargs: Any) -> None:
    """Say in the log that a task runs."""
    _log(logging.INFO, task_result, "state=%s", task_result.status)


@receiver(task_finished)
def log_task_finished(sender: Any, task_result: TaskResult, **kwargs: Any) -> None:
    """Say in the log what became of a task; an error with its traceback."""
    failed = task_result.status == TaskResultStatus.FAILED
    # A failed task is reported while its exception is handled.
    problem = sys.exc_info()
    _log(
        logging.ERROR if failed else logging.INFO,
        task_result,
        "state=%s",
        task_result.status,
        exc_info=problem if failed and problem[0] else None,
    )
