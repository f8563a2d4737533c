#!/usr/bin/env python
"""Run Django's own test suite against whatever ``import django`` gives.

The suite comes from Django's sdist; only its ``tests`` folder is unpacked, so
the engine under test is never Django by accident. Every area (a top-level
folder of the tests) runs in a process of its own, and the outcome of every
test is compared with a baseline recorded under Django itself: the score is
the share of the tests passing there that pass here.

See README.md for how to run it and how to read what it prints.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import gzip
import hashlib
import importlib.metadata
import json
import os
import platform
import queue
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from pathlib import Path

import driver

HERE = Path(__file__).resolve().parent
VERSION = "6.1.3"

# Not run: fixtures of other areas; tests that need a spatial database; tests of
# the scripts that build Django's documentation out of its own source.
EXCLUDED_AREAS = {"import_error_package", "test_runner_apps", "gis_tests", "sphinx"}

# One test module in five is held out. The salt makes the choice stable.
HOLDOUT_SALT = "conformance-1"
HOLDOUT_SHARE = 0.20

# Test dependencies whose versions are worth knowing when results differ.
NOTED_PACKAGES = (
    "argon2-cffi asgiref bcrypt docutils Jinja2 mysqlclient numpy Pillow psycopg pymemcache PyMySQL "
    "PyYAML redis selenium sqlparse tblib tzdata aiosmtpd"
).split()

# Settings for the servers, from the usual variables of their clients.
SERVER_SETTINGS = '''\
"""Settings for running the tests on {title}."""

import os


def database(suffix):
    return {{
        "ENGINE": "django.db.backends.{engine}",
        "NAME": os.environ.get("CONFORMANCE_DB_NAME", "conformance") + suffix,
        "HOST": os.environ.get("{host}", "127.0.0.1"),
        "PORT": os.environ.get("{port}", ""),
        "USER": os.environ.get("{user}", "{usual_user}"),
        "PASSWORD": os.environ.get("{password}", ""),
        "TEST": {test},
    }}


DATABASES = {{"default": database(""), "other": database("_other")}}
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
USE_TZ = False
'''
SERVERS = {
    "postgres": {
        "title": "PostgreSQL",
        "engine": "postgresql",
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "usual_user": "postgres",
        "password": "PGPASSWORD",
        "test": {},
    },
    "mariadb": {
        "title": "MariaDB",
        "engine": "mysql",
        "host": "MYSQL_HOST",
        "port": "MYSQL_TCP_PORT",
        "user": "MYSQL_USER",
        "usual_user": "root",
        "password": "MYSQL_PWD",
        "test": {"CHARSET": "utf8mb4"},
    },
}

# Some tests start Python with a PYTHONPATH of their own, made of folders that
# include the parent of the tests: this file there puts the engine back.
SITECUSTOMIZE = '''\
"""Keep the engine under test importable in the processes that tests start."""

import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
engine = os.environ.get("CONFORMANCE_ENGINE_PATH", "").split(os.pathsep)
if here in sys.path:
    at = sys.path.index(here)
    sys.path[at:at] = [path for path in engine if path and path not in sys.path]
'''


class Problem(Exception):
    """Something the user must put right."""


# Getting the suite.


def default_cache():
    """Return the folder where the suite is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()
    return Path(base) / "django-conformance"


