"""``findstatic``. Manual: "findstatic"."""

from __future__ import annotations

import os
from typing import Any

from nuages.contrib.staticfiles import finders
from nuages.core.management.base import LabelCommand


class Command(LabelCommand):
    """Shows where static files are found."""

    help = "Show the full path of the given static files."
    label = "staticfile"

    def add_arguments(self, parser: Any) -> None:
        """Add ``--first``."""
        super().add_arguments(parser)
        parser.add_argument(
            "--first",
            action="store_false",
            dest="all",
            help="Show the first match of each file alone.",
        )

    def handle_label(self, label: str, **options: Any) -> str | None:
        """Return the matches of one path as text."""
        path = label
        found = finders.find(path.removeprefix("/"), find_all=options["all"])
        matches = found if isinstance(found, (list, tuple)) else [found] if found else []
        verbosity = options["verbosity"]
        shown = [os.path.realpath(match) for match in matches]
        searched = ""
        if verbosity >= 2:
            places = "\n  ".join(str(location) for location in finders.searched_locations)
            searched = f"\nLooking in the following locations:\n  {places}"
        if not shown:
            if verbosity >= 1:
                self.stderr.write(f"No matching file found for '{path}'.{searched}")
            return None
        if verbosity == 0:
            return "\n".join(shown)
        listed = "\n  ".join(shown)
        return f"Found '{path}' here:\n  {listed}{searched}"
