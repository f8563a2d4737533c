"""``manage.py test``. Manual: ``ref/django-admin``, ``test``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from nuages.conf import settings
from nuages.core.management.base import BaseCommand
from nuages.test.runner import get_max_test_processes
from nuages.test.utils import NullTimeKeeper, TimeKeeper, get_runner


def _named_runner(argv: list[str]) -> str | None:
    """Return the value of ``--testrunner``, which decides on the other options."""
    for position, argument in enumerate(argv):
        name, equals, value = argument.partition("=")
        if name == "--testrunner":
            if equals:
                return value
            return argv[position + 1] if position + 1 < len(argv) else None
    return None


class Command(BaseCommand):
    help = "Runs the tests of the named apps, modules, classes or folders; without names, all."

    # The runner checks, once the test databases are there.
    requires_system_checks: list[str] = []
    test_runner: str | None = None

    def run_from_argv(self, argv: Sequence[str]) -> None:
        self.test_runner = _named_runner([*argv])
        super().run_from_argv(argv)

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "args", metavar="test_label", nargs="*", help="A dotted name or a folder's path."
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Do not ask anything.",
        )
        parser.add_argument(
            "--failfast", action="store_true", help="Stop at the first test that fails."
        )
        parser.add_argument("--testrunner", help="The runner's dotted path, before TEST_RUNNER.")
        runner = get_runner(settings, self.test_runner)
        if hasattr(runner, "add_arguments"):
            runner.add_arguments(parser)

    def handle(self, *test_labels: str, **options: Any) -> None:
        runner_class = get_runner(settings, options["testrunner"])
        keeper = TimeKeeper() if options.get("timing") else NullTimeKeeper()
        if options.get("parallel") == "auto":
            options["parallel"] = get_max_test_processes()
        runner = runner_class(**options)
        with keeper.timed("Total run"):
            failures = runner.run_tests(test_labels)
        keeper.print_results()
        if failures:
            sys.exit(1)
