"""Files from one directory to another, where both storages are directories.

The faithful way is ``storage.save(name, source_storage.open(path))``. It is taken for every storage that is
none of ours, or that overrides one of the methods that this skips.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Any

from nuages.core.files.storage import FileSystemStorage
from nuages.core.files.utils import validate_file_name

#: Bytes of a file that are read in one piece.
_AT_ONCE = 2**20

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

    def copy(self, name: str, source: Any) -> str:
        """Write what the path ``source`` has; return the name that it got."""
        with open(source, "rb", buffering=0) as opened:
            if os.fstat(opened.fileno()).st_size <= _AT_ONCE:
                return self.write(name, opened.read())
            return self._create(name, lambda target: shutil.copyfileobj(opened, target, _AT_ONCE))

    def write(self, name: str, content: bytes) -> str:
        """Write ``content``; return the name that it got."""
        return self._create(name, lambda target: target.write(content))

    def _create(self, name: str, fill: Callable[[Any], Any]) -> str:
        storage = self.storage
        while True:
            full = storage.path(validate_file_name(name, allow_relative_path=True))
            folder = os.path.dirname(full)
            if folder not in self._made:
                storage._make_directory(folder)
                self._made.add(folder)
            flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
            flags |= os.O_TRUNC if storage._allow_overwrite else os.O_EXCL
            try:
                descriptor = os.open(full, flags, 0o666)
            except FileExistsError:
                name = storage.get_available_name(name)
                continue
            with open(descriptor, "wb", buffering=0) as target:
                fill(target)
            if storage.file_permissions_mode is not None:
                os.chmod(full, storage.file_permissions_mode)
            storage._ensure_location_group_id(full)
            return name.replace("\\", "/")
