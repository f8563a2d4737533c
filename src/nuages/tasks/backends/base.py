"""What each backend of tasks does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from inspect import iscoroutinefunction
from typing import Any

from nuages.conf import settings
from nuages.core.checks import CheckMessage
from nuages.tasks.base import (
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    TASK_MAX_PRIORITY,
    TASK_MIN_PRIORITY,
    Task,
    TaskResult,
    TaskResultStatus,
)
from nuages.tasks.exceptions import InvalidTask
from nuages.utils import timezone
from nuages.utils.concurrency import sync_to_async
from nuages.utils.crypto import get_random_string
from nuages.utils.inspect import get_func_args, is_module_level_function

_NO_RESULTS = "This backend does not support retrieving or refreshing results."


class BaseTaskBackend(ABC):
    """The interface of backends; a backend has to write :meth:`enqueue` at least.

    The ``supports_`` flags say what it can do beyond running functions.
    """

    task_class: type[Task] = Task
    supports_defer = supports_async_task = supports_get_result = supports_priority = False

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        self.alias, self.options = alias, params.get("OPTIONS", {})
        self.queues = {*params.get("QUEUES", [DEFAULT_TASK_QUEUE_NAME])}

    def _objections(self, task: Task) -> Iterator[str]:
        """Say in turn what speaks against a task."""
        when, rank = task.run_after, task.priority
        if not is_module_level_function(task.func):
            yield "Task function must be defined at a module level."
        if iscoroutinefunction(task.func) and not self.supports_async_task:
            yield "Backend does not support async Tasks."
        if task.takes_context and next(iter(get_func_args(task.func)), None) != "context":
            yield "Task takes context but does not have a first argument of 'context'."
        if rank != DEFAULT_TASK_PRIORITY and not self.supports_priority:
            yield "Backend does not support setting priority of tasks."
        if int(rank) != rank or not TASK_MIN_PRIORITY <= rank <= TASK_MAX_PRIORITY:
            yield (
                f"priority must be a whole number between {TASK_MIN_PRIORITY} and "
                f"{TASK_MAX_PRIORITY}."
            )
        if when is not None and not self.supports_defer:
            yield "Backend does not support run_after."
        if isinstance(when, datetime) and settings.USE_TZ and not timezone.is_aware(when):
            yield "run_after must be an aware datetime."
        if self.queues and task.queue_name not in self.queues:
            yield f"Queue '{task.queue_name}' is not valid for backend."

    def validate_task(self, task: Task) -> None:
        """Refuse a task that could not be run here.

        Raises:
            InvalidTask: with the reason.
        """
        for objection in self._objections(task):
            raise InvalidTask(objection)

    def _accept(self, task: Task, args: Iterable[Any], kwargs: Mapping[str, Any]) -> TaskResult:
        """Make the result that stands for a task handed over just now, once it is found valid."""
        self.validate_task(task)
        return TaskResult(
            task=task,
            id=get_random_string(32),
            status=TaskResultStatus.READY,
            backend=self.alias,
            args=list(args),
            kwargs=dict(kwargs),
            errors=[],
            worker_ids=[],
            **dict.fromkeys(("enqueued_at", "started_at", "finished_at", "last_attempted_at")),
        )

    @abstractmethod
    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        """Hand a task over to be run."""

    async def aenqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        """See :meth:`enqueue`."""
        return await sync_to_async(self.enqueue)(task=task, args=args, kwargs=kwargs)

    def get_result(self, result_id: str) -> TaskResult:
        """Find a result by its id.

        Raises:
            TaskResultDoesNotExist: there is none.
            NotImplementedError: the backend cannot.
        """
        raise NotImplementedError(_NO_RESULTS)

    async def aget_result(self, result_id: str) -> TaskResult:
        """See :meth:`get_result`."""
        return await sync_to_async(self.get_result)(result_id=result_id)

    def check(self, **kwargs: Any) -> Iterable[CheckMessage]:
        """Report what is wrong with the configuration."""
        return ()