def download_sdist(folder):
    """Download Django's sdist with pip and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, env=environ).returncode:
        pip = [shutil.which("pip3") or shutil.which("pip") or "pip"]
    options = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    command = [*pip, "download", "--quiet", *options, f"Django=={VERSION}"]
    try:
        subprocess.run(command, check=True, env=environ)
        return next(folder.glob(f"[Dd]jango-{VERSION}.tar.gz"))
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        raise Problem(f"cannot download Django {VERSION}'s sdist: {error}") from None


def unpack_suite(cache, sdist=None):
    """Return the suite's tests folder, unpacked into the cache if need be."""
    root = cache / f"suite-{VERSION}"
    tests = root / "tests"
    if not tests.is_dir():
        sdist = sdist or download_sdist(cache / "sdist")
        partial = Path(tempfile.mkdtemp(prefix="unpack-", dir=cache))
        with tarfile.open(sdist) as archive:
            for member in archive:
                # NAME-VERSION/tests/...: the first part goes, and whatever is
                # not under tests stays in the archive.
                _, _, path = member.name.partition("/")
                if path == "tests" or path.startswith("tests/"):
                    archive.extract(member.replace(name=path), partial, filter="data")
        try:
            partial.rename(root)
        except OSError:
            # Another run got there first.
            shutil.rmtree(partial)
    if (root / "django").exists():
        raise Problem(f"{root} holds a django folder, which would hide the engine")
    (root / "sitecustomize.py").write_text(SITECUSTOMIZE)
    for name, server in SERVERS.items():
        (tests / f"test_{name}.py").write_text(SERVER_SETTINGS.format(**server))
    return tests


def areas_of(tests):
    """Return the names of the areas: the packages at the top of the tests."""
    return sorted(
        entry.name
        for entry in tests.iterdir()
        if (entry / "__init__.py").is_file() and entry.name not in EXCLUDED_AREAS
    )


def load_families():
    """Return ``{family: title}`` and ``{area: family}``."""
    with open(HERE / "families.toml", "rb") as file:
        families = tomllib.load(file)
    titles = {name: family["title"] for name, family in families.items()}
    family_of = {area: name for name, family in families.items() for area in family["areas"]}
    return titles, family_of


# Running.


