"""How the benchmarks are timed.

A module of ``benchmarks/cases`` defines ``cases()``, which gives named functions that run on whatever
``import django`` is, ``limits()``, which gives functions of the same names that do the job by hand, and
``BARS``, the least ratio of Django's time to ours that each name must show. Each engine runs in a
process of its own, in turn, several rounds; the best round counts, since noise only adds. All times are
CPU time, in microseconds a call.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("nuages", "django", "limit")
SECONDS = 0.15


def microseconds(function: Callable[[], Any]) -> float:
    """Return the CPU time of one call of ``function`` (or coroutine function), best of three."""
    if inspect.iscoroutinefunction(function):

        async def loop(count: int) -> float:
            await function()
            start = time.process_time()
            for _ in range(count):
                await function()
            return time.process_time() - start

        def run(count: int) -> float:
            return asyncio.run(loop(count))

    else:

        def run(count: int) -> float:
            start = time.process_time()
            for _ in range(count):
                function()
            return time.process_time() - start

    function() if not inspect.iscoroutinefunction(function) else asyncio.run(function())
    count = 1
    while (spent := run(count)) < SECONDS / 4 and count < 2**20:
        count *= 2
    count = max(1, int(count * SECONDS / max(spent, 1e-9)))
    gc.collect()
    return min(run(count) for _ in range(3)) / count * 1e6


def run_one(module: str, engine: str, only: str | None) -> None:
    """Time a module's cases in this process, and print them as JSON."""
    cases = importlib.import_module(f"benchmarks.cases.{module}")
    functions = cases.limits() if engine == "limit" else cases.cases()
    times = {
        name: microseconds(function)
        for name, function in functions.items()
        if not only or only in name
    }
    print("RESULT " + json.dumps(times))


def command_of(engine: str) -> tuple[list[str], dict[str, str]] | None:
    """Return how to start a process with an engine; ``None`` where Django is not installed."""
    environ = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    source = ROOT / "src"
    if engine == "django":
        django = os.environ.get("NUAGES_BENCH_DJANGO")
        if not django:
            return None
        environ["PYTHONPATH"] = str(ROOT)
        return [django], environ
    path = [str(source / "nuages" / "shim"), str(source)] if engine == "nuages" else []
    environ["PYTHONPATH"] = os.pathsep.join([*path, str(ROOT)])
    return [sys.executable], environ


def compare(module: str, rounds: int, only: str | None) -> bool:
    """Run a module's cases on all engines, print the table, and say whether all bars were met."""
    best: dict[str, dict[str, float]] = {engine: {} for engine in ENGINES}
    for _ in range(rounds):
        for engine in ENGINES:
            if (how := command_of(engine)) is None:
                continue
            command, environ = how
            options = ["-m", "benchmarks.harness", module, engine, *([only] if only else [])]
            done = subprocess.run(
                [*command, *options], env=environ, cwd=ROOT, capture_output=True, text=True
            )
            lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
            if not lines:
                print(f"{module} on {engine} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
                continue
            for name, value in json.loads(lines[0].removeprefix("RESULT ")).items():
                best[engine][name] = min(value, best[engine].get(name, value))
    bars = importlib.import_module(f"benchmarks.cases.{module}").BARS
    print(f"\n{module}: CPU time, µs a call, best of {rounds} rounds")
    heads = ("Nuages", "Django", "by hand", "Django/N", "N/hand", "bar")
    print(f"{'':38}" + "".join(f"{head:>10}" for head in heads))
    met = True
    for name, ours in best["nuages"].items():
        django, hand = best["django"].get(name), best["limit"].get(name)
        ratio = django / ours if django else None
        bar = bars.get(name)
        good = ratio is None or bar is None or ratio >= bar
        met = met and good
        cells = [
            f"{ours:.1f}",
            f"{django:.1f}" if django else "-",
            f"{hand:.1f}" if hand else "-",
            f"{ratio:.1f}x" if ratio else "-",
            f"{ours / hand:.1f}x" if hand else "-",
            (f"{bar}x " + ("ok" if good else "missed")) if bar else "",
        ]
        print(f"{name:38}" + "".join(f"{cell:>10}" for cell in cells))
    return met


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    folder = ROOT / "benchmarks" / "cases"
    known = sorted(file.stem for file in folder.glob("*.py") if file.stem != "__init__")
    parser.add_argument("modules", nargs="*", help=f"of: {', '.join(known)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="cases whose name contains this")
    options = parser.parse_args()
    results = [compare(name, options.rounds, options.only) for name in options.modules or known]
    return 0 if all(results) else 1


if __name__ == "__main__":
    run_one(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
