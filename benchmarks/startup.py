"""How long a fresh project takes to start: CPU time and modules of ``django.setup()``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import command_of

SETTINGS = """
SECRET_KEY = "bench" * 10
DEBUG = True
ROOT_URLCONF = "bench_urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "bench.sqlite3"}}
STATIC_URL = "static/"
"""
CODE = """
import json, os, resource, sys
bare = len(sys.modules)
before = resource.getrusage(resource.RUSAGE_SELF)
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"
django.setup()
after = resource.getrusage(resource.RUSAGE_SELF)
spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
names = {id(module) for module in sys.modules.values()}
print(json.dumps([spent * 1000, len(names) - bare]))
"""


def main(rounds: int = 10) -> int:
    best: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bench_settings.py").write_text(SETTINGS, encoding="utf-8")
        for _ in range(rounds):
            for engine in ("nuages", "django"):
                if (how := command_of(engine)) is None:
                    continue
                command, environ = how
                environ["PYTHONPATH"] += f":{folder}"
                done = subprocess.run(
                    [*command, "-c", CODE], env=environ, cwd=folder, capture_output=True, text=True
                )
                if done.returncode:
                    print(done.stderr[-2000:], file=sys.stderr)
                    return 1
                values = json.loads(done.stdout)
                best[engine] = [min(pair) for pair in zip(values, best.get(engine, values))]
    print(f"\nstartup: setup() of a fresh project, best of {rounds}")
    for engine, (milliseconds, modules) in best.items():
        print(f"  {engine:8}{milliseconds:8.1f} ms CPU{modules:8.0f} modules")
    if "django" not in best:
        return 0
    ratios = [ours / theirs for ours, theirs in zip(best["nuages"], best["django"])]
    print(
        f"  Nuages needs {ratios[0]:.0%} of the time and {ratios[1]:.0%} of the modules (bar: 50%)"
    )
    return int(max(ratios) > 0.5)


if __name__ == "__main__":
    sys.exit(main())
