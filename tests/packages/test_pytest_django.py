"""A project whose tests use pytest-django passes them, and no line of it or of the plugin knows of Nuages."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = Path(__file__).with_name("booking")
OTHER_ENGINE = os.environ.get("NUAGES_TEST_DJANGO")


def environment(**more):
    """Return the variables of this process, without those that say how its own tests run."""
    own = ("PYTHONPATH", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return {name: value for name, value in kept.items() if "PYTEST" not in name} | more


def outcomes_of(command, report, **more):
    """Run the project's tests; return the name of each with what became of it."""
    done = subprocess.run(
        [*command, "-m", "pytest", "-q", "-W", "error", f"--junitxml={report}"],
        env=environment(PYTHONDONTWRITEBYTECODE="1", **more),
        cwd=PROJECT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return {
        case.get("name"): [child.tag for child in case]
        for case in ElementTree.parse(report).iter("testcase")
    }


def on_nuages(report):
    command = [sys.executable, "-m", "nuages", "run", "python"]
    return outcomes_of(command, report, PYTHONPATH=str(ROOT / "src"))


def test_pytest_django_runs_unmodified(tmp_path):
    outcomes = on_nuages(tmp_path / "report.xml")
    assert len(outcomes) > 45
    assert {name: outcome for name, outcome in outcomes.items() if outcome} == {}


@pytest.mark.django
def test_the_same_tests_pass_on_django(tmp_path):
    if not OTHER_ENGINE:
        pytest.skip("NUAGES_TEST_DJANGO does not name an interpreter that has Django itself")
    theirs = outcomes_of([OTHER_ENGINE], tmp_path / "theirs.xml")
    assert theirs == on_nuages(tmp_path / "ours.xml")


def test_the_command_is_found_beside_the_interpreter():
    done = subprocess.run(
        [sys.executable, "-m", "nuages", "run", "pytest", "--collect-only", "-q"],
        env=environment(PYTHONPATH=str(ROOT / "src")),
        cwd=PROJECT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "test_fixtures.py::test_live_server" in done.stdout
