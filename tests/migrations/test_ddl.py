"""The statements of a history of migrations: from drafts, from all classes, and from Django itself."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OTHER_ENGINE = os.environ.get("NUAGES_TEST_DJANGO")
spec = importlib.util.spec_from_file_location("history", Path(__file__).with_name("history.py"))
history = importlib.util.module_from_spec(spec)
spec.loader.exec_module(history)

#: Statements about the transaction, and queries.
ABOUT_NOTHING = ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")


def statements(folder, engine="nuages", *options, **settings):
    """Run the history; return the statements that change anything."""
    if not (folder / "run.py").exists():
        history.write(folder)
    python, path = sys.executable, [str(ROOT / "src/nuages/shim"), str(ROOT / "src")]
    if engine == "django":
        python, path = OTHER_ENGINE, []
    done = subprocess.run(
        [python, "run.py", json.dumps(settings), *options],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*path, str(folder)])},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    [line] = [each for each in done.stdout.splitlines() if each.startswith("RESULT ")]
    return [
        # When a migration was applied is another moment each time.
        [sql, params[:2] if "django_migrations" in sql else params]
        for sql, params in json.loads(line.removeprefix("RESULT "))
        if sql.split()[0] not in ABOUT_NOTHING
    ]


@pytest.mark.parametrize("options", [(), ("--back",)])
def test_drafts_give_the_statements_that_all_classes_give(tmp_path, options):
    drafted = statements(tmp_path, "nuages", *options)
    plain = statements(tmp_path, "nuages", *options, NUAGES={"DRAFT_MODELS": False})
    assert len(drafted) > 150
    assert drafted == plain


def by_migration(statements):
    """Return the statements of each migration, sorted: tables are altered in any order."""
    found = [[]]
    for sql, params in statements:
        # Names may be quoted where they need not be.
        found[-1].append(sql.replace('"', "") if sql.startswith("INSERT") else sql)
        if "INTO django_migrations" in found[-1][-1]:
            found[-1][-1] = params
            found.append([])
    return [sorted(map(str, each)) for each in found]


@pytest.mark.django
@pytest.mark.skipif(not OTHER_ENGINE, reason="NUAGES_TEST_DJANGO names no Python with Django")
def test_statements_are_those_of_django(tmp_path):
    ours, theirs = (by_migration(statements(tmp_path, each)) for each in ("nuages", "django"))
    assert len(theirs) > len(history.STEPS)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == other
