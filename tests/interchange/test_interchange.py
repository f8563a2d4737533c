"""What one engine makes the other accepts, in both directions: a site can change over, and back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = str(Path(__file__).with_name("exchange.py"))
OTHER_ENGINE = os.environ.get("NUAGES_TEST_DJANGO")

pytestmark = [
    pytest.mark.django,
    pytest.mark.skipif(not OTHER_ENGINE, reason="NUAGES_TEST_DJANGO names no Python with Django"),
]


def run(engine, task, folder, given=None):
    python, path = sys.executable, [str(ROOT / "src/nuages/shim"), str(ROOT / "src")]
    if engine == "django":
        python, path = OTHER_ENGINE, []
    done = subprocess.run(
        [python, SCRIPT, task, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"},
        input=None if given is None else json.dumps(given),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout else None


@pytest.mark.parametrize(("maker", "taker"), [("nuages", "django"), ("django", "nuages")])
def test_what_one_makes_the_other_takes(tmp_path, maker, taker):
    run(maker, "tables", tmp_path)
    made = run(maker, "make", tmp_path)
    accepted = run(taker, "take", tmp_path, made)
    assert len(accepted) > 35
    assert [what for what, good in accepted.items() if not good] == []
