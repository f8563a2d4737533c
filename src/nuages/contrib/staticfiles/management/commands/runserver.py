"""``runserver`` with static files. Manual: "runserver" (staticfiles)."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.contrib.staticfiles.handlers import StaticFilesHandler
from nuages.core.management.commands.runserver import Command as RunserverCommand


class Command(RunserverCommand):
    """Serves the project, and its static files too."""

    help = "Start a web server for development that also serves static files."

    def add_arguments(self, parser: Any) -> None:
        """Add ``--nostatic`` and ``--insecure``."""
        super().add_arguments(parser)
        parser.add_argument(
            "--nostatic",
            action="store_false",
            dest="use_static_handler",
            help="Do not serve static files.",
        )
        parser.add_argument(
            "--insecure",
            action="store_true",
            dest="insecure_serving",
            help="Serve static files even if DEBUG is off.",
        )

    def get_handler(self, *args: Any, **options: Any) -> Any:
        """Return the application, within a handler for static files where that is wanted."""
        handler = super().get_handler(*args, **options)
        if options["use_static_handler"] and (settings.DEBUG or options["insecure_serving"]):
            return StaticFilesHandler(handler)
        return handler
