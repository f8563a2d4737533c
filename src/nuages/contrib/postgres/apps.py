"""The application: types of extensions are known to connections, lookups to fields."""

from __future__ import annotations

from typing import Any

from nuages.apps import AppConfig
from nuages.core.signals import setting_changed
from nuages.db import connections
from nuages.db.backends.signals import connection_created
from nuages.utils.translation import gettext_lazy as _


def _lookups() -> list[tuple[Any, type]]:
    """Return the lookups that fields of the house get, with the type of field."""
    from nuages.contrib.postgres import lookups
    from nuages.contrib.postgres.search import SearchLookup
    from nuages.db.models import CharField, TextField

    own = (
        lookups.Unaccent,
        SearchLookup,
        lookups.TrigramSimilar,
        lookups.TrigramWordSimilar,
        lookups.TrigramStrictWordSimilar,
    )
    return [(field, lookup) for field in (CharField, TextField) for lookup in own]


def uninstall_if_needed(setting: str, value: Any, enter: bool, **kwargs: Any) -> None:
    """Undo ``ready()`` when tests take the application out of ``INSTALLED_APPS``."""
    from nuages.apps import apps

    if setting != "INSTALLED_APPS" or enter or apps.is_installed(PostgresConfig.name):
        return
    from nuages.contrib.postgres.signals import register_type_handlers
    from nuages.db.migrations.writer import MigrationWriter
    from nuages.db.models.expressions import OrderBy
    from nuages.db.models.functions import Collate
    from nuages.db.models.indexes import IndexExpression

    connection_created.disconnect(register_type_handlers)
    for field, lookup in _lookups():
        field._unregister_lookup(lookup)
    for kind in _ranges():
        MigrationWriter.unregister_serializer(kind)
    IndexExpression.register_wrappers(OrderBy, Collate)
    # The next installation connects it again.
    setting_changed.disconnect(uninstall_if_needed)


def _ranges() -> tuple[type, ...]:
    from nuages.db.backends.postgresql.psycopg_any import RANGE_TYPES

    return RANGE_TYPES


class PostgresConfig(AppConfig):
    """PostgreSQL extensions."""

    name = "django.contrib.postgres"
    verbose_name = _("PostgreSQL extensions")

    def ready(self) -> None:
        from nuages.contrib.postgres.indexes import OpClass
        from nuages.contrib.postgres.serializers import RangeSerializer
        from nuages.contrib.postgres.signals import register_type_handlers
        from nuages.db.migrations.writer import MigrationWriter
        from nuages.db.models.expressions import OrderBy
        from nuages.db.models.functions import Collate
        from nuages.db.models.indexes import IndexExpression

        setting_changed.connect(uninstall_if_needed)
        # Connections that are open already have missed the signal.
        for connection in connections.all(initialized_only=True):
            if connection.vendor == "postgresql" and connection.connection is not None:
                register_type_handlers(connection)
        connection_created.connect(register_type_handlers)
        for field, lookup in _lookups():
            field.register_lookup(lookup)
        for kind in _ranges():
            MigrationWriter.register_serializer(kind, RangeSerializer)
        IndexExpression.register_wrappers(OrderBy, OpClass, Collate)
