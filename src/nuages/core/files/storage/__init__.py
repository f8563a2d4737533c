"""Where files are kept. Manual: ref/files/storage; topics/files."""

from nuages.conf import DEFAULT_STORAGE_ALIAS
from nuages.core.files.storage.base import Storage
from nuages.core.files.storage.filesystem import FileSystemStorage
from nuages.core.files.storage.handler import InvalidStorageError, StorageHandler
from nuages.core.files.storage.memory import InMemoryStorage
from nuages.utils.functional import LazyObject

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
