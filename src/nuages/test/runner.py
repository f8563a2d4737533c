"""The test runner. Manual: "Advanced testing topics", "Defining a test runner"."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import unittest
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from nuages.core.management import call_command
from nuages.db import connections

# (Imported for the first query of a shape that is seen again; its duration is not the test's.)
from nuages.db.models import _batches  # noqa: F401
from nuages.test.ordering import (
    Shuffler,
    filter_tests_by_tags,
    get_shuffle_key,
    iter_test_cases,
    partition_suite_by_case,
    reorder_test_bin,
    reorder_tests,
    shuffle_tests,
)
from nuages.test.parallel import (
    ParallelTestSuite,
    RemoteTestResult,
    RemoteTestRunner,
    _init_worker,
    get_max_test_processes,
    parallel_type,
)
from nuages.test.results import DebugSQLTextTestResult, PDBDebugResult, QueryFormatter
from nuages.test.testcases import SimpleTestCase, TestCase
from nuages.test.utils import (
    NullTimeKeeper,
    TimeKeeper,
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)

__all__ = [
    "DebugSQLTextTestResult",
    "DiscoverRunner",
    "PDBDebugResult",
    "ParallelTestSuite",
    "QueryFormatter",
    "RemoteTestResult",
    "RemoteTestRunner",
    "Shuffler",
    "_init_worker",
    "filter_tests_by_tags",
    "get_max_test_processes",
    "get_shuffle_key",
    "parallel_type",
    "partition_suite_by_case",
    "reorder_test_bin",
    "reorder_tests",
    "shuffle_tests",
]

# The least important level that each verbosity shows.
_LEVELS = {0: None, 1: logging.INFO, 2: 0}


class DiscoverRunner:
    """Finds tests in modules named ``test*.py``, and runs them with databases of their own.

    Manual: "Advanced testing topics", ``DiscoverRunner``, which describes the arguments.
    """

    test_suite = unittest.TestSuite
    parallel_test_suite = ParallelTestSuite
    test_runner: Any = unittest.TextTestRunner
    test_loader = unittest.defaultTestLoader
    reorder_by: tuple[type, ...] = (TestCase, SimpleTestCase)

    def __init__(
        self,
        pattern: str | None = None,
        top_level: str | None = None,
        verbosity: int = 1,
        interactive: bool = True,
        failfast: bool = False,
        keepdb: bool = False,
        reverse: bool = False,
        debug_mode: bool = False,
        debug_sql: bool = False,
        parallel: int = 0,
        tags: Any = None,
        exclude_tags: Any = None,
        test_name_patterns: Any = None,
        pdb: bool = False,
        buffer: bool = False,
        enable_faulthandler: bool = True,
        timing: bool = False,
        shuffle: Any = False,
        logger: logging.Logger | None = None,
        durations: int | None = None,
        **kwargs: Any,
    ) -> None:
        if pdb and parallel > 1:
            raise ValueError(
                "You cannot use --pdb with parallel tests; pass --parallel=1 to use it."
            )
        # Which tests, and in which order
        self.pattern, self.top_level = pattern, top_level
        self.tags, self.exclude_tags = set(tags or ()), set(exclude_tags or ())
        # A name without wildcards means "contains", as with unittest's own -k.
        names = test_name_patterns or ()
        self.test_name_patterns = {n if "*" in n else f"*{n}*" for n in names} or None
        self.reverse, self.shuffle = reverse, shuffle
        self._shuffler: Shuffler | None = None
        # How they run
        self.failfast, self.pdb, self.buffer = failfast, pdb, buffer
        self.debug_mode, self.parallel = debug_mode, parallel
        self.interactive, self.keepdb = interactive, keepdb
        # What is shown
        self.verbosity, self.logger, self.debug_sql = verbosity, logger, debug_sql
        self.durations = durations
        self.time_keeper: Any = TimeKeeper() if timing else NullTimeKeeper()
        if enable_faulthandler and not faulthandler.is_enabled():
            self._enable_faulthandler()

    @staticmethod
    def _enable_faulthandler() -> None:
        try:
            faulthandler.enable(file=sys.stderr.fileno())
        except (AttributeError, OSError, ValueError):
            # Standard error is not a file: the process's real one is.
            faulthandler.enable(file=sys.__stderr__ or sys.stderr)

    @classmethod
    def add_arguments(cls, parser: Any) -> None:
        """Add the options of the ``test`` command that belong to this runner."""
        flag = {"action": "store_true"}
        for names, options in (
            (("-t", "--top-level-directory"), {
                "dest": "top_level", "help": "The folder from which modules are imported."}),
            (("-p", "--pattern"), {
                "default": "test*.py", "help": "Which files hold tests. Default: test*.py."}),
            (("--keepdb",), {**flag, "help": "Keep the test databases for the next run."}),
            (("--shuffle",), {
                "nargs": "?", "default": False, "type": int, "metavar": "SEED",
                "help": "Run the classes of tests in a random order."}),
            (("-r", "--reverse"), {**flag, "help": "Run the tests in the opposite order."}),
            (("--debug-mode",), {**flag, "help": "Run with DEBUG on."}),
            (("-d", "--debug-sql"), {**flag, "help": "Show the queries of tests that fail."}),
            (("--parallel",), {
                "nargs": "?", "const": "auto", "default": 0, "type": parallel_type, "metavar": "N",
                "help": 'Run in N processes; "auto" takes one for each processor.'}),
            (("--tag",), {
                "action": "append", "dest": "tags",
                "help": "Run only tests with this tag. May be repeated."}),
            (("--exclude-tag",), {
                "action": "append", "dest": "exclude_tags",
                "help": "Leave out tests with this tag. May be repeated."}),
            (("--pdb",), {**flag, "help": "Start a debugger where a test fails."}),
            (("-b", "--buffer"), {**flag, "help": "Show what a test prints only if it fails."}),
            (("--no-faulthandler",), {
                "action": "store_false", "dest": "enable_faulthandler",
                "help": "Do not print a traceback when the interpreter crashes."}),
            (("--timing",), {**flag, "help": "Show how long the databases and the run took."}),
            (("-k",), {
                "action": "append", "dest": "test_name_patterns", "metavar": "PATTERN",
                "help": "Run only tests whose names match. May be repeated."}),
            (("--durations",), {
                "type": int, "default": None, "metavar": "N",
                "help": "Show the N slowest tests (0: all)."}),
        ):  # fmt: skip
            parser.add_argument(*names, **options)

    # What is said

    def log(self, msg: str, level: int | None = None) -> None:
        """Log or print a message, if it is important enough for the verbosity."""
        importance = logging.INFO if level is None else level
        if self.logger is not None:
            self.logger.log(importance, msg)
            return
        least = _LEVELS[min(self.verbosity, 2)]
        if least is not None and importance >= least:
            print(msg)

    # The environment

    def setup_test_environment(self, **kwargs: Any) -> None:
        """Prepare the process."""
        setup_test_environment(debug=self.debug_mode)
        unittest.installHandler()

    def setup_shuffler(self) -> None:
        """Make the shuffler, and say its seed."""
        if self.shuffle is not False:
            self._shuffler = Shuffler(seed=self.shuffle)
            self.log(f"Using shuffle seed: {self._shuffler.seed_display}")

    @property
    def shuffle_seed(self) -> Any:
        """The seed in use, or ``None``."""
        return None if self._shuffler is None else self._shuffler.seed

    # Finding tests

    @contextmanager
    def load_with_patterns(self) -> Iterator[None]:
        """Have the loader keep to ``test_name_patterns`` for a block."""
        before = self.test_loader.testNamePatterns
        self.test_loader.testNamePatterns = (
            list(self.test_name_patterns) if self.test_name_patterns else None
        )
        try:
            yield
        finally:
            self.test_loader.testNamePatterns = before

    def load_tests_for_label(self, label: str, discover_kwargs: dict[str, Any]) -> Any:
        """Return the tests that one label of the command line means.

        Raises:
            RuntimeError: it is the path of a file.
        """
        path = os.path.abspath(label)
        found = None
        if os.path.isfile(path):
            raise RuntimeError(
                f"One of the test labels is a path to a file: {label!r}, which is not supported."
                " Use a dotted module name or path to a directory instead."
            )
        is_folder = os.path.isdir(path)
        with self.load_with_patterns():
            if not is_folder:
                found = self.test_loader.loadTestsFromName(label)
                if found.countTestCases():
                    return found
            if not _is_package(label) and not is_folder:
                # A module or class without tests, or nothing that can be imported.
                return found
            options = dict(discover_kwargs)
            if is_folder and not self.top_level:
                options["top_level_dir"] = _folder_above_packages(path)
            found = self.test_loader.discover(start_dir=label, **options)
            # Another label may have another top level.
            self.test_loader._top_level_dir = None  # type: ignore[attr-defined]
        return found

    def build_suite(self, test_labels: Sequence[str] | None = None, **kwargs: Any) -> Any:
        """Return the suite of the tests that the labels mean, filtered, ordered and divided."""
        options = {"pattern": self.pattern, "top_level_dir": self.top_level}
        given = {name: value for name, value in options.items() if value is not None}
        self.setup_shuffler()
        labels = test_labels or ["."]
        found = (self.load_tests_for_label(label, given) for label in labels)
        tests = [test for part in found for test in iter_test_cases(part)]
        self.log(f"Found {len(tests)} test(s).")
        if self.tags or self.exclude_tags:
            for verb, tags in (("Including", self.tags), ("Excluding", self.exclude_tags)):
                if tags:
                    self.log(f"{verb} test tag(s): {', '.join(sorted(tags))}.", logging.DEBUG)
            tests = list(filter_tests_by_tags(tests, self.tags, self.exclude_tags))
        # What cannot be loaded fails fast, so that it is not forgotten behind a long run.
        tests = list(reorder_tests(tests, self.reorder_by, self.reverse, self._shuffler))
        suite: Any = self.test_suite(tests)
        if self.parallel > 1:
            parts = partition_suite_by_case(suite)
            self.parallel = max(1, min(self.parallel, len(parts)))
            if self.parallel > 1:
                suite = self.parallel_test_suite(
                    parts, self.parallel, self.failfast, self.debug_mode, self.buffer
                )
        return suite

    # Databases

    def get_databases(self, suite: Any) -> dict[str, bool]:
        """Return the aliases that the tests use, each with whether its data is kept as text."""
        databases: dict[str, bool] = {}
        for test in iter_test_cases(suite):
            aliases = getattr(test, "databases", None) or ()
            for alias in connections if aliases == "__all__" else aliases:
                keep = getattr(test, "serialized_rollback", False)
                databases[alias] = databases.get(alias, False) or keep
        unused = sorted(alias for alias in connections if alias not in databases)
        if unused:
            self.log(f"Skipping setup of unused database(s): {', '.join(unused)}.", logging.DEBUG)
        return databases

    def setup_databases(self, **kwargs: Any) -> Any:
        """Create the test databases."""
        return setup_databases(
            self.verbosity,
            self.interactive,
            time_keeper=self.time_keeper,
            keepdb=self.keepdb,
            debug_sql=self.debug_sql,
            parallel=self.parallel,
            **kwargs,
        )

    def teardown_databases(self, old_config: Any, **kwargs: Any) -> None:
        """Destroy the test databases."""
        teardown_databases(
            old_config, verbosity=self.verbosity, parallel=self.parallel, keepdb=self.keepdb
        )

    def run_checks(self, databases: Any) -> None:
        """Run the system checks, those of the test databases included."""
        call_command("check", verbosity=self.verbosity, databases=databases)

    # Running

    def get_resultclass(self) -> Any:
        """Return the class that collects the outcomes."""
        if self.debug_sql:
            return DebugSQLTextTestResult
        return PDBDebugResult if self.pdb else None

    def get_test_runner_kwargs(self) -> dict[str, Any]:
        """Return the arguments of the low-level runner."""
        options = {
            "failfast": self.failfast,
            "resultclass": self.get_resultclass(),
            "verbosity": self.verbosity,
            "buffer": self.buffer,
        }
        return options | ({"durations": self.durations} if self.durations is not None else {})

    def run_suite(self, suite: Any, **kwargs: Any) -> Any:
        """Run the tests and return the result."""
        runner = self.test_runner(**self.get_test_runner_kwargs())
        try:
            return runner.run(suite)
        finally:
            if self._shuffler is not None:
                self.log(f"Used shuffle seed: {self._shuffler.seed_display}")

    def teardown_test_environment(self, **kwargs: Any) -> None:
        """Undo :meth:`setup_test_environment`."""
        unittest.removeHandler()
        teardown_test_environment()

    def suite_result(self, suite: Any, result: Any, **kwargs: Any) -> int:
        """Return the number of tests that did not do what they should."""
        return len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)

    def run_tests(self, test_labels: Sequence[str], **kwargs: Any) -> int:
        """Run the tests that the labels mean, from set-up to tear-down.

        Returns:
            The number of tests that failed.
        """
        self.setup_test_environment()
        suite = self.build_suite(test_labels)
        databases = self.get_databases(suite)
        serialized = {alias for alias, keep in databases.items() if keep}
        if isinstance(suite, ParallelTestSuite):
            suite.used_aliases = set(databases)
            suite.serialized_aliases = serialized
        keeper = self.time_keeper
        with keeper.timed("Total database setup"):
            old_config = self.setup_databases(aliases=databases, serialized_aliases=serialized)
        result, failure = None, None
        try:
            self.run_checks(databases)
            result = self.run_suite(suite)
        except BaseException as error:
            failure = error
        try:
            with keeper.timed("Total database teardown"):
                self.teardown_databases(old_config)
            self.teardown_test_environment()
        except Exception:
            # What went wrong first is what the user must see.
            if failure is None:
                raise
        if failure is not None:
            raise failure
        keeper.print_results()
        return self.suite_result(suite, result)


def _is_package(label: str) -> bool:
    """Whether ``label`` is the dotted name of a package that can be imported."""
    try:
        module = import_module(label)
    except (ImportError, TypeError, ValueError):
        return False
    return hasattr(module, "__path__")


def _folder_above_packages(path: str) -> str:
    """Return the nearest folder at or above ``path`` that is not a package."""
    folder = path
    while os.path.exists(os.path.join(folder, "__init__.py")):
        above = os.path.dirname(folder)
        if above == folder:
            # Packages all the way up to the root.
            return path
        folder = above
    return folder
