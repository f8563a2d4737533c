"""A backend that runs a task at once, in the thread that hands it over."""

from __future__ import annotations

from traceback import format_exception
from typing import Any

from nuages.tasks.backends.base import BaseTaskBackend
from nuages.tasks.base import Task, TaskContext, TaskError, TaskResult, TaskResultStatus
from nuages.tasks.signals import task_enqueued, task_finished, task_started
from nuages.utils import timezone
from nuages.utils.crypto import get_random_string
from nuages.utils.json import normalize_json


class ImmediateBackend(BaseTaskBackend):
    """Runs tasks when they are enqueued; a task that fails does not disturb the caller."""

    supports_async_task = supports_priority = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        self.worker_id = get_random_string(32)

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        result = self._accept(task, args, kwargs)
        result._amend(enqueued_at=timezone.now())
        task_enqueued.send(type(self), task_result=result)
        self._execute_task(result)
        return result

    def _execute_task(self, task_result: TaskResult) -> None:
        began, task = timezone.now(), task_result.task
        task_result._amend(
            status=TaskResultStatus.RUNNING, started_at=began, last_attempted_at=began
        )
        task_result.worker_ids.append(self.worker_id)
        task_started.send(sender=type(self), task_result=task_result)

        context = [TaskContext(task_result=task_result)] if task.takes_context else []
        try:
            value = normalize_json(task.call(*context, *task_result.args, **task_result.kwargs))
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            error = TaskError.of(problem, "".join(format_exception(problem)))
            task_result.errors.append(error)
            self._finish(task_result, TaskResultStatus.FAILED)
        else:
            self._finish(task_result, TaskResultStatus.SUCCESSFUL, value)

    def _finish(self, result: TaskResult, status: TaskResultStatus, value: Any = None) -> None:
        result._amend(status=status, finished_at=timezone.now(), _return_value=value)
        task_finished.send(type(self), task_result=result)
