"""``dumpdata``: write the content of the database."""

import bz2
import gzip
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from nuages.apps import apps
from nuages.core import serializers
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import parse_apps_and_model_labels
from nuages.db import DEFAULT_DB_ALIAS, connections, router


class ProxyModelWarning(Warning):
    """A proxy model was named without the model whose rows it shows."""


def _compressors() -> dict[str, Callable[..., Any]]:
    """Return how to open a file, by its extension."""
    found: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open}
    try:
        import lzma
    except ImportError:  # Some builds of Python are without it.
        return found

    def lzma_open(*args: Any) -> Any:
        return lzma.open(*args, format=lzma.FORMAT_ALONE)

    return found | {".xz": lzma.open, ".lzma": lzma_open}


class Command(BaseCommand):
    """Writes rows in a format. Manual: "django-admin and manage.py", ``dumpdata``."""

    help = (
        "Output the contents of the database as a fixture of the given format (using each "
        "model's default manager unless --all is specified)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to write, and how."""
        option = parser.add_argument
        option("args", metavar="app_label[.ModelName]", nargs="*", help="What to write.")
        option("--format", default="json", help="The format of the output.")
        option("--indent", type=int, help="The number of spaces to indent by.")
        option(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help="The database to read.",
        )
        option(
            "-e",
            "--exclude",
            action="append",
            default=[],
            help="An application or model to leave out; may be repeated.",
        )
        for flag, what in (
            ("--natural-foreign", "Write natural keys for references, where models have them."),
            ("--natural-primary", "Leave out primary keys of models with natural ones."),
        ):
            option(
                flag, action="store_true", dest=f"use{flag[1:].replace('-', '_')}_keys", help=what
            )
        option(
            "-a",
            "--all",
            action="store_true",
            dest="use_base_manager",
            help="Read with the base manager, which filters nothing.",
        )
        option("--pks", dest="primary_keys", help="Only rows with these keys, separated by commas.")
        option("-o", "--output", help="The file to write to; its extension says the compression.")

    def handle(self, *app_labels: str, **options: Any) -> None:
        """Write the rows."""
        format = options["format"]
        keys = options["primary_keys"]
        chosen = self._chosen(app_labels, options["exclude"], bool(keys))
        self._check_format(format)
        self.stdout.ending = None
        models = serializers.sort_dependencies(chosen.items(), allow_cycles=True)
        # Only a file leaves the terminal free for a progress bar.
        shows = options["output"] and self.stdout.isatty() and options["verbosity"] > 0
        try:
            stream = self._open(options["output"])
            try:
                serializers.serialize(
                    format,
                    _rows(models, chosen, options),
                    stream=stream or self.stdout,
                    indent=options["indent"],
                    use_natural_foreign_keys=options["use_natural_foreign_keys"],
                    use_natural_primary_keys=options["use_natural_primary_keys"],
                    progress_output=self.stdout if shows else None,
                    object_count=_count(models, chosen, options) if shows else 0,
                )
            finally:
                if stream:
                    stream.close()
        except Exception as error:
            if options["traceback"]:
                raise
            raise CommandError(f"Unable to serialize database: {error}") from error

    def _chosen(self, labels: Any, excluded: Any, has_keys: bool) -> dict[Any, Any]:
        """Return the models of each application; raises `CommandError` for unknown ones."""
        left_out, without = parse_apps_and_model_labels(excluded)
        configs = [c for c in apps.get_app_configs() if c.models_module is not None]
        if not labels:
            if has_keys:
                raise CommandError("You can only use --pks option with one model")
            named: list[tuple[Any, Any]] = [(c, None) for c in configs if c not in without]
        else:
            if has_keys and (len(labels) > 1 or "." not in labels[0]):
                raise CommandError("You can only use --pks option with one model")
            named = [entry for label in labels for entry in _named(label, without)]
        chosen: dict[Any, Any] = {}
        for config, model in named:
            whole = model is None or chosen.get(config, ()) is None
            chosen[config] = None if whole else [*chosen.get(config, []), model]
        return {
            config: [
                m
                for m in (config.get_models() if ms is None else dict.fromkeys(ms))
                if m not in left_out
            ]
            for config, ms in chosen.items()
        }

    def _check_format(self, format: str) -> None:
        if format in serializers.get_public_serializer_formats():
            return
        try:
            serializers.get_serializer(format)
        except serializers.SerializerDoesNotExist:
            raise CommandError(f"Unknown serialization format: {format}") from None

    def _open(self, path: str | None) -> Any:
        """Open the output, compressed as its name says; ``None`` for the terminal."""
        if not path:
            return None
        root, extension = os.path.splitext(path)
        compressors = _compressors()
        if extension in compressors:
            return compressors[extension](path, "wt")
        known = {f".{name}" for name in serializers.get_public_serializer_formats()}
        if extension and extension not in known and os.path.splitext(root)[1] in known:
            warnings.warn(
                f"Unsupported file extension ({extension}). "
                f"Fixtures saved in '{os.path.basename(root)}'.",
                RuntimeWarning,
                stacklevel=2,
            )
            path = root
        return open(path, "w")


def _named(label: str, without: Any) -> Iterator[tuple[Any, Any]]:
    app_label, dot, model_name = label.partition(".")
    try:
        config = apps.get_app_config(app_label)
    except LookupError as error:
        raise CommandError(str(error)) from error
    if config.models_module is None or config in without:
        return
    if not dot:
        yield config, None
        return
    try:
        yield config, config.get_model(model_name)
    except LookupError:
        raise CommandError(f"Unknown model: {app_label}.{model_name}") from None


def _querysets(models: Any, options: Any) -> Iterator[Any]:
    database, keys = options["database"], options["primary_keys"]
    for model in models:
        if model._meta.proxy or not router.allow_migrate_model(database, model):
            continue
        base = options["use_base_manager"]
        manager = model._base_manager if base else model._default_manager
        rows = manager.using(database).order_by(model._meta.pk.name)
        yield rows.filter(pk__in=[key.strip() for key in keys.split(",")]) if keys else rows


def _count(models: Any, chosen: Any, options: Any) -> int:
    return sum(rows.count() for rows in _querysets(models, options))


def _rows(models: Any, chosen: Any, options: Any) -> Iterator[Any]:
    """Yield all rows; warn of proxies whose own model is not among those chosen."""
    for model in models:
        concrete = model._meta.concrete_model
        if model._meta.proxy and concrete not in models:
            warnings.warn(
                f"{model._meta.label} is a proxy model and won't be serialized.",
                category=ProxyModelWarning,
                stacklevel=2,
            )
    for rows in _querysets(models, options):
        # Prefetching needs the size of its batches.
        batch = 2000 if rows._prefetch_related_lookups else None
        yield from rows.iterator(chunk_size=batch) if batch else rows.iterator()
