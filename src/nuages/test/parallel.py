"""Tests in several processes: what a worker does, and what it sends back.

A worker runs classes of tests and records what happens to each as plain tuples, which the parent
replays into its own result.
"""

from __future__ import annotations

import ctypes
import functools
import multiprocessing
import os
import pickle
import sys
import unittest
from typing import Any

from nuages.db import connections
from nuages.test.utils import setup_test_environment

try:
    import tblib.pickling_support
except ImportError:
    tblib = None

#: ("addFailure", index of the test in its suite, ...); -1 stands for a class's set-up.
Event = tuple[Any, ...]

FRESH_PROCESSES = ("spawn", "forkserver")

_worker_id = 0


class RemoteTestResult(unittest.TestResult):
    """Records what happens to tests, in a form that can be sent to another process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tblib is not None:
            tblib.pickling_support.install()
        self.events: list[Event] = []
        self.test_index = -1

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        for name in ("_stdout_buffer", "_stderr_buffer", "_original_stdout", "_original_stderr"):
            state.pop(name, None)
        return state

    def _confirm_picklable(self, obj: Any) -> None:
        """Raise whatever keeps ``obj`` from going to another process and back."""
        pickle.loads(pickle.dumps(obj))

    def check_picklable(self, test: Any, err: Any) -> None:
        """Explain, before it happens, why a failure could not be sent."""
        try:
            self._confirm_picklable(err)
        except Exception as reason:
            advice = (
                "\nThis means that the failure cannot be shown. To see what went wrong, run this"
                " test without --parallel."
                if tblib is not None
                else "\nTracebacks cannot be sent between processes: install the package tblib, or"
                " run this test without --parallel."
            )
            sys.stderr.write(
                f"\n{test} failed with an error that cannot be pickled:\n{err[1]!r}\n\n"
                f"The pickling failed with:\n{reason!r}\n{advice}\n"
            )
            raise

    def check_subtest_picklable(self, test: Any, subtest: Any) -> None:
        """Explain, before it happens, why a subtest could not be sent."""
        try:
            self._confirm_picklable(subtest)
        except Exception as reason:
            sys.stderr.write(
                f"\nSubtest failed:\n\n    test: {test.id()}\n subtest: {subtest}\n\n"
                "A subtest's parameters and its test case must survive pickling in a parallel run:"
                f"\n{reason!r}\n"
            )
            raise

    def _record(self, name: str, *details: Any) -> None:
        self.events.append((name, self.test_index, *details))

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.test_index += 1
        self._record("startTest")

    # What failed is put into words by the parent: here it is only recorded.

    def addError(self, test: Any, err: Any) -> None:
        self.check_picklable(test, err)
        if self.test_index < 0:
            # A class's or module's set-up failed: there is no test to point at.
            self._record("addError", test.id(), err)
        else:
            self._record("addError", err)

    def addFailure(self, test: Any, err: Any) -> None:
        self.check_picklable(test, err)
        self._record("addFailure", err)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        # Its traceback is shown by nobody, and sent only where it can be.
        sendable = err if tblib is not None else (*err[:2], None)
        self.check_picklable(test, sendable)
        self._record("addExpectedFailure", sendable)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.check_picklable(test, err)
            self.check_subtest_picklable(test, subtest)
            self._record("addSubTest", subtest, err)

    def wasSuccessful(self) -> bool:
        bad = {"addError", "addFailure", "addSubTest", "addUnexpectedSuccess"}
        return not any(event[0] in bad for event in self.events)


def _recorded(method: str) -> Any:
    """Return an override of a result's method that records its arguments besides."""

    def record(self: RemoteTestResult, test: Any, *details: Any) -> None:
        getattr(unittest.TestResult, method)(self, test, *details)
        self._record(method, *details)

    return record


# What needs no more than to be told.
for _method in ("stopTest", "addDuration", "addSuccess", "addSkip", "addUnexpectedSuccess"):
    setattr(RemoteTestResult, _method, _recorded(_method))


class RemoteTestRunner:
    """Runs tests and writes nothing: the events say it all."""

    resultclass = RemoteTestResult

    def __init__(self, failfast: bool = False, resultclass: Any = None, buffer: bool = False):
        self.options = {"failfast": failfast, "buffer": buffer}
        self.resultclass = resultclass or self.resultclass

    def run(self, test: Any) -> RemoteTestResult:
        """Run a suite and return what happened."""
        result = self.resultclass()
        vars(result).update(self.options)
        unittest.registerResult(result)
        test(result)
        return result


def get_max_test_processes() -> int:
    """Return how many processes ``--parallel`` takes by itself."""
    if multiprocessing.get_start_method() not in ("fork", *FRESH_PROCESSES):
        return 1
    if "DJANGO_TEST_PROCESSES" in os.environ:
        return int(os.environ["DJANGO_TEST_PROCESSES"])
    return multiprocessing.cpu_count()


def parallel_type(value: str) -> int | str:
    """Return the value of ``--parallel``: a number, or ``"auto"``."""
    import argparse

    if value == "auto":
        return value
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{value!r} is not an integer or the string 'auto'"
        ) from None


# In the worker


