"""The test case classes. Manual: "Testing tools", "Provided test case classes"."""

from __future__ import annotations

import copy
import logging
import pickle
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import Any, ClassVar

from asgiref.sync import async_to_sync

from nuages.apps import apps
from nuages.conf import settings
from nuages.core import mail
from nuages.core.files import locks
from nuages.core.management import call_command
from nuages.core.signals import setting_changed
from nuages.db import DEFAULT_DB_ALIAS, connections, transaction
from nuages.test.assertions import (
    QueryAssertions,
    ResponseAssertions,
    assert_and_parse_html,
    to_list,
)
from nuages.test.client import AsyncClient, Client
from nuages.test.databases import (
    DatabaseGuard,
    DatabaseOperationForbidden,
    connections_support_savepoints,
    connections_support_transactions,
    guard,
    skipIfDBFeature,
    skipUnlessAnyDBFeature,
    skipUnlessDBFeature,
    unguard,
    validated_databases,
)
from nuages.test.overrides import modify_settings, override_settings

__all__ = [
    "DatabaseOperationForbidden",
    "LiveServerTestCase",
    "LiveServerThread",
    "SerializeMixin",
    "SimpleTestCase",
    "TestCase",
    "TestData",
    "TransactionTestCase",
    "assert_and_parse_html",
    "connections_support_transactions",
    "is_pickable",
    "skipIfDBFeature",
    "skipUnlessAnyDBFeature",
    "skipUnlessDBFeature",
    "to_list",
]

logger = logging.getLogger("django.test")

_DatabaseFailure = DatabaseGuard


def is_pickable(obj: Any) -> bool:
    """Whether ``obj`` survives being sent to another process."""
    try:
        pickle.loads(pickle.dumps(obj))
    except (AttributeError, TypeError, pickle.PickleError):
        return False
    return True


