"""``compilemessages``: make the files that gettext reads from those that translators write."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator
from glob import iglob
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import is_ignored_path
from nuages.utils.translation import _directives, _pofile

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def has_bom(fn: str | Path) -> bool:
    """Whether a file starts with a byte order mark."""
    with open(fn, "rb") as file:
        return file.read(4).startswith(_MARKS)


def is_dir_writable(path: str | Path) -> bool:
    """Whether files can be made in a folder."""
    try:
        TemporaryFile(dir=path).close()
    except OSError:
        return False
    return True


class Command(BaseCommand):
    """Compiles message files. The GNU gettext tools are not needed.

    ``program_options`` are options of msgfmt, for those who subclass the command. Manual:
    "django-admin and manage.py".
    """

    help = "Compiles .po files to .mo files for use with builtin gettext support."
    requires_system_checks: Any = []
    program_options = ["--check-format"]

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to compile."""
        for short, long, help in (
            ("-l", "--locale", "A locale to compile, like pt_BR."),
            ("-x", "--exclude", "A locale to leave out."),
            ("-i", "--ignore", "A pattern of folders to leave out."),
        ):
            extra = {"metavar": "PATTERN", "dest": "ignore_patterns"} if long == "--ignore" else {}
            parser.add_argument(
                short,
                long,
                action="append",
                default=[],
                help=f"{help} May be repeated.",
                **extra,  # type: ignore[arg-type]
            )
        parser.add_argument(
            "-f",
            "--use-fuzzy",
            dest="fuzzy",
            action="store_true",
            help="Compile translations that are marked as doubtful too.",
        )

    def handle(self, **options: Any) -> None:
        """Find message files and compile them.

        Raises:
            CommandError: there are none, or some could not be compiled.
        """
        self.verbosity = options["verbosity"]
        if options["fuzzy"]:
            self.program_options = [*self.program_options, "-f"]
        ignored = {os.path.normcase(pattern) for pattern in options["ignore_patterns"]}
        folders = self._locale_folders(ignored)
        if not folders:
            raise CommandError(
                "This script should be run from the Django Git checkout or your project or app "
                "tree, or with the settings module specified."
            )
        known = [
            Path(each).name
            for folder in folders
            for each in iglob(f"{folder}/*")
            if os.path.isdir(each)
        ]
        wanted = dict.fromkeys(options["locale"] or known)
        locales = [each for each in wanted if each not in options["exclude"]]
        self.has_errors = False
        for folder in folders:
            places = [os.path.join(folder, each, "LC_MESSAGES") for each in locales]
            if found := list(self._message_files(places if locales else [folder])):
                self.compile_messages(found)
        if self.has_errors:
            raise CommandError("compilemessages generated one or more errors.")

    def _locale_folders(self, ignored: Iterable[str]) -> list[str]:
        """Return the folders that hold locales: the usual ones, the settings', and those below."""
        folders = [os.path.join("conf", "locale"), "locale"]
        if os.environ.get("DJANGO_SETTINGS_MODULE"):
            from nuages.conf import settings

            folders += map(str, settings.LOCALE_PATHS)
        for place, names, _ in os.walk(".", topdown=True):
            inside = [n for n in names if not is_ignored_path(_joined(place, n), ignored)]
            names[:] = [name for name in inside if name != "locale"]
            folders += [_joined(place, name) for name in inside if name == "locale"]
        return list(dict.fromkeys(os.path.abspath(each) for each in folders if os.path.isdir(each)))

    def _message_files(self, places: Iterable[str]) -> Iterator[tuple[str, str]]:
        for place in places:
            for folder, _, names in os.walk(place):
                yield from ((folder, name) for name in names if name.endswith(".po"))

    def compile_messages(self, locations: Iterable[tuple[str, str]]) -> None:
        """Compile (folder, file) pairs."""
        writable: set[str] = set()
        for folder, name in locations:
            source = Path(folder, name)
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                self._say(f"File “{source}” is already compiled and up to date.")
                continue
            self._say(f"processing file {name} in {folder}")
            if has_bom(source):
                self._fail(
                    f"The {source} file has a BOM (Byte Order Mark). Django only supports "
                    ".po files encoded in UTF-8 and without any BOM."
                )
                continue
            if folder not in writable and not is_dir_writable(folder):
                self._fail(
                    f"The po files under {folder} are in a seemingly not writable location. "
                    "mo files will not be updated/created."
                )
                return
            writable.add(folder)
            self._compile(source, target)

    def _compile(self, source: Path, target: Path) -> None:
        """Compile a file, unless there is something wrong in it."""
        checks = {"--check-format", "--check", "-c"}.intersection(self.program_options)
        doubtful = {"-f", "--use-fuzzy"}.intersection(self.program_options)
        try:
            messages = _pofile.read(source)
        except _pofile.MessageFileError as error:
            self._fail(f"Compiling failed: {error}")
            return
        wrong = [
            f"{source}:{message.line}: {complaint}"
            for message in messages.values()
            if checks and not message.obsolete and (doubtful or "fuzzy" not in message.flags)
            for complaint in _directives.disagreements(message)
        ]
        if wrong:
            self._fail("\n".join(["Compiling failed:", *wrong]))
        else:
            target.write_bytes(_pofile.compiled(messages.values(), doubtful=bool(doubtful)))

    def _say(self, text: str) -> None:
        if self.verbosity > 0:
            self.stdout.write(text)

    def _fail(self, text: str) -> None:
        self.stderr.write(text)
        self.has_errors = True


def _joined(folder: str, name: str) -> str:
    return os.path.normpath(os.path.join(folder, name))
