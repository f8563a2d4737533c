"""The ``nuages`` command: ``nuages run CMD …``, ``nuages version``, and management commands."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

USAGE = """\
usage: nuages run COMMAND [ARGUMENT ...]   run a command with Nuages in the place of Django
       nuages version                      print the versions of Nuages and of the API
       nuages SUBCOMMAND [ARGUMENT ...]    run a management command (see 'nuages help')
"""


def engine_environment(environ: dict[str, str]) -> dict[str, str]:
    """Return ``environ`` with the shim first on ``PYTHONPATH``, for a process and its children."""
    package = Path(__file__).resolve().parent
    kept = [
        entry
        for entry in environ.get("PYTHONPATH", "").split(os.pathsep)
        if entry and entry not in (str(package / "shim"), str(package.parent))
    ]
    entries = [str(package / "shim"), str(package.parent), *kept]
    return {**environ, "PYTHONPATH": os.pathsep.join(entries)}


def find_program(name: str, path: str | None) -> str | None:
    """Return the file to run for a command's name; ``None`` if there is none.

    Commands of the virtual environment that Nuages is installed in come before those on ``PATH``, as they
    do when it is activated: another ``pytest`` would not find what the project needs.
    """
    scripts = str(Path(sys.executable).parent)
    if sys.prefix != sys.base_prefix and (found := shutil.which(name, path=scripts)):
        return found
    return shutil.which(name, path=path) or shutil.which(name, path=scripts)


def run(command: list[str]) -> int:
    """Replace this process by ``command``, with Nuages as its ``django``.

    Returns:
        The exit status to leave with, only where the command cannot be started.
    """
    if not command:
        sys.stderr.write(USAGE)
        return 2
    environ = engine_environment(dict(os.environ))
    program = command[0]
    if program in ("python", "python3") or program.endswith(".py"):
        # The interpreter that Nuages is installed for, not whichever is first on PATH.
        arguments = command[1:] if program.startswith("python") else command
        command = [sys.executable, *arguments]
    found = find_program(command[0], environ.get("PATH"))
    if found is None:
        sys.stderr.write(f"nuages run: there is no command {command[0]!r} on PATH.\n")
        return 127
    sys.stdout.flush()
    os.execve(found, command, environ)


def main(argv: list[str] | None = None) -> None:
    """Entry point of the ``nuages`` command."""
    arguments = list(sys.argv if argv is None else argv)
    verb = arguments[1] if len(arguments) > 1 else ""
    if verb == "run":
        sys.exit(run(arguments[2:]))
    import nuages

    if verb == "version" or verb == "--version" and Path(arguments[0]).name == "nuages":
        sys.stdout.write(f"Nuages {nuages.RELEASE} (API of Django {nuages.get_version()})\n")
        return
    from nuages.core.management import execute_from_command_line

    os.environ["PYTHONPATH"] = engine_environment(dict(os.environ))["PYTHONPATH"]
    execute_from_command_line(arguments)