class SimpleTestCase(ResponseAssertions, unittest.TestCase):
    """Tests that use no database: a client, overridden settings, and the assertions.

    Manual: "Testing tools", ``SimpleTestCase``.
    """

    client_class: ClassVar[type[Client]] = Client
    async_client_class: ClassVar[type[AsyncClient]] = AsyncClient
    _overridden_settings: ClassVar[dict[str, Any] | None] = None
    _modified_settings: ClassVar[list[Any] | None] = None

    databases: Any = set()
    _disallowed_database_msg: ClassVar[str] = (
        "Database %(operation)s to %(alias)r are not allowed in SimpleTestCase subclasses. Either"
        " subclass TestCase or TransactionTestCase to ensure proper test isolation or add"
        " %(alias)r to %(test)s.databases to silence this failure."
    )

    # What holds for a whole class

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for change, given in (
            (override_settings, cls._overridden_settings),
            (modify_settings, cls._modified_settings),
        ):
            if given:
                in_force = change(**given) if isinstance(given, dict) else change(given)
                in_force.enable()
                cls.addClassCleanup(in_force.disable)
        cls._add_databases_failures()
        cls.addClassCleanup(cls._remove_databases_failures)

    @classmethod
    def _validate_databases(cls) -> frozenset[str]:
        return validated_databases(cls)

    @classmethod
    def _add_databases_failures(cls) -> None:
        cls.databases = cls._validate_databases()
        guard(cls, cls.databases)

    @classmethod
    def _remove_databases_failures(cls) -> None:
        unguard(cls.databases)

    # What holds for one test

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what cannot go to another process: the parallel runner sends test cases."""
        state = self.__dict__.copy()
        state.pop("_outcome", None)
        return {name: value for name, value in state.items() if is_pickable(value)}

    def __call__(self, result: unittest.TestResult | None = None) -> Any:  # type: ignore[override]
        self._setup_and_call(result)

    def debug(self) -> None:
        """Run the test without collecting errors in a result."""
        self._setup_and_call(None, debug=True)

    def _setup_and_call(self, result: Any, debug: bool = False) -> None:
        method = getattr(self, self._testMethodName)
        skipped = getattr(self.__class__, "__unittest_skip__", False) or getattr(
            method, "__unittest_skip__", False
        )
        if iscoroutinefunction(method):
            setattr(self, self._testMethodName, async_to_sync(method))
        if not skipped:
            try:
                if self.__class__._pre_setup_ran_eagerly:
                    self.__class__._pre_setup_ran_eagerly = False
                else:
                    self._pre_setup()
            except Exception as error:
                self._report(result, error, debug)
                return
        if debug:
            super().debug()
        else:
            super().__call__(result)
        if not skipped:
            try:
                self._post_teardown()
            except Exception as error:
                self._report(result, error, debug)

    def _report(self, result: Any, error: Exception, debug: bool) -> None:
        if debug:
            raise error
        result.addError(self, (type(error), error, error.__traceback__))

    _pre_setup_ran_eagerly: ClassVar[bool] = False

    @classmethod
    def _pre_setup(cls) -> None:
        """Prepare for a test: fresh clients and an empty outbox."""
        cls.client = cls.client_class()
        cls.async_client = cls.async_client_class()
        mail.outbox = []

    def _post_teardown(self) -> None:
        """Tidy up after a test."""

    def settings(self, **kwargs: Any) -> override_settings:
        """Override settings for a ``with`` block."""
        return override_settings(**kwargs)

    def modify_settings(self, **kwargs: Any) -> modify_settings:
        """Change lists in settings for a ``with`` block."""
        return modify_settings(**kwargs)


class TransactionTestCase(QueryAssertions, SimpleTestCase):
    """Tests that commit: the database is emptied after each.

    Manual: "Testing tools", ``TransactionTestCase``.
    """

    #: Whether sequences start anew before each test.
    reset_sequences: ClassVar[bool] = False
    #: Labels of the only apps to be installed during the tests, and to be emptied after them.
    available_apps: Any = None
    fixtures: Any = None
    databases: Any = {DEFAULT_DB_ALIAS}
    _disallowed_database_msg: ClassVar[str] = (
        "Database %(operation)s to %(alias)r are not allowed in this test. Add %(alias)r to"
        " %(test)s.databases to ensure proper test isolation and silence this failure."
    )
    #: Whether the data that migrations made is put back after each test.
    serialized_rollback: ClassVar[bool] = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if not issubclass(cls, TestCase):
            # Fixtures are there for setUpClass() too; the first test finds its set-up done.
            cls._pre_setup()
            cls._pre_setup_ran_eagerly = True

    @classmethod
    def _pre_setup(cls) -> None:
        super()._pre_setup()
        if cls.available_apps is not None:
            apps.set_available_apps(cls.available_apps)
            cls._announce_apps(cls.available_apps, enter=True)
            for alias in cls._databases_names(include_mirrors=False):
                # The content types and permissions of the apps that stay.
                emit_post_migrate(alias)
        try:
            cls._fixture_setup()
        except Exception:
            if cls.available_apps is not None:
                apps.unset_available_apps()
                cls._announce_apps(settings.INSTALLED_APPS, enter=False)
            raise
        for alias in cls._databases_names(include_mirrors=False):
            # A log that runs over would hide queries from assertNumQueries().
            connections[alias].queries_log.clear()

    @staticmethod
    def _announce_apps(value: Any, enter: bool) -> None:
        setting_changed.send(
            sender=settings._wrapped.__class__, setting="INSTALLED_APPS", value=value, enter=enter
        )

    @classmethod
    def _databases_names(cls, include_mirrors: bool = True) -> list[str]:
        """Return the aliases that these tests use, mirrors left out if so asked."""
        return [
            alias
            for alias in connections
            if alias in cls.databases
            and (include_mirrors or not connections[alias].settings_dict["TEST"]["MIRROR"])
        ]

    @classmethod
    def _reset_sequences(cls, db_name: str) -> None:
        from nuages.core.management.color import no_style

        connection = connections[db_name]
        if not connection.features.supports_sequence_reset:
            return
        statements = connection.ops.sequence_reset_by_name_sql(
            no_style(), connection.introspection.sequence_list()
        )
        if statements:
            with transaction.atomic(using=db_name), connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    @classmethod
    def _fixture_setup(cls) -> None:
        for alias in cls._databases_names(include_mirrors=False):
            if cls.reset_sequences:
                cls._reset_sequences(alias)
            if cls.serialized_rollback and hasattr(connections[alias], "_test_serialized_contents"):
                if cls.available_apps is not None:
                    apps.unset_available_apps()
                connections[alias].creation.deserialize_db_from_string(
                    connections[alias]._test_serialized_contents
                )
                if cls.available_apps is not None:
                    apps.set_available_apps(cls.available_apps)
            if cls.fixtures:
                call_command("loaddata", *cls.fixtures, verbosity=0, database=alias)

    @classmethod
    def _should_reload_connections(cls) -> bool:
        return True

    def _post_teardown(self) -> None:
        try:
            self._fixture_teardown()
            super()._post_teardown()
            if self._should_reload_connections():
                # A test may have changed what a connection was configured with.
                for connection in connections.all(initialized_only=True):
                    connection.close()
        finally:
            if self.available_apps is not None:
                apps.unset_available_apps()
                self._announce_apps(settings.INSTALLED_APPS, enter=False)

    def _fixture_teardown(self) -> None:
        for alias in self._databases_names(include_mirrors=False):
            restores = self.serialized_rollback and hasattr(
                connections[alias], "_test_serialized_contents"
            )
            call_command(
                "flush",
                verbosity=0,
                interactive=False,
                database=alias,
                reset_sequences=False,
                # With some apps only, tables of others may refer to theirs.
                allow_cascade=self.available_apps is not None,
                inhibit_post_migrate=self.available_apps is not None or restores,
            )


def emit_post_migrate(alias: str) -> None:
    """Say that the installed apps' tables are there, as after a migration."""
    from nuages.core.management.sql import emit_post_migrate_signal

    emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)


