"""Results of test runs that show more: the SQL of failing tests, or a debugger."""

from __future__ import annotations

import logging
import unittest
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
                record.args = (arguments[0], laid_out(arguments[1]), *arguments[2:])
            if sql:
                record.sql = laid_out(sql)
        return super().format(record)


class DebugSQLTextTestResult(unittest.TextTestResult):
    """Shows the queries of tests that fail (of all tests, if verbose)."""

    def __init__(self, stream: Any, descriptions: bool, verbosity: int, **kwargs: Any) -> None:
        self.logger = logging.getLogger("django.db.backends")
        self.logger.setLevel(logging.DEBUG)
        self.debug_sql_stream: StringIO | None = None
        super().__init__(stream, descriptions, verbosity, **kwargs)

    def startTest(self, test: unittest.TestCase) -> None:
        self.debug_sql_stream = StringIO()
        self.handler = logging.StreamHandler(self.debug_sql_stream)
        self.handler.setFormatter(QueryFormatter())
        self.logger.addHandler(self.handler)
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self.logger.removeHandler(self.handler)
        if self.showAll:
            self.stream.write(self._sql())
            self.stream.writeln(self.separator2)

    def _sql(self) -> str:
        # A class's set-up can fail before any test began.
        return self.debug_sql_stream.getvalue() if self.debug_sql_stream else ""

    def _with_sql(self, entries: list[Any]) -> None:
        test, error = entries[-1]
        entries[-1] = test, error, self._sql()

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._with_sql(self.errors)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._with_sql(self.failures)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            failed = issubclass(err[0], test.failureException)
            self._with_sql(self.failures if failed else self.errors)

    def printErrorList(self, flavour: str, errors: Any) -> None:
        for test, error, sql in errors:
            for line in (
                self.separator1,
                f"{flavour}: {self.getDescription(test)}",
                self.separator2,
                error,
                self.separator2,
                sql,
            ):
                self.stream.writeln(line)


class PDBDebugResult(unittest.TextTestResult):
    """Starts a debugger where a test fails (``ipdb`` if it is installed)."""

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self.debug(err)

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.debug(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.debug(err)
        super().addSubTest(test, subtest, err)

    def debug(self, error: Any) -> None:
        """Open the debugger in the frame where the test's own code failed."""
        try:
            import ipdb as pdb  # type: ignore[import-not-found]
        except ImportError:
            import pdb
        self._restoreStdout()  # type: ignore[attr-defined]
        self.buffer = False
        _, value, traceback = error
        print(f"\nOpening PDB: {value!r}")
        # Frames of unittest itself are of no interest.
        while traceback and "__unittest" in traceback.tb_frame.f_globals:
            traceback = traceback.tb_next
        pdb.post_mortem(traceback)
