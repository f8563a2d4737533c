"""Where static files are found. Manual: "STATICFILES_FINDERS", "Finders Module"."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.contrib.staticfiles import utils
from nuages.core.checks import Error, Warning
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.files.storage import FileSystemStorage, Storage, default_storage
from nuages.utils._os import safe_join
from nuages.utils.functional import LazyObject, empty
from nuages.utils.module_loading import import_string

#: The directories in which the last search looked.
searched_locations: list[str] = []

Found = str | list[str] | None


def _note(location: str) -> None:
    if location not in searched_locations:
        searched_locations.append(location)


def _result(matches: Iterator[str], find_all: bool) -> Any:
    """All matches, or the first; an empty list where there is none."""
    return list(matches) if find_all else next(matches, [])


class BaseFinder:
    """A finder of one's own defines ``find()`` and ``list()``, and perhaps ``check()``."""

    def check(self, **kwargs: Any) -> list[Any]:
        """Return messages about the finder's configuration."""
        raise NotImplementedError(
            "subclasses may provide a check() method to verify the finder is configured correctly."
        )

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the absolute path of a file; with ``find_all``, a list of all candidates."""
        raise NotImplementedError("subclasses of BaseFinder must provide a find() method")

    def list(self, ignore_patterns: Iterable[str] | None) -> Any:
        """Yield the path and the storage of each file."""
        raise NotImplementedError("subclasses of BaseFinder must provide a list() method")


class FileSystemFinder(BaseFinder):
    """Finds files in ``STATICFILES_DIRS``."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # (prefix, directory), each once; and a storage for each directory.
        entries = (
            entry if isinstance(entry, (list, tuple)) else ("", entry)
            for entry in settings.STATICFILES_DIRS
        )
        self.locations = list(dict.fromkeys((prefix, root) for prefix, root in entries))
        self.storages = {root: self._storage(prefix, root) for prefix, root in self.locations}

    @staticmethod
    def _storage(prefix: str, root: Any) -> FileSystemStorage:
        storage = FileSystemStorage(location=root)
        storage.prefix = prefix  # type: ignore[attr-defined]
        return storage

    def check(self, **kwargs: Any) -> list[Any]:
        """Return what is wrong with ``STATICFILES_DIRS``."""
        if not isinstance(settings.STATICFILES_DIRS, (list, tuple)):
            return [
                Error(
                    "The STATICFILES_DIRS setting is not a tuple or list.",
                    hint="Perhaps you forgot a trailing comma?",
                    id="staticfiles.E001",
                )
            ]
        return [
            message for entry in settings.STATICFILES_DIRS for message in self._check_entry(entry)
        ]

    @staticmethod
    def _check_entry(entry: Any) -> Iterator[Any]:
        prefix, root = entry if isinstance(entry, (list, tuple)) else ("", entry)
        if prefix.endswith("/"):
            yield Error(
                f"The prefix {prefix!r} in the STATICFILES_DIRS setting must not end with a slash.",
                id="staticfiles.E003",
            )
        target = settings.STATIC_ROOT
        if target and os.path.abspath(target) == os.path.abspath(root):
            yield Error(
                "The STATICFILES_DIRS setting should not contain the STATIC_ROOT setting.",
                id="staticfiles.E002",
            )
        if not os.path.isdir(root):
            yield Warning(
                f"The directory '{root}' in the STATICFILES_DIRS setting does not exist.",
                id="staticfiles.W004",
            )

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Look in each directory, in the order of the setting."""
        return _result(self._matches(path), find_all)

    def _matches(self, path: str) -> Iterator[str]:
        for prefix, root in self.locations:
            _note(root)
            if match := self.find_location(root, path, prefix):
                yield match

    def find_location(self, root: Any, path: str, prefix: str | None = None) -> str | None:
        """Return the path of a file in one directory, if it is there."""
        lead = f"{prefix}{os.sep}" if prefix else ""
        if not path.startswith(lead):
            return None
        candidate = safe_join(root, path.removeprefix(lead))
        return candidate if os.path.exists(candidate) else None

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """Yield the files of all directories that exist."""
        for _, root in self.locations:
            if os.path.isdir(root):
                storage = self.storages[root]
                yield from ((path, storage) for path in utils.get_files(storage, ignore_patterns))


class AppDirectoriesFinder(BaseFinder):
    """Finds files in the directory ``static`` of each application."""

    storage_class = FileSystemStorage
    source_dir = "static"

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = set(app_names) if app_names else None
        candidates = {
            config.name: self.storage_class(os.path.join(config.path, self.source_dir))
            for config in apps.get_app_configs()
            if wanted is None or config.name in wanted
        }
        self.storages = {
            name: storage for name, storage in candidates.items() if os.path.isdir(storage.location)
        }
        self.apps = list(self.storages)

    def check(self, **kwargs: Any) -> list[Any]:
        """Return nothing: applications need no settings."""
        return []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """Yield the files of all applications."""
        for storage in self.storages.values():
            if storage.exists(""):
                yield from ((path, storage) for path in utils.get_files(storage, ignore_patterns))

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Look into each application, in the order of ``INSTALLED_APPS``."""
        return _result(self._matches(path), find_all)

    def _matches(self, path: str) -> Iterator[str]:
        for app in self.apps:
            _note(self.storages[app].location)
            if match := self.find_in_app(app, path):
                yield match

    def find_in_app(self, app: str, path: str) -> str | None:
        """Return the path of a file in one application, if it is there."""
        storage = self.storages.get(app)
        # Asked for a file and not for a directory's name alone.
        return storage.path(path) if storage is not None and storage.exists(path) else None


