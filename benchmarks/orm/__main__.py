"""Time the jobs of ``data.JOBS`` on each contender, in one run, and compare.

``python -m benchmarks.orm`` prints a table of CPU time, with ``--database postgres`` on the server that
``NUAGES_TEST_POSTGRES`` names; ``--chart FILE`` writes it as SVG. Each contender runs in a process of its
own, in turn, several rounds; the best round counts. Two variables of the environment name interpreters:
``NUAGES_BENCH_DJANGO`` one that has Django, ``NUAGES_BENCH_OTHERS`` one with the extra ``bench`` (by
default this one). Where one lacks a package, the contender is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import gc
import importlib
import inspect
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, command_of
from benchmarks.orm import databases
from benchmarks.orm.chart import draw
from benchmarks.orm.data import JOBS

CONTENDERS = {
    "Nuages": "django_models",
    "Django": "django_models",
    "SQLAlchemy Core": "sqlalchemy_core",
    "SQLAlchemy ORM": "sqlalchemy_orm",
    "Tortoise": "tortoise",
    "Piccolo": "piccolo",
    "raw, tuples": "raw",
    "raw, objects": "raw",
}
SECONDS = 0.1


def spent(loop: asyncio.AbstractEventLoop, function: Callable[[], Any], count: int) -> float:
    """Return the CPU time of ``count`` calls; what can be awaited is, within one task."""

    async def awaiting() -> float:
        start = time.process_time()
        for _ in range(count):
            await function()
        return time.process_time() - start

    if ASYNC:
        return loop.run_until_complete(loop.create_task(awaiting(), context=CONTEXT))
    start = time.process_time()
    for _ in range(count):
        function()
    return time.process_time() - start


ASYNC = False
# Some keep their connections in variables of the context.
CONTEXT = contextvars.copy_context()


def run_contender(name: str, only: str | None) -> None:
    """Time a contender's jobs in this process, and print microseconds a call as JSON."""
    global ASYNC
    module = importlib.import_module(f"benchmarks.orm.contenders.{CONTENDERS[name]}")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    jobs = module.cases(*([name.endswith("objects")] if CONTENDERS[name] == "raw" else []))
    if inspect.iscoroutine(jobs):
        ASYNC = True
        jobs = loop.run_until_complete(loop.create_task(jobs, context=CONTEXT))
    times = {}
    for job, function in jobs.items():
        if only and only not in job:
            continue
        spent(loop, function, 3)
        count = 1
        while (took := spent(loop, function, count)) < SECONDS / 4 and count < 2**18:
            count *= 2
        count = max(1, int(count * SECONDS / max(took, 1e-9)))
        gc.collect()
        times[job] = min(spent(loop, function, count) for _ in range(3)) / count * 1e6
    print("RESULT " + json.dumps(times), flush=True)


def start(name: str, only: str | None, place: dict[str, str]) -> dict[str, float] | None:
    """Run a contender in a process of its own; return its times. ``place`` says where its database is."""
    if name in ("Nuages", "Django"):
        how = command_of(name.lower())
        if how is None:
            return None
        command, environ = how
    else:
        command, environ = command_of("limit") or ([], {})
        command = [os.environ.get("NUAGES_BENCH_OTHERS", sys.executable)]
    done = subprocess.run(
        [
            *command,
            "-m",
            "benchmarks.orm",
            "--contender",
            name,
            *(["--only", only] if only else []),
        ],
        env={**environ, **place},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    print(f"{name} is left out:\n{done.stderr[-600:]}", file=sys.stderr)
    return None


def table(times: dict[str, dict[str, float]]) -> bool:
    """Print the times, and how many times ours each is; say whether all bars were met."""
    names = list(times)
    others = [name for name in names if name not in ("Nuages", "raw, tuples", "raw, objects")]
    print("\nCPU time, µs a call (and in Nuages' times)")
    print("SQLAlchemy Core and raw, tuples give rows: no instances, nothing tied to each other.")
    print(f"{'':30}" + "".join(f"{name:>19}" for name in names) + f"{'bar':>8}")
    met = True
    for job, bar in JOBS.items():
        ours = times["Nuages"].get(job)
        if ours is None:
            continue
        cells = []
        for name in names:
            value = times[name].get(job)
            ratio = "" if value is None or name == "Nuages" else f" ({value / ours:.2f})"
            cells.append("-" if value is None else f"{value:,.1f}{ratio}")
        django = times.get("Django", {}).get(job)
        good = django is None or django / ours >= bar
        slower = [name for name in others if times[name].get(job, ours) < ours]
        met = met and good and not slower
        notes = ("" if good else " !!") + "".join(f" < {name}" for name in slower)
        print(f"{job:30}" + "".join(f"{cell:>19}" for cell in cells) + f"{bar:>7}x{notes}")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orm", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--only", help="jobs whose name contains this")
    parser.add_argument("--contenders", help="names, separated by commas")
    parser.add_argument("--chart", type=Path, help="write a chart to this file (SVG)")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        try:
            run_contender(options.contender, options.only)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        # Threads of drivers may still wait for more.
        os._exit(0)
    chosen = options.contenders.split(",") if options.contenders else list(CONTENDERS)
    best: dict[str, dict[str, float]] = {}
    with databases.server(options.database) as place:
        for _ in range(options.rounds):
            for name in CONTENDERS:
                if not any(each and each in name for each in chosen):
                    continue
                with place() as environ:
                    times = start(name, options.only, environ)
                kept = best.setdefault(name, {})
                for job, value in (times or {}).items():
                    kept[job] = min(value, kept.get(job, value))
    best = {name: times for name, times in best.items() if times}
    met = table(best)
    if options.chart:
        options.chart.write_text(draw(best))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
