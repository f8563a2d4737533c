"""What all storages have in common."""

import os
from pathlib import PurePath
from typing import Any

from nuages.core.exceptions import SuspiciousFileOperation
from nuages.core.files.base import File
from nuages.core.files.utils import validate_file_name
from nuages.utils.crypto import get_random_string
from nuages.utils.text import get_valid_filename


def _split_safely(name: Any) -> tuple[str, str]:
    """Split a path into directory and file name; no part may lead upwards."""
    directory, file_name = os.path.split(str(name).replace("\\", "/"))
    if ".." in PurePath(directory).parts:
        raise SuspiciousFileOperation(f"Detected path traversal attempt in '{directory}'")
    return directory, file_name


class Storage:
    """Base of storages: names, and saving under a free one.

    A subclass defines ``_open(name, mode)`` and ``_save(name, content)``, and of the methods
    that raise ``NotImplementedError`` here those that it can do.
    """

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Save a file (or file-like object) under ``name`` or a similar one; return that.

        Without ``name`` it is that of the file. Raises `SuspiciousFileOperation` for names that
        lead out of the storage, or if none can be found of at most ``max_length`` characters.
        """
        wanted = _checked(content.name if name is None else name)
        file = content if hasattr(content, "chunks") else File(content, wanted)
        # Checked after each step: the methods may be a subclass's.
        free = _checked(self.get_available_name(wanted, max_length=max_length))
        return _checked(self._save(free, file))  # type: ignore[attr-defined]

    def open(self, name: str, mode: str = "rb") -> File:
        """Open the file ``name``."""
        return self._open(name, mode)  # type: ignore[attr-defined]

    def is_name_available(self, name: str, max_length: int | None = None) -> bool:
        """Say whether no file has this name, and it is not too long."""
        return not (max_length and len(name) > max_length) and not self.exists(name)  # type: ignore[attr-defined]

    def get_valid_name(self, name: str) -> str:
        """Return a file name like ``name`` that can be used here."""
        return get_valid_filename(name)

    def get_alternative_name(self, file_root: str, file_ext: str) -> str:
        """Return another name for a file: with seven random characters before the extension."""
        return f"{file_root}_{get_random_string(7)}{file_ext}"

    def get_available_name(self, name: Any, max_length: int | None = None) -> str:
        """Return ``name``, or one like it that is free and of at most ``max_length`` characters.

        Raises `SuspiciousFileOperation` if there is none.
        """
        directory, file_name = _split_safely(name)
        validate_file_name(file_name)
        extension = "".join(PurePath(file_name).suffixes)
        root = file_name.removesuffix(extension)
        candidate = str(name).replace("\\", "/")
        while not self.is_name_available(candidate, max_length=max_length):
            alternative = self.get_alternative_name(root, extension)
            candidate = os.path.join(directory, alternative)
            excess = 0 if max_length is None else len(candidate) - max_length
            if excess > 0:
                root = root[:-excess]
                if not root:
                    raise SuspiciousFileOperation(
                        f'Storage can not find an available filename for "{name}". Please make '
                        'sure that the corresponding file field allows sufficient "max_length".'
                    )
                candidate = os.path.join(directory, self.get_alternative_name(root, extension))
        return candidate

    def generate_filename(self, filename: Any) -> str:
        """Return ``filename`` with its last part made valid, to be passed to `save()`."""
        directory, file_name = _split_safely(filename)
        return os.path.normpath(os.path.join(directory, self.get_valid_name(file_name)))

    def path(self, name: str) -> str:
        """Return the path of a file in the local file system."""
        raise NotImplementedError("This backend doesn't support absolute paths.")


def _checked(name: Any) -> Any:
    return validate_file_name(name, allow_relative_path=True)


def _left_to_subclasses(name: str, what: str) -> Any:
    """Make a method that says that a storage cannot do something."""
    article = "an" if name.startswith("e") else "a"

    def method(self: Storage, *args: Any) -> Any:
        raise NotImplementedError(f"subclasses of Storage must provide {article} {name}() method")

    method.__name__, method.__doc__ = name, what
    return method


for _name, _what in {
    "delete": "Delete a file.",
    "exists": "Say whether there is a file of this name.",
    "listdir": "Return the names of the directories and of the files in a directory.",
    "size": "Return the size of a file in bytes.",
    "url": "Return the URL of a file.",
    "get_accessed_time": "Return when a file was last read; aware if `USE_TZ`.",
    "get_created_time": "Return when a file was made; aware if `USE_TZ`.",
    "get_modified_time": "Return when a file was last written; aware if `USE_TZ`.",
}.items():
    setattr(Storage, _name, _left_to_subclasses(_name, _what))
