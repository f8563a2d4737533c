"""Files in a directory."""

import os
from datetime import UTC, datetime
from typing import Any

from nuages.conf import settings
from nuages.core.files import locks
from nuages.core.files.base import File
from nuages.core.files.move import file_move_safe
from nuages.core.files.storage.base import Storage
from nuages.core.files.storage.mixins import StorageSettingsMixin
from nuages.utils._os import safe_join, safe_makedirs
from nuages.utils.deconstruct import deconstructible


@deconstructible(path="django.core.files.storage.FileSystemStorage")
class FileSystemStorage(StorageSettingsMixin, Storage):
    """Keeps files in a directory (default: `MEDIA_ROOT`) and below."""

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
        allow_overwrite: bool = False,
    ) -> None:
        self._take_options(location, base_url, file_permissions_mode, directory_permissions_mode)
        self._allow_overwrite = allow_overwrite

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(open(self.path(name), mode))

    def _save(self, name: str, content: Any) -> str:
        full_path = self.path(name)
        self._make_directory(os.path.dirname(full_path))
        # Somebody may take the name while we write: then go on with another one.
        while True:
            try:
                if hasattr(content, "temporary_file_path"):
                    file_move_safe(
                        content.temporary_file_path(),
                        full_path,
                        allow_overwrite=self._allow_overwrite,
                    )
                else:
                    self._write(full_path, content)
                break
            except FileExistsError:
                name = self.get_available_name(name)
                full_path = self.path(name)
        if self.file_permissions_mode is not None:
            os.chmod(full_path, self.file_permissions_mode)
        name = os.path.relpath(full_path, self.location)
        self._ensure_location_group_id(full_path)
        return name.replace("\\", "/")

    def _make_directory(self, directory: str) -> None:
        mode = self.directory_permissions_mode
        try:
            if mode is None:
                os.makedirs(directory, exist_ok=True)
            else:
                safe_makedirs(directory, mode, exist_ok=True)
        except FileExistsError:
            raise FileExistsError(f"{directory} exists and is not a directory.") from None

    def _write(self, full_path: str, content: Any) -> None:
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        flags |= os.O_TRUNC if self._allow_overwrite else os.O_EXCL
        # 0o666: the umask takes away what it will.
        descriptor = os.open(full_path, flags, 0o666)
        file: Any = None
        try:
            locks.lock(descriptor, locks.LOCK_EX)
            for chunk in content.chunks():
                if file is None:
                    file = os.fdopen(descriptor, "wb" if isinstance(chunk, bytes) else "wt")
                file.write(chunk)
            if file is not None:
                file.flush()
        finally:
            locks.unlock(descriptor)
            if file is None:
                os.close(descriptor)
            else:
                file.close()

    def _ensure_location_group_id(self, full_path: str) -> None:
        """Give a new file the group of the storage's directory, where the system has groups."""
        if os.name != "posix":
            return
        group = os.stat(self.location).st_gid
        if os.stat(full_path).st_gid != group:
            try:
                os.chown(full_path, uid=-1, gid=group)
            except PermissionError:
                pass  # Only members of a group, or the superuser, may hand over to it.

    def is_name_available(self, name: str, max_length: int | None = None) -> bool:
        """Say whether a file may be saved under ``name``."""
        fits = not max_length or len(name) <= max_length
        return fits and (self._allow_overwrite or not self.exists(name))

    def get_alternative_name(self, file_root: str, file_ext: str) -> str:
        """Return another name; the same one where files are overwritten."""
        same = self._allow_overwrite
        return file_root + file_ext if same else super().get_alternative_name(file_root, file_ext)

    def delete(self, name: Any) -> None:
        """Delete a file or an empty directory; nothing happens if there is none."""
        if not name:
            raise ValueError("The name must be given to delete().")
        path = self.path(name)
        try:
            if os.path.isdir(path):
                os.rmdir(path)
            else:
                os.remove(path)
        except FileNotFoundError:
            pass

    def exists(self, name: Any) -> bool:
        """Say whether there is something of this name, even a link that leads nowhere."""
        return os.path.lexists(self.path(name))

    def listdir(self, path: Any) -> tuple[list[str], list[str]]:
        """Return the names of the directories and of the files in a directory."""
        directories: list[str] = []
        files: list[str] = []
        with os.scandir(self.path(path)) as entries:
            for entry in entries:
                (directories if entry.is_dir() else files).append(entry.name)
        return directories, files

    def path(self, name: Any) -> str:
        """Return the absolute path of a file; raises `SuspiciousFileOperation` outside."""
        return safe_join(self.location, name)

    def size(self, name: Any) -> int:
        """Return the size of a file in bytes."""
        return os.path.getsize(self.path(name))

    def _datetime_from_timestamp(self, timestamp: float) -> datetime:
        return datetime.fromtimestamp(timestamp, tz=UTC if settings.USE_TZ else None)

    def _time(self, name: Any, which: str) -> datetime:
        return self._datetime_from_timestamp(getattr(os.stat(self.path(name)), which))

    def get_modified_time(self, name: Any) -> datetime:
        """Return when a file was last written."""
        return self._time(name, "st_mtime")

    def get_accessed_time(self, name: Any) -> datetime:
        """Return when a file was last read."""
        return self._time(name, "st_atime")

    def get_created_time(self, name: Any) -> datetime:
        """Return what the system calls the file's ctime."""
        return self._time(name, "st_ctime")
