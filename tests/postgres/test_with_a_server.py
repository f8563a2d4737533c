"""Runs the cases of this folder, in a project of their own whose only database is PostgreSQL.

The server is ``NUAGES_TEST_POSTGRES``, a connection string; by default the one on this machine.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
SERVER = os.environ.get("NUAGES_TEST_POSTGRES", "host=127.0.0.1 user=postgres")
NAMES = [
    (path.stem, name)
    for path in sorted(CASES.glob("case_*.py"))
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
]

pytestmark = pytest.mark.postgres


def without_a_server(reason):
    """Skip; but not where somebody relies on these tests."""
    message = f"No PostgreSQL at {SERVER!r} (NUAGES_TEST_POSTGRES): {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory):
    """Run all cases in one process; give what became of each, by file and name."""
    psycopg = pytest.importorskip("psycopg")
    try:
        psycopg.connect(SERVER, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        without_a_server(error)
    report = tmp_path_factory.mktemp("postgres") / "report.xml"
    command = [sys.executable, "-m", "pytest", str(CASES), f"--confcutdir={CASES}", "-q"]
    command += ["-o", "python_files=case_*.py", "-p", "no:cacheprovider", f"--junitxml={report}"]
    environ = {**os.environ, "NUAGES_TEST_POSTGRES": SERVER}
    ran = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert report.exists(), ran.stdout[-3000:] + ran.stderr[-3000:]
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        key = case.get("classname", "").rpartition(".")[2], case.get("name", "").partition("[")[0]
        for outcome in case:
            if outcome.tag in ("failure", "error", "skipped"):
                found.setdefault(key, (outcome.tag, outcome.text or outcome.get("message")))
        found.setdefault(key, ("passed", ""))
    return found, ran.stdout


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_case(outcomes, module, name):
    found, printed = outcomes
    outcome, text = found.get((module, name), ("missing", printed[-3000:]))
    if outcome == "skipped":
        pytest.skip(text)
    assert outcome == "passed", text
