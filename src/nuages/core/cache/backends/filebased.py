"""A cache of one file per value. Manual: topics/cache, "Filesystem caching".

A file holds when the value expires, pickled, and then the value, pickled and compressed.
"""

import hashlib
import os
import pickle
import random
import tempfile
import time
import zlib
from contextlib import closing
from typing import Any

from nuages.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from nuages.core.files import locks
from nuages.core.files.move import file_move_safe
from nuages.utils._os import safe_makedirs


class FileBasedCache(BaseCache):
    """Keeps values in the files of a directory, which nobody else can read."""

    pickle_protocol = pickle.HIGHEST_PROTOCOL
    cache_suffix = ".djcache"

    def __init__(self, dir: str | os.PathLike[str], params: dict[str, Any]) -> None:
        super().__init__(params)
        self._dir = os.path.abspath(dir)

    # Files.

    def _key_to_file(self, key: Any, version: Any = None) -> str:
        made = self.make_and_validate_key(key, version)
        digest = hashlib.md5(made.encode(), usedforsecurity=False).hexdigest()
        return os.path.join(self._dir, digest + self.cache_suffix)

    def _files(self) -> list[str]:
        try:
            names = os.listdir(self._dir)
        except FileNotFoundError:
            return []
        return [os.path.join(self._dir, name) for name in names if name.endswith(self.cache_suffix)]

    def _remove(self, path: str) -> bool:
        """Delete a file of this cache; return whether it was there."""
        try:
            os.remove(path)
        except FileNotFoundError:
            return False
        return True

    def _write_content(self, file: Any, timeout: Any, value: Any) -> None:
        file.write(pickle.dumps(self.get_backend_timeout(timeout), self.pickle_protocol))
        file.write(zlib.compress(pickle.dumps(value, self.pickle_protocol)))

    def _is_expired(self, file: Any) -> bool:
        """Read the expiry at the start of an open file; delete the file if it is past."""
        try:
            expires = pickle.load(file)
        except EOFError:
            expires = 0  # Cut off while it was written.
        expired = expires is not None and expires < time.time()
        if expired:
            # Windows does not delete open files.
            file.close()
            self._remove(file.name)
        return expired

    def _make_room(self) -> None:
        files = self._files()
        if len(files) < (self._max_entries or 0):
            return
        if not self._cull_frequency:
            self.clear()
            return
        for path in random.sample(files, len(files) // self._cull_frequency):
            self._remove(path)

    # Operations.

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        """Return the value of ``key``, or ``default``."""
        path = self._key_to_file(key, version)
        try:
            with open(path, "rb") as file:
                return (
                    default
                    if self._is_expired(file)
                    else pickle.loads(zlib.decompress(file.read()))
                )
        except FileNotFoundError:
            return default

    def has_key(self, key: Any, version: Any = None) -> bool:
        """Say whether ``key`` has a value."""
        path = self._key_to_file(key, version)
        try:
            with open(path, "rb") as file:
                return not self._is_expired(file)
        except FileNotFoundError:
            return False

    def set(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        """Store ``value``, in one move: nobody sees half of it."""
        path = self._key_to_file(key, version)
        if not os.path.isdir(self._dir):
            safe_makedirs(self._dir, 0o700, exist_ok=True)
        self._make_room()
        descriptor, temporary = tempfile.mkstemp(dir=self._dir)
        try:
            with open(descriptor, "wb") as file:
                self._write_content(file, timeout, value)
            file_move_safe(temporary, path, allow_overwrite=True)
        except BaseException:
            self._remove(temporary)
            raise

    def add(
        self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        """Store ``value`` unless there is one; return whether it was stored."""
        vacant = not self.has_key(key, version)
        if vacant:
            self.set(key, value, timeout, version)
        return vacant

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        """Give ``key`` a new timeout; return whether there was a value."""
        path = self._key_to_file(key, version)
        try:
            file = open(path, "r+b")
        except FileNotFoundError:
            return False
        with closing(file):
            locks.lock(file, locks.LOCK_EX)
            try:
                if self._is_expired(file):
                    return False
                value = pickle.loads(zlib.decompress(file.read()))
                file.seek(0)
                file.truncate()
                self._write_content(file, timeout, value)
                file.flush()
                return True
            finally:
                if not file.closed:
                    locks.unlock(file)

    def delete(self, key: Any, version: Any = None) -> bool:
        """Forget ``key``; return whether there was a file."""
        return self._remove(self._key_to_file(key, version))

    def clear(self) -> None:
        """Delete all files of this cache; others in the directory stay."""
        for path in self._files():
            self._remove(path)
