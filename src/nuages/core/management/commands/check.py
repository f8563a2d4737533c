"""``check``: run the system checks."""

from __future__ import annotations

from typing import Any

from nuages.apps import apps
from nuages.core import checks
from nuages.core.checks.registry import registry
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.db import connections


class Command(BaseCommand):
    """Finds problems of the project. Manual: "django-admin and manage.py", ``check``."""

    help = "Checks the entire Django project for potential problems."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        levels = ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
        parser.add_argument("args", metavar="app_label", nargs="*")
        parser.add_argument(
            "--tag", "-t", action="append", dest="tags", help="Run only checks of this tag."
        )
        parser.add_argument("--list-tags", action="store_true", help="List the tags.")
        parser.add_argument("--deploy", action="store_true", help="Check for deployment too.")
        parser.add_argument(
            "--fail-level", default="ERROR", choices=levels, help="Fail from this level on."
        )
        parser.add_argument(
            "--database",
            action="append",
            choices=tuple(connections),
            dest="databases",
            help="Also check this database.",
        )

    def handle(self, *app_labels: str, **options: Any) -> None:
        deploy, tags = options["deploy"], options["tags"]
        if options["list_tags"]:
            self.stdout.write("\n".join(sorted(registry.tags_available(deploy))))
            return
        configs = [apps.get_app_config(label) for label in app_labels] or None
        for tag in tags or ():
            if not checks.tag_exists(tag, deploy):
                raise CommandError(f'There is no system check with the "{tag}" tag.')
        self.check(
            app_configs=configs,
            tags=tags,
            display_num_errors=True,
            include_deployment_checks=deploy,
            fail_level=getattr(checks, options["fail_level"]),
            databases=options["databases"],
        )
