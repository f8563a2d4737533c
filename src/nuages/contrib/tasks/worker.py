"""Running the tasks that wait in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from traceback import format_exception
from typing import Any

from nuages.contrib.tasks.backends import DatabaseBackend, QueueTask
from nuages.contrib.tasks.models import QueuedTask
from nuages.db import DatabaseError, close_old_connections, connections
from nuages.tasks.base import Task, TaskContext, TaskError, TaskResult
from nuages.tasks.signals import task_finished, task_started
from nuages.utils import timezone
from nuages.utils.crypto import get_random_string
from nuages.utils.json import normalize_json

logger = logging.getLogger("django.tasks")


class WorkerLost(Exception):
    """The worker that ran a task has not been heard of any more."""


class Worker:
    """Takes tasks of a backend, one at a time, and runs them, until it is told to stop.

    A task is delivered at least once: it is leased to the worker, who renews the lease while it runs.
    Where a worker dies, the lease ends and another one takes the task up. Functions should hence bear
    to be run twice.

    Args:
        backend: whose tasks.
        queues: the names of the queues that are served; all, if empty.
        lease: seconds after which a silent worker counts as dead.
        interval: seconds between two looks at an empty queue.
        stopping: set it to let the worker stop after the task that it runs.
    """

    def __init__(
        self,
        backend: DatabaseBackend,
        *,
        queues: tuple[str, ...] = (),
        lease: float = 60.0,
        interval: float = 1.0,
        stopping: threading.Event | None = None,
    ) -> None:
        self.backend, self.queues = backend, queues
        self.lease, self.interval = timedelta(seconds=lease), interval
        self.id = get_random_string(32)
        self.stopping = stopping or threading.Event()

    def work(self, *, burst: bool = False, most: int | None = None) -> int:
        """Run tasks, and give the number of attempts made.

        Args:
            burst: end as soon as nothing may start.
            most: end after so many attempts.
        """
        done = 0
        while not self.stopping.is_set() and done != most:
            # Between tasks, as between requests: dead connections are dropped.
            close_old_connections()
            try:
                row = self._rows.claim(self.id, timezone.now(), self.lease, self.queues)
                if row is not None:
                    done += 1
                    self.run(row)
                elif burst:
                    break
                else:
                    self.stopping.wait(self._pause())
            except DatabaseError:
                if burst:
                    raise
                # What was under way is delivered anew when its lease has ended.
                logger.exception("The database of the tasks does not answer as it should")
                connections.close_all()
                self.stopping.wait(self.interval)
        return done

    @property
    def _rows(self) -> Any:
        return self.backend.records.filter(backend=self.backend.alias)

    def _pause(self) -> float:
        """Give the seconds until the next look: sooner, if a task is to start before that."""
        due = self._rows.next_due(self.queues)
        if due is None:
            return self.interval
        ahead = (due - timezone.now()).total_seconds()
        return min(self.interval, max(ahead, 0.0))

    def run(self, row: QueuedTask) -> None:
        """Make one attempt at a task that this worker has claimed."""
        attempt = len(row.worker_ids)
        if attempt > max(self.backend.deliveries, self._allowed(row)):
            gone = WorkerLost(f"{attempt - 1} attempts did not come to an end.")
            row.fail(_note(gone), timezone.now(), None)
            logger.error("Task id=%s path=%s is given up: %s", row.pk, row.path, gone)
            return
        try:
            task = self.backend.task_of(row)
        except (ImportError, ValueError) as problem:
            row.fail(_note(problem), timezone.now(), None)
            logger.exception("Task id=%s path=%s could not be started", row.pk, row.path)
            return
        result = self.backend.result_of(row, task)
        task_started.send(sender=type(self.backend), task_result=result)
        with self._kept(row):
            context = [TaskContext(task_result=result)] if task.takes_context else []
            try:
                value = normalize_json(task.call(*context, *result.args, **result.kwargs))
            except Exception as problem:
                self._failed(row, task, problem, attempt)
            else:
                self._tell(row, task, row.succeed(value, timezone.now()))

    @staticmethod
    def _allowed(row: QueuedTask) -> int:
        """Give the number of attempts that the task itself asks for."""
        retries: int = row.settings.get("retries", 0)
        return retries + 1

    def _failed(self, row: QueuedTask, task: Task, problem: Exception, attempt: int) -> None:
        now, again = timezone.now(), None
        if isinstance(task, QueueTask) and task.worth_retrying(problem, attempt):
            again = now + task.pause(attempt)
        mine = row.fail(_note(problem), now, again)
        if again is None:
            self._tell(row, task, mine)
        else:
            logger.warning(
                "Task id=%s path=%s failed in attempt %s; again at %s",
                row.pk,
                row.path,
                attempt,
                again,
                exc_info=problem,
            )

    def _tell(self, row: QueuedTask, task: Task, mine: bool) -> None:
        """Announce the end of a task, unless another worker has taken it over by now."""
        if mine:
            ended: TaskResult = self.backend.result_of(row, task)
            task_finished.send(type(self.backend), task_result=ended)
        else:
            logger.warning(
                "Task id=%s path=%s ended after its lease; its outcome is not kept",
                row.pk,
                row.path,
            )

    @contextmanager
    def _kept(self, row: QueuedTask) -> Iterator[None]:
        """Renew the lease of a task from another thread, while it runs."""
        ended = threading.Event()
        beat = threading.Thread(
            target=self._renew, args=(row.pk, row.last_attempted_at, ended), daemon=True
        )
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _renew(self, key: str, began: Any, ended: threading.Event) -> None:
        rows = self.backend.records.filter(pk=key, last_attempted_at=began)
        every = self.lease.total_seconds() / 3
        try:
            while not ended.wait(every):
                try:
                    rows.update(leased_until=timezone.now() + self.lease)
                except Exception:
                    # The database may be away for a moment: the next beat tries again.
                    logger.exception("The lease of task id=%s could not be renewed", key)
                    connections.close_all()
        finally:
            connections.close_all()


def _note(problem: BaseException) -> dict[str, str]:
    """Give an exception in the form in which rows keep it."""
    error = TaskError.of(problem, "".join(format_exception(problem)))
    return {
        "exception_class_path": error.exception_class_path,
        "traceback": error.traceback,
    }
