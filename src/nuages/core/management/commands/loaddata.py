"""``loaddata``: fill the database from fixtures."""

import bz2
import functools
import glob
import gzip
import os
import sys
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core import serializers
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.color import no_style
from nuages.core.management.utils import parse_apps_and_model_labels
from nuages.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    connections,
    router,
    transaction,
)
from nuages.utils.functional import cached_property

READ_STDIN = "-"


class SingleZipReader(zipfile.ZipFile):
    """An archive with one file in it, read like that file."""

    def read(self) -> bytes:  # type: ignore[override]
        """Return the content of the file; raises ``ValueError`` if there are more, or none."""
        match self.namelist():
            case [name]:
                return super().read(name)
        raise ValueError("Zip-compressed fixtures must contain one file.")


@dataclass(frozen=True)
class Fixture:
    """A file with data: where it is, and what its name says of it."""

    path: str
    directory: str | None
    name: str
    format: str
    compression: str | None


class Command(BaseCommand):
    """Loads fixtures. Manual: "django-admin and manage.py", ``loaddata``; topics/db/fixtures."""

    help = "Installs the named fixture(s) in the database."
    missing_args_message = (
        "No database fixture specified. Please provide the path of at least one fixture in the "
        "command line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the fixtures, and how to load them."""
        option = parser.add_argument
        option("args", metavar="fixture", nargs="+", help="The names of the fixtures.")
        option(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to fill.",
        )
        option("--app", dest="app_label", help="The only application to look in.")
        option(
            "-i",
            "--ignorenonexistent",
            action="store_true",
            dest="ignore",
            help="Leave out models and fields that are no more.",
        )
        option(
            "-e",
            "--exclude",
            action="append",
            default=[],
            help="An application or model to leave out; may be repeated.",
        )
        option("--format", help="The format of what comes from standard input.")

    def handle(self, *fixture_labels: str, **options: Any) -> None:
        """Load the fixtures in one transaction, and set the sequences right."""
        self.ignore, self.using = options["ignore"], options["database"]
        self.app_label, self.format = options["app_label"], options["format"]
        self.verbosity = options["verbosity"]
        self.excluded_models, self.excluded_apps = parse_apps_and_model_labels(options["exclude"])
        self.models: set[Any] = set()
        self.fixture_count = self.loaded_object_count = self.fixture_object_count = 0
        self.deferred: list[Any] = []
        with transaction.atomic(using=self.using):
            self.loaddata(fixture_labels)
        # The connection stays open in a transaction around this one, as in tests.
        if transaction.get_autocommit(self.using):
            connections[self.using].close()

    def loaddata(self, fixture_labels: Any) -> None:
        """Load all fixtures of these names; raises `CommandError` and errors of the database."""
        connection = connections[self.using]
        # Every name is looked up before anything is changed.
        found = {label: self.find_fixtures(label) for label in fixture_labels}
        if not any(found.values()):
            return
        with connection.constraint_checks_disabled():
            for fixtures in found.values():
                for fixture in fixtures:
                    self.load_fixture(fixture)
            for obj in self.deferred:
                obj.save_deferred_fields(using=self.using)
        # Rows could refer to missing ones meanwhile: not any longer.
        tables = [model._meta.db_table for model in self.models]
        try:
            connection.check_constraints(table_names=tables)
        except Exception as error:
            error.args = (f"Problem installing fixtures: {error}",)
            raise
        if self.loaded_object_count:
            self.reset_sequences(connection, self.models)
        if self.verbosity >= 1:
            total, read = self.loaded_object_count, self.fixture_object_count
            some = f" (of {read})" if read != total else ""
            self.stdout.write(
                f"Installed {total} object(s){some} from {self.fixture_count} fixture(s)"
            )

    def reset_sequences(self, connection: Any, models: Any) -> None:
        """Let the database go on counting after the highest key."""
        statements = connection.ops.sequence_reset_sql(no_style(), models)
        if not statements:
            return
        self._say(2, "Resetting sequences")
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _say(self, level: int, text: str) -> None:
        if self.verbosity >= level:
            self.stdout.write(text)

    # Reading.

    @cached_property
    def compression_formats(self) -> dict[str | None, tuple[Callable[..., Any], str]]:
        """How to open a file, by the extension for its compression."""
        found: dict[str | None, tuple[Callable[..., Any], str]] = {
            None: (open, "rb"),
            "gz": (gzip.GzipFile, "rb"),
            "zip": (SingleZipReader, "r"),
            "bz2": (bz2.BZ2File, "r"),
            "stdin": (lambda *args: sys.stdin, ""),
        }
        try:
            import lzma
        except ImportError:  # Some builds of Python are without it.
            return found
        return found | {"lzma": (lzma.LZMAFile, "r"), "xz": (lzma.LZMAFile, "r")}

    def load_fixture(self, fixture: Fixture) -> None:
        """Save the objects of one file; raises `CommandError` and errors of the database."""
        opener, mode = self.compression_formats[fixture.compression]
        stream = opener(fixture.path, mode)
        before = self.fixture_object_count
        self.fixture_count += 1
        self._say(
            2,
            f"Installing {fixture.format} fixture '{fixture.name}' from "
            f"{_shown(fixture.directory)}.",
        )
        try:
            for obj in serializers.deserialize(
                fixture.format,
                stream,
                using=self.using,
                ignorenonexistent=self.ignore,
                handle_forward_references=True,
            ):
                self.fixture_object_count += 1
                if self.save_obj(obj):
                    self.loaded_object_count += 1
                    if self.verbosity >= 3:
                        # In one line that is written over and over.
                        count = self.loaded_object_count
                        self.stdout.write(f"\rProcessed {count} object(s).", ending="")
        except Exception as error:
            if not isinstance(error, CommandError):
                error.args = (f"Problem installing fixture '{fixture.path}': {error}",)
            raise
        finally:
            if stream is not sys.stdin:
                stream.close()
        if self.verbosity >= 3:
            self.stdout.write()
        if self.fixture_object_count == before:
            warnings.warn(
                f"No fixture data found for '{fixture.name}'. (File format may be invalid.)",
                RuntimeWarning,
                stacklevel=2,
            )

    def save_obj(self, obj: Any) -> bool:
        """Save an object, unless its model or the database is not concerned."""
        model = type(obj.object)
        if model._meta.app_config in self.excluded_apps or model in self.excluded_models:
            return False
        if not router.allow_migrate_model(self.using, model):
            return False
        self.models.add(model)
        try:
            obj.save(using=self.using)
        except (DatabaseError, IntegrityError, ValueError) as error:
            error.args = (f"Could not load {obj.object._meta.label}(pk={obj.object.pk}): {error}",)
            raise
        if obj.deferred_fields:
            self.deferred.append(obj)
        return True

    # Finding.

    @functools.cache
    def find_fixtures(self, fixture_label: str) -> list[Fixture]:
        """Return the files of a name; raises `CommandError` if there is none, or no one."""
        if fixture_label == READ_STDIN:
            if self.format is None:
                raise CommandError("--format must be specified when reading from stdin.")
            return [Fixture(READ_STDIN, None, READ_STDIN, self.format, "stdin")]
        name, format, compression = self.parse_name(fixture_label)
        self._say(2, f"Loading '{name}' fixtures...")
        folder, base = os.path.split(name)
        if os.path.isabs(folder):
            places = [folder]
        else:
            places = [os.path.join(place, folder).rstrip(os.sep) for place in self.fixture_dirs]
        wanted = self._file_names(base, format, compression)
        found: list[Fixture] = []
        for place in places:
            self._say(2, f"Checking {_shown(place)} for fixtures...")
            here = [
                Fixture(path, place, base, *wanted[os.path.basename(path)])
                for path in glob.iglob(os.path.join(glob.escape(place), f"{glob.escape(base)}*"))
                if os.path.basename(path) in wanted
            ]
            if len(here) > 1:
                raise CommandError(
                    f"Multiple fixtures named '{base}' in {_shown(place)}. Aborting."
                )
            if not here:
                self._say(2, f"No fixture '{base}' in {_shown(place)}.")
            found += here
        if not found:
            raise CommandError(f"No fixture named '{base}' found.")
        return found

    def _file_names(
        self, base: str, format: str | None, compression: str | None
    ) -> dict[str, tuple[str, str | None]]:
        """Return the names that a fixture may have, and what they say."""
        formats = [format] if format else serializers.get_public_serializer_formats()
        packed = (
            [compression] if compression else [c for c in self.compression_formats if c != "stdin"]
        )
        databases = [self.using, None]
        return {
            ".".join(part for part in (base, database, kind, packing) if part): (kind, packing)
            for database, kind, packing in product(databases, formats, packed)
        }

    def parse_name(self, fixture_name: str) -> tuple[str, str | None, str | None]:
        """Split a name into the name itself, format and compression, if it says them."""
        compression = format = None
        parts = fixture_name.rsplit(".", 2)
        if len(parts) > 1 and parts[-1] in self.compression_formats:
            compression = parts.pop()
        if len(parts) > 1:
            if parts[-1] in serializers.get_public_serializer_formats():
                format = parts.pop()
            elif "." in fixture_name and os.sep not in parts[-1]:
                raise CommandError(
                    f"Problem installing fixture '{'.'.join(parts[:-1])}': {parts[-1]} is not a "
                    "known serialization format."
                )
        return ".".join(parts), format, compression

    @cached_property
    def fixture_dirs(self) -> list[str]:
        """Where fixtures may be: applications, `FIXTURE_DIRS`, and the current directory."""
        configured = list(map(str, settings.FIXTURE_DIRS))
        if len(set(configured)) != len(configured):
            raise ImproperlyConfigured("settings.FIXTURE_DIRS contains duplicates.")
        own: list[str] = []
        for config in apps.get_app_configs():
            place = os.path.join(config.path, "fixtures")
            if place in configured:
                raise ImproperlyConfigured(
                    f"'{place}' is a default fixture directory for the '{config.label}' app and "
                    "cannot be listed in settings.FIXTURE_DIRS."
                )
            if self.app_label in (None, config.label) and os.path.isdir(place):
                own.append(place)
        return [os.path.realpath(place) for place in (*own, *configured, "")]


def _shown(place: str | None) -> str:
    return f"'{place}'" if place else "absolute path"
