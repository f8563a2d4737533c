"""The backend of a project that has no database: using it says so."""

from __future__ import annotations

from typing import Any, NoReturn

from nuages.core.exceptions import ImproperlyConfigured
from nuages.db.backends.base.base import BaseDatabaseWrapper
from nuages.db.backends.base.client import BaseDatabaseClient
from nuages.db.backends.base.creation import BaseDatabaseCreation
from nuages.db.backends.base.introspection import BaseDatabaseIntrospection
from nuages.db.backends.base.operations import BaseDatabaseOperations
from nuages.db.backends.dummy.features import DummyDatabaseFeatures


def complain(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise ``ImproperlyConfigured``: there is no database to use."""
    raise ImproperlyConfigured(
        "settings.DATABASES is improperly configured. Please supply the ENGINE value. Check "
        "settings documentation for more details."
    )


def ignore(*args: Any, **kwargs: Any) -> None:
    """Do nothing."""


def _without(base: type, reaction: Any, *methods: str) -> type:
    """Return a subclass in which these methods react in the same way."""
    return type(base.__name__.removeprefix("Base"), (base,), dict.fromkeys(methods, reaction))


_READS = ("table_list", "table_description", "relations", "constraints", "sequences")

DatabaseClient = _without(BaseDatabaseClient, complain, "runshell")
DatabaseOperations = _without(BaseDatabaseOperations, complain, "quote_name")
DatabaseIntrospection = _without(
    BaseDatabaseIntrospection, complain, *(f"get_{what}" for what in _READS)
)
DatabaseCreation = _without(
    BaseDatabaseCreation,
    ignore,
    "create_test_db",
    "destroy_test_db",
    "serialize_db_to_string",
    "serialize_test_db",
)


class DatabaseWrapper(BaseDatabaseWrapper):
    """A connection to nothing: closing it is fine, anything else raises."""

    vendor = "dummy"
    display_name = "dummy"
    operators: dict[str, str] = {}
    client_class = DatabaseClient
    creation_class = DatabaseCreation
    features_class = DummyDatabaseFeatures
    introspection_class = DatabaseIntrospection
    ops_class = DatabaseOperations

    ensure_connection = complain
    _cursor = complain
    _commit = complain
    _rollback = ignore
    _close = ignore
    _savepoint = ignore
    _savepoint_commit = complain
    _savepoint_rollback = ignore
    _set_autocommit = complain

    def is_usable(self) -> bool:
        return True
