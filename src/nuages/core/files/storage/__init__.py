"""Where files are kept. Manual: ref/files/storage; topics/files."""

from typing import TYPE_CHECKING

from nuages.conf import DEFAULT_STORAGE_ALIAS
from nuages.core.files.storage.base import Storage
from nuages.core.files.storage.handler import InvalidStorageError, StorageHandler
from nuages.utils._lazy import names_from
from nuages.utils.functional import LazyObject

if TYPE_CHECKING:
    from nuages.core.files.storage.filesystem import FileSystemStorage
    from nuages.core.files.storage.memory import InMemoryStorage

__getattr__ = names_from(
    __name__, {"filesystem": ("FileSystemStorage",), "memory": ("InMemoryStorage",)}
)

__all__ = (
    "DefaultStorage",
    "FileSystemStorage",
    "InMemoryStorage",
    "InvalidStorageError",
    "Storage",
    "StorageHandler",
    "default_storage",
    "storages",
)


class DefaultStorage(LazyObject):
    """The storage under the alias ``default``, looked up at first use."""

    def _setup(self) -> None:
        self._wrapped = storages[DEFAULT_STORAGE_ALIAS]


storages = StorageHandler()
default_storage = DefaultStorage()
