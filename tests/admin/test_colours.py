"""The colours of the admin."""

import re
from pathlib import Path

from django.contrib import admin

SHEET = Path(admin.__file__).parent / "static/admin/css/dark_mode.css"


def test_dark_is_the_same_chosen_or_asked_for_by_the_system() -> None:
    """Style sheets cannot say it once for both."""
    blocks = re.findall(r"\{([^{}]*)\}", SHEET.read_text())
    by_system, chosen = ([line.strip() for line in block.split(";")] for block in blocks[:2])
    assert by_system == chosen
    assert len(chosen) > 20
