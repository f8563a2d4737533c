"""The test case classes. Manual: "Testing tools", "Provided test case classes"."""

from __future__ import annotations

import copy
import logging
import pickle
import unittest
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date, datetime
from decimal import Decimal
from inspect import CO_COROUTINE, iscoroutinefunction
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from nuages.apps import apps
from nuages.conf import settings
from nuages.core import mail
from nuages.core.files import locks
from nuages.core.management import call_command
from nuages.core.signals import setting_changed
from nuages.db import DEFAULT_DB_ALIAS, connections, transaction
from nuages.db.models import Model
from nuages.db.models.base import ModelState
from nuages.test.assertions import (
    QueryAssertions,
    ResponseAssertions,
    assert_and_parse_html,
    listing_assertions,
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
from nuages.utils.concurrency import async_to_sync

if TYPE_CHECKING:
    from nuages.test.live import (
        LiveServerTestCase,
        LiveServerThread,
        QuietWSGIRequestHandler,
        _MediaFilesHandler,
        _StaticFilesHandler,
    )

_DatabaseFailure = DatabaseGuard  # the name that packages look for

__all__ = [
    "DatabaseOperationForbidden",
    "LiveServerTestCase",
    "LiveServerThread",
    "QuietWSGIRequestHandler",
    "_MediaFilesHandler",
    "_StaticFilesHandler",
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


def is_pickable(obj: Any) -> bool:
    """Whether ``obj`` survives being sent to another process."""
    survived = False
    with suppress(AttributeError, TypeError, pickle.PickleError):
        survived = pickle.loads(pickle.dumps(obj)) is not _MISSING
    return survived


_MISSING = object()


def _may_be_coroutine_function(test: Any) -> bool:
    """Whether a second look is worth its time: most tests are plain methods, nothing around them."""
    function = getattr(test, "__func__", None)
    return (
        type(function) is not FunctionType
        or bool(function.__code__.co_flags & CO_COROUTINE)
        or bool(function.__dict__)
    )


class OnDemand:
    """Descriptor: something that each test has afresh, made when it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make, self.made = make, _MISSING

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        made = self.made
        if made is _MISSING:
            made = self.made = self.make()
        return made

    @staticmethod
    def renew(cls: type[Any], name: str, make: Callable[[], Any]) -> None:
        """Let the class have another one from now on."""
        held = cls.__dict__.get(name)
        if type(held) is OnDemand and held.make is make:
            # (What is set on a class makes the interpreter forget all that it knew of it.)
            held.made = _MISSING
        else:
            setattr(cls, name, OnDemand(make))


@listing_assertions
class SimpleTestCase(ResponseAssertions, unittest.TestCase):
    """Tests that use no database: a client, overridden settings, and the assertions.

    Manual: "Testing tools", ``SimpleTestCase``.
    """

    client_class: ClassVar[type[Client]] = Client
    async_client_class: ClassVar[type[AsyncClient]] = AsyncClient
    _overridden_settings: ClassVar[dict[str, Any] | None] = None
    _modified_settings: ClassVar[list[Any] | None] = None

    client: Any
    async_client: Any
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
        change: Any
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
        # What unittest keeps while the test runs refers back to it, and would never end.
        running = ("_outcome", "_subtest")
        return {
            name: value
            for name, value in self.__dict__.items()
            if name not in running and is_pickable(value)
        } | {"_outcome": None, "_subtest": None}

    def __call__(self, result: unittest.TestResult | None = None) -> Any:
        self._setup_and_call(result)

    def debug(self) -> None:
        """Run the test without collecting errors in a result."""
        self._setup_and_call(None, debug=True)

    def _setup_and_call(self, result: Any, debug: bool = False) -> None:
        """Run the test between :meth:`_pre_setup` and :meth:`_post_teardown`."""
        test = getattr(self, self._testMethodName)
        if _may_be_coroutine_function(test) and iscoroutinefunction(test):
            # unittest is to see a plain method: it would not await.
            setattr(self, self._testMethodName, async_to_sync(test))
        if getattr(type(self), "__unittest_skip__", False) or getattr(
            test, "__unittest_skip__", False
        ):
            self._run_alone(result, debug)
        elif self._did(self._begin, result, debug):
            self._run_alone(result, debug)
            self._did(self._post_teardown, result, debug)

    def _run_alone(self, result: Any, debug: bool) -> None:
        if debug:
            super().debug()
        else:
            super().__call__(result)

    def _begin(self) -> None:
        cls = type(self)
        if cls._pre_setup_ran_eagerly:
            # By setUpClass(), for the first test.
            cls._pre_setup_ran_eagerly = False
        else:
            self._pre_setup()

    def _did(self, step: Callable[[], None], result: Any, debug: bool) -> bool:
        """Do ``step``; report an error as the test's, unless debugging. Return whether it went well."""
        try:
            step()
        except Exception as error:
            if debug:
                raise
            result.addError(self, (type(error), error, error.__traceback__))
            return False
        return True

    #: Whether setUpClass() has prepared for the first test. (Packages that run tests read this name.)
    _pre_setup_ran_eagerly: ClassVar[bool] = False

    @classmethod
    def _pre_setup(cls) -> None:
        """Prepare for a test: fresh clients and an empty outbox."""
        mail.outbox = []
        # Most tests use one of them, or neither.
        OnDemand.renew(cls, "client", cls.client_class)
        OnDemand.renew(cls, "async_client", cls.async_client_class)

    def _post_teardown(self) -> None:
        """Tidy up after a test."""

    def settings(self, **kwargs: Any) -> override_settings:
        """Override settings for a ``with`` block."""
        return override_settings(**kwargs)

    def modify_settings(self, **kwargs: Any) -> modify_settings:
        """Change lists in settings for a ``with`` block."""
        return modify_settings(**kwargs)


@listing_assertions
class TransactionTestCase(QueryAssertions, SimpleTestCase):
    """Tests that commit: the database is emptied after each.

    Manual: "Testing tools", ``TransactionTestCase``.
    """

    #: Whether sequences start anew before each test.
    reset_sequences: ClassVar[bool] = False
    #: Labels of the only apps to be installed during the tests, and to be emptied after them.
    available_apps: ClassVar[Any] = None
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
            cls.addClassCleanup(cls._undo_unused_set_up)

    @classmethod
    def _undo_unused_set_up(cls) -> None:
        """Tidy up after a class whose tests were all skipped."""
        if cls._pre_setup_ran_eagerly:
            cls._pre_setup_ran_eagerly = False
            with ExitStack() as finally_:
                if cls.available_apps is not None:
                    finally_.callback(cls._restore_apps)
                cls._fixture_teardown(cls)  # type: ignore[arg-type]

    @classmethod
    def _pre_setup(cls) -> None:
        super()._pre_setup()
        if cls.available_apps is None:
            cls._fixture_setup()
        else:
            cls._set_up_with_some_apps()
        # A log that runs over would hide queries from assertNumQueries().
        for alias in cls._databases_names(include_mirrors=False):
            connections[alias].queries_log.clear()

    @classmethod
    def _set_up_with_some_apps(cls) -> None:
        with ExitStack() as on_error:
            on_error.callback(cls._restore_apps)
            apps.set_available_apps(cls.available_apps)
            cls._announce_apps(cls.available_apps, enter=True)
            # The content types and permissions of the apps that stay.
            for alias in cls._databases_names(include_mirrors=False):
                emit_post_migrate(alias)
            cls._fixture_setup()
            on_error.pop_all()

    @staticmethod
    def _announce_apps(value: Any, enter: bool) -> None:
        setting_changed.send(
            sender=type(settings._wrapped), setting="INSTALLED_APPS", value=value, enter=enter
        )

    @classmethod
    def _restore_apps(cls) -> None:
        apps.unset_available_apps()
        cls._announce_apps(settings.INSTALLED_APPS, enter=False)

    @classmethod
    def _databases_names(cls, include_mirrors: bool = True) -> list[str]:
        """Return the aliases that these tests use, mirrors left out if so asked."""
        named = filter(cls.databases.__contains__, connections)
        if include_mirrors:
            return list(named)
        return [name for name in named if not connections[name].settings_dict["TEST"]["MIRROR"]]

    @classmethod
    def _reset_sequences(cls, db_name: str) -> None:
        from nuages.core.management.color import no_style

        connection = connections[db_name]
        if connection.features.supports_sequence_reset:
            sequences = connection.introspection.sequence_list()
            connection.ops.execute_sql_flush(
                connection.ops.sequence_reset_by_name_sql(no_style(), sequences)
            )

    @classmethod
    def _load_fixtures(cls) -> None:
        if cls.fixtures:
            for alias in cls._databases_names(include_mirrors=False):
                call_command("loaddata", *cls.fixtures, verbosity=0, database=alias)

    @classmethod
    def _fixture_setup(cls) -> None:
        for alias in cls._databases_names(include_mirrors=False):
            if cls.reset_sequences:
                cls._reset_sequences(alias)
            contents = getattr(connections[alias], "_test_serialized_contents", None)
            if not cls.serialized_rollback or contents is None:
                continue
            with ExitStack() as undo:
                if cls.available_apps is not None:
                    # The contents are those of all apps.
                    apps.unset_available_apps()
                    undo.callback(apps.set_available_apps, cls.available_apps)
                connections[alias].creation.deserialize_db_from_string(contents)
        cls._load_fixtures()

    @classmethod
    def _should_reload_connections(cls) -> bool:
        return True

    def _post_teardown(self) -> None:
        try:
            self._fixture_teardown()
            super()._post_teardown()
            if self._should_reload_connections():
                # A test may have changed what a connection was configured with.
                _close_connections()
        finally:
            if self.available_apps is not None:
                self._restore_apps()

    def _fixture_teardown(self) -> None:
        some_apps = self.available_apps is not None
        for alias in self._databases_names(include_mirrors=False):
            kept = hasattr(connections[alias], "_test_serialized_contents")
            call_command(
                "flush",
                verbosity=0,
                interactive=False,
                database=alias,
                reset_sequences=False,
                # With some apps only, tables of others may refer to theirs.
                allow_cascade=some_apps,
                inhibit_post_migrate=some_apps or (self.serialized_rollback and kept),
            )


def _close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        connection.close()


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
        own = _copied(self.data, self.get_memo(instance))
        # Found in the instance from now on, before this descriptor.
        instance.__dict__[self.name] = own
        return own

    def __repr__(self) -> str:
        return f"<TestData: name={self.name!r}, data={self.data!r}>"


#: Types whose values need no copy.
_CONSTANT = frozenset({int, str, float, bool, bytes, type(None), Decimal, datetime, date, UUID})


def _copied(data: Any, memo: dict[int, Any]) -> Any:
    """Return a deep copy; that of an instance, of which there are many, without its pickling."""
    cls: Any = type(data)
    if id(data) in memo or not (
        isinstance(data, Model)
        and cls.__reduce__ is Model.__reduce__
        and cls.__getstate__ is Model.__getstate__
        and cls.__setstate__ is Model.__setstate__
        and not hasattr(cls, "__deepcopy__")
    ):
        return copy.deepcopy(data, memo)
    twin = memo[id(data)] = cls.__new__(cls)
    # (The memo keeps alive what its keys are the identities of.)
    memo.setdefault(id(memo), []).append(data)
    state = data._state
    if type(state) is ModelState:
        # As its copy would be, with less ado.
        twin_state = ModelState()
        vars(twin_state).update(vars(state))
        vars(twin_state).pop("peers", None)
    else:
        twin_state = copy.copy(state)
    if "fields_cache" in vars(state):
        twin_state.fields_cache = {
            name: _copied(each, memo) for name, each in state.fields_cache.items()
        }
    twin.__dict__["_state"] = twin_state
    for name, value in data.__dict__.items():
        if name != "_state":
            twin.__dict__[name] = value if type(value) in _CONSTANT else copy.deepcopy(value, memo)
    return twin


class TestCase(TransactionTestCase):
    """Tests that each run in a transaction, which is rolled back.

    Manual: "Testing tools", ``TestCase``.
    """

    #: The open transactions by alias: of the class, and of the test that runs.
    cls_atomics: ClassVar[dict[str, Any]]
    atomics: ClassVar[dict[str, Any]]
    #: By alias: how many had been changed when the class's data was known to meet all constraints.
    _sound_at: ClassVar[dict[str, int]] = {}

    @classmethod
    def _databases_support_transactions(cls) -> bool:
        return connections_support_transactions(cls.databases)

    @classmethod
    def _databases_support_savepoints(cls) -> bool:
        return connections_support_savepoints(cls.databases)

    @classmethod
    def _shares_class_data(cls) -> bool:
        """Whether the class's data can be made once, below savepoints for the tests."""
        return cls._databases_support_transactions() and cls._databases_support_savepoints()

    @classmethod
    def _enter_atomics(cls) -> dict[str, Any]:
        """Open a transaction, or a savepoint in the one that is open, on each database."""
        blocks = {}
        for alias in cls._databases_names():
            block = blocks[alias] = transaction.atomic(using=alias)
            connection = connections[alias]
            # A durable block inside is outermost as far as the tested code is concerned.
            block._from_testcase = True
            block._savepoint_state = connection.savepoint_state
            block.__enter__()
            block._row_changes = connection.row_changes()
        return blocks

    @classmethod
    def _rollback_atomics(cls, atomics: dict[str, Any]) -> None:
        for alias, block in reversed(atomics.items()):
            transaction.set_rollback(True, using=alias)
            connection = connections[alias]
            if connection.savepoint_ids:
                # Of the savepoints since then none is left: the next test's can have their names,
                # and statements that the database knows.
                connection.savepoint_state = block._savepoint_state
            block.__exit__(None, None, None)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if cls._shares_class_data():
            with ExitStack() as on_error:
                cls.cls_atomics = cls._enter_atomics()
                cls._sound_at = {}
                on_error.callback(cls._rollback_atomics, cls.cls_atomics)
                cls._load_fixtures()
                cls._make_class_data()
                on_error.pop_all()

    @classmethod
    def _make_class_data(cls) -> None:
        """Call ``setUpTestData``, and have each test copy what it put on the class."""
        known = dict(cls.__dict__)
        cls.setUpTestData()
        for name, value in list(cls.__dict__.items()):
            if value is not known.get(name, _MISSING):
                setattr(cls, name, TestData(name, value))

    @classmethod
    def tearDownClass(cls) -> None:
        if cls._shares_class_data():
            cls._rollback_atomics(cls.cls_atomics)
            _close_connections()
        super().tearDownClass()

    @classmethod
    def setUpTestData(cls) -> None:
        """Make data for all tests of the class. Manual: ``TestCase.setUpTestData``."""

    @classmethod
    def _should_reload_connections(cls) -> bool:
        # Closing them would lose the class's transaction.
        return not cls._databases_support_transactions()

    @classmethod
    def _fixture_setup(cls) -> None:
        if cls._databases_support_transactions():
            if cls.reset_sequences:
                raise TypeError("reset_sequences cannot be used on TestCase instances")
            blocks, held = cls._enter_atomics(), cls.__dict__.get("atomics")
            if held is None:
                cls.atomics = blocks
            else:
                held.clear()
                held.update(blocks)
            if not cls._databases_support_savepoints():
                cls._load_fixtures()
                cls.setUpTestData()
        else:
            # As good as it gets: each test starts from the class's data.
            cls.setUpTestData()
            super()._fixture_setup()

    def _fixture_teardown(self) -> None:
        if not self._databases_support_transactions():
            return super()._fixture_teardown()
        try:
            for alias, block in reversed(self.atomics.items()):
                connection = connections[alias]
                if self._should_check_constraints(connection):
                    self._check_constraints(alias, block._row_changes, connection)
        finally:
            self._rollback_atomics(self.atomics)

    def _check_constraints(self, alias: str, before: int | None, connection: Any) -> None:
        """Check what a test leaves, unless that is the class's data, and known to be sound.

        Args:
            before: how many rows had been changed when the test began.
        """
        now = connection.row_changes()
        known = now is not None and self._sound_at.get(alias) == before
        if not known or now != before:
            connection.check_constraints()
        if now is not None and (known or now == before):
            self._sound_at[alias] = now

    def _should_check_constraints(self, connection: Any) -> bool:
        if connection.needs_rollback or not connection.features.can_defer_constraint_checks:
            return False
        return connection.is_usable()

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
    _lockfile: ClassVar[Any]

    def __init_subclass__(cls, /, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.lockfile is None:
            raise ValueError(
                f"{cls.__name__}.lockfile isn't set. Set it to a unique value in the base class."
            )

    @classmethod
    def setUpClass(cls) -> None:
        """Wait for the lock of the file."""
        cls._lockfile = open(cls.lockfile)  # type: ignore[arg-type]
        cls.addClassCleanup(cls._lockfile.close)  # type: ignore[attr-defined]
        locks.lock(cls._lockfile, locks.LOCK_EX)
        super().setUpClass()  # type: ignore[misc]


#: Classes that stand in ``live``, which is imported when one of them is asked for.
_LIVE = frozenset(
    {
        "LiveServerTestCase",
        "LiveServerThread",
        "QuietWSGIRequestHandler",
        "_MediaFilesHandler",
        "_StaticFilesHandler",
    }
)


def __getattr__(name: str) -> Any:
    if name not in _LIVE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nuages.test import live

    return getattr(live, name)
