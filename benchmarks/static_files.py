"""``collectstatic`` of 5,000 files: wall and CPU time, first and again, with and without a manifest.

    python -m benchmarks.static_files --rounds 3

Stylesheets refer to images and to each other, scripts import each other as modules. "Again" finds all
files collected, but ten of them changed. Only the command is timed, not the start of Python.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness import command_of

STORAGES = {
    "plain": "django.contrib.staticfiles.storage.StaticFilesStorage",
    "manifest": "benchmarks.static_files.ModuleStorage",
}


def fill(root: Path, count: int) -> None:
    """Write a tree of files: of ten, six are images, two stylesheets and two modules."""
    chance = random.Random(3)
    for number in range(count):
        folder = root / f"part{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        kind = number % 10
        if kind < 6:
            (folder / f"image{number}.png").write_bytes(chance.randbytes(chance.randrange(20_000)))
            continue
        rules = "/* a comment */\n.rule { color: red; margin: 0 auto; }\n" * 40
        images = [number - kind + chance.randrange(6) for _ in range(4)]
        # In chains of four: Django goes over the files five times at most.
        before = number - 10 if number // 10 % 4 else -1
        if kind < 8:
            links = "".join(f".a{n} {{ background: url(image{n}.png) }}\n" for n in images)
            if before // 100 == number // 100:
                links = f'@import "style{before}.css";\n' + links
            (folder / f"style{number}.css").write_text(links + rules)
        else:
            code = "// a comment\nexport function f(a) { return `${a}` + 'text'; }\n" * 40
            if before // 100 == number // 100:
                code = f'import {{ f }} from "./module{before}.js";\n' + code
            (folder / f"module{number}.js").write_text(code)


def change(root: Path) -> None:
    """Give ten of the files new content, in the future as far as the collected ones go."""
    for path in sorted(root.rglob("*.*"))[::500]:
        path.write_bytes(path.read_bytes() + b"\n")
        later = time.time() + 2
        os.utime(path, (later, later))


def run_one(source: str, target: str, storage: str) -> None:
    """Collect in this process; print how long that took."""
    import django
    from django.conf import settings

    settings.configure(
        INSTALLED_APPS=["django.contrib.staticfiles"],
        STATICFILES_DIRS=[source],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STATIC_ROOT=target,
        STATIC_URL="/static/",
        STORAGES={"staticfiles": {"BACKEND": STORAGES[storage]}},
        DATABASES={},
    )
    django.setup()
    from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
    from django.core.management import call_command

    class ModuleStorage(ManifestStaticFilesStorage):
        support_js_module_import_aggregation = True

    sys.modules["benchmarks.static_files"] = sys.modules[__name__]
    globals()["ModuleStorage"] = ModuleStorage
    wall, cpu = time.perf_counter(), time.process_time()
    call_command("collectstatic", interactive=False, verbosity=0)
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))


def measure(engine: str, storage: str, source: Path) -> list[list[float]] | None:
    """Return wall and CPU time of the first run and of the next; ``None`` without the engine."""
    how = command_of(engine)
    if how is None:
        return None
    command, environ = how
    found = []
    with tempfile.TemporaryDirectory() as target:
        for again in (False, True):
            if again:
                change(source)
            words = ["-m", "benchmarks.static_files", "--one", str(source), target, storage]
            done = subprocess.run([*command, *words], env=environ, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr[-2000:])
            found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.static_files", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(*options.one)
        return 0
    print(f"seconds, wall / CPU, for {options.files} files; best of {options.rounds} rounds")
    print(f"{'':20}{'first':>16}{'again':>16}")
    folder = tempfile.mkdtemp()
    source = Path(folder) / "source"
    fill(source, options.files)
    for storage in STORAGES:
        best: dict[str, list[list[float]]] = {}
        for engine in ("nuages", "django") * options.rounds:
            found = measure(engine, storage, source)
            if found is not None:
                pairs = zip(found, best.get(engine, found), strict=True)
                best[engine] = [[*map(min, a, b)] for a, b in pairs]
        for engine, times in best.items():
            cells = [f"{wall:.2f} / {cpu:.2f}" for wall, cpu in times]
            print(f"{storage + ', ' + engine:20}" + "".join(f"{cell:>16}" for cell in cells))
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
