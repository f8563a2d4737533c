"""A backend that runs nothing and remembers everything."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from nuages.tasks.backends.base import BaseTaskBackend
from nuages.tasks.base import Task, TaskResult
from nuages.tasks.exceptions import TaskResultDoesNotExist
from nuages.tasks.signals import task_enqueued
from nuages.utils import timezone


class DummyBackend(BaseTaskBackend):
    """Keeps the results of tasks in :attr:`results`, all of them ready for ever."""

    supports_defer = supports_async_task = supports_priority = True

    def __init__(self, alias: str, params: Any) -> None:
        super().__init__(alias, params)
        self.results: list[TaskResult] = []

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        result = self._accept(task, args, kwargs)
        result._amend(enqueued_at=timezone.now())
        self.results.append(result)
        task_enqueued.send(type(self), task_result=result)
        # The caller's copy stays as it is until refreshed, as with a real queue.
        return deepcopy(result)

    def get_result(self, result_id: str) -> TaskResult:
        for result in self.results:
            if result.id == result_id:
                return result
        raise TaskResultDoesNotExist(result_id)

    async def aget_result(self, result_id: str) -> TaskResult:
        return self.get_result(result_id)

    def clear(self) -> None:
        """Forget all results."""
        self.results.clear()