class Runner:
    """Runs areas of the suite, each in its own process."""

    def __init__(self, tests, cache, options):
        self.tests = tests
        self.cache = cache
        self.options = options
        self.slots = queue.SimpleQueue()
        for number in range(options.jobs):
            self.slots.put(number)
        self.setup = {
            "apps": list(driver.ALWAYS_INSTALLED_APPS),
            "middleware": list(driver.MIDDLEWARE),
            "context_processors": list(driver.CONTEXT_PROCESSORS),
        }
        self.engine = "unknown"
        self.engine_starts = False

    def environment(self, slot):
        """Return the environment of a child process."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DJANGO_", "CONFORMANCE_"))
            and name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS")
        }
        environ["CONFORMANCE_ENGINE_PATH"] = environ.get("PYTHONPATH", "")
        environ["CONFORMANCE_DB_NAME"] = f"conformance_{os.getpid()}_{slot}"
        environ["PYTHONPYCACHEPREFIX"] = str(self.cache / "pycache")
        environ["LC_ALL"] = "C.UTF-8"
        return environ

    def start(self, name, **job):
        """Run the driver on a job; return its records and how it ended."""
        slot = self.slots.get()
        folder = Path(tempfile.mkdtemp(prefix=f"conformance-{name}-"))
        try:
            return self._start(name, folder, slot, job)
        finally:
            self.slots.put(slot)
            shutil.rmtree(folder, ignore_errors=True)
            # Bytecode of modules that tests made in their temporary folder.
            compiled = self.cache / "pycache" / str(folder).lstrip(os.sep)
            shutil.rmtree(compiled, ignore_errors=True)

    def _start(self, name, folder, slot, job):
        tmp = folder / "tmp"
        tmp.mkdir()
        records_path = folder / "records.jsonl"
        records_path.touch()
        job = {
            "area": name,
            "tests_dir": str(self.tests),
            "tmp": str(tmp),
            "out": str(records_path),
            "settings": f"test_{self.options.db}",
            "seconds_per_test": self.options.test_time_limit,
            "install_area": True,
            "engine_starts": True,
            "probe": False,
            **self.setup,
            **job,
        }
        (folder / "job.json").write_text(json.dumps(job))
        log_folder = self.options.logs or folder
        log_folder.mkdir(parents=True, exist_ok=True)
        with open(log_folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, HERE / "driver.py", folder / "job.json"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(slot),
                start_new_session=True,
            )
            try:
                status = process.wait(self.options.time_limit)
                ended = describe_exit(status)
            except subprocess.TimeoutExpired:
                ended = "time limit"
            finally:
                end_group(process)
        with open(records_path, encoding="utf-8") as file:
            records = [json.loads(line) for line in file if line.endswith("\n")]
        if ended == "finished" and not any(
            record["kind"] in ("end", "probe") for record in records
        ):
            ended = "ended early"
        return records, ended

    def probe(self):
        """Find which of the suite's usual applications the engine can start.

        A complete engine starts with all of them. For one that does not, the
        applications are tried one after the other, and those that work stay.
        """
        wanted = self.setup["apps"]
        answer = self._probe(wanted)
        self.engine = answer["engine"]
        self.setup["middleware"] = answer["middleware"]
        self.setup["context_processors"] = answer["context_processors"]
        if not answer["starts"]:
            say(f"the engine does not start as a whole: {answer['note']}")
            kept = []
            for app in wanted:
                if self._probe([*kept, app])["starts"]:
                    kept.append(app)
                else:
                    say(f"left out of INSTALLED_APPS: {app}")
            self.setup["apps"] = kept
            answer = self._probe(kept)
        self.engine_starts = answer["starts"]

    def _probe(self, apps):
        nothing = {
            "starts": False,
            "engine": "not importable",
            "middleware": [],
            "context_processors": [],
        }
        records, ended = self.start("probe", probe=True, apps=apps)
        found = [record for record in records if record["kind"] == "probe"]
        return found[-1] if found else {**nothing, "note": ended}

    def run_area(self, area):
        """Run one area and return what it gave."""
        started = time.monotonic()
        records, ended = self.start(area, engine_starts=self.engine_starts)
        result = {"seconds": 0, "ended": ended, "events": [], "tests": {}, "notes": {}}
        tests = result["tests"]
        running = None
        planned = []
        for record in records:
            if record["kind"] == "plan":
                planned = record["tests"]
            elif record["kind"] == "start":
                running = record["id"]
            elif record["kind"] == "test":
                module, name = record["module"], record["name"]
                tests.setdefault(module, {})[name] = record["outcome"]
                if record["note"]:
                    result["notes"][f"{module}.{name}"] = record["note"]
            elif record["kind"] == "event":
                result["events"].append({key: record[key] for key in ("what", "target", "note")})
        if ended != "finished":
            for module, name in planned:
                if name not in tests.setdefault(module, {}):
                    tests[module][name] = "error"
                    result["notes"][f"{module}.{name}"] = f"not run: {ended}"
            where = running or "no test yet"
            result["events"].append({"what": ended, "target": where, "note": ended})
        result["seconds"] = round(time.monotonic() - started, 1)
        return result

    def run(self, areas, expected_seconds):
        """Run areas side by side, the longest first; return their results."""
        areas = sorted(areas, key=lambda area: (-expected_seconds.get(area, 0), area))
        results = {}
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            futures = {pool.submit(self.run_area, area): area for area in areas}
            for future in concurrent.futures.as_completed(futures):
                area = futures[future]
                result = results[area] = future.result()
                counts = collections.Counter(
                    outcome for names in result["tests"].values() for outcome in names.values()
                )
                summary = ", ".join(
                    f"{counts[outcome]} {outcome}" for outcome in driver.OUTCOMES if counts[outcome]
                )
                say(
                    f"[{len(results)}/{len(areas)}] {area}: {summary or 'nothing ran'}"
                    f" in {result['seconds']:.0f} s"
                    + ("" if result["ended"] == "finished" else f" ({result['ended']})")
                )
        return dict(sorted(results.items()))


def describe_exit(status):
    """Say in words how a process ended."""
    if status == 0:
        return "finished"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit status {status}"


def end_group(process):
    """End a process and whatever it started, all in the group it leads."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_suite(options, areas, expected_seconds):
    """Run areas of the suite once and return the run as saved by --json."""
    tests = unpack_suite(options.cache, options.sdist)
    runner = Runner(tests, options.cache, options)
    started = time.monotonic()
    runner.probe()
    say(f"engine: {runner.engine}; {len(areas)} areas, {options.jobs} at a time")
    results = runner.run(areas, expected_seconds)
    packages = {}
    for name in NOTED_PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = None
    return {
        "meta": {
            "suite": VERSION,
            "engine": runner.engine,
            "database": options.db,
            "python": platform.python_version(),
            "seconds": round(time.monotonic() - started),
            "installed_apps": runner.setup["apps"],
            "packages": packages,
        },
        "areas": results,
    }


