"""``manage.py createcachetable``. Manual: topics/cache, "Creating the cache table"."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.cache import caches
from nuages.core.cache.backends.db import BaseDatabaseCache
from nuages.core.management.base import BaseCommand, CommandError
from nuages.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, router, transaction


class Command(BaseCommand):
    help = "Creates the tables of the database caches."

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "args",
            metavar="table_name",
            nargs="*",
            help="Tables to create, instead of those that the CACHES setting names.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database, by its alias.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Only show the SQL that would be run."
        )

    def handle(self, *table_names: str, **options: Any) -> None:
        if table_names:
            wanted = [BaseDatabaseCache(name, {}) for name in table_names]
        else:
            configured = (caches[alias] for alias in settings.CACHES)
            wanted = [cache for cache in configured if isinstance(cache, BaseDatabaseCache)]
        for cache in wanted:
            if router.allow_migrate_model(options["database"], cache.cache_model_class):
                self.create(cache._table, options)

    def create(self, table: str, options: dict[str, Any]) -> None:
        """Create one table with its index, unless it is there."""
        connection = connections[options["database"]]
        if table in connection.introspection.table_names():
            if options["verbosity"] > 0:
                self.stdout.write(f"Cache table '{table}' already exists.")
            return
        statements = self.statements(connection, table)
        if options["dry_run"]:
            for statement in statements:
                self.stdout.write(statement)
            return
        with transaction.atomic(
            using=connection.alias, savepoint=connection.features.can_rollback_ddl
        ):
            with connection.cursor() as cursor:
                try:
                    cursor.execute(statements[0])
                except DatabaseError as error:
                    raise CommandError(
                        f"Cache table '{table}' could not be created.\nThe error was: {error}."
                    ) from error
                for statement in statements[1:]:
                    cursor.execute(statement)
        if options["verbosity"] > 1:
            self.stdout.write(f"Cache table '{table}' created.")

    @staticmethod
    def statements(connection: Any, table: str) -> list[str]:
        """Return the SQL that makes the table, and the index on the expiry."""
        quote = connection.ops.quote_name
        space = connection.ops.tablespace_sql
        columns = {
            "cache_key": (models.CharField(max_length=255), "NOT NULL PRIMARY KEY"),
            "value": (models.TextField(), "NOT NULL"),
            "expires": (models.DateTimeField(), "NOT NULL"),
        }
        lines = [
            f"    {quote(name)} {field.db_type(connection)} {rules}"
            for name, (field, rules) in columns.items()
        ]
        suffix = space(settings.DEFAULT_TABLESPACE) if settings.DEFAULT_TABLESPACE else ""
        return [
            f"CREATE TABLE {quote(table)} (\n"
            + ",\n".join(lines)
            + f"\n){suffix and ' ' + suffix};",
            f"CREATE INDEX {quote(f'{table}_expires')} ON {quote(table)} ({quote('expires')});",
        ]
