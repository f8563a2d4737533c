"""The table of applied migrations."""

from __future__ import annotations

from typing import Any

from nuages.apps.registry import Apps
from nuages.db import DatabaseError, models
from nuages.db.migrations.exceptions import MigrationSchemaMissing
from nuages.utils.functional import classproperty
from nuages.utils.timezone import now


class MigrationRecorder:
    """Reads and writes which migrations a database has.

    Args:
        connection: the database.
    """

    _migration_class: Any = None

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._has_table = False

    @classproperty
    def Migration(cls) -> Any:  # noqa: N802, N805
        """The model of the table. Made late, when models may be."""
        if cls._migration_class is None:

            class Migration(models.Model):
                app = models.CharField(max_length=255)
                name = models.CharField(max_length=255)
                applied = models.DateTimeField(default=now)

                class Meta:
                    apps = Apps()
                    app_label = "migrations"
                    db_table = "django_migrations"

                def __str__(self) -> str:
                    return f"Migration {self.name} for {self.app}"

            cls._migration_class = Migration
        return cls._migration_class

    @property
    def migration_qs(self) -> Any:
        """The rows."""
        return self.Migration.objects.using(self.connection.alias)

    def has_table(self) -> bool:
        """Whether the table is there. Once seen, it is not looked for again."""
        if not self._has_table:
            with self.connection.cursor() as cursor:
                tables = self.connection.introspection.table_names(cursor)
            self._has_table = self.Migration._meta.db_table in tables
        return self._has_table

    def ensure_schema(self) -> None:
        """Make the table if it is missing.

        Raises:
            MigrationSchemaMissing: it cannot be made.
        """
        if self.has_table():
            return
        try:
            with self.connection.schema_editor() as editor:
                editor.create_model(self.Migration)
        except DatabaseError as error:
            raise MigrationSchemaMissing(
                f"Unable to create the django_migrations table ({error})"
            ) from error

    def applied_migrations(self) -> dict[tuple[str, str], Any]:
        """Return the applied migrations' rows by key."""
        if not self.has_table():
            return {}
        return {(row.app, row.name): row for row in self.migration_qs}

    def record_applied(self, app: str, name: str) -> None:
        """Note that a migration was applied."""
        self.ensure_schema()
        self.migration_qs.create(app=app, name=name)

    def record_unapplied(self, app: str, name: str) -> None:
        """Note that a migration was unapplied."""
        self.ensure_schema()
        self.migration_qs.filter(app=app, name=name).delete()

    def flush(self) -> None:
        """Forget all migrations."""
        self.migration_qs.all().delete()
