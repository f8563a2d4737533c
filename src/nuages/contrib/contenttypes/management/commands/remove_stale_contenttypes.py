"""``manage.py remove_stale_contenttypes``."""

from __future__ import annotations

import itertools
from typing import Any

from nuages.apps import apps
from nuages.contrib.contenttypes.models import ContentType
from nuages.core.management import BaseCommand
from nuages.db import DEFAULT_DB_ALIAS, connections, router
from nuages.db.models.deletion import Collector


class Command(BaseCommand):
    """Deletes the content types whose model does not exist any more."""

    help = "Deletes stale content types in the database."

    def add_arguments(self, parser: Any) -> None:
        """Declare the options."""
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Tells Django to NOT prompt the user for input of any kind.",
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='Nominates the database to use. Defaults to the "default" database.',
        )
        parser.add_argument(
            "--include-stale-apps",
            action="store_true",
            default=False,
            help="Deletes stale content types including ones from previously installed apps "
            "that have been removed from INSTALLED_APPS.",
        )

    def handle(self, **options: Any) -> None:
        """Ask, and delete."""
        using = options["database"]
        if not router.allow_migrate_model(using, ContentType):
            return
        ContentType.objects.clear_cache()
        rows = ContentType.objects.using(using).order_by("app_label", "model")
        for label, of_app in itertools.groupby(rows, lambda ct: ct.app_label):
            if label not in apps.app_configs and not options["include_stale_apps"]:
                continue
            stale = [ct for ct in of_app if ct.model_class() is None]
            if stale:
                self._offer(stale, using, options)

    def _offer(self, stale: list[ContentType], using: str, options: dict[str, Any]) -> None:
        verbose = options["verbosity"] >= 2
        if options["interactive"] and not self._confirmed(stale, using):
            if verbose:
                self.stdout.write("Stale content types remain.")
            return
        for ct in stale:
            if verbose:
                self.stdout.write(f"Deleting stale content type '{ct.app_label} | {ct.model}'")
            ct.delete()

    def _confirmed(self, stale: list[ContentType], using: str) -> bool:
        lines = []
        for ct in stale:
            lines.append(f"    - Content type for {ct.app_label}.{ct.model}")
            collector = NoFastDeleteCollector(using=using, origin=ct)
            collector.collect([ct])
            for model, objects in collector.data.items():
                if objects != {ct}:
                    lines.append(f"    - {len(objects)} {model._meta.label} object(s)")
        shown = "\n".join(lines)
        self.stdout.write(
            "Some content types in your database are stale and can be deleted.\n"
            "Any objects that depend on these content types will also be deleted.\n"
            "The content types and dependent objects that would be deleted are:\n\n"
            f"{shown}\n\n"
            "This list doesn't include any cascade deletions to data outside of Django's\n"
            "models (uncommon).\n\n"
            "Are you sure you want to delete these content types?\n"
            "If you're unsure, answer 'no'.\n"
        )
        return input("Type 'yes' to continue, or 'no' to cancel: ") == "yes"


class NoFastDeleteCollector(Collector):
    """A collector that loads all that would be deleted, in order to show it."""

    def can_fast_delete(self, *args: Any, **kwargs: Any) -> bool:
        """Return False."""
        return False
