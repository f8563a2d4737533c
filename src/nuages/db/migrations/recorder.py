"""The table of applied migrations."""

from __future__ import annotations

import functools
from typing import Any

from nuages.apps.registry import Apps
from nuages.db import DatabaseError, models
from nuages.db.migrations.exceptions import MigrationSchemaMissing
from nuages.utils.functional import classproperty
from nuages.utils.timezone import now


@functools.cache
def _migration_model() -> Any:
    # Made late, when models may be.
    meta = {"apps": Apps(), "app_label": "migrations", "db_table": "django_migrations"}
    body = {
        "__module__": __name__,
        "Meta": type("Meta", (), meta),
        "__str__": lambda row: f"Migration {row.name} for {row.app}",
        **{name: models.CharField(max_length=255) for name in ("app", "name")},
        "applied": models.DateTimeField(default=now),
    }
    return models.base.ModelBase("Migration", (models.Model,), body)


class MigrationRecorder:
    """Reads and writes which migrations a database has.

    Args:
        connection: the database.
    """

    def __init__(self, connection: Any) -> None:
        self.connection, self._has_table = connection, False

    @classproperty
    def Migration(cls) -> Any:  # noqa: N802, N805
        """The model of the table."""
        return _migration_model()

    @property
    def migration_qs(self) -> Any:
        """The rows."""
        return self.Migration.objects.using(self.connection.alias)

    def has_table(self) -> bool:
        """Whether the table is there. Once seen, it is not looked for again."""
        self._has_table = self._has_table or (
            self.Migration._meta.db_table in self.connection.introspection.table_names()
        )
        return self._has_table

    def ensure_schema(self) -> None:
        """Make the table if it is missing.

        Raises:
            MigrationSchemaMissing: it cannot be made.
        """
        try:
            if not self.has_table():
                with self.connection.schema_editor() as editor:
                    editor.create_model(self.Migration)
        except DatabaseError as error:
            message = f"Unable to create the django_migrations table ({error})"
            raise MigrationSchemaMissing(message) from error

    def applied_migrations(self) -> dict[tuple[str, str], Any]:
        """Return the applied migrations' rows by key."""
        if not self.has_table():
            return {}
        return {(row.app, row.name): row for row in self.migration_qs}

    def record_applied(self, app: str, name: str) -> None:
        """Note that a migration was applied."""
        self.ensure_schema()
        self.Migration(app=app, name=name).save(force_insert=True, using=self.connection.alias)

    def record_unapplied(self, app: str, name: str) -> None:
        """Note that a migration was unapplied."""
        self.ensure_schema()
        self.migration_qs.filter(app=app, name=name).delete()

    def flush(self) -> None:
        """Forget all migrations."""
        self.migration_qs.all().delete()
