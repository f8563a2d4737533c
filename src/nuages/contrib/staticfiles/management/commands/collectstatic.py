"""``collectstatic``. Manual: "collectstatic"."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nuages.apps import apps
from nuages.contrib.staticfiles._copying import Directory, is_directory
from nuages.contrib.staticfiles.finders import get_finders
from nuages.contrib.staticfiles.storage import staticfiles_storage
from nuages.core.checks import Tags
from nuages.core.files.storage import FileSystemStorage
from nuages.core.management.base import BaseCommand, CommandError
from nuages.core.management.color import no_style
from nuages.utils.functional import cached_property

#: Flags: option strings, name, and whether the flag turns the option on.
_FLAGS = (
    (("--noinput", "--no-input"), "interactive", False, "Never ask anything."),
    (("--no-post-process",), "post_process", False, "Leave the collected files as they are."),
    (("-n", "--dry-run"), "dry_run", True, "Change nothing; show what would be done."),
    (("-c", "--clear"), "clear", True, "First remove what is in the storage."),
    (("-l", "--link"), "link", True, "Make symbolic links instead of copies."),
    (
        ("--no-default-ignore",),
        "use_default_ignore_patterns",
        False,
        "Also collect what is private by convention: CVS, .* and *~.",
    ),
)


#: What can be done with a file; a list of names is kept for each.
_KINDS = ("copied", "deleted", "post_processed", "skipped", "symlinked", "unmodified")


class Command(BaseCommand):
    """Brings the static files of all finders together in ``STATIC_ROOT``."""

    help = "Collect the static files of applications and directories in one place."
    requires_system_checks = [Tags.staticfiles]

    storage: Any
    interactive: bool
    verbosity: int
    clear: bool
    dry_run: bool
    post_process: bool
    symlink: bool
    ignore_patterns: list[str]

    copied_files: list[str]
    deleted_files: list[str]
    post_processed_files: list[str]
    skipped_files: list[str]
    symlinked_files: list[str]
    unmodified_files: list[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.style, self.storage = no_style(), staticfiles_storage
        for kind in _KINDS:
            setattr(self, f"{kind}_files", [])
        #: Whether storages are directories, by their identity.
        self._directories: dict[int, bool] = {}
        self._copied: set[str] = set()
        self._left: set[str] = set()

    def is_local_storage(self) -> bool:
        """Whether the storage is one of the file system."""
        return isinstance(self.storage, FileSystemStorage)

    @cached_property
    def local(self) -> bool:
        """Whether the storage has paths."""
        with suppress(NotImplementedError):
            return self.storage.path("") is not None
        return False

    @cached_property
    def _directory(self) -> Directory:
        return Directory(self.storage)

    def add_arguments(self, parser: Any) -> None:
        """Add the options."""
        for names, dest, turns_on, text in _FLAGS:
            action = "store_true" if turns_on else "store_false"
            parser.add_argument(*names, action=action, dest=dest, help=text)
        parser.add_argument(
            "-i",
            "--ignore",
            action="append",
            default=[],
            dest="ignore_patterns",
            metavar="PATTERN",
            help="A shell pattern of files to leave out. May be given more than once.",
        )

    def set_options(self, **options: Any) -> None:
        """Take the options over."""
        for name in ("interactive", "verbosity", "clear", "dry_run", "post_process"):
            setattr(self, name, options[name])
        self.symlink = options["link"]
        # The project's subclass of the configuration may have others.
        config: Any = apps.get_app_config("staticfiles")
        own = config.ignore_patterns if options["use_default_ignore_patterns"] else ()
        self.ignore_patterns = list({*options["ignore_patterns"], *own})

    def handle(self, **options: Any) -> str | None:
        """Collect, after asking where something may get lost."""
        self.set_options(**options)
        where = "as specified in your settings"
        occupied = False
        if self.is_local_storage() and self.storage.location:
            where += f":\n\n    {self.storage.location}"
            occupied = os.path.isdir(self.storage.location) and bool(
                os.listdir(self.storage.location)
            )
        if self.interactive and occupied:
            self._confirm(where)
        stats = self.collect()
        return self._summary(stats) if self.verbosity >= 1 else None

    def _confirm(self, where: str) -> None:
        effect = (
            "This will DELETE ALL FILES in this location!"
            if self.clear
            else "This will overwrite existing files!"
        )
        intention = "You have activated the --dry-run option, so no files will be modified.\n\n"
        question = (
            "\nYou have requested to collect static files at the destination\nlocation "
            f"{where}.\n\n{intention if self.dry_run else effect}\n"
            "Are you sure you want to do this?\n\nType 'yes' to continue, or 'no' to cancel: "
        )
        if input(question) != "yes":
            raise CommandError("Collecting static files cancelled.")

    def _summary(self, stats: dict[str, list[str]]) -> str:
        count = len(stats["modified"])
        done = "symlinked" if self.symlink else "copied"
        noun = "static file" if count == 1 else "static files"
        target = f" to '{self.storage.location}'" if self.is_local_storage() else ""
        further = {
            "unmodified": "unmodified",
            "post_processed": "post-processed",
            "skipped": "skipped due to conflict",
            "deleted": "deleted",
        }
        details = [
            f"{len(stats[key])} {'static file ' if key == 'deleted' else ''}{words}"
            for key, words in further.items()
            if stats[key]
        ]
        return f"\n{count} {noun} {done}{target}{''.join(', ' + each for each in details)}."

    def collect(self) -> dict[str, list[str]]:
        """Do the work; return the names of the files by what was done with them."""
        if self.symlink and not self.local:
            raise CommandError("Can't symlink to a remote destination.")
        if self.clear:
            self.clear_dir("")
        take = self.link_file if self.symlink else self.copy_file
        found: dict[str, tuple[Any, str]] = {}
        for path, storage in self._found():
            prefix = getattr(storage, "prefix", None)
            prefixed = os.path.join(prefix, path) if prefix else path
            if prefixed in found:
                # The first finder wins.
                self.skipped_files.append(prefixed)
                self.log(
                    f"Found another file with the destination path '{prefixed}'. It will be "
                    "ignored since only the first encountered file is collected. If this is not "
                    "what you want, make sure every static file has a unique path.",
                    level=2,
                )
                continue
            found[prefixed] = storage, path
            take(path, prefixed, storage)
        if self.post_process and hasattr(self.storage, "post_process"):
            self._post_process(found)
        return {
            "modified": self.copied_files + self.symlinked_files,
            "unmodified": self.unmodified_files,
            "post_processed": self.post_processed_files,
            "skipped": self.skipped_files,
            "deleted": self.deleted_files,
        }

    def _are_directories(self, source_storage: Any) -> bool:
        """Whether files may be compared and copied by their paths."""
        for storage in (source_storage, self.storage):
            if id(storage) not in self._directories:
                inner = getattr(storage, "_wrapped", storage)
                self._directories[id(storage)] = is_directory(inner)
            if not self._directories[id(storage)]:
                return False
        return True

    def _found(self) -> Iterator[tuple[str, Any]]:
        for finder in get_finders():
            yield from finder.list(self.ignore_patterns)

    def _post_process(self, found: dict[str, tuple[Any, str]]) -> None:
        for name, new_name, processed in self.storage.post_process(found, dry_run=self.dry_run):
            if isinstance(processed, Exception):
                self.stderr.write(f"Post-processing '{name}' failed!\n\n")
                raise CommandError(f"Post-processing '{name}' failed: {processed}") from processed
            if processed:
                self.log(f"Post-processed '{name}' as '{new_name}'", level=2)
                self.post_processed_files.append(name)
            else:
                self.log(f"Skipped post-processing '{name}'")

    def log(self, msg: str, level: int = 2) -> None:
        """Write a message, if the verbosity is high enough."""
        if self.verbosity >= level:
            self.stdout.write(msg)

    def clear_dir(self, path: str) -> None:
        """Remove everything below a path of the storage, broken links too."""
        if not self.storage.exists(path):
            return
        directories, names = self.storage.listdir(path)
        for name in names:
            file = os.path.join(path, name)
            self.deleted_files.append(file)
            if self.dry_run:
                self.log(f"Pretending to delete '{file}'")
                continue
            self.log(f"Deleting '{file}'")
            try:
                full = self.storage.path(file)
            except NotImplementedError:
                self.storage.delete(file)
                continue
            if os.path.islink(full) and not os.path.exists(full):
                os.unlink(full)
            else:
                self.storage.delete(file)
        for name in directories:
            self.clear_dir(os.path.join(path, name))

    def _has_other_kind(self, prefixed_path: str) -> bool:
        """Whether the target is a link where a copy is wanted, or the other way round."""
        if not self.local:
            return False
        target = self.storage.path(prefixed_path)
        return os.path.islink(target) != self.symlink or (
            self.symlink and not os.path.exists(target)
        )

    def delete_file(self, path: str, prefixed_path: str, source_storage: Any) -> bool:
        """Make room for a file; return False where the one that is there can stay."""
        if not self.symlink and self._are_directories(source_storage):
            current = self._copy_is_current(path, prefixed_path, source_storage)
            if current is None:
                return True
            if current:
                self._leave(path, prefixed_path)
                return False
        there = self.storage.exists(prefixed_path)
        broken = self.local and os.path.islink(self.storage.path(prefixed_path))
        if not (there or broken):
            return True
        if there and self._is_current(path, prefixed_path, source_storage):
            self._leave(path, prefixed_path)
            return False
        if self.dry_run:
            self.log(f"Pretending to delete '{path}'")
        else:
            self.log(f"Deleting '{path}'")
            if broken and not there:
                os.unlink(self.storage.path(prefixed_path))
            else:
                self.storage.delete(prefixed_path)
        return True

    def _leave(self, path: str, prefixed_path: str) -> None:
        if prefixed_path not in self._left:
            self._left.add(prefixed_path)
            self.unmodified_files.append(prefixed_path)
        self.log(f"Skipping '{path}' (not modified)")

    def _copy_is_current(self, path: str, prefixed_path: str, source_storage: Any) -> bool | None:
        """Whether a copy is as new as its source, to the second; ``None`` if there is none."""
        try:
            copy = os.lstat(self.storage.path(prefixed_path))
        except FileNotFoundError:
            return None
        try:
            source = os.stat(source_storage.path(path))
        except OSError:
            return False
        return not stat.S_ISLNK(copy.st_mode) and int(copy.st_mtime) >= int(source.st_mtime)

    def _is_current(self, path: str, prefixed_path: str, source_storage: Any) -> bool:
        """Whether the collected file is as new as its source, and of the right kind."""
        try:
            collected = self.storage.get_modified_time(prefixed_path)
        except (OSError, NotImplementedError):
            # Without a time, it is taken for old.
            return False
        try:
            source = source_storage.get_modified_time(path)
        except (OSError, NotImplementedError):
            return False
        if self._has_other_kind(prefixed_path):
            return False
        if (collected.tzinfo is None) != (source.tzinfo is None):
            collected, source = collected.astimezone(), source.astimezone()
        return bool(collected.replace(microsecond=0) >= source.replace(microsecond=0))

    def link_file(self, path: str, prefixed_path: str, source_storage: Any) -> None:
        """Link a file into the storage."""
        if prefixed_path in self.symlinked_files:
            self.log(f"Skipping '{path}' (already linked earlier)")
            return
        if not self.delete_file(path, prefixed_path, source_storage):
            return
        source = source_storage.path(path)
        if self.dry_run:
            self.log(f"Pretending to link '{source}'", level=1)
        else:
            self.log(f"Linking '{source}'", level=2)
            target = self.storage.path(prefixed_path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            try:
                if os.path.lexists(target):
                    os.unlink(target)
                os.symlink(source, target)
            except OSError as error:
                raise CommandError(
                    f"Symbolic links could not be made here ({error}). Collect without --link."
                ) from error
        self.symlinked_files.append(prefixed_path)

    def copy_file(self, path: str, prefixed_path: str, source_storage: Any) -> None:
        """Copy a file into the storage."""
        if prefixed_path in self._copied:
            self.log(f"Skipping '{path}' (already copied earlier)")
            return
        if not self.delete_file(path, prefixed_path, source_storage):
            return
        shown = source_storage.path(path)
        if self.dry_run:
            self.log(f"Pretending to copy '{shown}'", level=1)
        else:
            self.log(f"Copying '{shown}'", level=2)
            if self._are_directories(source_storage):
                self._directory.copy(prefixed_path, shown)
            else:
                with source_storage.open(path) as source:
                    self.storage.save(prefixed_path, source)
        self._copied.add(prefixed_path)
        self.copied_files.append(prefixed_path)
