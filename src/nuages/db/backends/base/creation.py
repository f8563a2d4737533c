"""Creating and destroying test databases. Manual: topics/testing/advanced."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import reduce
from importlib import import_module
from io import StringIO
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.db import router
from nuages.db.transaction import atomic
from nuages.utils.deprecation import RemovedInDjango2028Warning

#: What a test database's name begins with, unless ``TEST["NAME"]`` says otherwise.
TEST_DATABASE_PREFIX = "test_"


class BaseDatabaseCreation:
    """Creates, fills, clones and destroys the test database of a connection."""

    #: Method of the connection that is called before its test database is destroyed.
    destroy_test_db_connection_close_method = "close"

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def _nodb_cursor(self) -> AbstractContextManager[Any]:
        return self.connection._nodb_cursor()

    def log(self, msg: str) -> None:
        """Write a line to standard error."""
        sys.stderr.write(msg + os.linesep)

    # -- creating ----------------------------------------------------------------------------

    def create_test_db(
        self,
        verbosity: int = 1,
        autoclobber: bool = False,
        serialize: bool | None = None,
        keepdb: bool = False,
    ) -> str:
        """Create a test database, migrate it and return its name.

        A database that is there already is used (``keepdb``), or destroyed: without asking if
        ``autoclobber`` is true. The connection then is one to the test database.
        """
        from nuages.core.management import call_command

        name = self._get_test_db_name()
        if verbosity > 0:
            verb = "Using existing" if keepdb else "Creating"
            self.log(f"{verb} test database for {self._display(verbosity, name)}...")
        self._create_test_db(verbosity, autoclobber, keepdb)
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name

        with self._migrations_as_configured():
            # Its messages are of no interest, unless details were asked for.
            call_command(
                "migrate",
                verbosity=max(verbosity - 1, 0),
                interactive=False,
                database=self.connection.alias,
                run_syncdb=True,
            )
        if serialize is not None:
            warnings.warn(
                "DatabaseCreation.create_test_db(serialize) is deprecated. Call "
                "DatabaseCreation.serialize_test_db() once all test databases are set up instead "
                "if you need fixtures persistence between tests.",
                RemovedInDjango2028Warning,
                stacklevel=2,
            )
            if serialize:
                self.connection._test_serialized_contents = self.serialize_db_to_string()
        if _uses_cache_tables():
            call_command("createcachetable", database=self.connection.alias)
        self.connection.ensure_connection()
        if os.environ.get("RUNNING_DJANGOS_TEST_SUITE") == "true":
            self.mark_expected_failures_and_skips()
        return name

    def serialize_test_db(self) -> None:
        """Remember the contents of the test database, for ``serialized_rollback``."""
        self.connection._test_serialized_contents = self.serialize_db_to_string()

    @contextmanager
    def _migrations_as_configured(self) -> Iterator[None]:
        """With ``TEST["MIGRATE"]`` false, no app has migrations: its tables are made directly."""
        if self.connection.settings_dict["TEST"]["MIGRATE"]:
            yield
            return
        before = settings.MIGRATION_MODULES
        settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}
        try:
            yield
        finally:
            settings.MIGRATION_MODULES = before

    def set_as_test_mirror(self, primary_settings_dict: dict[str, Any]) -> None:
        """Make the connection one to the same database as the given settings."""
        self.connection.settings_dict["NAME"] = primary_settings_dict["NAME"]

    def _get_test_db_name(self) -> str:
        conf = self.connection.settings_dict
        return conf["TEST"]["NAME"] or TEST_DATABASE_PREFIX + conf["NAME"]

    def _get_database_display_str(self, verbosity: int, database_name: str) -> str:
        shown = f" ('{database_name}')" if verbosity >= 2 else ""
        return f"'{self.connection.alias}'{shown}"

    def _display(self, verbosity: int, name: str) -> str:
        return f"alias {self._get_database_display_str(verbosity, name)}"

    def _execute_create_test_db(
        self, cursor: Any, parameters: dict[str, str], keepdb: bool = False
    ) -> None:
        cursor.execute("CREATE DATABASE {dbname} {suffix}".format_map(parameters))

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name = self._get_test_db_name()
        quoted = self.connection.ops.quote_name(name)
        parameters = {"dbname": quoted, "suffix": self.sql_table_creation_suffix()}
        with self._nodb_cursor() as cursor:
            problem = self._try_to_create(cursor, parameters, keepdb)
            # With keepdb, that it is there already is what was hoped for.
            if problem is not None and not keepdb:
                self.log(f"Got an error creating the test database: {problem}")
                self._ask_to_destroy(autoclobber, "test database", name)
                if verbosity >= 1:
                    shown = self._display(verbosity, name)
                    self.log(f"Destroying old test database for {shown}...")
                problem = self._try_to_create(
                    cursor, parameters, keepdb, first=f"DROP DATABASE {quoted}"
                )
                if problem is not None:
                    self.log(f"Got an error recreating the test database: {problem}")
                    sys.exit(2)
        return name

    def _try_to_create(
        self, cursor: Any, parameters: dict[str, str], keepdb: bool, first: str = ""
    ) -> Exception | None:
        """Create the database and return ``None``, or what went wrong."""
        try:
            if first:
                cursor.execute(first)
            self._execute_create_test_db(cursor, parameters, keepdb)
        except Exception as error:
            return error
        return None

    def _ask_to_destroy(self, autoclobber: bool, what: str, name: str) -> None:
        """Exit, unless the user agrees (or did before) that something is destroyed."""
        if autoclobber:
            return
        answer = input(
            f"Type 'yes' if you would like to try deleting the {what} '{name}', or 'no' to cancel: "
        )
        if answer != "yes":
            self.log("Tests cancelled.")
            sys.exit(1)

    def sql_table_creation_suffix(self) -> str:
        """Return what stands after CREATE DATABASE."""
        return ""

    def test_db_signature(self) -> tuple[Any, ...]:
        """Return what two connections to the same test database have in common."""
        conf = self.connection.settings_dict
        return conf["HOST"], conf["PORT"], conf["ENGINE"], self._get_test_db_name()

    # -- cloning -----------------------------------------------------------------------------

    def clone_test_db(
        self, suffix: Any, verbosity: int = 1, autoclobber: bool = False, keepdb: bool = False
    ) -> None:
        """Make a copy of the test database, for a parallel process."""
        if verbosity >= 1:
            verb = "Using existing clone" if keepdb else "Cloning test database"
            shown = self._display(verbosity, self.connection.settings_dict["NAME"])
            self.log(f"{verb} for {shown}...")
        # A cloned database needs no connection of ours.
        self._clone_test_db(suffix, verbosity, keepdb)

    def get_test_db_clone_settings(self, suffix: Any) -> dict[str, Any]:
        """Return the settings of the clone with that suffix."""
        conf = self.connection.settings_dict
        return {**conf, "NAME": f"{conf['NAME']}_{suffix}"}

    def _clone_test_db(self, suffix: Any, verbosity: int, keepdb: bool = False) -> None:
        raise NotImplementedError(
            "The database backend doesn't support cloning databases. Disable the option to run "
            "tests in parallel processes."
        )

    def setup_worker_connection(self, _worker_id: Any) -> None:
        """Point the connection of a parallel process to its own clone."""
        conf = self.get_test_db_clone_settings(str(_worker_id))
        # In place: others hold on to the dictionary.
        self.connection.settings_dict.update(conf)
        self.connection.close()

    # -- destroying --------------------------------------------------------------------------

    def destroy_test_db(
        self,
        old_database_name: str | None = None,
        verbosity: int = 1,
        keepdb: bool = False,
        suffix: Any = None,
    ) -> None:
        """Destroy the test database, or a clone of it; go back to ``old_database_name``."""
        if self.destroy_test_db_connection_close_method:
            getattr(self.connection, self.destroy_test_db_connection_close_method)()
        conf = (
            self.connection.settings_dict
            if suffix is None
            else self.get_test_db_clone_settings(suffix)
        )
        name = conf["NAME"]
        if verbosity >= 1:
            verb = "Preserving" if keepdb else "Destroying"
            self.log(f"{verb} test database for {self._display(verbosity, name)}...")
        if not keepdb:
            self._destroy_test_db(name, verbosity)
        if old_database_name is not None:
            settings.DATABASES[self.connection.alias]["NAME"] = old_database_name
            self.connection.settings_dict["NAME"] = old_database_name

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        # From a connection to another database, as one does not drop what one is connected to.
        with self._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {self.connection.ops.quote_name(test_database_name)}")

    # -- contents ----------------------------------------------------------------------------

    def serialize_db_to_string(self) -> str:
        """Return all rows of the models of migrated apps, as JSON."""
        from nuages.core import serializers

        out = StringIO()
        serializers.serialize("json", self._objects(), indent=None, stream=out)
        return out.getvalue()

    def _objects(self) -> Iterator[Any]:
        from nuages.db.migrations.loader import MigrationLoader

        alias = self.connection.alias
        migrated = MigrationLoader(self.connection).migrated_apps
        for config in apps.get_app_configs():
            if config.models_module is None or config.label not in migrated:
                continue
            for model in config.get_models():
                opts = model._meta
                if opts.can_migrate(self.connection) and router.allow_migrate_model(alias, model):
                    rows = model._base_manager.using(alias).order_by(opts.pk.name)
                    yield from rows.iterator(chunk_size=2000)

    def deserialize_db_from_string(self, data: str) -> None:
        """Load what ``serialize_db_to_string`` gave. Raises if foreign keys lead nowhere."""
        from nuages.core import serializers

        tables = set()
        alias = self.connection.alias
        with atomic(using=alias), self.connection.constraint_checks_disabled():
            # Rows may refer to later rows, so the check comes at the end.
            for item in serializers.deserialize("json", StringIO(data), using=alias):
                item.save()
                tables.add(item.object._meta.db_table)
            self.connection.check_constraints(table_names=tables)

    # -- the public test suite ---------------------------------------------------------------

    def mark_expected_failures_and_skips(self) -> None:
        """Mark the tests that the backend's features name."""
        features = self.connection.features
        for name in features.django_test_expected_failures:
            self._mark_test(name)
        for reason, names in features.django_test_skips.items():
            for name in names:
                self._mark_test(name, reason)

    def _mark_test(self, test_name: str, skip_reason: str | None = None) -> None:
        module_name, _, rest = test_name.partition(".")
        if module_name not in {app.partition(".")[0] for app in settings.INSTALLED_APPS}:
            # Tests of an app that does not run here.
            return
        path = rest.split(".")
        module = import_module(module_name)
        while path:
            try:
                module = import_module(f"{module.__name__}.{path[0]}")
            except ModuleNotFoundError:
                break
            del path[0]
        *owners, attribute = path
        owner: Any = reduce(getattr, owners, module)
        test = getattr(owner, attribute)
        from unittest import expectedFailure, skip

        mark = expectedFailure if skip_reason is None else skip(skip_reason)
        setattr(owner, attribute, mark(test))


def _uses_cache_tables() -> bool:
    """Whether a cache of the project is kept in the database."""
    from nuages.core.cache import caches
    from nuages.core.cache.backends.db import BaseDatabaseCache

    return any(isinstance(cache, BaseDatabaseCache) for cache in caches.all())
