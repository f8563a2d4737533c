"""Moving files, over the borders of file systems too."""

import os
from contextlib import suppress
from shutil import copymode, copystat

from nuages.core.files import locks

__all__ = ["file_move_safe"]


def _same_file(first: str, second: str) -> bool:
    try:
        return os.path.samefile(first, second)
    except OSError:
        return False


def _copy_metadata(source: str, target: str) -> None:
    # Some file systems, and SELinux, allow to copy the content but none of the rest.
    for copy in (copystat, copymode):
        try:
            copy(source, target)
        except PermissionError:
            continue
        return


def file_move_safe(
    old_file_name: str,
    new_file_name: str,
    chunk_size: int = 1024 * 64,
    allow_overwrite: bool = False,
) -> None:
    """Move a file, by renaming it if possible, else by copying it in chunks.

    Raises ``FileExistsError`` if there is a file at the new place and ``allow_overwrite`` is
    false.
    """
    if _same_file(old_file_name, new_file_name):
        return
    taken = os.access(new_file_name, os.F_OK)
    if taken and not allow_overwrite:
        message = f"Destination file {new_file_name} exists and allow_overwrite is False."
        raise FileExistsError(message)
    # It fails between file systems; and on Windows, where the target may not exist.
    with suppress(OSError):
        os.rename(old_file_name, new_file_name)
        return
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
    flags |= os.O_TRUNC if allow_overwrite else os.O_EXCL
    with open(old_file_name, "rb") as source, os.fdopen(os.open(new_file_name, flags), "wb") as to:
        locks.lock(to, locks.LOCK_EX)
        try:
            while chunk := source.read(chunk_size):
                to.write(chunk)
        finally:
            to.flush()
            locks.unlock(to)
    _copy_metadata(old_file_name, new_file_name)
    try:
        os.remove(old_file_name)
    except PermissionError as error:
        # Windows does not delete files that are open; they go when they are closed.
        if getattr(error, "winerror", 0) != 32:
            raise