class TestData:
    """Descriptor: each test gets its own copy of what ``setUpTestData`` put on the class.

    Objects that refer to each other still do in the copy: a test's copies share one memo.
    """

    memo_attr = "_testdata_memo"

    def __init__(self, name: str, data: Any) -> None:
        self.name = name
        self.data = data

    def get_memo(self, testcase: Any) -> dict[int, Any]:
        """Return the memo of the copies that a test has made so far."""
        try:
            memo = testcase.__dict__[self.memo_attr]
        except KeyError:
            memo = testcase.__dict__[self.memo_attr] = {}
        return memo

    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            return self.data
        own = copy.deepcopy(self.data, self.get_memo(instance))
        # Found in the instance from now on, before this descriptor.
        instance.__dict__[self.name] = own
        return own

    def __repr__(self) -> str:
        return f"<TestData: name={self.name!r}, data={self.data!r}>"


class TestCase(TransactionTestCase):
    """Tests that each run in a transaction, which is rolled back.

    Manual: "Testing tools", ``TestCase``.
    """

    cls_atomics: ClassVar[dict[str, Any]]

    @classmethod
    def _databases_support_transactions(cls) -> bool:
        return connections_support_transactions(cls.databases)

    @classmethod
    def _databases_support_savepoints(cls) -> bool:
        return connections_support_savepoints(cls.databases)

    @classmethod
    def _enter_atomics(cls) -> dict[str, Any]:
        """Open a transaction, or a savepoint in the one that is open, on each database."""
        entered = {}
        for alias in cls._databases_names():
            atomic = transaction.atomic(using=alias)
            atomic._from_testcase = True
            atomic.__enter__()
            entered[alias] = atomic
        return entered

    @classmethod
    def _rollback_atomics(cls, atomics: dict[str, Any]) -> None:
        for alias in reversed(cls._databases_names()):
            transaction.set_rollback(True, using=alias)
            atomics[alias].__exit__(None, None, None)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if not (cls._databases_support_transactions() and cls._databases_support_savepoints()):
            return
        cls.cls_atomics = cls._enter_atomics()
        try:
            if cls.fixtures:
                for alias in cls._databases_names(include_mirrors=False):
                    call_command("loaddata", *cls.fixtures, verbosity=0, database=alias)
            known = dict(cls.__dict__)
            cls.setUpTestData()
            for name, value in [*cls.__dict__.items()]:
                if known.get(name, _MISSING) is not value:
                    setattr(cls, name, TestData(name, value))
        except Exception:
            cls._rollback_atomics(cls.cls_atomics)
            raise

    @classmethod
    def tearDownClass(cls) -> None:
        if cls._databases_support_transactions() and cls._databases_support_savepoints():
            cls._rollback_atomics(cls.cls_atomics)
            for connection in connections.all(initialized_only=True):
                connection.close()
        super().tearDownClass()

    @classmethod
    def setUpTestData(cls) -> None:
        """Make data for all tests of the class. Manual: ``TestCase.setUpTestData``."""

    @classmethod
    def _should_reload_connections(cls) -> bool:
        if cls._databases_support_transactions():
            return False
        return super()._should_reload_connections()

    @classmethod
    def _fixture_setup(cls) -> None:
        if not cls._databases_support_transactions():
            # As good as it gets: each test starts from the class's data.
            cls.setUpTestData()
            super()._fixture_setup()
            return
        if cls.reset_sequences:
            raise TypeError("reset_sequences cannot be used on TestCase instances")
        cls.atomics = cls._enter_atomics()
        if not cls._databases_support_savepoints():
            if cls.fixtures:
                for alias in cls._databases_names(include_mirrors=False):
                    call_command("loaddata", *cls.fixtures, verbosity=0, database=alias)
            cls.setUpTestData()

    def _fixture_teardown(self) -> None:
        if not self._databases_support_transactions():
            super()._fixture_teardown()
            return
        try:
            for alias in reversed(self._databases_names()):
                if self._should_check_constraints(connections[alias]):
                    connections[alias].check_constraints()
        finally:
            self._rollback_atomics(self.atomics)

    def _should_check_constraints(self, connection: Any) -> bool:
        return (
            connection.features.can_defer_constraint_checks
            and not connection.needs_rollback
            and connection.is_usable()
        )

    @classmethod
    @contextmanager
    def captureOnCommitCallbacks(
        cls, *, using: str = DEFAULT_DB_ALIAS, execute: bool = False
    ) -> Iterator[list[Callable[[], Any]]]:
        """Collect the ``on_commit`` callbacks of a block, and call them if ``execute`` is set.

        Manual: ``TestCase.captureOnCommitCallbacks``.
        """
        callbacks: list[Callable[[], Any]] = []
        connection = connections[using]
        start = len(connection.run_on_commit)
        try:
            yield callbacks
        finally:
            while True:
                count = len(connection.run_on_commit)
                for _, callback, robust in connection.run_on_commit[start:]:
                    callbacks.append(callback)
                    if execute:
                        _call_on_commit(callback, robust)
                if count == len(connection.run_on_commit):
                    break
                # The callbacks registered more.
                start = count


_MISSING = object()


def _call_on_commit(callback: Callable[[], Any], robust: bool) -> None:
    if not robust:
        callback()
        return
    try:
        callback()
    except Exception as error:
        name = getattr(callback, "__qualname__", callback)
        logger.error("Error calling %s in on_commit() (%s).", name, error, exc_info=True)


class SerializeMixin:
    """Mixin: classes with the same ``lockfile`` do not run at the same time.

    Manual: "Advanced testing topics", "Enforce running test classes sequentially".
    """

    lockfile: ClassVar[str | None] = None

    def __init_subclass__(cls, /, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.lockfile is None:
            raise ValueError(
                f"{cls.__name__}.lockfile isn't set. Set it to a unique value in the base class."
            )

    @classmethod
    def setUpClass(cls) -> None:
        cls._lockfile = open(cls.lockfile)  # type: ignore[arg-type]
        cls.addClassCleanup(cls._lockfile.close)  # type: ignore[attr-defined]
        locks.lock(cls._lockfile, locks.LOCK_EX)
        super().setUpClass()  # type: ignore[misc]


from nuages.test.live import (  # noqa: E402
    LiveServerTestCase,
    LiveServerThread,
)
