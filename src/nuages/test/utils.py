"""Helpers for tests and for test runners.

Manual: "Advanced testing topics", ``django.test.utils``; the context managers and decorators among
them live in ``overrides`` and ``capture``.
"""

from __future__ import annotations

import collections
import gc
import os
import sys
import time
import unittest
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from nuages.conf import settings
from nuages.core import mail
from nuages.core.exceptions import ImproperlyConfigured
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.template import Template
from nuages.test.capture import (
    CaptureQueriesContext,
    LoggingCaptureMixin,
    captured_output,
    captured_stderr,
    captured_stdin,
    captured_stdout,
    patch_logger,
)
from nuages.test.ordering import iter_test_cases
from nuages.test.overrides import (
    TestContextDecorator,
    extend_sys_path,
    freeze_time,
    ignore_warnings,
    isolate_apps,
    isolate_lru_cache,
    modify_settings,
    override_script_prefix,
    override_settings,
    override_system_checks,
    register_lookup,
    tag,
)
from nuages.test.signals import template_rendered
from nuages.test.xml import compare_xml
from nuages.utils.deprecation import RemovedInDjango2028Warning
from nuages.utils.translation import deactivate

__all__ = [
    "Approximate",
    "CaptureQueriesContext",
    "ContextList",
    "LoggingCaptureMixin",
    "NullTimeKeeper",
    "TestContextDecorator",
    "TimeKeeper",
    "captured_output",
    "captured_stderr",
    "captured_stdin",
    "captured_stdout",
    "compare_xml",
    "dependency_ordered",
    "extend_sys_path",
    "freeze_time",
    "garbage_collect",
    "get_runner",
    "ignore_warnings",
    "isolate_apps",
    "isolate_lru_cache",
    "iter_test_cases",
    "modify_settings",
    "override_script_prefix",
    "override_settings",
    "override_system_checks",
    "patch_logger",
    "register_lookup",
    "require_jinja2",
    "requires_tz_support",
    "setup_databases",
    "setup_test_environment",
    "tag",
    "teardown_databases",
    "teardown_test_environment",
]

TEST_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