# Files.


def read_json(path):
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def write_json(path, data):
    text = json.dumps(data, indent=0, sort_keys=False)
    if str(path).endswith(".gz"):
        # No time stamp: the same results give the same file.
        Path(path).write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        Path(path).write_text(text, encoding="utf-8")


# Judging.


def outcomes(run, areas=None):
    """Yield ``(area, module, name, outcome)`` for every test of a run."""
    for area, result in run["areas"].items():
        if areas is None or area in areas:
            for module, names in result["tests"].items():
                for name, outcome in names.items():
                    yield area, module, name, outcome


def is_held_out(module):
    """Whether a test module belongs to the held-out part."""
    digest = hashlib.sha256(f"{HOLDOUT_SALT}:{module}".encode()).digest()
    return int.from_bytes(digest[:8]) < HOLDOUT_SHARE * 2**64


def why_not(result, module, name):
    """Say why a test of the baseline did not pass."""
    note = result["notes"].get(f"{module}.{name}")
    outcome = result["tests"].get(module, {}).get(name)
    if outcome is not None:
        return note or outcome
    for event in result["events"]:
        if event["what"] == "import" and (
            event["target"] == module or module.startswith(event["target"] + ".")
        ):
            return event["note"]
    for event in result["events"]:
        if event["what"] not in ("import", "remove databases"):
            return f"{event['what']}: {event['note']}"
    return "no such test was found"


class Score:
    """How many of the baseline's passing tests pass in a run."""

    def __init__(self):
        self.passed = collections.Counter()
        self.total = collections.Counter()

    def add(self, key, passed):
        self.total[key] += 1
        self.passed[key] += passed

    def line(self, key):
        passed, total = self.passed[key], self.total[key]
        return f"{passed:>7} {total:>7} {percent(passed, total):>7}"


def percent(part, whole):
    """Return a percentage that says 100.0% only where nothing is missing."""
    if not whole:
        return "-"
    tenths = 1000 * part // whole
    return f"{tenths / 10:.1f}%"


def report(run, baseline, options, titles, family_of):
    """Print the table, the causes and the score."""
    by_area, by_family, by_part = Score(), Score(), Score()
    causes = collections.Counter()
    examples = {}
    for area, module, name, outcome in outcomes(baseline, run["areas"]):
        if outcome != "passed":
            continue
        result = run["areas"][area]
        passed = result["tests"].get(module, {}).get(name) == "passed"
        family = family_of.get(area, "other")
        part = "held out" if is_held_out(module) else "tuned"
        for key in (family, "all"):
            by_family.add(key, passed)
            by_part.add((part, key), passed)
        by_area.add((family, area), passed)
        if not passed:
            cause = why_not(result, module, name)
            causes[cause] += 1
            examples.setdefault(cause, f"{module}.{name}")

    if options.causes and causes:
        print(f"Most frequent causes of {causes.total()} tests not passing:")
        for cause, count in causes.most_common(options.causes):
            print(f"  {count:>5}  {cause[:150]}\n         e.g. {examples[cause]}")
        print()
    print(f"{'family / area':<40} {'passed':>7} {'of':>7} {'':>7}")
    for family in [*titles, "other"]:
        if not by_family.total[family]:
            continue
        print(f"{family:<40} {by_family.line(family)}  {titles.get(family, '')}")
        if options.summary:
            continue
        for key in sorted(key for key in by_area.total if key[0] == family):
            print(f"    {key[1]:<36} {by_area.line(key)}")
    if options.holdout:
        print(f"\n{'':<14} {'tuned modules':^23}   {'held-out modules':^23}")
        for family in [*titles, "other", "all"]:
            if by_family.total[family]:
                tuned = by_part.line(("tuned", family))
                held_out = by_part.line(("held out", family))
                print(f"{family:<14} {tuned}   {held_out}")
    print()


