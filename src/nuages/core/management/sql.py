"""SQL and signals that several commands share."""

from __future__ import annotations

import sys
from typing import Any


def sql_flush(
    style: Any, connection: Any, reset_sequences: bool = True, allow_cascade: bool = False
) -> list[str]:
    """Return the statements that empty the tables of the installed models."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    statements: list[str] = connection.ops.sql_flush(
        style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade
    )
    return statements


def _emit(name: str, verbosity: int, interactive: bool, db: str, extra: dict[str, Any]) -> None:
    from nuages.apps import apps
    from nuages.db.models import signals

    out: Any = extra.get("stdout", sys.stdout)
    for config in apps.get_app_configs():
        if config.models_module is None:
            continue
        if verbosity >= 2:
            out.write(f"Running {name.replace('_', '-')} handlers for application {config.label}")
        getattr(signals, name).send(
            sender=config,
            app_config=config,
            verbosity=verbosity,
            interactive=interactive,
            using=db,
            **extra,
        )


def emit_pre_migrate_signal(verbosity: int, interactive: bool, db: str, **kwargs: Any) -> None:
    """Send ``pre_migrate`` for every application with models."""
    _emit("pre_migrate", verbosity, interactive, db, kwargs)


def emit_post_migrate_signal(verbosity: int, interactive: bool, db: str, **kwargs: Any) -> None:
    """Send ``post_migrate`` for every application with models."""
    _emit("post_migrate", verbosity, interactive, db, kwargs)
