"""``testserver``. Manual: "testserver"."""

from __future__ import annotations

from typing import Any

from nuages.core.management import call_command
from nuages.core.management.base import BaseCommand
from nuages.db import connection


class Command(BaseCommand):
    """Serves the project with a database of test data."""

    help = "Start the development server with data from the given fixtures."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        """Add the fixtures and the options."""
        parser.add_argument("args", metavar="fixture", nargs="*", help="Fixtures to load.")
        parser.add_argument("--addrport", default="", help="Port, or address:port.")
        parser.add_argument("--ipv6", "-6", action="store_true", dest="use_ipv6")
        parser.add_argument("--noinput", "--no-input", action="store_false", dest="interactive")

    def handle(self, *fixture_labels: str, **options: Any) -> None:
        """Make the database, fill it, and serve."""
        verbosity = options["verbosity"]
        name = connection.creation.create_test_db(
            verbosity=verbosity, autoclobber=not options["interactive"]
        )
        call_command("loaddata", *fixture_labels, verbosity=verbosity)
        call_command(
            "runserver",
            addrport=options["addrport"],
            use_ipv6=options["use_ipv6"],
            # The reloader would make a second database.
            use_reloader=False,
            # A database in memory has one connection.
            use_threading=connection.features.test_db_allows_multiple_connections,
            shutdown_message=(
                f"\nServer stopped.\nNote that the test database, {name!r}, has not been deleted. "
                "You can explore it on your own."
            ),
        )
