"""Tasks and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from inspect import iscoroutinefunction
from typing import Any, Self

from nuages.db.models.enums import TextChoices
from nuages.tasks.exceptions import TaskResultMismatch
from nuages.utils.concurrency import async_to_sync, sync_to_async
from nuages.utils.json import normalize_json
from nuages.utils.module_loading import import_string
from nuages.utils.translation import pgettext_lazy

DEFAULT_TASK_BACKEND_ALIAS = DEFAULT_TASK_QUEUE_NAME = "default"
TASK_MIN_PRIORITY, DEFAULT_TASK_PRIORITY, TASK_MAX_PRIORITY = -100, 0, 100


class TaskResultStatus(TextChoices):
    """How far a task has come."""

    READY = ("READY", pgettext_lazy("Task", "Ready"))
    RUNNING = ("RUNNING", pgettext_lazy("Task", "Running"))
    FAILED = ("FAILED", pgettext_lazy("Task", "Failed"))
    SUCCESSFUL = ("SUCCESSFUL", pgettext_lazy("Task", "Successful"))


def _path(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A function that a backend can run later, and how it should. Made by :func:`task`.

    A task does not change; :meth:`using` gives another one.
    """

    func: Callable[..., Any]
    priority: int = DEFAULT_TASK_PRIORITY
    backend: str = DEFAULT_TASK_BACKEND_ALIAS
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    run_after: datetime | timedelta | None = None
    takes_context: bool = False

    def __post_init__(self) -> None:
        self.get_backend().validate_task(self)

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.func.__name__

    @property
    def module_path(self) -> str:
        """Where the task is to be imported from."""
        return _path(self.func)

    def get_backend(self) -> Any:
        """Give the backend the task goes to."""
        from nuages.tasks import task_backends

        return task_backends[self.backend]

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | timedelta | None = None,
        backend: str | None = None,
    ) -> Self:
        """Give the same task with other settings; those left out stay."""
        asked: dict[str, Any] = {
            "priority": priority,
            "queue_name": queue_name,
            "run_after": run_after,
            "backend": backend,
        }
        return replace(self, **{key: value for key, value in asked.items() if value is not None})

    # Handing over, and what came of it.

    def enqueue(self, *args: Any, **kwargs: Any) -> TaskResult:
        """Hand the task over to be run with these arguments."""
        return self.get_backend().enqueue(self, args, kwargs)

    async def aenqueue(self, *args: Any, **kwargs: Any) -> TaskResult:
        """See :meth:`enqueue`."""
        return await self.get_backend().aenqueue(self, args, kwargs)

    def get_result(self, result_id: str) -> TaskResult:
        """Give a result of this task by its id.

        Raises:
            TaskResultDoesNotExist: there is none.
            TaskResultMismatch: it is another task's.
        """
        return self._mine(self.get_backend().get_result(result_id))

    async def aget_result(self, result_id: str) -> TaskResult:
        """See :meth:`get_result`."""
        return self._mine(await self.get_backend().aget_result(result_id))

    def _mine(self, result: TaskResult) -> TaskResult:
        if result.task.func is self.func or result.task.func == self.func:
            return result
        raise TaskResultMismatch(f"Task does not match (received {result.task.module_path!r})")

    # Running it here and now.

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function in place, whichever kind it is."""
        plain = async_to_sync(self.func) if iscoroutinefunction(self.func) else self.func
        return plain(*args, **kwargs)

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """See :meth:`call`."""
        awaited = self.func if iscoroutinefunction(self.func) else sync_to_async(self.func)
        return await awaited(*args, **kwargs)

    # Pickling: the decorated function is found by its path, under which the task itself lives.

    def __reduce__(self) -> Any:
        state = {each.name: getattr(self, each.name) for each in fields(self)}
        return (type(self)._reconstruct, ({**state, "func": self.module_path},))

    @classmethod
    def _reconstruct(cls, kwargs: dict[str, Any]) -> Self:
        path = kwargs["func"]
        try:
            found = import_string(path)
        except ImportError:
            found = None
        if not isinstance(found, Task):
            raise ValueError(f"Expected {path!r} to point to a Task instance.")
        return cls(**{**kwargs, "func": found.func})


def task(
    function: Callable[..., Any] | None = None,
    *,
    priority: int = DEFAULT_TASK_PRIORITY,
    queue_name: str = DEFAULT_TASK_QUEUE_NAME,
    backend: str = DEFAULT_TASK_BACKEND_ALIAS,
    takes_context: bool = False,
    **kwargs: Any,
) -> Any:
    """Make a function of a module a task.

    Further arguments go to the class of tasks of the backend.

    Raises:
        InvalidTask: the backend refuses it.
    """
    from nuages.tasks import task_backends

    if "run_after" in kwargs:
        raise TypeError(
            "run_after cannot be defined statically with the @task decorator. "
            "Use .using(run_after=...) to set it dynamically."
        )
    kwargs |= {
        "priority": priority,
        "queue_name": queue_name,
        "backend": backend,
        "takes_context": takes_context,
    }

    def decorate(func: Callable[..., Any]) -> Task:
        return task_backends[backend].task_class(func=func, **kwargs)

    return decorate(function) if function else decorate


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskError:
    """An exception that ended an attempt."""

    exception_class_path: str
    traceback: str

    @classmethod
    def of(cls, exception: BaseException, traceback: str) -> Self:
        """Note an exception down."""
        return cls(exception_class_path=_path(type(exception)), traceback=traceback)

    @property
    def exception_class(self) -> type[BaseException]:
        """The class of the exception, imported anew."""
        match import_string(self.exception_class_path):
            case type() as found if issubclass(found, BaseException):
                return found
        raise ValueError(f"{self.exception_class_path!r} does not reference a valid exception.")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """One handing-over of a task, and what has become of it so far."""

    task: Task
    id: str
    status: TaskResultStatus
    enqueued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    last_attempted_at: datetime | None
    args: list[Any]
    kwargs: dict[str, Any]
    backend: str
    errors: list[TaskError]
    worker_ids: list[str]
    _return_value: Any | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._amend(args=normalize_json(self.args), kwargs=normalize_json(self.kwargs))

    def _amend(self, **values: Any) -> None:
        """Change fields of what is immutable for others. For backends."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def attempts(self) -> int:
        """How often the task was run."""
        return len(self.worker_ids)

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in (TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL)

    @property
    def return_value(self) -> Any:
        """What the function returned.

        Raises:
            ValueError: it did not, or not yet.
        """
        if self.status == TaskResultStatus.SUCCESSFUL:
            return self._return_value
        raise ValueError("Task failed" if self.is_finished else "Task has not finished yet")

    def _follow(self, newer: TaskResult) -> None:
        self._amend(**{name: getattr(newer, name) for name in TASK_REFRESH_ATTRS})

    def refresh(self) -> None:
        """Take over what the backend knows by now."""
        self._follow(self.task.get_backend().get_result(self.id))

    async def arefresh(self) -> None:
        """See :meth:`refresh`."""
        self._follow(await self.task.get_backend().aget_result(self.id))


# What may change after the task was handed over.
TASK_REFRESH_ATTRS = {each.name for each in fields(TaskResult)}.difference(
    ("task", "id", "args", "kwargs", "backend")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What a task that takes a context gets to know of its own run."""

    task_result: TaskResult

    @property
    def attempt(self) -> int:
        """Which run this is, from 1 on."""
        return self.task_result.attempts
