"""What can go wrong with tasks."""

from nuages.core.exceptions import ImproperlyConfigured


class InvalidTaskBackend(ImproperlyConfigured):
    """There is no such backend, or it cannot be loaded."""


class TaskException(Exception):
    """Anything about a single task. Not raised itself."""


class InvalidTask(TaskException):
    """A backend refuses the task as it is defined."""


class TaskResultDoesNotExist(TaskException):
    """No result has that id."""


class TaskResultMismatch(TaskException):
    """The result with that id comes from another task."""