class Approximate:
    """A number that equals others up to a number of decimal places."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, val: float, places: int = 7) -> None:
        self.val, self.places = val, places

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, float, Decimal)):
            return self.val == other
        exact: Any = self.val
        return other == exact or not round(abs(exact - other), self.places)

    def __repr__(self) -> str:
        return f"{self.val!r}"


class ContextList(list[Any]):
    """The contexts of several templates, readable as if they were one."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for context in self:
            if key in context:
                return context[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return any(key in context for context in self)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key`` in the first context that has it."""
        return self[key] if key in self else default

    def keys(self) -> set[str]:
        """Return the names that any of the contexts has."""
        return {key for context in self for layer in context for key in layer}


# The test environment


def instrumented_test_render(self: Any, context: Any) -> Any:
    """Stands in for ``Template._render`` during tests, and says what is rendered."""
    template_rendered.send(sender=self, template=self, context=context)
    return self.nodelist.render(context)


class _TestState:
    """What :func:`setup_test_environment` changed."""


def setup_test_environment(debug: bool | None = None) -> None:
    """Prepare the process for tests: templates report, mail stays in memory, no debugging.

    Args:
        debug: the value of the ``DEBUG`` setting; ``None`` leaves it.

    Raises:
        RuntimeError: it was called before, without :func:`teardown_test_environment` since.
    """
    if hasattr(_TestState, "saved_data"):
        raise RuntimeError(
            "setup_test_environment() was already called and can't be called again without first"
            " calling teardown_test_environment()."
        )
    saved = SimpleNamespace(
        allowed_hosts=settings.ALLOWED_HOSTS,
        debug=settings.DEBUG,
        template_render=Template._render,
    )
    _TestState.saved_data = saved  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    settings.DEBUG = settings.DEBUG if debug is None else debug
    _divert_mail(saved)
    Template._render = instrumented_test_render  # type: ignore[method-assign]
    mail.outbox = []
    deactivate()


def _divert_mail(saved: Any) -> None:
    """Send mail to memory, under whichever of the two settings the project uses."""
    if hasattr(settings, "MAILERS"):
        saved.mailers = settings.MAILERS
        settings.MAILERS = {alias: {"BACKEND": TEST_MAIL_BACKEND} for alias in settings.MAILERS}
    else:
        saved.email_backend = _email_backend(TEST_MAIL_BACKEND)


def _email_backend(path: str) -> str:
    """Change the deprecated setting; return what it was."""
    with warnings.catch_warnings():
        # The project is told that its setting is deprecated; the runner's use of it is not news.
        warnings.simplefilter("ignore", RemovedInDjango2028Warning)
        before, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, path
    return before


def teardown_test_environment() -> None:
    """Undo :func:`setup_test_environment`."""
    saved = _TestState.saved_data  # type: ignore[attr-defined]
    settings.ALLOWED_HOSTS = saved.allowed_hosts
    settings.DEBUG = saved.debug
    if hasattr(saved, "mailers"):
        settings.MAILERS = saved.mailers
    if hasattr(saved, "email_backend"):
        _email_backend(saved.email_backend)
    Template._render = saved.template_render  # type: ignore[method-assign]
    del _TestState.saved_data  # type: ignore[attr-defined]
    del mail.outbox


# Test databases


def get_unique_databases_and_mirrors(
    aliases: Any = None,
) -> tuple[dict[Any, tuple[str, list[str]]], dict[str, str]]:
    """Find which databases to create, and which aliases mirror others.

    Returns:
        Two dictionaries: a database's signature to its name and aliases, in the order of creation;
        a mirror's alias to the alias it mirrors.
    """
    wanted = set(connections if aliases is None else aliases)
    mirrors: dict[str, str] = {}
    databases: dict[Any, tuple[str, list[str]]] = {}
    signatures: dict[str, Any] = {}
    tests = {alias: connections[alias].settings_dict["TEST"] for alias in connections}
    for alias, options in tests.items():
        if options["MIRROR"]:
            mirrors[alias] = options["MIRROR"]
        elif alias in wanted:
            connection = connections[alias]
            signatures[alias] = connection.creation.test_db_signature()
            _, sharing = databases.setdefault(
                signatures[alias], (connection.settings_dict["NAME"], [])
            )
            # The default alias leads, whatever the order of the settings.
            sharing.insert(0 if alias == DEFAULT_DB_ALIAS else len(sharing), alias)
    default_signature = connections[DEFAULT_DB_ALIAS].creation.test_db_signature()
    dependencies = {
        alias: tests[alias].get("DEPENDENCIES", [DEFAULT_DB_ALIAS])
        for alias, signature in signatures.items()
        if "DEPENDENCIES" in tests[alias]
        or (alias != DEFAULT_DB_ALIAS and signature != default_signature)
    }
    return dict(dependency_ordered(databases.items(), dependencies)), mirrors


def dependency_ordered(
    test_databases: Any, dependencies: dict[str, list[str]]
) -> list[tuple[Any, tuple[str, list[str]]]]:
    """Order databases so that each comes after those that its aliases depend on.

    Raises:
        ImproperlyConfigured: an alias depends on itself, or dependencies go round in a circle.
    """
    waiting: dict[Any, tuple[Any, set[str]]] = {}
    for signature, (name, aliases) in test_databases:
        needs = {need for alias in aliases for need in dependencies.get(alias, ())}
        if own := needs & set(aliases):
            raise ImproperlyConfigured(
                f"Circular dependency: databases {sorted(own)!r} depend on each other, but are"
                " aliases."
            )
        waiting[signature] = ((name, aliases), needs)
    ordered: list[tuple[Any, tuple[str, list[str]]]] = []
    there: set[str] = set()
    while waiting:
        ready = [key for key, (_, needs) in waiting.items() if needs <= there]
        if not ready:
            raise ImproperlyConfigured("Circular dependency in TEST[DEPENDENCIES]")
        for key in ready:
            database, _ = waiting.pop(key)
            there.update(database[1])
            ordered.append((key, database))
    return ordered


def setup_databases(
    verbosity: int,
    interactive: bool,
    *,
    time_keeper: Any = None,
    keepdb: bool = False,
    debug_sql: bool = False,
    parallel: int = 0,
    aliases: Any = None,
    serialized_aliases: Any = None,
    **kwargs: Any,
) -> list[tuple[Any, str, bool]]:
    """Create the test databases.

    Returns:
        (connection, former name, whether to destroy) for each, for :func:`teardown_databases`.
    """
    keeper = NullTimeKeeper() if time_keeper is None else time_keeper
    databases, mirrors = get_unique_databases_and_mirrors(aliases)
    old_names: list[tuple[Any, str, bool]] = []
    for database_name, sharing in databases.values():
        leader: str | None = None
        for alias in sharing:
            connection = connections[alias]
            old_names.append((connection, database_name, leader is None))
            if leader is not None:
                connection.creation.set_as_test_mirror(connections[leader].settings_dict)
                continue
            leader = alias
            serialize = serialized_aliases is None or alias in serialized_aliases
            with keeper.timed(f"  Creating '{alias}'"):
                connection.creation.create_test_db(
                    verbosity=verbosity,
                    autoclobber=not interactive,
                    keepdb=keepdb,
                )
                if serialize:
                    connection._test_serialized_contents = (
                        connection.creation.serialize_db_to_string()
                    )
            for number in range(1, parallel + 1 if parallel > 1 else 1):
                with keeper.timed(f"  Cloning '{alias}'"):
                    connection.creation.clone_test_db(
                        suffix=str(number), verbosity=verbosity, keepdb=keepdb
                    )
    for alias, original in mirrors.items():
        connections[alias].creation.set_as_test_mirror(connections[original].settings_dict)
    if debug_sql:
        for alias in connections:
            connections[alias].force_debug_cursor = True
    return old_names


def teardown_databases(
    old_config: list[tuple[Any, str, bool]], verbosity: int, parallel: int = 0, keepdb: bool = False
) -> None:
    """Destroy the databases that :func:`setup_databases` created."""
    for connection, old_name, destroy in old_config:
        if not destroy:
            continue
        for number in range(1, parallel + 1 if parallel > 1 else 1):
            connection.creation.destroy_test_db(
                suffix=str(number), verbosity=verbosity, keepdb=keepdb
            )
        connection.creation.destroy_test_db(old_name, verbosity, keepdb)


def get_runner(settings: Any, test_runner_class: str | None = None) -> type:
    """Return the class that ``TEST_RUNNER`` (or the argument) names."""
    module, _, name = (test_runner_class or settings.TEST_RUNNER).rpartition(".")
    return getattr(import_module(module or "."), name)


# Odds and ends


class TimeKeeper:
    """Measures named stretches of time, and reports them."""

    def __init__(self) -> None:
        self.records: dict[str, list[float]] = collections.defaultdict(list)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the seconds that a block takes to the records of ``name``."""
        self.records[name]
        start = time.perf_counter()
        try:
            yield
        finally:
            self.records[name].append(time.perf_counter() - start)

    def print_results(self) -> None:
        """Write the times to the error stream."""
        for name, seconds in self.records.items():
            for amount in seconds:
                sys.stderr.write(f"{name} took {amount:.3f}s{os.linesep}")


class NullTimeKeeper:
    """A time keeper for those who do not ask."""

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure nothing."""
        yield

    def print_results(self) -> None:
        """Report nothing."""


def garbage_collect() -> None:
    """Collect all garbage, on interpreters that need several goes too."""
    gc.collect()
    if sys.implementation.name == "pypy":
        gc.collect()
        gc.collect()


def _has_jinja2() -> bool:
    try:
        import jinja2  # noqa: F401
    except ImportError:
        return False
    return True


def require_jinja2(test_func: Any) -> Any:
    """Run a test with a Django and a Jinja2 engine, or skip it where Jinja2 is not installed."""
    test_func = unittest.skipUnless(_has_jinja2(), "this test requires jinja2")(test_func)
    return override_settings(
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "APP_DIRS": True,
                "OPTIONS": {"keep_trailing_newline": True},
            },
        ]
    )(test_func)


TZ_SUPPORT = hasattr(time, "tzset")

requires_tz_support = unittest.skipUnless(
    TZ_SUPPORT,
    "This test relies on the ability to run a program in an arbitrary time zone, but your operating"
    " system isn't able to do that.",
)
