"""Names of files, and what a wrapper lets through to its file."""

import os
from pathlib import PurePosixPath
from typing import Any

from nuages.core.exceptions import SuspiciousFileOperation


def validate_file_name(name: Any, allow_relative_path: bool = False) -> Any:
    """Return ``name`` if it is safe: a bare file name, or with the flag a path downwards.

    Raises `SuspiciousFileOperation` for anything else.
    """
    base_name = os.path.basename(name)
    if base_name in {"", ".", ".."}:
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    if not allow_relative_path:
        if base_name != name:
            raise SuspiciousFileOperation(f"File name '{name}' includes path elements")
        return name
    # Windows takes either separator, so both count everywhere.
    path = PurePosixPath(str(name).replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise SuspiciousFileOperation(f"Detected path traversal attempt in '{name}'")
    return name


def _passed_on(name: str) -> property:
    return property(lambda self: getattr(self.file, name), doc=f"``{name}`` of the file inside.")


class FileProxyMixin:
    """Gives an object with a ``file`` attribute the interface of that file."""

    encoding = _passed_on("encoding")
    fileno = _passed_on("fileno")
    flush = _passed_on("flush")
    isatty = _passed_on("isatty")
    newlines = _passed_on("newlines")
    read = _passed_on("read")
    readinto = _passed_on("readinto")
    readline = _passed_on("readline")
    readlines = _passed_on("readlines")
    seek = _passed_on("seek")
    tell = _passed_on("tell")
    truncate = _passed_on("truncate")
    write = _passed_on("write")
    writelines = _passed_on("writelines")

    file: Any

    @property
    def closed(self) -> bool:
        """Whether there is no open file inside."""
        return not self.file or self.file.closed

    def readable(self) -> bool:
        """Say whether the file can be read from now."""
        return self._able("readable", True)

    def writable(self) -> bool:
        """Say whether the file can be written to now."""
        return self._able("writable", "w" in getattr(self.file, "mode", ""))

    def seekable(self) -> bool:
        """Say whether the file has a position that can be set now."""
        return self._able("seekable", True)

    def _able(self, method: str, otherwise: bool) -> bool:
        if self.closed:
            return False
        ask = getattr(self.file, method, None)
        return otherwise if ask is None else ask()

    def __iter__(self) -> Any:
        return iter(self.file)
