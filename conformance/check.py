"""Run areas of Django's own test suite on Nuages, and keep what was reached.

    python conformance/check.py basic lookup     # these areas, with the causes of failures
    python conformance/check.py --reached        # all areas that expectations.toml marks as reached

``expectations.toml`` gives the share of tests that each reached area passes at least, and lists the
tests that Nuages does not mean to pass, each with the entry of docs/divergences.md that says why.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNS = HERE / "runs"


def run_areas(areas: list[str], out: Path, causes: int, jobs: int) -> None:
    """Run the suite's areas on this checkout's Nuages, and save the outcome in ``out``."""
    source = HERE.parent / "src"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(source / "nuages" / "shim"), str(source)]),
        "XDG_CACHE_HOME": str(HERE.parent / ".cache"),
    }
    command = [sys.executable, str(HERE / "conformance.py"), "--areas", ",".join(areas)]
    command += ["--json", str(out), "--jobs", str(jobs), "--causes", str(causes)]
    subprocess.run(command, env=environ, check=False)


def outcomes(path: Path) -> dict[str, dict[str, str]]:
    """Return the outcome of each test of a saved run or baseline, by area and full name."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        saved = json.load(file)
    return {
        area: {
            f"{module}.{name}": outcome
            for module, tests in result["tests"].items()
            for name, outcome in tests.items()
        }
        for area, result in saved["areas"].items()
    }


def judge(run: Path, expectations: dict[str, object]) -> list[str]:
    """Return a line for each area that passes less than it is expected to."""
    baseline, found = outcomes(HERE / "baseline-sqlite.json.gz"), outcomes(run)
    reached: dict[str, float] = expectations["reached"]  # type: ignore[assignment]
    divergent: dict[str, str] = expectations.get("divergent", {})  # type: ignore[assignment]
    problems = []
    for area, least in reached.items():
        wanted = {
            name
            for name, outcome in baseline[area].items()
            if outcome == "passed" and name not in divergent
        }
        passed = {name for name in wanted if found.get(area, {}).get(name) == "passed"}
        share = 100 * len(passed) / len(wanted) if wanted else 100.0
        if share < least:
            lost = ", ".join(sorted(wanted - passed)[:10])
            problems.append(f"{area}: {share:.1f} % passed, {least} % expected; among them {lost}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("areas", nargs="*", help="areas of the suite")
    parser.add_argument("--reached", action="store_true", help="check the areas that are reached")
    parser.add_argument("--causes", type=int, default=20, help="how many causes to list")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2, help="areas at a time")
    options = parser.parse_args()
    RUNS.mkdir(exist_ok=True)
    expectations = tomllib.loads((HERE / "expectations.toml").read_text(encoding="utf-8"))
    out = RUNS / "last.json.gz"
    out.unlink(missing_ok=True)
    if not options.reached:
        if not options.areas:
            parser.error("name areas, or say --reached")
        run_areas(options.areas, out, options.causes, options.jobs)
        return 0
    run_areas(list(expectations["reached"]), out, options.causes, options.jobs)
    problems = judge(out, expectations)
    for problem in problems:
        print(f"conformance regressed: {problem}", file=sys.stderr)
    if not problems:
        print(f"conformance: all {len(expectations['reached'])} reached areas hold")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
