"""Run the test suites of Django packages on Django and on Nuages.

    python tools/packages.py run [NAME ...]    the suites that packages.toml lists (all, or these), and a table
    python tools/packages.py names FOLDER ...  what the packages in site-packages folders take from Django

A package is installed into an environment of its own with the Django and the Nuages of this checkout; its tests are
those of its source distribution. They run twice in there, as they are and under ``nuages run``. Environments,
sources and reports stay in ``.cache/packages``. Takes an hour or so; nothing in CI runs it.
"""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
import tarfile
import tomllib
import venv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "packages"
DJANGO = "Django==6.1.3"
ENGINES = ("django", "nuages")
MINUTES = 20

#: Test → "passed", "skipped", "failure" or "error".
type Outcomes = dict[str, str]


@dataclass
class Package:
    """An entry of packages.toml.

    Attributes:
        name: of the distribution.
        version: the one whose tests run.
        tests: arguments of pytest.
        requires: what its tests need besides.
        environment: variables for them.
        folder: where they run, below the top of the source.
        replace: [file, text, other text]: repairs of tests that Django itself does not run any more.
    """

    name: str
    version: str
    tests: str
    requires: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = "."
    replace: list[list[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return CACHE / f"{self.name}-{self.version}"

    @property
    def programs(self) -> Path:
        return self.home / "venv" / "bin"

    def install(self) -> Path:
        """Make the environment and unpack the source, unless that is done; return the source's folder."""
        done = self.home / "installed"
        if not done.exists():
            venv.create(self.home / "venv", with_pip=True, clear=True)
            # Packages that configure nothing would get the configuration of this checkout's tests.
            (CACHE / "pytest.ini").write_text("[pytest]\n")
            own = [f"{self.name}=={self.version}", DJANGO, "pytest", "pytest-django"]
            self._pip("install", *own, *self.requires, "--editable", str(ROOT))
            sources = ["--no-deps", "--no-binary", self.name, "--dest", str(self.home)]
            self._pip("download", *sources, own[0])
            [archive] = self.home.glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                packed.extractall(self.home / "source", filter="data")
            for file, text, other in self.replace:
                path = self._source() / file
                path.write_text(path.read_text().replace(text, other))
            done.touch()
        return self._source()

    def _source(self) -> Path:
        [top] = (self.home / "source").iterdir()
        return top

    def _pip(self, *arguments: str) -> None:
        command = [str(self.programs / "python"), "-m", "pip", "-q", *arguments]
        subprocess.run(command, check=True)

    def run(self, engine: str) -> Outcomes:
        """Run the tests on an engine; return what became of each."""
        source = self.install()
        report, log = self.home / f"{engine}.xml", self.home / f"{engine}.log"
        report.unlink(missing_ok=True)
        command = [str(self.programs / "python"), "-m", "pytest", *shlex.split(self.tests)]
        command += ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        if engine == "nuages":
            command = [str(self.programs / "nuages"), "run", *command]
        path = os.pathsep.join([str(self.programs), os.environ["PATH"]])
        with log.open("w") as output:
            subprocess.run(
                command,
                env={**os.environ, "PATH": path, **self.environment},
                cwd=source / self.folder, stdout=output, stderr=subprocess.STDOUT,
                timeout=MINUTES * 60,
            )  # fmt: skip
        if not report.exists():
            raise SystemExit(f"{self.name}: the tests did not run on {engine}; see {log}")
        return dict(outcomes(report))


def outcomes(report: Path) -> Iterator[tuple[str, str]]:
    """Yield the tests of a report in JUnit's format, and what became of each."""
    for case in ElementTree.parse(report).iter("testcase"):
        found = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        yield f"{case.get('classname')}.{case.get('name')}", found[0] if found else "passed"


def packages(names: Iterable[str]) -> list[Package]:
    """Return the packages of packages.toml, or those of these names."""
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
    wanted = list(names) or list(listed)
    if unknown := set(wanted) - set(listed):
        raise SystemExit(f"not in packages.toml: {', '.join(sorted(unknown))}")
    return [Package(name, **listed[name]) for name in wanted]


def compare(names: Iterable[str]) -> int:
    """Run the suites, print a row for each; return how many tests pass on Django alone."""
    worse = 0
    print("| package | version | tests that pass on Django | of these on Nuages |")
    print("| --- | --- | --- | --- |")
    for package in packages(names):
        theirs, ours = (package.run(engine) for engine in ENGINES)
        good = [name for name, what in theirs.items() if what == "passed"]
        lost = [name for name in good if ours.get(name) != "passed"]
        worse += len(lost)
        row = (package.name, package.version, f"{len(good):,}", f"{len(good) - len(lost):,}")
        print(f"| {' | '.join(row)} |", flush=True)
        for name in lost:
            print(f"  {name}", file=sys.stderr)
    return worse


def names_taken(source: str) -> Iterator[str]:
    """Yield the dotted names of Django that a module imports, and the attributes that it takes of these."""
    known: dict[str, str] = {}
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").split(".")[0] == "django":
                for alias in node.names:
                    known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "django":
                    yield alias.name
                    known[alias.asname or "django"] = alias.name if alias.asname else "django"
    yield from known.values()
    for node in ast.walk(tree):
        attributes: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            attributes.insert(0, inner.attr)
            inner = inner.value
        if attributes and isinstance(inner, ast.Name) and inner.id in known:
            yield ".".join([known[inner.id], *attributes])


def print_names(folders: Iterable[str]) -> None:
    """Print each name that packages in ``folders`` take from Django, with those packages."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for folder in map(Path, folders):
        for file in folder.rglob("*.py"):
            package = file.relative_to(folder).parts[0]
            if package in ("django", "nuages"):
                continue
            try:
                taken = set(names_taken(file.read_text(errors="replace")))
            except SyntaxError:
                # A template of source, or a test of one.
                continue
            for name in taken:
                users[name].add(package)
    for name, who in sorted(users.items()):
        print(f"{name}\t{' '.join(sorted(who))}")


if __name__ == "__main__":
    verb, *rest = sys.argv[1:] or [""]
    if verb == "run":
        sys.exit(bool(compare(rest)))
    elif verb == "names" and rest:
        print_names(rest)
    else:
        sys.exit(__doc__)
