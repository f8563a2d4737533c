"""``tasks_prune``: delete tasks that have come to their end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from nuages.contrib.tasks.management.commands.tasks_worker import queue_backend
from nuages.core.management.base import BaseCommand, CommandParser
from nuages.tasks import DEFAULT_TASK_BACKEND_ALIAS
from nuages.utils import timezone


class Command(BaseCommand):
    """Deletes the rows of tasks that finished some time ago."""

    help = "Deletes the tasks that finished more than some days ago."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--backend", default=DEFAULT_TASK_BACKEND_ALIAS)
        parser.add_argument(
            "--days", type=float, default=14.0, help="How long finished tasks are kept (14)."
        )

    def handle(self, **options: Any) -> None:
        before = timezone.now() - timedelta(days=options["days"])
        deleted = queue_backend(options["backend"]).prune(before)
        if options["verbosity"]:
            self.stdout.write(f"Deleted {deleted} task{'' if deleted == 1 else 's'}.")
