"""Archives unpacked safely: zip files, and tar files compressed in any way.

Used for the templates of projects and applications.
"""

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import IO, Any

from nuages.core.exceptions import SuspiciousOperation


class ArchiveException(Exception):
    """Base of the errors of archives."""


class UnrecognizedArchiveFormat(ArchiveException):
    """The file is no archive that can be read here."""


@dataclass(frozen=True)
class _Member:
    """A file or directory in an archive."""

    name: str
    is_directory: bool
    # 0: the archive does not say.
    mode: int
    open: Any


def _tar_members(archive: tarfile.TarFile) -> Iterator[_Member]:
    for info in archive.getmembers():
        yield _Member(info.name, info.isdir(), info.mode, lambda i=info: archive.extractfile(i))


def _zip_members(archive: zipfile.ZipFile) -> Iterator[_Member]:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        yield _Member(info.filename, info.is_dir(), mode, lambda i=info: archive.open(i))


_READERS: dict[str, tuple[Any, Any]] = {
    "tar": (tarfile.open, _tar_members),
    "zip": (zipfile.ZipFile, _zip_members),
}

# The ends of file names, and the kind of archive that they stand for.
extension_map = {
    ".tar": "tar",
    ".tar.bz2": "tar",
    ".tbz": "tar",
    ".tbz2": "tar",
    ".tz2": "tar",
    ".tar.gz": "tar",
    ".tgz": "tar",
    ".taz": "tar",
    ".tar.lzma": "tar",
    ".tlz": "tar",
    ".tar.xz": "tar",
    ".txz": "tar",
    ".zip": "zip",
}


class Archive:
    """An archive, opened by the extension of its name."""

    def __init__(self, file: str | os.PathLike[str] | IO[bytes]) -> None:
        name = file if isinstance(file, str | os.PathLike) else getattr(file, "name", None)
        if name is None:
            raise UnrecognizedArchiveFormat("File object not a recognized archive format.")
        lowered = os.fspath(name).lower()
        kind = next((k for end, k in extension_map.items() if lowered.endswith(end)), None)
        if kind is None:
            raise UnrecognizedArchiveFormat(f"Path not a recognized archive format: {name}")
        opener, read = _READERS[kind]
        self._read: Callable[[Any], Iterator[_Member]] = read
        by_object = {"fileobj": file} if kind == "tar" else {"file": file}
        self._archive: Any = opener(file) if name is file else opener(**by_object)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def list(self) -> None:
        """Print what is in the archive."""
        for member in self._read(self._archive):
            print(member.name)

    def extract(self, to_path: str = "") -> None:
        """Unpack everything below ``to_path``, without the directory that all of it may be in.

        Raises `SuspiciousOperation` for a member that would land elsewhere.
        """
        members = [*self._read(self._archive)]
        leading = _common_directory([member.name for member in members])
        for member in members:
            name = member.name.removeprefix(leading) if leading else member.name
            target = _target(to_path, name)
            if member.is_directory:
                os.makedirs(target, exist_ok=True)
                continue
            source = member.open()
            if source is None:
                continue  # A link or a device: nothing that a template needs.
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with closing(source), open(target, "wb") as file:
                shutil.copyfileobj(source, file)
            # Only what was a program stays one; nothing else of the permissions counts.
            if member.mode & stat.S_IXUSR:
                os.chmod(target, stat.S_IMODE(member.mode))


def _target(to_path: str, name: str) -> str:
    root = os.path.abspath(to_path)
    target = os.path.abspath(os.path.join(root, name))
    if target != root and not target.startswith(root.rstrip(os.sep) + os.sep):
        raise SuspiciousOperation(f"Archive contains invalid path: '{name}'")
    return target


def _common_directory(names: list[str]) -> str:
    """Return the directory that all members are in, with its slash; else nothing."""
    tops = {name.lstrip("/").partition("/")[0] for name in names}
    nested = any("/" in name.lstrip("/").rstrip("/") for name in names)
    if len(tops) != 1 or not nested:
        return ""
    leading = f"{tops.pop()}/"
    return leading if all(n.startswith(leading) or f"{n}/" == leading for n in names) else ""


def extract(path: str | os.PathLike[str], to_path: str) -> None:
    """Unpack the archive at ``path`` below ``to_path``."""
    with Archive(path) as archive:
        archive.extract(to_path)
