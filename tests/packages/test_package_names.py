"""Names that packages take from Django, documented or not, are there."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = Path(__file__).with_name("names.txt")

SCRIPT = """
import sys
from importlib import import_module

import nuages
from django.conf import settings

settings.configure(
    SECRET_KEY="for tests only",
    INSTALLED_APPS=[
        "django.contrib." + app
        for app in "admin auth contenttypes flatpages messages redirects sessions sites staticfiles".split()
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="no_urls",
)
nuages.setup()


def found(path):
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            value = getattr(value, name)
        return True
    return False


for path in sys.stdin.read().split():
    try:
        there = found(path)
    except AttributeError:
        there = False
    if not there:
        print(path)
"""


def test_what_packages_import_is_there():
    lines = [line for line in NAMES.read_text().splitlines() if not line.startswith("#")]
    paths = [
        f"{place}.{name}"
        for place, names in (line.split(": ") for line in lines)
        for name in names.split()
    ]
    assert len(paths) > 1200
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        input="\n".join(paths), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
