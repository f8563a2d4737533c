"""Files in memory, for tests."""

import io
import os
from datetime import datetime
from pathlib import PurePath
from typing import Any

from nuages.core.files.base import File
from nuages.core.files.storage.base import Storage
from nuages.core.files.storage.mixins import StorageSettingsMixin
from nuages.utils._os import safe_join
from nuages.utils.deconstruct import deconstructible
from nuages.utils.timezone import now

__all__ = ("InMemoryStorage",)


class _Node:
    """What files and directories have in common: times."""

    def __init__(self) -> None:
        self.created = self.accessed = self.modified = now()

    def touch(self, *, written: bool = False) -> None:
        self.accessed = now()
        if written:
            self.modified = self.accessed


class _Document(_Node):
    """The content of a file."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()


class _Directory(_Node):
    """Named nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.children: dict[str, _Node] = {}


class _Handle(io.BufferedIOBase):
    """An open document: a position in it, with the interface of a binary file."""

    def __init__(self, document: _Document) -> None:
        self.document = document
        self.position = 0

    def readable(self) -> bool:
        return True

    writable = seekable = readable

    def read(self, size: int | None = -1) -> bytes:
        data = self.document.data
        end = len(data) if size is None or size < 0 else self.position + size
        piece = bytes(data[self.position : end])
        self.position += len(piece)
        return piece

    read1 = read

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def write(self, data: Any) -> int:
        content = self.document.data
        content.extend(b"\0" * (self.position - len(content)))
        content[self.position : self.position + len(data)] = data
        self.position += len(data)
        self.document.touch(written=True)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self.position,
            os.SEEK_END: len(self.document.data),
        }[whence]
        self.position = max(0, start + offset)
        return self.position

    def tell(self) -> int:
        return self.position

    def truncate(self, size: int | None = None) -> int:
        size = self.position if size is None else size
        del self.document.data[size:]
        self.document.touch(written=True)
        return size


@deconstructible(path="django.core.files.storage.InMemoryStorage")
class InMemoryStorage(StorageSettingsMixin, Storage):
    """Keeps files in memory, as long as it lives."""

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        base_url: str | None = None,
        file_permissions_mode: int | None = None,
        directory_permissions_mode: int | None = None,
    ) -> None:
        self._root = _Directory()
        self._take_options(location, base_url, file_permissions_mode, directory_permissions_mode)

    def _parts(self, name: Any) -> tuple[str, ...]:
        path = os.path.relpath(safe_join(self.location, name), self.location)
        return () if path == "." else PurePath(path).parts

    def _find(self, name: Any) -> _Node | None:
        """Return the node of a path, ``None`` if there is none.

        Raises ``FileExistsError`` where the path leads through a file.
        """
        node: _Node | None = self._root
        parts = self._parts(name)
        for depth, part in enumerate(parts):
            if not isinstance(node, _Directory):
                raise FileExistsError(f"'{os.path.join(*parts[:depth])}' is not a directory.")
            node = node.children.get(part)
            if node is None:
                return None
        return node

    def _existing(self, name: Any) -> _Node:
        node = self._find(name)
        if node is None:
            raise FileNotFoundError(f"'{name}' does not exist.")
        return node

    def _document(self, name: Any) -> _Document:
        """Return the document of a path, made together with its directories if missing."""
        directory = self._root
        *above, last = self._parts(name) or ("",)
        for part in above:
            child = directory.children.get(part)
            if child is None:
                child = directory.children[part] = _Directory()
                directory.touch(written=True)
            if not isinstance(child, _Directory):
                raise FileExistsError(f"'{part}' is not a directory.")
            directory = child
        node = directory.children.get(last)
        if node is None:
            node = directory.children[last] = _Document()
            directory.touch(written=True)
        if not isinstance(node, _Document):
            raise IsADirectoryError(f"'{name}' is a directory.")
        return node

    def _open(self, name: str, mode: str = "rb") -> File:
        if set(mode) & set("wax+"):
            document = self._document(name)
        else:
            node = self._existing(name)
            if not isinstance(node, _Document):
                raise IsADirectoryError(f"'{name}' is a directory.")
            document = node
        if "w" in mode:
            document.data.clear()
            document.touch(written=True)
        else:
            document.touch()
        handle = _Handle(document)
        if "a" in mode:
            handle.seek(0, os.SEEK_END)
        file = handle if "b" in mode else io.TextIOWrapper(handle, "utf-8", write_through=True)  # type: ignore[type-var]
        return File(file, name)

    def _save(self, name: str, content: Any) -> str:
        document = self._document(name)
        document.data.clear()
        for chunk in content.chunks():
            document.data += chunk.encode() if isinstance(chunk, str) else chunk
        document.touch(written=True)
        if hasattr(content, "temporary_file_path"):
            os.remove(content.temporary_file_path())
        return "/".join(self._parts(name))

    def delete(self, name: Any) -> None:
        """Delete a file or a directory with all that is in it; nothing happens if missing."""
        *above, last = self._parts(name)
        directory = self._find(os.path.join(*above) if above else "")
        if isinstance(directory, _Directory) and last in directory.children:
            del directory.children[last]
            directory.touch(written=True)

    def exists(self, name: Any) -> bool:
        """Say whether there is a file or directory of this name."""
        return self._find(name) is not None

    def listdir(self, path: Any) -> tuple[list[str], list[str]]:
        """Return the names of the directories and of the files in a directory."""
        node = self._existing(path)
        if not isinstance(node, _Directory):
            raise NotADirectoryError(f"'{path}' is not a directory.")
        directories: list[str] = []
        files: list[str] = []
        for name, child in node.children.items():
            (directories if isinstance(child, _Directory) else files).append(name)
        return directories, files

    def size(self, name: Any) -> int:
        """Return the size of a file in bytes."""
        node = self._existing(name)
        return len(node.data) if isinstance(node, _Document) else 0

    def get_accessed_time(self, name: Any) -> datetime:
        """Return when a file was last opened."""
        return self._existing(name).accessed

    def get_created_time(self, name: Any) -> datetime:
        """Return when a file was made."""
        return self._existing(name).created

    def get_modified_time(self, name: Any) -> datetime:
        """Return when a file was last written."""
        return self._existing(name).modified
