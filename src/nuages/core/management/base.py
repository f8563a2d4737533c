"""Base classes of management commands. Manual: "How to create custom django-admin commands"."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO

from nuages.core.checks import messages as levels
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.management._output import OutputWrapper
from nuages.core.management._parser import CommandError, CommandParser, DjangoHelpFormatter
from nuages.core.management._report import SystemCheckError, system_check_report
from nuages.core.management.color import color_style, no_style
from nuages.db import DEFAULT_DB_ALIAS, connections
from nuages.utils.version import PY314

__all__ = [
    "ALL_CHECKS",
    "AppCommand",
    "BaseCommand",
    "CommandError",
    "CommandParser",
    "DjangoHelpFormatter",
    "LabelCommand",
    "OutputWrapper",
    "SystemCheckError",
    "handle_default_options",
    "no_translations",
]

ALL_CHECKS = "__all__"

#: The options of every command: flags and what the parser is told of them.
_BASE_OPTIONS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("-v", "--verbosity"),
        {
            "default": 1,
            "type": int,
            "choices": [0, 1, 2, 3],
            "help": "How much to say: 0 nothing, 1 the usual (default), 2 more, 3 everything.",
        },
    ),
    (
        ("--settings",),
        {
            "help": 'Python path of a settings module, e.g. "myproject.settings.main". Without '
            "it, the environment variable DJANGO_SETTINGS_MODULE is used."
        },
    ),
    (
        ("--pythonpath",),
        {"help": 'A folder to put on the Python path, e.g. "/home/djangoprojects/myproject".'},
    ),
    (
        ("--traceback",),
        {"action": "store_true", "help": "Show the whole traceback of a CommandError."},
    ),
    (("--no-color",), {"action": "store_true", "help": "Do not colour the output."}),
    (("--force-color",), {"action": "store_true", "help": "Colour the output in any case."}),
)


def handle_default_options(options: argparse.Namespace) -> None:
    """Act on ``--settings`` and ``--pythonpath``, before the settings are read."""
    if options.settings:
        os.environ["DJANGO_SETTINGS_MODULE"] = options.settings
    if options.pythonpath:
        sys.path.insert(0, options.pythonpath)


def no_translations(handle_func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a ``handle()`` to run with translations switched off."""
    from functools import wraps

    @wraps(handle_func)
    def untranslated(*args: Any, **kwargs: Any) -> Any:
        from nuages.utils import translation

        with translation.override(None):
            return handle_func(*args, **kwargs)

    return untranslated