def report_against(run, old, most):
    """Print what passed in an earlier run and no longer does."""
    now = run["areas"]
    regressed, common, gained = [], 0, 0
    before = {(a, m, n): outcome for a, m, n, outcome in outcomes(old, now)}
    for (area, module, name), outcome in before.items():
        if outcome == "passed":
            common += 1
            if now[area]["tests"].get(module, {}).get(name) != "passed":
                regressed.append((f"{module}.{name}", why_not(now[area], module, name)))
    for area, module, name, outcome in outcomes(run, old["areas"]):
        gained += outcome == "passed" and before.get((area, module, name)) != "passed"
    for test, why in sorted(regressed)[:most]:
        print(f"REGRESSED {test}: {why}")
    if len(regressed) > most:
        print(f"... and {len(regressed) - most} more")
    print(f"against: {len(regressed)} of {common} regressed, {gained} newly passing\n")
    return regressed


def score_line(run, baseline):
    """Return the last line of the report."""
    total = passed = 0
    for area, module, name, outcome in outcomes(baseline, run["areas"]):
        if outcome == "passed":
            tests = run["areas"][area]["tests"]
            total += 1
            passed += tests.get(module, {}).get(name) == "passed"
    return f"conformance: {passed} of {total} ({percent(passed, total)})"


def make_baseline(runs):
    """Make a baseline of runs under Django itself.

    A test whose outcome is not the same in all of them is set down as flaky,
    and so is left out of the score.
    """
    areas = {}
    for area, result in runs[0]["areas"].items():
        every = [run["areas"][area] for run in runs]
        tests, notes = {}, {}
        for module in sorted({m for each in every for m in each["tests"]}):
            names = sorted({n for each in every for n in each["tests"].get(module, {})})
            for name in names:
                seen = {each["tests"].get(module, {}).get(name) for each in every}
                outcome = seen.pop() if len(seen) == 1 else "flaky"
                tests.setdefault(module, {})[name] = outcome
                note = next(
                    (
                        each["notes"][f"{module}.{name}"]
                        for each in every
                        if f"{module}.{name}" in each["notes"]
                    ),
                    None,
                )
                if note:
                    notes[f"{module}.{name}"] = note
        areas[area] = {
            "seconds": result["seconds"],
            "ended": result["ended"],
            "events": result["events"],
            "tests": tests,
            "notes": notes,
        }
    return {"meta": {**runs[0]["meta"], "runs": len(runs)}, "areas": areas}


def describe_baseline(baseline, titles, family_of):
    """Print the totals of a baseline, by family."""
    table = collections.defaultdict(collections.Counter)
    for area, _, _, outcome in outcomes(baseline):
        for key in (family_of.get(area, "other"), "all"):
            table[key][outcome] += 1
    kinds = [*driver.OUTCOMES, "flaky"]
    kinds = [kind for kind in kinds if table["all"][kind]]
    print(f"{'family':<12}" + "".join(f"{kind:>18}" for kind in kinds))
    for family in [*titles, "other", "all"]:
        if family in table:
            row = "".join(f"{table[family][kind]:>18}" for kind in kinds)
            print(f"{family:<12}{row}")
    print(f"baseline: {table['all'].total()} tests")


