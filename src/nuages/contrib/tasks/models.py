"""Tasks that wait in the database, run, and have run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from nuages.db import connections, models, transaction
from nuages.tasks.base import DEFAULT_TASK_QUEUE_NAME, TaskResultStatus
from nuages.utils.translation import gettext_lazy as _

READY, RUNNING = TaskResultStatus.READY, TaskResultStatus.RUNNING
FINISHED = (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED)


class QueuedTaskQuerySet(models.QuerySet):
    """What workers ask for."""

    def waiting(self, now: datetime, queues: tuple[str, ...] = ()) -> Self:
        """Give the tasks that may start at ``now``, the most urgent first.

        A running one whose worker has not been heard of since its lease ended is among them.

        Args:
            now: the time, aware if the project uses time zones.
            queues: the names of the queues that are served; all, if empty.
        """
        due = models.Q(status=READY, available_at__lte=now)
        lost = models.Q(status=RUNNING, leased_until__lt=now)
        chosen = self.filter(due | lost)
        if queues:
            chosen = chosen.filter(queue_name__in=queues)
        return chosen.order_by("-priority", "available_at", "enqueued_at", "pk")

    def claim(
        self, worker_id: str, now: datetime, lease: timedelta, queues: tuple[str, ...] = ()
    ) -> QueuedTask | None:
        """Take the most urgent task for a worker, or give ``None`` where nothing waits.

        Two workers never get the same one: where the database can skip locked rows they do not even
        look at the same row; elsewhere the one that changes it first has it.

        Args:
            worker_id: who takes it.
            now: the time, aware if the project uses time zones.
            lease: for how long nobody else may take it.
            queues: the names of the queues that are served; all, if empty.
        """
        features = connections[self.db].features
        if features.has_select_for_update_skip_locked:
            with transaction.atomic(using=self.db):
                found = self.waiting(now, queues).select_for_update(skip_locked=True).first()
                return found if found and found.start(worker_id, now, lease) else None
        while (found := self.waiting(now, queues).first()) is not None:
            if found.start(worker_id, now, lease):
                return found
        return None

    def next_due(self, queues: tuple[str, ...] = ()) -> datetime | None:
        """Give the earliest time at which a task that waits may start, or ``None``."""
        chosen = self.filter(status=READY)
        if queues:
            chosen = chosen.filter(queue_name__in=queues)
        earliest: datetime | None = chosen.aggregate(at=models.Min("available_at"))["at"]
        return earliest


class QueuedTask(models.Model):
    """One handing-over of a task."""

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    path = models.CharField(_("function"), max_length=500)
    status = models.CharField(
        _("status"), max_length=10, choices=TaskResultStatus.choices, default=READY
    )
    queue_name = models.CharField(_("queue"), max_length=100, default=DEFAULT_TASK_QUEUE_NAME)
    priority = models.SmallIntegerField(_("priority"), default=0)
    backend = models.CharField(_("backend"), max_length=100)
    args = models.JSONField(_("arguments"), default=list)
    kwargs = models.JSONField(_("named arguments"), default=dict)
    settings = models.JSONField(_("settings"), default=dict)
    run_after = models.DateTimeField(_("not before"), null=True, blank=True)
    available_at = models.DateTimeField(_("may start at"))
    enqueued_at = models.DateTimeField(_("handed over at"))
    started_at = models.DateTimeField(_("first started at"), null=True)
    last_attempted_at = models.DateTimeField(_("last started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    leased_until = models.DateTimeField(_("leased until"), null=True)
    worker_ids = models.JSONField(_("workers"), default=list)
    errors = models.JSONField(_("errors"), default=list)
    return_value = models.JSONField(_("return value"), null=True)

    objects: ClassVar[Any] = models.Manager.from_queryset(QueuedTaskQuerySet)()

    class Meta:
        db_table = "nuages_task"
        verbose_name, verbose_name_plural = _("task"), _("tasks")
        ordering = ["-enqueued_at", "pk"]
        indexes = [
            models.Index(
                fields=["status", "-priority", "available_at", "enqueued_at"],
                name="nuages_task_waiting",
            ),
            models.Index(fields=["status", "leased_until"], name="nuages_task_leases"),
            models.Index(fields=["-enqueued_at"], name="nuages_task_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.path} ({self.id})"

    def _while_same(self) -> QueuedTaskQuerySet:
        """Give this row, unless another worker (or a person) has changed its state since."""
        rows: QueuedTaskQuerySet = type(self).objects.using(self._state.db)
        return rows.filter(pk=self.pk, status=self.status, last_attempted_at=self.last_attempted_at)

    def _change(self, **values: Any) -> bool:
        """Change the row if it is still as it was read, and say whether it was."""
        changed = self._while_same().update(**values) == 1
        if changed:
            for name, value in values.items():
                setattr(self, name, value)
        return changed

    def start(self, worker_id: str, now: datetime, lease: timedelta) -> bool:
        """Begin an attempt, and say whether this worker was the first to do so."""
        return self._change(
            status=RUNNING,
            started_at=self.started_at or now,
            last_attempted_at=now,
            leased_until=now + lease,
            worker_ids=[*self.worker_ids, worker_id],
        )

    def keep(self, until: datetime) -> bool:
        """Lengthen the lease, and say whether the task is still this worker's."""
        return self._change(leased_until=until)

    def succeed(self, value: Any, now: datetime) -> bool:
        """Note what the function returned; ``False`` if the task is not this worker's any more."""
        return self._change(
            status=TaskResultStatus.SUCCESSFUL,
            return_value=value,
            finished_at=now,
            leased_until=None,
        )

    def fail(self, error: dict[str, str], now: datetime, again_at: datetime | None) -> bool:
        """Note an exception; the task is tried again at ``again_at``, or has failed for good."""
        return self._change(
            errors=[*self.errors, error],
            leased_until=None,
            **(
                {"status": TaskResultStatus.FAILED, "finished_at": now}
                if again_at is None
                else {"status": READY, "available_at": again_at}
            ),
        )
