"""``shell``: a Python prompt in the project."""

from __future__ import annotations

import os
import select
import sys
import traceback
from collections import defaultdict
from collections.abc import Collection
from importlib import import_module
from typing import Any

from nuages.conf import settings
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.utils.module_loading import import_string


def _objects(found: Collection[Any]) -> str:
    return f"{len(found)} object{'' if len(found) == 1 else 's'}"


def _sorted_imports(lines: list[str]) -> str:
    """Return import statements, indented, in isort's order where it is installed."""
    text = "\n".join(f"  {line}" for line in lines)
    try:
        import isort
    except ImportError:
        pass
    else:
        text = isort.code(text).rstrip()
    return text


class Command(BaseCommand):
    """Starts a prompt. Manual: "django-admin and manage.py", ``shell``."""

    help = (
        "Runs a Python interactive interpreter. Tries to use IPython or bpython, if one of them "
        "is available. Any standard input is executed as code."
    )
    requires_system_checks: list[str] = []
    shells = ["ipython", "bpython", "python"]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-startup",
            action="store_true",
            help="With plain Python, leave PYTHONSTARTUP and ~/.pythonrc.py alone.",
        )
        parser.add_argument(
            "--no-imports", action="store_true", help="Do not import anything automatically."
        )
        parser.add_argument(
            "-i", "--interface", choices=self.shells, help="The interpreter to use."
        )
        parser.add_argument("-c", "--command", help="Code to run instead of starting a prompt.")

    # Interpreters; each raises ImportError if it is not there.

    def ipython(self, options: dict[str, Any]) -> None:
        """Start IPython."""
        from IPython import start_ipython

        start_ipython(argv=[], user_ns=self.get_namespace(**options))

    def bpython(self, options: dict[str, Any]) -> None:
        """Start bpython."""
        import bpython

        bpython.embed(self.get_namespace(**options))

    def python(self, options: dict[str, Any]) -> None:
        """Start Python's own prompt."""
        import code

        names = self.get_namespace(**options)
        try:
            import readline
            import rlcompleter
        except ImportError:
            pass
        else:
            readline.set_completer(rlcompleter.Completer(names).complete)
            is_libedit = "libedit" in (getattr(readline, "__doc__", "") or "")
            readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab:complete")
        if not options["no_startup"]:
            self._run_startup_files(names)
        # Python 3.13 and later start their own, with what Python has set up.
        hook = getattr(sys, "__interactivehook__", None)
        if hook is not None and not hasattr(code, "mock_calls"):
            hook()
        code.interact(local=names)

    @staticmethod
    def _run_startup_files(names: dict[str, Any]) -> None:
        for path in dict.fromkeys(
            [os.environ.get("PYTHONSTARTUP", ""), os.path.expanduser("~/.pythonrc.py")]
        ):
            if not path or not os.path.isfile(path):
                continue
            with open(path, encoding="utf-8") as file:
                source = file.read()
            try:
                # What a Python prompt does with the user's own file.
                _execute(source, path, names)
            except Exception:
                traceback.print_exc()

    # What is imported automatically.

    def get_auto_imports(self) -> list[str] | None:
        """Return the dotted paths to import. Override it to import more."""
        from nuages.apps import apps

        # Of models with one name, that of the application installed first.
        models = [
            f"{model.__module__}.{model.__name__}"
            for model in reversed(apps.get_models())
            if model.__module__
        ]
        return [
            "django.conf.settings",
            "django.db.connection",
            "django.db.models",
            "django.db.models.functions",
            "django.db.reset_queries",
            "django.utils.timezone",
            *models,
        ]

    def get_namespace(self, **options: Any) -> dict[str, Any]:
        """Return the names that the prompt starts with, and say what was imported."""
        if options and options.get("no_imports"):
            return {}
        verbosity = options.get("verbosity", 0)
        if not settings.configured:
            if verbosity > 0:
                self.stdout.write(
                    "Automatic imports are disabled since settings are not configured.\n"
                    f"DJANGO_SETTINGS_MODULE value is {os.environ.get('DJANGO_SETTINGS_MODULE')!r}.\n"
                    "HINT: Ensure that the settings module is configured and set.",
                    self.style.ERROR,
                    ending="\n\n",
                )
            return {}
        paths = self.get_auto_imports()
        if paths is None:
            return {}
        names: dict[str, Any] = {}
        origins: dict[str, str] = {}
        failed = []
        for path in paths:
            try:
                value = import_string(path) if "." in path else import_module(path)
            except ImportError:
                try:
                    value = import_module(path)
                except ImportError:
                    failed.append(path)
                    continue
            name = path.rpartition(".")[2]
            names[name] = value
            origins[name] = path
        if verbosity > 0:
            self._say_imported(origins, failed, verbosity)
        return names

    def _say_imported(self, origins: dict[str, str], failed: list[str], verbosity: int) -> None:
        if failed:
            lines = "".join(f"\n  {path}" for path in failed)
            text = f"{_objects(failed)} could not be automatically imported:\n{lines}"
            self.stdout.write(text, self.style.NOTICE, ending="\n\n")
        number = len(origins)
        text = f"{_objects(origins)} imported automatically"
        if verbosity < 2:
            hint = " (use -v 2 for details)" if number else ""
            self.stdout.write(f"{text}{hint}.", self.style.SUCCESS, ending="\n\n")
            return
        if not number:
            self.stdout.write(f"{text}.", self.style.SUCCESS, ending="\n\n")
            return
        by_module: dict[str, list[str]] = defaultdict(list)
        for name, path in origins.items():
            by_module[path.rpartition(".")[0]].append(name)
        imports = [f"import {name}" for name in by_module.pop("", ())]
        for module, names in by_module.items():
            imports.append(f"from {module} import {', '.join(names)}")
        self.stdout.write(f"{text}:", self.style.SUCCESS, ending="\n\n")
        self.stdout.write(_sorted_imports(imports), ending="\n\n")

    def handle(self, **options: Any) -> None:
        if options["command"]:
            _execute(
                options["command"],
                "<string>",
                {"__name__": "__console__", **self.get_namespace(**options)},
            )
            return
        # Code that comes through a pipe is run. Windows has no select() for it.
        if (
            sys.platform != "win32"
            and not sys.stdin.isatty()
            and select.select([sys.stdin], [], [], 0)[0]
        ):
            names = {"__name__": "__console__", **self.get_namespace(**options)}
            _execute(sys.stdin.read(), "<stdin>", names)
            return
        wanted = [options["interface"]] if options["interface"] else self.shells
        for name in wanted:
            try:
                getattr(self, name)(options)
                return
            except ImportError:
                continue
        raise CommandError(f"Couldn't import {wanted[-1]} interface.")


def _execute(source: str, filename: str, names: dict[str, Any]) -> None:
    """Run the user's own code, as Python would run a script."""
    exec(compile(source, filename, "exec"), names)
