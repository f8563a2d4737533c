"""System checks of the task backends."""

from __future__ import annotations

from itertools import chain
from typing import Any

from nuages.core.checks import register


@register
def check_tasks(app_configs: Any = None, **kwargs: Any) -> list[Any]:
    """Ask each backend about itself."""
    from nuages.tasks import task_backends

    return [
        *chain.from_iterable(
            backend.check() for backend in task_backends.all() if hasattr(backend, "check")
        )
    ]
