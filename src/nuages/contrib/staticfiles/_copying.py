"""Files from one directory to another, where both storages are directories.

The faithful way is ``storage.save(name, source_storage.open(path))``. It is taken for every storage that is
none of ours, or that overrides one of the methods that this skips.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from nuages.core.files.storage import FileSystemStorage
from nuages.core.files.utils import validate_file_name

#: Bytes of a file that are read in one piece.
_AT_ONCE = 2**20
_BINARY = getattr(os, "O_BINARY", 0)

_METHODS = (
    "_ensure_location_group_id",
    "_make_directory",
    "_open",
    "_save",
    "_write",
    "exists",
    "get_alternative_name",
    "get_available_name",
    "get_modified_time",
    "is_name_available",
    "open",
    "save",
)
_OURS = {name: getattr(FileSystemStorage, name) for name in _METHODS}


def is_directory(storage: Any) -> bool:
    """Return whether a storage keeps its files as the one of the file system does."""
    kind = type(storage)
    return isinstance(storage, FileSystemStorage) and all(
        getattr(kind, name) is method and name not in vars(storage)
        for name, method in _OURS.items()
    )


class Directory:
    """Writes new files into a storage for which :func:`is_directory` is true."""

    def __init__(self, storage: FileSystemStorage) -> None:
        self.storage = storage
        self._made: set[str] = set()
        self._group: int | None = None

    def copy(self, name: str, source: Any) -> str:
        """Write what the path ``source`` has; return the name that it got."""
        opened = os.open(source, os.O_RDONLY | _BINARY)
        try:
            return self._create(name, lambda target: _copy(opened, target))
        finally:
            os.close(opened)

    def write(self, name: str, content: bytes) -> str:
        """Write ``content``; return the name that it got."""
        return self._create(name, lambda target: _write(target, content))

    def _create(self, name: str, fill: Callable[[int], Any]) -> str:
        storage = self.storage
        while True:
            full = storage.path(validate_file_name(name, allow_relative_path=True))
            folder = os.path.dirname(full)
            if folder not in self._made:
                storage._make_directory(folder)
                self._made.add(folder)
            flags = os.O_WRONLY | os.O_CREAT | _BINARY
            flags |= os.O_TRUNC if storage._allow_overwrite else os.O_EXCL
            try:
                target = os.open(full, flags, 0o666)
            except FileExistsError:
                name = storage.get_available_name(name)
                continue
            try:
                fill(target)
                if not self._has_group(target):
                    storage._ensure_location_group_id(full)
            finally:
                os.close(target)
            if storage.file_permissions_mode is not None:
                os.chmod(full, storage.file_permissions_mode)
            return name.replace("\\", "/")

    def _has_group(self, target: int) -> bool:
        """Whether a new file is of the same group as the directory of all."""
        if self._group is None:
            self._group = os.stat(self.storage.location).st_gid
        return os.fstat(target).st_gid == self._group


def _copy(source: int, target: int) -> None:
    wanted = min(os.fstat(source).st_size + 1, _AT_ONCE)
    # Only nothing is the end: some file systems give less than they are asked for.
    while piece := os.read(source, wanted):
        _write(target, piece)


def _write(target: int, content: bytes) -> None:
    written = os.write(target, content)
    while written < len(content):
        # More than the system takes at once.
        written += os.write(target, memoryview(content)[written:])
