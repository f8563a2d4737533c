"""Where static files are kept. Manual: "Storages" (staticfiles)."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import md5
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit, urlunsplit

from nuages.conf import STATICFILES_STORAGE_ALIAS, settings
from nuages.contrib.staticfiles._copying import Directory, is_directory
from nuages.contrib.staticfiles._references import (
    CSS_RULES,
    JS_MODULE_RULES,
    JS_RULES,
    _css_ignored_re,
    _js_ignored_re,
    compile_rules,
    ignored_blocks,
    rewrite,
)
from nuages.contrib.staticfiles.utils import check_settings, matches_patterns
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.files.base import ContentFile
from nuages.core.files.storage import FileSystemStorage, storages
from nuages.utils.functional import LazyObject

__all__ = [
    "ConfiguredStorage",
    "FileSystemStorage",
    "HashedFilesMixin",
    "ManifestFilesMixin",
    "ManifestStaticFilesStorage",
    "StaticFilesStorage",
    "_css_ignored_re",
    "_js_ignored_re",
    "staticfiles_storage",
]


class StaticFilesStorage(FileSystemStorage):
    """Files in ``STATIC_ROOT``, served at ``STATIC_URL``."""

    def __init__(
        self, location: Any = None, base_url: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        location = settings.STATIC_ROOT if location is None else location
        base_url = settings.STATIC_URL if base_url is None else base_url
        check_settings(base_url)
        super().__init__(location, base_url, *args, **kwargs)
        if not location:
            # Not the current directory, which an empty path would mean.
            self.base_location = self.location = None  # type: ignore[assignment]

    def path(self, name: str) -> str:
        """Return the absolute path of a file.

        Raises:
            ImproperlyConfigured: ``STATIC_ROOT`` is not set.
        """
        if self.location:
            return super().path(name)
        raise ImproperlyConfigured(
            "You're using the staticfiles app without having set the STATIC_ROOT setting to a "
            "filesystem path."
        )


def _with_path(name: str, path: str) -> str:
    """Return ``name``, an address, with another path."""
    parts = urlsplit(name)
    if "?#" in name and not parts.query:
        path += "?"  # Internet Explorer's hint for fonts, which parsing loses.
    return urlunsplit(parts._replace(path=path))


class HashedFilesMixin:
    """Gives files names that change with their contents, also where files refer to each other."""

    default_template = 'url("%(url)s")'
    max_post_process_passes = 5
    support_js_module_import_aggregation = False
    patterns: tuple[Any, ...] = (("*.css", CSS_RULES), ("*.js", JS_RULES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        patterns = self.patterns
        if self.support_js_module_import_aggregation:
            patterns = (*patterns, ("*.js", JS_MODULE_RULES))
        self._rules = compile_rules(patterns, self.default_template)
        self.hashed_files: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def get_ignored_blocks(self, content: str, regex: re.Pattern[str]) -> list[tuple[int, int]]:
        """Return start and end of the parts of ``content`` in which no reference counts."""
        return ignored_blocks(content, regex)

    # -- names ----------------------------------------------------------------------------------

    def clean_name(self, name: str) -> str:
        """Return a name with forward slashes."""
        return name.replace("\\", "/")

    def hash_key(self, name: str) -> str:
        """Return the key of a name in ``hashed_files``."""
        return name

    def file_hash(self, name: str | None, content: Any = None) -> str | None:
        """Return a hash of the content; ``None`` where there is none."""
        digest = md5(usedforsecurity=False)
        for chunk in content.chunks() if content is not None else ():
            digest.update(chunk)
        return None if content is None else digest.hexdigest()[:12]

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Return a name with the hash of the content in it.

        Args:
            content: default: that of the stored file ``filename``, by default of the name.

        Raises:
            ValueError: there is no such file.
        """
        clean = urlsplit(name).path.strip()
        stored = urlsplit(filename).path.strip() if filename else clean
        opened = None
        if content is None:
            if not self.exists(stored):  # type: ignore[attr-defined]
                raise ValueError(f"The file '{stored}' could not be found with {self!r}.")
            try:
                content = opened = self.open(stored)  # type: ignore[attr-defined]
            except OSError:
                return name  # A directory.
        try:
            digest = self.file_hash(clean, content)
        finally:
            if opened is not None:
                opened.close()
        root, extension = os.path.splitext(clean)
        mark = f".{digest}" if digest else ""
        return _with_path(name, f"{root}{mark}{extension}")

    def stored_name(self, name: str) -> str:
        """Return the name under which a file is kept."""
        clean = self.clean_name(urlsplit(unquote(name)).path.strip())
        key = self.hash_key(clean)
        if key not in self.hashed_files:
            self.hashed_files[key] = self.clean_name(self.hashed_name(clean))
        return _with_path(name, self.hashed_files[key])

    def url(self, name: str, force: bool = False) -> str:
        """Return the URL of a file: of the hashed one, outside of development.

        Args:
            force: whether to do so in development too.
        """
        clean, fragment = urldefrag(name)
        if settings.DEBUG and not force:
            return super().url(name)  # type: ignore[misc]
        if urlsplit(clean).path.endswith("/"):
            return unquote(super().url(name))  # type: ignore[misc] # Directories have no hash.
        url = super().url(self.stored_name(clean))  # type: ignore[misc]
        if fragment:
            url += f"{'?' if '?#' in name and '?' not in url else ''}#{fragment}"
        return unquote(url)

    # -- post-processing ------------------------------------------------------------------------

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, Any]]:
        """Save the files under their hashed names, with the references between them adapted.

        A file is saved after those that it refers to, since its content has their names in it.

        Args:
            paths: name → (storage, path) of the collected files.

        Yields:
            original name, new name, whether it was processed, or the exception why not.
        """
        if dry_run:
            return
        globs = {rule.glob for rule in self._rules}
        # By key: the files with references, whose hashed names are not known yet.
        waiting = {
            self.hash_key(self.clean_name(name)): name
            for name in paths
            if matches_patterns(name, globs)
        }
        done: dict[str, str] = {}
        adapted = set(waiting.values())
        directory = Directory(self) if is_directory(self) else None  # type: ignore[arg-type]
        for name in paths:
            if name not in adapted:
                yield self._save_hashed(name, self._read(paths, name), done, directory)
        yield from self._post_process_adapted(paths, waiting, done, directory)
        self.hashed_files.update(done)

    def _post_process_adapted(
        self,
        paths: dict[str, Any],
        waiting: dict[str, str],
        done: dict[str, str],
        directory: Directory | None,
    ) -> Iterator[tuple[str, str | None, Any]]:
        """Save the files that may refer to others, each after those that it refers to.

        A file is read once to find these, and a second time if there were any to wait for.
        """
        ready = list(waiting.items())
        #: Key → the files that wait for it; and file → for how many others it waits.
        waited_for: dict[str, list[tuple[str, str]]] = {}
        missing: dict[str, int] = {}
        for key, name in ready:  # Grows while it is gone through.
            # A file may refer to itself, and to those that are done.
            del waiting[key]
            needed: set[str] = set()
            try:
                content = self._adapted(name, self._read(paths, name), done, waiting, needed)
            except Exception as error:
                yield name, None, error
                needed = set()
            else:
                if needed:
                    waiting[key] = name
                    missing[key] = len(needed)
                    for other in needed:
                        waited_for.setdefault(other, []).append((key, name))
                    continue
                yield (*self._save_hashed(name, content, done, directory)[:2], True)
            for waiter in waited_for.pop(key, ()):
                missing[waiter[0]] -= 1
                if not missing[waiter[0]]:
                    ready.append(waiter)
        if waiting:
            loop = ", ".join(sorted(waiting.values()))
            yield loop, None, RuntimeError("Max post-process passes exceeded.")

    @staticmethod
    def _read(paths: dict[str, Any], name: str) -> bytes:
        storage, path = paths[name]
        with storage.open(path) as file:
            return file.read()

    def _save_hashed(
        self, name: str, content: bytes, done: dict[str, str], directory: Directory | None
    ) -> tuple[str, str, bool]:
        """Save a file under its hashed name; also tell whether it was not there yet."""
        key = self.hash_key(self.clean_name(name))
        hashed = self.hashed_name(name, ContentFile(content))
        target = self.clean_name(hashed)
        there = self.exists(target)  # type: ignore[attr-defined]
        if hashed == name and there:
            # Without a hash, the adapted file takes the place of the collected one.
            self.delete(target)  # type: ignore[attr-defined]
            there = False
        if not there and directory is not None:
            target = directory.write(target, content)
        elif not there:
            target = self.clean_name(self.save(target, ContentFile(content)))  # type: ignore[attr-defined]
        done[key] = target
        return name, target, not there

    def _adapted(
        self,
        name: str,
        content: bytes,
        done: dict[str, str],
        waiting: Mapping[str, str],
        needed: set[str],
    ) -> bytes:
        """Return a file's content with the hashed names of the files that it refers to.

        Of those that are ``waiting`` the keys are added to ``needed``; then the result is of no use.
        """
        text = content.decode("utf-8")
        folder = posixpath.dirname(self.clean_name(name))

        def convert(address: str, line: int) -> str | None:
            path, fragment = urldefrag(address)
            if not path or _leads_elsewhere(address):
                return None
            if path.startswith("/"):
                target = path.removeprefix(settings.STATIC_URL)
            else:
                target = posixpath.normpath(posixpath.join(folder, path))
            target = unquote(target)
            plain = _is_plain(path)
            key = self.hash_key(self.clean_name(target if plain else urlsplit(target).path))
            if key in waiting:
                needed.add(key)
                return None
            try:
                hashed = done.get(key) or self._hash_of_stored(target)
            except ValueError as error:
                raise ValueError(f"{name}:{line}: {error}") from error
            lead = path.rpartition("/")[0]
            new = posixpath.basename(hashed if plain else urlsplit(hashed).path)
            new = f"{lead}/{new}" if "/" in path else new
            query = "" if plain else urlsplit(path).query
            tail = f"?{query}" if query else "?" if "?#" in address else ""
            return f"{new}{tail}{'#' + fragment if fragment else ''}"

        ours = "get_ignored_blocks" not in vars(self) and type(self).get_ignored_blocks is _BLOCKS
        blocks = None if ours else self.get_ignored_blocks
        return rewrite(name, text, self._rules, convert, blocks).encode()

    def _hash_of_stored(self, target: str) -> str:
        """Return the hashed name of a file that was not among the collected ones."""
        if urlsplit(target).path.endswith("/"):
            return target
        return self.clean_name(self.hashed_name(target))


