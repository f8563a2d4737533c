"""Results of test runs that show more: the SQL of failing tests, or a debugger."""

from __future__ import annotations

import logging
import unittest
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from typing import Any

from nuages.db import DEFAULT_DB_ALIAS, connections


class QueryFormatter(logging.Formatter):
    """Formats log records of queries, their SQL laid out for reading."""

    def format(self, record: logging.LogRecord) -> str:
        alias = getattr(record, "alias", DEFAULT_DB_ALIAS)
        if alias in connections:
            layout = connections[alias].ops.format_debug_sql
            done: dict[str, str] = {}

            def laid_out(sql: str) -> str:
                if sql not in done:
                    done[sql] = layout(sql)
                return done[sql]

            sql = getattr(record, "sql", None)
            arguments = record.args
            if isinstance(arguments, dict) and arguments.get("sql"):
                record.args = {**arguments, "sql": laid_out(arguments["sql"])}
            elif isinstance(arguments, tuple) and len(arguments) > 1 and arguments[1]:
                # The place that the logger of queries gives the statement.
                record.args = (arguments[0], laid_out(str(arguments[1])), *arguments[2:])
            if sql:
                record.sql = laid_out(sql)
        return super().format(record)


class DebugSQLTextTestResult(unittest.TextTestResult):
    """Shows the queries of tests that fail (of all tests, if verbose)."""

    _queries: logging.StreamHandler[StringIO] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = logging.getLogger("django.db.backends")
        self.logger.setLevel(logging.DEBUG)
        #: The SQL that was logged when each failure was noted, by the failure's place in its list.
        self._sql_of: dict[tuple[int, int], str] = {}

    def startTest(self, test: unittest.TestCase) -> None:
        queries = self._queries = logging.StreamHandler(StringIO())
        queries.setFormatter(QueryFormatter())
        self.logger.addHandler(queries)
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        if self._queries is not None:
            self.logger.removeHandler(self._queries)
        if self.showAll:
            self.stream.write(f"{self._logged()}{self.separator2}\n")

    def _logged(self) -> str:
        # A class's set-up can fail before any test began.
        return "" if self._queries is None else self._queries.stream.getvalue()

    def _note(self) -> None:
        for entries in (self.errors, self.failures):
            if entries:
                self._sql_of.setdefault((id(entries), len(entries) - 1), self._logged())

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._note()

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._note()

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        self._note()

    def printErrorList(self, flavour: str, errors: Any) -> None:
        """Write the errors, each with the queries of its test."""
        shown = [
            (test, f"{error}\n{self.separator2}\n{self._sql_of.get((id(errors), place), '')}")
            for place, (test, error) in enumerate(errors)
        ]
        super().printErrorList(flavour, shown)


class PDBDebugResult(unittest.TextTestResult):
    """Starts a debugger where a test fails (``ipdb`` if it is installed)."""

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self.debug(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        # The debugger comes before the report: the subtest's block is still open.
        if err is not None:
            self.debug(err)
        super().addSubTest(test, subtest, err)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.debug(err)

    def debug(self, error: Any) -> None:
        """Open the debugger in the frame where the test's own code failed."""
        debugger = import_module("ipdb" if find_spec("ipdb") else "pdb")
        self._restoreStdout()  # type: ignore[attr-defined]
        self.buffer = False
        print(f"\nThe debugger opens at: {error[1]!r}")
        frames = error[2]
        while frames is not None and "__unittest" in frames.tb_frame.f_globals:
            frames = frames.tb_next
        debugger.post_mortem(frames)
