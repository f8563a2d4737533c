"""``tasks_worker``: run the tasks that wait in the database."""

from __future__ import annotations

import signal
import threading
from typing import Any

from nuages.contrib.tasks.backends import DatabaseBackend
from nuages.contrib.tasks.worker import Worker
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.db import connections
from nuages.tasks import DEFAULT_TASK_BACKEND_ALIAS, task_backends
from nuages.tasks.exceptions import InvalidTaskBackend


def queue_backend(alias: str) -> DatabaseBackend:
    """Give a backend of ``TASKS`` whose tasks are in the database.

    Raises:
        CommandError: there is none of that name, or it keeps its tasks elsewhere.
    """
    try:
        found = task_backends[alias]
    except InvalidTaskBackend as problem:
        raise CommandError(f"TASKS has no usable backend '{alias}': {problem}") from problem
    if isinstance(found, DatabaseBackend):
        return found
    raise CommandError(
        f"TASKS['{alias}'] is a {type(found).__name__}, whose tasks need no worker. Its BACKEND "
        "should be 'nuages.contrib.tasks.backends.DatabaseBackend'."
    )


def _positive(kind: type[int] | type[float]) -> Any:
    def parse(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise ValueError(text)
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse


class Command(BaseCommand):
    """Runs tasks until it is stopped: SIGTERM or Ctrl-C let those that run come to their end."""

    help = "Runs the tasks that wait in the database, until it is told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add(
            "--backend",
            default=DEFAULT_TASK_BACKEND_ALIAS,
            help='The backend of TASKS whose tasks are run; "default" by default.',
        )
        add(
            "--queue",
            action="append",
            default=[],
            dest="queues",
            metavar="NAME",
            help="A queue to serve; may be given several times. All of them by default.",
        )
        add(
            "--threads",
            type=_positive(int),
            default=1,
            help="How many tasks are run at a time (1).",
        )
        add(
            "--interval",
            type=_positive(float),
            default=1.0,
            help="Seconds between two looks at an empty queue (1).",
        )
        add(
            "--lease",
            type=_positive(float),
            default=60.0,
            help="Seconds after which a silent worker counts as dead, and its task is run anew (60).",
        )
        add(
            "--burst",
            action="store_true",
            help="Stop as soon as nothing waits.",
        )
        add(
            "--max-tasks",
            type=_positive(int),
            default=None,
            help="Stop each thread after so many tasks.",
        )

    def handle(self, **options: Any) -> None:
        backend = queue_backend(options["backend"])
        stopping = threading.Event()
        workers = [
            Worker(
                backend,
                queues=tuple(options["queues"]),
                lease=options["lease"],
                interval=options["interval"],
                stopping=stopping,
            )
            for _ in range(options["threads"])
        ]
        if options["verbosity"]:
            served = ", ".join(options["queues"]) or "all queues"
            self.stdout.write(f"Waiting for tasks of '{backend.alias}' ({served}).")
            self.stdout.flush()
        before = self._listen(stopping)
        try:
            done = self._run(workers, stopping, options["burst"], options["max_tasks"])
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if options["verbosity"]:
            self.stdout.write(f"Stopped after {done} task{'' if done == 1 else 's'}.")

    def _listen(self, stopping: threading.Event) -> dict[int, Any]:
        """Let the first signal stop the work gently, and a second one at once."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def stop(number: int, frame: Any) -> None:
            if stopping.is_set():
                raise KeyboardInterrupt
            stopping.set()

        return {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}

    def _run(
        self, workers: list[Worker], stopping: threading.Event, burst: bool, most: int | None
    ) -> int:
        """Let each worker work, the first in this thread if it is alone."""
        if len(workers) == 1:
            return workers[0].work(burst=burst, most=most)
        done: list[int] = []
        problems: list[BaseException] = []

        def serve(worker: Worker) -> None:
            try:
                done.append(worker.work(burst=burst, most=most))
            except BaseException as problem:
                problems.append(problem)
                stopping.set()
            finally:
                connections.close_all()

        threads = [threading.Thread(target=serve, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if problems:
            raise problems[0]
        return sum(done)
