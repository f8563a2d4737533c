"""How long many migrations take to load and run, on SQLite; and that both engines run the same DDL.

``python -m benchmarks.migrations [200 500]`` generates an application with so many migrations, and migrates
an empty database. The limit is the driver running the same statements.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import command_of

#: The least ratio of Django's time to ours.
BAR = 5.0

HEAD = "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n"
CODE = """
import json, sys, time
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["library"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from django.core.management import call_command
from django.db import connection
statements = []
def note(execute, sql, params, many, context):
    statements.append([str(sql), [str(each) for each in params or ()]])
    return execute(sql, params, many, context)
start = time.process_time()
if "--ddl" in sys.argv:
    with connection.execute_wrapper(note):
        call_command("migrate", verbosity=0)
else:
    call_command("migrate", verbosity=0)
print("RESULT " + json.dumps([time.process_time() - start, statements]))
"""
RAW = """
import json, sqlite3, sys, time
statements = json.load(open("ddl.json"))
connection = sqlite3.connect(":memory:", isolation_level=None)
start = time.process_time()
for sql, params in statements:
    params += ["2026-11-22"] * (sql.count("%s") - len(params))
    connection.execute(sql.replace("%s", "?").replace("%%", "%"), params)
print("RESULT " + json.dumps([time.process_time() - start, []]))
"""


def operations(number: int) -> str:
    """Return the operation of one migration: ten models in turn, changed again and again.

    All of them point to a common one, and most to another, as in any project.
    """
    if not number:
        return (
            "migrations.CreateModel('Member', [('id', models.BigAutoField(primary_key=True)), "
            "('name', models.CharField(max_length=100))])"
        )
    own, round_ = (number - 1) % 10, (number - 1) // 10
    name = f"Shelf{own}_{round_ // 6}"
    match round_ % 6:
        case 0:
            to = f"library.shelf{own - 1}_{round_ // 6}" if own else None
            link = f"('before', models.ForeignKey('{to}', models.CASCADE)), " if to else ""
            return (
                f"migrations.CreateModel('{name}', [('id', models.BigAutoField(primary_key=True)), "
                f"('owner', models.ForeignKey('library.member', models.CASCADE)), {link}('title', models.CharField(max_length=100)), ('size', models.IntegerField(default=1))])"
            )
        case 1:
            return f"migrations.AddField('{name}', 'notes', models.TextField(default=''))"
        case 2:
            return f"migrations.AlterField('{name}', 'title', models.CharField(max_length=200, blank=True))"
        case 3:
            return f"migrations.AddIndex('{name}', models.Index(fields=['size'], name='i{own}_{round_}'))"
        case 4:
            return f"migrations.RenameField('{name}', 'size', 'width')"
        case _:
            return f"migrations.AddField('{name}', 'open', models.BooleanField(null=True))"


def generate(folder: Path, count: int) -> None:
    """Write the application."""
    package = folder / "library" / "migrations"
    package.mkdir(parents=True)
    for place in (folder / "library", package):
        (place / "__init__.py").write_text("")
    before = ""
    for number in range(count):
        name = f"{number + 1:04}_step"
        (package / f"{name}.py").write_text(
            f"{HEAD}    dependencies = [{before}]\n    operations = [{operations(number)}]\n"
        )
        before = f"('library', '{name}')"


def run(engine: str, folder: Path, code: str, *options: str) -> tuple[float, list[list[object]]]:
    """Run code on an engine; return the CPU seconds that it measured, and its statements."""
    how = command_of(engine)
    if how is None:
        raise SystemExit("NUAGES_BENCH_DJANGO must name a Python that has Django.")
    command, environ = how
    done = subprocess.run(
        [*command, "-c", code, *options],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            seconds, statements = json.loads(line.removeprefix("RESULT "))
            return seconds, statements
    raise SystemExit(f"{engine} failed:\n{done.stderr[-2000:]}")


def compare(count: int, rounds: int = 3) -> bool:
    """Compare the engines for so many migrations; print a line, and say whether the bar was met."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, count)
        ours, theirs = (run(engine, folder, CODE, "--ddl")[1] for engine in ("nuages", "django"))
        ours, theirs = (
            list(map(_normal, filter(_changes, ours))),
            list(map(_normal, filter(_changes, theirs))),
        )
        same = ours == theirs
        (folder / "ddl.json").write_text(json.dumps(theirs))
        best: dict[str, float] = {}
        for _ in range(rounds):
            for engine, code in (("nuages", CODE), ("django", CODE), ("limit", RAW)):
                seconds = run(engine, folder, code)[0]
                best[engine] = min(seconds, best.get(engine, seconds))
    ratio = best["django"] / best["nuages"]
    print(
        f"{count} migrations: Nuages {best['nuages']:.3f} s, Django {best['django']:.3f} s, the driver "
        f"{best['limit']:.3f} s: {ratio:.1f}x (bar {BAR}x){'' if same else ', DDL DIFFERS'}"
    )
    if not same:
        for mine, other in zip(ours, theirs, strict=False):
            if mine != other:
                print(f"  ours:   {mine}\n  Django: {other}")
                break
    return same and ratio >= BAR


def _changes(statement: list[object]) -> bool:
    """Whether a statement changes anything, but for the transaction that it is in."""
    first = str(statement[0]).split()[0]
    return first not in ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")


def _normal(statement: list[object]) -> list[object]:
    sql, params = statement
    # When a migration was applied is another moment each time.
    return [sql, params[:2] if "django_migrations" in str(sql) else params]  # type: ignore[index]


if __name__ == "__main__":
    counts = [int(each) for each in sys.argv[1:]] or [200, 500]
    sys.exit(0 if all(compare(count) for count in counts) else 1)
