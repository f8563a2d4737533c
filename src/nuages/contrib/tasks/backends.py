"""The backend whose queue is a table. Manual: "Django's Tasks framework"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from nuages.core.checks import CheckMessage, Error
from nuages.core.exceptions import ImproperlyConfigured
from nuages.tasks.backends.base import BaseTaskBackend
from nuages.tasks.base import Task, TaskError, TaskResult, TaskResultStatus
from nuages.tasks.exceptions import TaskResultDoesNotExist
from nuages.tasks.signals import task_enqueued
from nuages.utils import timezone
from nuages.utils.module_loading import import_string

if TYPE_CHECKING:
    from nuages.contrib.tasks.models import QueuedTask

LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTask(Task):
    """A task that may be tried again when it fails.

    Attributes:
        retries: how many more times it is tried after an exception.
        backoff: seconds before the second attempt; each further pause is twice as long.
        retry_for: paths of the exceptions that are worth another attempt; all, if empty.
    """

    retries: int = 0
    backoff: float = 5.0
    retry_for: tuple[str, ...] = ()

    def trying(self, *, retries: int, backoff: float | None = None) -> Self:
        """Give the same task with other numbers of attempts."""
        return replace(self, retries=retries, backoff=self.backoff if backoff is None else backoff)

    def pause(self, attempt: int) -> timedelta:
        """Give the time to wait after a failed attempt (the first is 1)."""
        doublings = min(attempt - 1, 32)
        return min(timedelta(seconds=self.backoff * 2**doublings), LONGEST_PAUSE)

    def worth_retrying(self, problem: BaseException, attempt: int) -> bool:
        """Whether the task is to be tried again after this exception."""
        if attempt > self.retries:
            return False
        kinds = tuple(import_string(path) for path in self.retry_for)
        return isinstance(problem, kinds or Exception)


_PLAIN = {each.name for each in fields(Task)}


class DatabaseBackend(BaseTaskBackend):
    """Keeps tasks in the database until ``manage.py tasks_worker`` runs them.

    A task is written in the transaction of whoever hands it over: it is there once that commits,
    and is gone if it is rolled back.

    ``OPTIONS``: ``DATABASE``, the alias of the database (by default, where routers put the model);
    ``DELIVERIES``, how often a task whose worker has died is begun anew before it counts as failed (5).
    """

    task_class = QueueTask
    supports_defer = supports_async_task = supports_get_result = supports_priority = True

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        super().__init__(alias, params)
        self.deliveries = self.options.get("DELIVERIES", 5)
        if not isinstance(self.deliveries, int) or self.deliveries < 1:
            raise ImproperlyConfigured(
                f"TASKS['{alias}']['OPTIONS']['DELIVERIES'] must be a whole number above 0, "
                f"not {self.deliveries!r}."
            )

    @property
    def database(self) -> str:
        """The alias of the database that holds the tasks."""
        from nuages.contrib.tasks.models import QueuedTask
        from nuages.db import router

        alias: str = self.options.get("DATABASE") or router.db_for_write(QueuedTask)
        return alias

    @property
    def records(self) -> Any:
        """The rows of all tasks of this database."""
        from nuages.contrib.tasks.models import QueuedTask

        return QueuedTask.objects.using(self.database)

    def _objections(self, task: Task) -> Iterator[str]:
        yield from super()._objections(task)
        retries, backoff = getattr(task, "retries", 0), getattr(task, "backoff", 0)
        if not isinstance(retries, int) or retries < 0:
            yield "retries must be a whole number of 0 or more."
        if not isinstance(backoff, int | float) or backoff < 0:
            yield "backoff must be a number of seconds of 0 or more."

    def _row(self, result: TaskResult) -> dict[str, Any]:
        """Give the columns of a task that is handed over now."""
        task, now = result.task, timezone.now()
        result._amend(enqueued_at=now)
        after = now + task.run_after if isinstance(task.run_after, timedelta) else task.run_after
        own = {each.name for each in fields(task)} - _PLAIN
        return {
            "id": result.id,
            "path": task.module_path,
            "queue_name": task.queue_name,
            "priority": task.priority,
            "backend": self.alias,
            "args": result.args,
            "kwargs": result.kwargs,
            "settings": {name: getattr(task, name) for name in sorted(own)},
            "run_after": after,
            "available_at": max(after, now) if after else now,
            "enqueued_at": now,
        }

    def enqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        result = self._accept(task, args, kwargs)
        self.records.create(**self._row(result))
        task_enqueued.send(type(self), task_result=result)
        return result

    async def aenqueue(self, task: Task, args: Any, kwargs: Any) -> TaskResult:
        result = self._accept(task, args, kwargs)
        await self.records.acreate(**self._row(result))
        await task_enqueued.asend(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult:
        rows = self.records.filter(pk=result_id, backend=self.alias)
        return self._found(rows.first(), result_id)

    async def aget_result(self, result_id: str) -> TaskResult:
        rows = self.records.filter(pk=result_id, backend=self.alias)
        return self._found(await rows.afirst(), result_id)

    def _found(self, row: QueuedTask | None, result_id: str) -> TaskResult:
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return self.result_of(row)

    def task_of(self, row: QueuedTask) -> Task:
        """Give the task of a row, with the settings that it was handed over with.

        Raises:
            ImportError: its module or function is gone.
            ValueError: what is there is not a task.
        """
        found = import_string(row.path)
        if not isinstance(found, Task):
            raise ValueError(f"Expected {row.path!r} to point to a Task instance.")
        known = {each.name for each in fields(found)}
        kept = {name: value for name, value in row.settings.items() if name in known}
        if "retry_for" in kept:
            kept["retry_for"] = tuple(kept["retry_for"])
        return replace(
            found,
            priority=row.priority,
            queue_name=row.queue_name,
            run_after=row.run_after,
            backend=row.backend,
            **kept,
        )

    def result_of(self, row: QueuedTask, task: Task | None = None) -> TaskResult:
        """Give the result that a row stands for."""
        result = TaskResult(
            task=task or self.task_of(row),
            id=row.pk,
            status=TaskResultStatus(row.status),
            backend=row.backend,
            args=row.args,
            kwargs=row.kwargs,
            errors=[TaskError(**error) for error in row.errors],
            worker_ids=list(row.worker_ids),
            enqueued_at=row.enqueued_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            last_attempted_at=row.last_attempted_at,
        )
        result._amend(_return_value=row.return_value)
        return result

    def prune(self, before: datetime) -> int:
        """Delete the tasks that had finished by then, and give their number."""
        from nuages.contrib.tasks.models import FINISHED

        rows = self.records.filter(backend=self.alias, status__in=FINISHED, finished_at__lt=before)
        deleted: int = rows.delete()[0]
        return deleted

    def check(self, **kwargs: Any) -> Iterable[CheckMessage]:
        from nuages.apps import apps

        if apps.is_installed("django.contrib.tasks") or apps.is_installed("nuages.contrib.tasks"):
            return ()
        return [
            Error(
                f"The backend of TASKS['{self.alias}'] keeps tasks in a table that is not there.",
                hint="Add 'nuages.contrib.tasks' to INSTALLED_APPS, and migrate.",
                id="tasks.E001",
            )
        ]
