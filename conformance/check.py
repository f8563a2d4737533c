"""Run areas of Django's own test suite on Nuages, and keep what was reached.

    python conformance/check.py basic lookup     # these areas, with the causes of failures
    python conformance/check.py --reached        # all areas that expectations.toml marks as reached
    python conformance/check.py --reached --db mariadb     # a handful of them, on a server

Servers are found by the variables of their own clients (``PGHOST``, ``PGPORT``, ``PGUSER``,
``PGPASSWORD``; ``MYSQL_HOST``, ``MYSQL_TCP_PORT``, ``MYSQL_USER``, ``MYSQL_PWD``), and on this machine
otherwise. Where none answers, its areas are left out, in CI that is a failure.

``expectations.toml`` gives the share of tests that each reached area passes at least, and lists the
tests that Nuages does not mean to pass, each with the entry of docs/divergences.md that says why.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNS = HERE / "runs"

#: Where a server is looked for: the variables of its host and port, and the usual port.
SERVERS = {
    "postgres": ("PGHOST", "PGPORT", 5432),
    "mariadb": ("MYSQL_HOST", "MYSQL_TCP_PORT", 3306),
}


def silence(db: str) -> str | None:
    """Return why the database's server cannot be used, or None if it answers."""
    if db not in SERVERS:
        return None
    host_variable, port_variable, usual_port = SERVERS[db]
    host = os.environ.get(host_variable) or "127.0.0.1"
    if host.startswith("/"):
        return None if os.path.exists(host) else f"there is no {host} ({host_variable})"
    port = int(os.environ.get(port_variable) or usual_port)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError as error:
        return f"{host}:{port} ({host_variable}, {port_variable}): {error}"
    return None


def floors(expectations: dict[str, object], db: str) -> dict[str, float]:
    """Return the least share of each area that is reached on a database."""
    reached: dict[str, object] = expectations["reached"]  # type: ignore[assignment]
    if db != "sqlite":
        return reached[db]  # type: ignore[return-value]
    return {area: least for area, least in reached.items() if isinstance(least, float)}


def run_areas(areas: list[str], out: Path, causes: int, jobs: int, db: str) -> None:
    """Run the suite's areas on this checkout's Nuages, and save the outcome in ``out``."""
    source = HERE.parent / "src"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(source / "nuages" / "shim"), str(source)]),
        "XDG_CACHE_HOME": str(HERE.parent / ".cache"),
    }
    command = [sys.executable, str(HERE / "conformance.py"), "--areas", ",".join(areas)]
    command += ["--db", db, "--json", str(out), "--jobs", str(jobs), "--causes", str(causes)]
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


def judge(run: Path, expectations: dict[str, object], db: str) -> list[str]:
    """Return a line for each area that passes less than it is expected to."""
    baseline, found = outcomes(HERE / f"baseline-{db}.json.gz"), outcomes(run)
    divergent: dict[str, str] = expectations.get("divergent", {})  # type: ignore[assignment]
    problems = []
    for area, least in floors(expectations, db).items():
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
    parser.add_argument("--db", choices=("sqlite", *SERVERS), default="sqlite")
    options = parser.parse_args()
    RUNS.mkdir(exist_ok=True)
    expectations = tomllib.loads((HERE / "expectations.toml").read_text(encoding="utf-8"))
    out = RUNS / f"last-{options.db}.json.gz"
    out.unlink(missing_ok=True)
    if reason := silence(options.db):
        print(
            f"conformance: NOT RUN on {options.db}: no server answers at {reason}", file=sys.stderr
        )
        return os.environ.get("CI") == "true" or not options.reached
    if not options.reached:
        if not options.areas:
            parser.error("name areas, or say --reached")
        run_areas(options.areas, out, options.causes, options.jobs, options.db)
        return 0
    areas = list(floors(expectations, options.db))
    run_areas(areas, out, options.causes, options.jobs, options.db)
    problems = judge(out, expectations, options.db)
    for problem in problems:
        print(f"conformance regressed: {problem}", file=sys.stderr)
    if not problems:
        print(f"conformance: all {len(areas)} areas reached on {options.db} hold")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