class BaseStorageFinder(BaseFinder):
    """Finds files in a storage: that of the class, or of the argument."""

    storage: Any = None

    def __init__(self, storage: Any = None, *args: Any, **kwargs: Any) -> None:
        given = self.storage if storage is None else storage
        if given is None:
            raise ImproperlyConfigured(
                f"The staticfiles storage finder {type(self)!r} doesn't have a storage class "
                "assigned."
            )
        self.storage = given if isinstance(given, (Storage, LazyObject)) else given()
        super().__init__(*args, **kwargs)

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Look in the storage, which has to be one of files."""
        try:
            self.storage.path("")
        except NotImplementedError:
            return []
        _note(self.storage.location)
        match = self.storage.path(path) if self.storage.exists(path) else None
        return _result(iter([match] if match else ()), find_all)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        """Yield the files of the storage."""
        return ((path, self.storage) for path in utils.get_files(self.storage, ignore_patterns))


class DefaultStorageFinder(BaseStorageFinder):
    """Finds files in the default storage, which must have a location."""

    storage = default_storage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not getattr(self.storage, "base_location", empty):
            raise ImproperlyConfigured(
                f"The storage backend of the staticfiles finder {type(self)!r} doesn't have a valid "
                "location."
            )


def get_finders() -> Iterator[Any]:
    """Yield the finders of ``STATICFILES_FINDERS``."""
    return map(get_finder, settings.STATICFILES_FINDERS)


@functools.cache
def get_finder(import_path: str) -> Any:
    """Return the finder at a dotted path; always the same one.

    Raises:
        ImproperlyConfigured: it is no finder.
    """
    kind = import_string(import_path)
    if not issubclass(kind, BaseFinder):
        raise ImproperlyConfigured(f'Finder "{kind}" is not a subclass of "{BaseFinder}"')
    return kind()


def find(path: str, find_all: bool = False) -> Any:
    """Return the absolute path of a static file, or ``None``; with ``find_all``, a list of all."""
    searched_locations.clear()
    results = (finder.find(path, find_all=find_all) for finder in get_finders())
    if find_all:
        every: list[str] = []
        for result in results:
            every += result if isinstance(result, (list, tuple)) else [result]
        return every
    return next(filter(None, results), None)
