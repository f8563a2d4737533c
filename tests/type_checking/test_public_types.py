"""What type checkers know of the public API."""

import os
import subprocess
import sys
from pathlib import Path

from tools import manager_types

ROOT = Path(__file__).parents[2]


def test_a_project_has_useful_types() -> None:
    project = Path(__file__).with_name("library.py")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", str(project)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_methods_of_managers_have_the_types_of_querysets() -> None:
    """Otherwise run ``python -m tools.manager_types``."""
    assert manager_types.up_to_date()