class BaseCommand:
    """One management command; subclasses implement :meth:`handle`.

    Args:
        stdout: where output goes.
        stderr: where errors go.
        no_color: never use colours.
        force_color: always use colours.

    Raises:
        CommandError: both colour arguments were given.
        TypeError: ``requires_system_checks`` is neither a sequence nor ``"__all__"``.
    """

    help = ""
    output_transaction = False
    requires_migrations_checks = False
    requires_system_checks: Any = ALL_CHECKS
    #: Keywords of ``call_command`` that are no command line options.
    base_stealth_options: tuple[str, ...] = ("stderr", "stdout")
    stealth_options: tuple[str, ...] = ()
    suppressed_base_arguments: Iterable[str] = set()
    _called_from_command_line = False

    def __init__(
        self,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        no_color: bool = False,
        force_color: bool = False,
    ) -> None:
        if no_color and force_color:
            raise CommandError("'no_color' and 'force_color' can't be used together.")
        wanted = self.requires_system_checks
        if wanted != ALL_CHECKS and not isinstance(wanted, list | tuple):
            raise TypeError("requires_system_checks must be a list or tuple.")
        self.stdout = OutputWrapper(stdout or sys.stdout)
        self.stderr = OutputWrapper(stderr or sys.stderr)
        self._set_style(no_style() if no_color else color_style(force_color))

    def _set_style(self, style: Any) -> None:
        self.style = style
        self.stderr.style_func = style.ERROR

    def get_version(self) -> str:
        """Return the version that ``--version`` shows."""
        from nuages import get_version

        return get_version()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser of the command's options; ``kwargs`` are argparse's."""
        kwargs.setdefault("formatter_class", DjangoHelpFormatter)
        if PY314:
            kwargs.setdefault("suggest_on_error", True)
            colors = os.environ.get("DJANGO_COLORS") != "nocolor" and "--no-color" not in sys.argv
            kwargs.setdefault("color", colors)
        parser = CommandParser(
            prog=f"{os.path.basename(prog_name)} {subcommand}",
            description=self.help or None,
            missing_args_message=getattr(self, "missing_args_message", None),
            called_from_command_line=self._called_from_command_line,
            **kwargs,
        )
        self.add_base_argument(
            parser,
            "--version",
            action="version",
            version=self.get_version(),
            help="Show the version and leave.",
        )
        for flags, described in _BASE_OPTIONS:
            self.add_base_argument(parser, *flags, **described)
        if self.requires_system_checks:
            parser.add_argument(
                "--skip-checks", action="store_true", help="Leave out the system checks."
            )
        self.add_arguments(parser)
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the command's own options. Override it."""

    def add_base_argument(self, parser: CommandParser, *args: str, **kwargs: Any) -> None:
        """Add an option that every command has; hidden if the command suppresses it."""
        if not set(args).isdisjoint(self.suppressed_base_arguments):
            kwargs["help"] = argparse.SUPPRESS
        parser.add_argument(*args, **kwargs)

    def print_help(self, prog_name: str, subcommand: str) -> None:
        """Print the command's help."""
        self.create_parser(prog_name, subcommand).print_help()

    def run_from_argv(self, argv: Sequence[str]) -> None:
        """Run for a command line, and leave with a status on errors."""
        self._called_from_command_line = True
        given = self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
        options = vars(given)
        args = options.pop("args", ())
        handle_default_options(given)
        try:
            self.execute(*args, **options)
        except CommandError as error:
            if given.traceback:
                raise
            # The report of the checks brings its own colours.
            if isinstance(error, SystemCheckError):
                self.stderr.write(str(error), str)
            else:
                self.stderr.write(f"{type(error).__name__}: {error}")
            sys.exit(error.returncode)
        finally:
            # Commands such as startproject have no databases.
            with contextlib.suppress(ImproperlyConfigured):
                connections.close_all()

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the checks and :meth:`handle`; print what it returns.

        Called by :func:`call_command` and :meth:`run_from_argv`.
        """
        match options["force_color"], options["no_color"]:
            case True, True:
                raise CommandError(
                    "The --no-color and --force-color options can't be used together."
                )
            case True, _:
                self.style = color_style(force_color=True)
            case _, True:
                self._set_style(no_style())
                self.stderr.style_func = None
        for name in ("stdout", "stderr"):
            if stream := options.get(name):
                wrapper = OutputWrapper(stream)
                if name == "stderr" and not options["no_color"]:
                    wrapper.style_func = self.style.ERROR
                setattr(self, name, wrapper)
        if self.requires_system_checks and not options["skip_checks"]:
            self.check(**self.get_check_kwargs(options))
        if self.requires_migrations_checks:
            self.check_migrations()
        output = self.handle(*args, **options)
        if not output:
            return output
        if self.output_transaction:
            ops = connections[options.get("database", DEFAULT_DB_ALIAS)].ops
            begin, end = ops.start_transaction_sql(), ops.end_transaction_sql()
            keyword = self.style.SQL_KEYWORD
            output = f"{keyword(begin)}\n{output}\n{keyword(end)}"
        self.stdout.write(output)
        return output

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of :meth:`check` for these options."""
        wanted = self.requires_system_checks
        return {} if wanted == ALL_CHECKS else {"tags": wanted}

    def check(
        self,
        app_configs: Iterable[Any] | None = None,
        tags: Iterable[str] | None = None,
        display_num_errors: bool = False,
        include_deployment_checks: bool = False,
        fail_level: int = levels.ERROR,
        databases: Iterable[str] | None = None,
    ) -> None:
        """Run system checks and print what they find.

        Args:
            display_num_errors: say so too if nothing was found.
            fail_level: the level from which on a message is an error.

        Raises:
            SystemCheckError: a message of that level, not silenced, was found.
        """
        from nuages.core.checks import run_checks

        found = run_checks(
            app_configs=app_configs,
            tags=tags,
            include_deployment_checks=include_deployment_checks,
            databases=databases,
        )
        report = system_check_report(found, self.style, fail_level, display_num_errors)
        if report.serious:
            raise SystemCheckError(report.text)
        if report.text:
            if report.shown:
                self.stderr.write(report.text, str)
            else:
                self.stdout.write(report.text)

    def check_migrations(self) -> None:
        """Print a notice if migrations were not applied to the default database."""
        from nuages.db.migrations.executor import MigrationExecutor

        plan: list[Any] = []
        with contextlib.suppress(ImproperlyConfigured):
            executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if not plan:
            return
        labels = sorted({migration.app_label for migration, _ in plan})
        number = len(plan)
        self.stdout.write(
            self.style.NOTICE(
                f"\nYou have {number} unapplied migration(s). Your project may not work properly "
                f"until you apply the migrations for app(s): {', '.join(labels)}."
            )
        )
        self.stdout.write(self.style.NOTICE("Run 'python manage.py migrate' to apply them."))

    def handle(self, *args: Any, **options: Any) -> Any:
        """Do the command's work; text that is returned is printed."""
        raise NotImplementedError("subclasses of BaseCommand must provide a handle() method")


def _lines(outputs: Iterable[str | None]) -> str:
    return "\n".join(filter(None, outputs))


class AppCommand(BaseCommand):
    """A command for installed applications, named by label."""

    missing_args_message = "Enter at least one application label."

    def handle_app_config(self, app_config: Any, **options: Any) -> str | None:
        """Do the work for one application. Implement it."""
        raise NotImplementedError(
            "Subclasses of AppCommand must provide a handle_app_config() method."
        )

    def handle(self, *app_labels: str, **options: Any) -> str:
        from nuages.apps import apps

        try:
            configs = [apps.get_app_config(label) for label in app_labels]
        except (LookupError, ImportError) as error:
            advice = "Are you sure your INSTALLED_APPS setting is correct?"
            raise CommandError(f"{error}. {advice}") from error
        return _lines(self.handle_app_config(config, **options) for config in configs)

    def add_arguments(self, parser: CommandParser) -> None:
        about = "The labels of applications."
        parser.add_argument("args", nargs="+", metavar="app_label", help=about)


class LabelCommand(BaseCommand):
    """A command for arguments of any kind, each treated alone."""

    label = "label"
    missing_args_message: str | None = "Enter at least one %s."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.missing_args_message is LabelCommand.missing_args_message:
            self.missing_args_message = f"Enter at least one {self.label}."

    def handle_label(self, label: str, **options: Any) -> str | None:
        """Do the work for one argument. Implement it."""
        raise NotImplementedError("subclasses of LabelCommand must provide a handle_label() method")

    def handle(self, *labels: str, **options: Any) -> str:
        return _lines(self.handle_label(label, **options) for label in labels)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("args", nargs="+", metavar=self.label)
