"""Versions of the API, as text and as tuples."""

from __future__ import annotations

import datetime
import functools
import os
import re
import sys

PY310, PY311, PY312, PY313, PY314, PY315 = (
    sys.version_info >= (3, minor) for minor in range(10, 16)
)
PYPY = sys.implementation.name == "pypy"

type Version = tuple[int, int, int, str, int]
_LETTERS = {"alpha": "a", "beta": "b", "rc": "rc"}


def get_complete_version(version: Version | None = None) -> Version:
    """Return ``version``, or the level of the API. Raises ``AssertionError`` if it is malformed."""
    if version is None:
        from nuages import VERSION

        return VERSION
    assert len(version) == 5
    assert version[3] in (*_LETTERS, "final")
    return version


def get_main_version(version: Version | None = None) -> str:
    """Return ``X.Y``, or ``X.Y.Z`` where Z is not 0."""
    numbers = get_complete_version(version)[:3]
    return ".".join(str(number) for number in (numbers if numbers[2] else numbers[:2]))


def get_version(version: Version | None = None) -> str:
    """Return a version as PEP 440 writes it."""
    version = get_complete_version(version)
    main = get_main_version(version)
    stage, serial = version[3:]
    if stage == "alpha" and serial == 0:
        changeset = get_git_changeset()
        return f"{main}.dev{changeset}" if changeset else main
    return main if stage == "final" else f"{main}{_LETTERS[stage]}{serial}"


def get_docs_version(version: Version | None = None) -> str:
    """Return the name of the manual's edition: ``X.Y``, or ``dev``."""
    version = get_complete_version(version)
    return f"{version[0]}.{version[1]}" if version[3] == "final" else "dev"


@functools.lru_cache
def get_git_changeset() -> str | None:
    """Return the time of the last commit (UTC, as digits) where this is a git checkout."""
    filename = globals().get("__file__")
    if filename is None:
        return None
    import subprocess

    root = os.path.dirname(os.path.dirname(os.path.abspath(filename)))
    answer = subprocess.run(
        ["git", "log", "--pretty=format:%ct", "--quiet", "-1", "HEAD"],
        capture_output=True,
        cwd=root,
        text=True,
        check=False,
    )
    if not answer.stdout.isdigit():
        return None
    moment = datetime.datetime.fromtimestamp(int(answer.stdout), tz=datetime.UTC)
    return moment.strftime("%Y%m%d%H%M%S")


_NUMBERS = re.compile(r"\d+(?:\.\d+)*")


def get_version_tuple(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: ``"1.2.3b2"`` gives ``(1, 2, 3)``."""
    found = _NUMBERS.match(version)
    return tuple(map(int, found[0].split("."))) if found else ()