# The command line.


def parse_arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--areas", help="only these areas, separated by commas")
    add("--family", help="only these families, separated by commas")
    add("--db", choices=("sqlite", *SERVERS), default="sqlite")
    add("--holdout", action="store_true", help="report the held-out modules apart")
    add("--summary", action="store_true", help="families only, no line per area")
    add("--causes", type=int, default=15, metavar="N", help="show the N main causes")
    add("--json", type=Path, metavar="OUT", help="save the run (.json or .json.gz)")
    add("--against", type=Path, metavar="OLD", help="say what regressed since a run")
    add("--most", type=int, default=50, metavar="N", help="regressions to list")
    add("--read", type=Path, metavar="RUN", help="report on a saved run, run nothing")
    add("--jobs", type=int, default=2, metavar="N", help="areas at a time (2)")
    add("--time-limit", type=float, default=600, help="seconds for an area (600)")
    add("--test-time-limit", type=float, default=120, help="seconds for a test (120)")
    add("--cache", type=Path, default=default_cache(), help="where the suite is kept")
    add("--sdist", type=Path, help="use this sdist instead of downloading it")
    add("--logs", type=Path, help="keep what each area prints in this folder")
    add("--baseline", type=Path, help="compare with this baseline")
    add("--write-baseline", type=Path, metavar="OUT", help="record a baseline")
    add("--repeat", type=int, default=2, help="runs that make a baseline (2)")
    add("--list", action="store_true", help="list families and areas, run nothing")
    options = parser.parse_args(argv)
    options.cache = options.cache.absolute()
    options.cache.mkdir(parents=True, exist_ok=True)
    if options.logs:
        options.logs = options.logs.absolute()
    if options.baseline is None:
        options.baseline = HERE / f"baseline-{options.db}.json.gz"
    return options


def chosen_areas(options, family_of):
    """Return the areas that the options ask for."""
    every = areas_of(unpack_suite(options.cache, options.sdist))
    chosen = set(every)
    if options.family:
        families = set(options.family.split(","))
        unknown = families - {*family_of.values(), "other"}
        if unknown:
            raise Problem(f"no such family: {', '.join(sorted(unknown))}")
        chosen = {area for area in every if family_of.get(area, "other") in families}
    if options.areas:
        named = set(options.areas.split(","))
        unknown = named - set(every)
        if unknown:
            raise Problem(f"no such area: {', '.join(sorted(unknown))}")
        chosen &= named
    return sorted(chosen)


def main(argv=None):
    options = parse_arguments(argv)
    titles, family_of = load_families()
    if options.list:
        for area in chosen_areas(options, family_of):
            print(f"{family_of.get(area, 'other'):<12} {area}")
        return 0

    baseline = read_json(options.baseline) if options.baseline.is_file() else None
    seconds = {
        area: result["seconds"] for area, result in (baseline["areas"] if baseline else {}).items()
    }
    if options.write_baseline:
        areas = chosen_areas(options, family_of)
        runs = [run_suite(options, areas, seconds) for _ in range(options.repeat)]
        baseline = make_baseline(runs)
        write_json(options.write_baseline, baseline)
        describe_baseline(baseline, titles, family_of)
        return 0

    if baseline is None:
        raise Problem(f"no baseline at {options.baseline}: see --write-baseline")
    if options.read:
        run = read_json(options.read)
        if options.areas or options.family:
            keep = chosen_areas(options, family_of)
            run["areas"] = {a: run["areas"][a] for a in keep if a in run["areas"]}
    else:
        run = run_suite(options, chosen_areas(options, family_of), seconds)
    if options.json:
        write_json(options.json, run)
    report(run, baseline, options, titles, family_of)
    regressed = []
    if options.against:
        regressed = report_against(run, read_json(options.against), options.most)
    print(score_line(run, baseline))
    return 1 if regressed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as problem:
        sys.exit(f"conformance: {problem}")
