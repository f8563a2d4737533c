"""The example projects run, and look the same on both engines."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = {"polls": "mysite", "hotclub": "hotclub"}
APPS = {"polls": "polls", "hotclub": "club"}
OTHER_ENGINE = os.environ.get("NUAGES_TEST_DJANGO")


def nuages_environment():
    path = os.pathsep.join([str(ROOT / "src/nuages/shim"), str(ROOT / "src")])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def run(command, environment, folder):
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


def pages_of(example, python, environment, folder):
    script = str(Path(__file__).with_name("pages.py"))
    command = [python, script, EXAMPLES[example], str(ROOT / "examples" / example)]
    done = run([*command, str(folder / "example.sqlite3")], environment, folder)
    return json.loads(done.stdout)["answers"]


def comparable(answer):
    """Leave out what differs from run to run, and space that HTML does not show."""
    request, status, headers, body = answer
    body = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", body)
    body = re.sub(r"\s+", " ", body)
    return request, status, headers, re.sub(r" ?(<[^>]*>) ?", r"\1", body)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_passes_its_own_tests(example):
    done = run(
        [sys.executable, "manage.py", "test"], nuages_environment(), ROOT / "examples" / example
    )
    assert re.search(r"^OK", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_migration_is_missing(example):
    done = run(
        [sys.executable, "manage.py", "makemigrations", APPS[example], "--check", "--dry-run"],
        nuages_environment(),
        ROOT / "examples" / example,
    )
    assert "No changes detected in app" in done.stdout


@pytest.mark.django
@pytest.mark.parametrize("example", EXAMPLES)
def test_both_engines_give_the_same_pages(example, tmp_path):
    if not OTHER_ENGINE:
        pytest.skip("NUAGES_TEST_DJANGO does not name an interpreter that has Django itself")
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours = pages_of(example, sys.executable, nuages_environment(), tmp_path / "ours")
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    theirs = pages_of(example, OTHER_ENGINE, plain, tmp_path / "theirs")
    assert len(ours) == len(theirs) > 4
    for own, other in zip(ours, theirs):
        assert comparable(own) == comparable(other)
