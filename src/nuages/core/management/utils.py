"""Helpers of management commands."""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path
from subprocess import run
from typing import Any

from nuages.core.management.base import CommandError

_SECRET_KEY_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)"


def popen_wrapper(args: Sequence[str], stdout_encoding: str = "utf-8") -> tuple[str, str, int]:
    """Run a program; return its output, its errors and its status.

    Raises:
        CommandError: it cannot be started.
    """
    try:
        done = run(args, capture_output=True, close_fds=os.name != "nt", check=False)
    except OSError as error:
        raise CommandError(f"Error executing {args[0]}") from error
    from nuages.utils.encoding import DEFAULT_LOCALE_ENCODING

    return (
        done.stdout.decode(stdout_encoding),
        done.stderr.decode(DEFAULT_LOCALE_ENCODING, errors="replace"),
        done.returncode,
    )


def handle_extensions(extensions: Iterable[str]) -> set[str]:
    """Return file extensions with their dots: ``["js,.txt", "py"]`` gives three."""
    names = (name for text in extensions for name in text.replace(" ", "").split(","))
    return {"." + name.removeprefix(".") for name in names}


def find_command(
    cmd: str, path: str | Sequence[str] | None = None, pathext: str | Sequence[str] | None = None
) -> str | None:
    """Return the path of a program on ``PATH``, or ``None``."""
    folders = path if path is not None else os.environ.get("PATH", "")
    endings = pathext if pathext is not None else os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD")
    if isinstance(folders, str):
        folders = folders.split(os.pathsep)
    if isinstance(endings, str):
        endings = endings.split(os.pathsep)
    # A name that already has one of the endings gets no second one.
    if any(cmd.endswith(ending) for ending in endings):
        endings = ("",)
    for folder in folders:
        for candidate in (cmd, *(cmd + ending for ending in endings)):
            if os.path.isfile(found := os.path.join(folder, candidate)):
                return found
    return None


def get_random_secret_key() -> str:
    """Return fifty random characters for ``SECRET_KEY``."""
    from nuages.utils.crypto import get_random_string

    return get_random_string(50, _SECRET_KEY_CHARACTERS)


def parse_apps_and_model_labels(labels: Iterable[str]) -> tuple[set[Any], set[Any]]:
    """Return the models and the applications that labels name.

    Raises:
        CommandError: one of them is unknown.
    """
    from nuages.apps import apps

    found: tuple[set[Any], set[Any]] = (set(), set())
    for label in labels:
        is_app = "." not in label
        try:
            found[is_app].add(apps.get_app_config(label) if is_app else apps.get_model(label))
        except LookupError as error:
            raise CommandError(str(error) if is_app else f"Unknown model: {label}") from error
    return found


def get_command_line_option(argv: list[str], option: str) -> str | None:
    """Return the value of an option on a command line that is otherwise not understood."""
    from nuages.core.management.base import CommandParser

    parser = CommandParser(add_help=False, allow_abbrev=False)
    parser.add_argument(option, dest="value")
    given = argparse.Namespace(value=None)
    with contextlib.suppress(CommandError):
        parser.parse_known_args(argv[2:], given)
    value: str | None = given.value
    return value


def normalize_path_patterns(patterns: Iterable[str]) -> list[str]:
    """Return file patterns in the system's case; a pattern for all of a folder is the folder."""
    return [
        pattern.removesuffix("/*") if pattern.endswith("/*") else pattern
        for pattern in map(os.path.normcase, patterns)
    ]


def is_ignored_path(path: str, ignore_patterns: Iterable[str]) -> bool:
    """Whether a path, or its last part, matches one of the patterns."""
    whole = Path(path)
    return any(
        fnmatch.fnmatchcase(candidate, pattern)
        for pattern in normalize_path_patterns(ignore_patterns)
        for candidate in (whole.name, str(whole))
    )


def find_formatters() -> dict[str, str | None]:
    """Return the programs that format the files which commands write."""
    return {"black_path": shutil.which("black")}


def run_formatters(
    written_files: Iterable[str], black_path: Any = (), stderr: Any = sys.stderr
) -> None:
    """Format files with Black, if it is there; a failure is shown and is no error."""
    program = find_formatters()["black_path"] if black_path == () else black_path
    if not program:
        return
    try:
        subprocess.run([program, "--fast", "--", *written_files], capture_output=True, check=False)
    except OSError:
        stderr.write("Formatters failed to launch:")
        traceback.print_exc(file=stderr)