def _init_worker(
    counter: Any,
    initial_settings: dict[str, Any] | None = None,
    serialized_contents: dict[str, str] | None = None,
    process_setup: Any = None,
    process_setup_args: Any = None,
    debug_mode: bool | None = None,
    used_aliases: Any = None,
) -> None:
    """Give this worker a number, and the copy of each database that bears it."""
    global _worker_id

    with counter.get_lock():
        counter.value += 1
        _worker_id = counter.value
    fresh = multiprocessing.get_start_method() in FRESH_PROCESSES
    if fresh:
        if process_setup and callable(process_setup):
            process_setup(*(process_setup_args or ()))
        import nuages

        nuages.setup()
        setup_test_environment(debug=debug_mode)
    for alias in connections if used_aliases is None else used_aliases:
        connection = connections[alias]
        if fresh:
            # What the parent's set-up changed, this process has not seen.
            connection.settings_dict.update((initial_settings or {})[alias])
        if contents := (serialized_contents or {}).get(alias):
            connection._test_serialized_contents = contents
        connection.creation.setup_worker_connection(_worker_id)


def _start_worker(init_worker: Any, counter: Any, *args: Any) -> None:
    """Run a worker's set-up; the parent can tell a failure by the counter."""
    try:
        init_worker(counter, *args)
    except Exception:
        with counter.get_lock():
            counter.value = -(10**6)
        raise


def _run_subsuite(args: Any) -> tuple[int, list[Event]]:
    """Run the tests of one class; return its number and what happened."""
    runner_class, number, subsuite, failfast, buffer = args
    result = runner_class(failfast=failfast, buffer=buffer).run(subsuite)
    return number, result.events


def _process_setup_stub(*args: Any) -> None:
    """The set-up of workers that need none."""


# In the parent


class ParallelTestSuite(unittest.TestSuite):
    """A suite whose parts run in a pool of processes.

    Args:
        subsuites: the parts; the tests of a class stay together.
        processes: the number of workers.
    """

    init_worker = _init_worker
    process_setup = _process_setup_stub
    process_setup_args: Any = ()
    run_subsuite = _run_subsuite
    runner_class = RemoteTestRunner

    def __init__(
        self,
        subsuites: list[Any],
        processes: int,
        failfast: bool = False,
        debug_mode: bool = False,
        buffer: bool = False,
    ) -> None:
        super().__init__()
        self.subsuites, self.processes = subsuites, processes
        self.failfast, self.debug_mode, self.buffer = failfast, debug_mode, buffer
        # What the runner knows of the databases; the rest is for workers without our memory.
        self.used_aliases: set[str] | None = None
        self.serialized_aliases: set[str] | None = None
        self.initial_settings: dict[str, Any] | None = None
        self.serialized_contents: dict[str, str] | None = None

    def __iter__(self) -> Any:
        return iter(self.subsuites)

    def initialize_suite(self) -> None:
        """Collect what workers that do not inherit this process's memory must be told."""
        if multiprocessing.get_start_method() in FRESH_PROCESSES:
            aliases = connections if self.used_aliases is None else self.used_aliases
            self.initial_settings = {alias: connections[alias].settings_dict for alias in aliases}
            self.serialized_contents = {
                alias: connections[alias]._test_serialized_contents
                for alias in self.serialized_aliases or ()
                if alias in connections and hasattr(connections[alias], "_test_serialized_contents")
            }

    def run(self, result: unittest.TestResult, debug: bool = False) -> unittest.TestResult:
        """Run the parts, and replay into ``result`` what the workers report."""
        self.initialize_suite()
        counter = multiprocessing.Value(ctypes.c_int, 0)
        jobs = [
            (self.runner_class, number, subsuite, self.failfast, self.buffer)
            for number, subsuite in enumerate(self.subsuites)
        ]
        with multiprocessing.Pool(
            processes=self.processes,
            initializer=functools.partial(_start_worker, self.init_worker.__func__),  # type: ignore[attr-defined]
            initargs=(
                counter,
                self.initial_settings,
                self.serialized_contents,
                self.process_setup.__func__,  # type: ignore[attr-defined]
                self.process_setup_args,
                self.debug_mode,
                self.used_aliases,
            ),
        ) as pool:
            reports = pool.imap_unordered(self.run_subsuite.__func__, jobs)  # type: ignore[attr-defined]
            while True:
                if result.shouldStop:
                    pool.terminate()
                    break
                try:
                    number, events = reports.next(timeout=0.1)
                except multiprocessing.TimeoutError:
                    if counter.value < 0:
                        raise ChildProcessError(
                            "A worker of the parallel test run could not be set up; its error is"
                            " printed above."
                        ) from None
                    continue
                except StopIteration:
                    pool.close()
                    break
                tests = list(self.subsuites[number])
                for event in events:
                    self.handle_event(result, tests, event)
            pool.join()
        return result

    def handle_event(self, result: Any, tests: list[Any], event: Event) -> None:
        """Do to ``result`` what a worker did to its own."""
        name, index, *details = event
        if index < 0:
            # Reported before or beside the tests, and known by its name only.
            if result.buffer:
                result._setupStdout()
            test: Any = unittest.suite._ErrorHolder(details.pop(0))  # type: ignore[attr-defined]
        else:
            test = tests[index]
        getattr(result, name)(test, *details)