_BLOCKS = HashedFilesMixin.get_ignored_blocks

#: Whether an address is a path and nothing else.
_is_plain = re.compile(r"[\w./-]+").fullmatch
_elsewhere = re.compile(r"[a-z]+:|//|#", re.IGNORECASE).match


def _leads_elsewhere(address: str) -> bool:
    """Whether an address is none of a static file of this project."""
    if _elsewhere(address):
        return True
    return address.startswith("/") and not address.startswith(settings.STATIC_URL)


class ManifestFilesMixin(HashedFilesMixin):
    """Keeps the hashed names in a file, so that nothing is hashed while the site runs.

    Args:
        manifest_storage: where that file is; default: beside the files.
    """

    keep_intermediate_files = False
    manifest_strict = True
    manifest_name = "staticfiles.json"
    manifest_version = "1.1"

    def __init__(self, *args: Any, manifest_storage: Any = None, **kwargs: Any) -> None:
        self.manifest_storage: Any = manifest_storage or self
        super().__init__(*args, **kwargs)
        self.hashed_files, self.manifest_hash = self.load_manifest()

    def read_manifest(self) -> str | None:
        """Return the file's text, if there is one."""
        with suppress(FileNotFoundError), self.manifest_storage.open(self.manifest_name) as file:
            return file.read().decode()
        return None

    def load_manifest(self) -> tuple[dict[str, str], str]:
        """Return the names, and a hash of all of them.

        Raises:
            ValueError: the file is none of ours.
        """
        text = self.read_manifest()
        if text is None:
            return {}, ""
        try:
            stored = json.loads(text)
        except json.JSONDecodeError:
            stored = {}
        version = stored.get("version")
        if version not in ("1.0", "1.1"):
            raise ValueError(f"Couldn't load manifest '{self.manifest_name}' (version {version})")
        return stored.get("paths", {}), stored.get("hash", "")

    def post_process(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, str | None, Any]]:
        """Process the files, then write the names."""
        self.hashed_files = {}
        yield from super().post_process(*args, **kwargs)
        if not kwargs.get("dry_run"):
            self.save_manifest()

    def save_manifest(self) -> None:
        """Write the file, in an order that does not change without need."""
        names = dict(sorted(self.hashed_files.items()))
        listed = ContentFile(json.dumps(list(names.items())).encode())
        self.manifest_hash = self.file_hash(None, listed) or ""
        facts = {"paths": names, "version": self.manifest_version, "hash": self.manifest_hash}
        if self.manifest_storage.exists(self.manifest_name):
            self.manifest_storage.delete(self.manifest_name)
        self.manifest_storage._save(self.manifest_name, ContentFile(json.dumps(facts).encode()))

    def stored_name(self, name: str) -> str:
        """Return the hashed name, as it was written down.

        Raises:
            ValueError: it was not, and ``manifest_strict`` is on.
        """
        clean = self.clean_name(urlsplit(unquote(name)).path.strip())
        known = self.hashed_files.get(self.hash_key(clean))
        if known is None:
            if self.manifest_strict:
                raise ValueError(f"Missing staticfiles manifest entry for '{clean}'")
            known = self.clean_name(self.hashed_name(name))
        return _with_path(name, urlsplit(known).path)


class ManifestStaticFilesStorage(ManifestFilesMixin, StaticFilesStorage):
    """Files with hashes in their names, which are written down in a manifest."""


class ConfiguredStorage(LazyObject):
    """The storage that ``STORAGES`` names for static files."""

    def _setup(self) -> None:
        self._wrapped = storages[STATICFILES_STORAGE_ALIAS]


staticfiles_storage = ConfiguredStorage()
