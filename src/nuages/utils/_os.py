"""Paths and directories."""

import os
import tempfile
from os.path import abspath, join, normcase, sep
from pathlib import Path
from typing import Any

from nuages.core.exceptions import SuspiciousFileOperation


def safe_join(base: str | os.PathLike[str], *paths: str | os.PathLike[str]) -> str:
    """Join paths to ``base``, absolute and normalized.

    Raises `SuspiciousFileOperation` if the result is outside of ``base``.
    """
    root = abspath(base)
    final = abspath(join(root, *paths))
    inside, outside = normcase(final), normcase(root)
    # A separator at the end, or "/home/ab" would count as inside "/home/a". A root directory
    # has one already.
    if inside != outside and not inside.startswith(outside.rstrip(sep) + sep):
        raise SuspiciousFileOperation(
            f"The joined path ({final}) is located outside of the base path component ({root})"
        )
    return final


def safe_makedirs(name: str | os.PathLike[str], mode: int = 0o777, exist_ok: bool = False) -> None:
    """Create a directory and those above it, each new one with exactly ``mode``.

    The process's umask takes nothing away. Raises ``FileExistsError`` if something is there,
    unless it is a directory and ``exist_ok``.
    """
    target = Path(abspath(name))
    missing = [target]
    while not missing[-1].parent.exists() and missing[-1].parent != missing[-1]:
        missing.append(missing[-1].parent)
    for directory in reversed(missing):
        try:
            os.mkdir(directory, mode)
        except FileExistsError:
            # Somebody may have made a directory on the way in between; that is no error.
            if not directory.is_dir() or directory == target and not exist_ok:
                raise
        else:
            os.chmod(directory, mode)


def symlinks_supported() -> bool:
    """Say whether this process may create symbolic links."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            os.symlink(join(directory, "original"), join(directory, "symlink"))
        except (OSError, NotImplementedError):
            return False
        return True


def to_path(value: Any) -> Path:
    """Return ``value`` (text or path) as a ``Path``; raises ``TypeError`` for anything else."""
    return value if isinstance(value, Path) else Path(value)
