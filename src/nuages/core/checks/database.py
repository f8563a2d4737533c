"""Checks that each database backend makes of its server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nuages.core.checks import Tags, register


@register(Tags.database)
def check_database_backends(databases: Iterable[str] | None = None, **kwargs: Any) -> list[Any]:
    """Return what the backends of the given aliases find."""
    from nuages.db import connections

    return [
        message
        for alias in databases or ()
        for message in connections[alias].validation.check(**kwargs)
    ]
