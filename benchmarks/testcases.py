"""How long small tests take: projects with 200 of them, in classes of ten.

``python -m benchmarks.testcases [classes]`` generates projects and runs ``manage.py test`` on them, with a
database in memory. What counts is the time from the first test to the last; that of the whole command, with
what it imports, is shown beside it. The limit is ``unittest`` running as many empty tests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import command_of

#: The least ratio of Django's time to ours.
BAR = 4.0
#: Tests in each class.
TESTS = 10

SETTINGS = """
SECRET_KEY = "x" * 50
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "library"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls"
USE_TZ = True
"""
MODELS = """
from django.db import models


class Member(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    owner = models.ForeignKey(Member, models.CASCADE)
    title = models.CharField(max_length=100)
    pages = models.IntegerField(default=1)
"""
URLS = """
from django.http import HttpResponse
from django.urls import path
from library.models import Book

urlpatterns = [
    path("books/<int:pk>/", lambda request, pk: HttpResponse(Book.objects.get(pk=pk).title)),
]
"""
CLASS = """

class Case{number}(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.owner = Member.objects.create(name="Tom")
        cls.book = Book.objects.create(owner=cls.owner, title="Emma")
"""
#: The kinds of tests, and what they do.
KINDS = {
    "empty": ["self.assertEqual(1, 1)"],
    "queries": [
        'self.assertEqual(Book.objects.get(title="Emma").owner, self.owner)',
        "self.assertEqual(list(Book.objects.filter(owner=self.owner)), [self.book])",
        "self.assertEqual(self.owner.book_set.count(), 1)",
    ],
    "writes": [
        'Book.objects.create(owner=self.owner, title="Persuasion")\n'
        "        self.assertEqual(Book.objects.count(), 2)",
        "self.book.pages = 9\n        self.book.save()\n"
        "        self.book.refresh_from_db()\n        self.assertEqual(self.book.pages, 9)",
        "self.book.delete()\n        self.assertFalse(Book.objects.exists())",
    ],
    "requests": ['self.assertContains(self.client.get(f"/books/{self.book.pk}/"), "Emma")'],
}
#: The kinds that the bar is for: those that do what small tests do.
JUDGED = ("queries", "writes")
MEASURE = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.core.management import call_command
start = time.process_time()
from django.test.runner import DiscoverRunner
class Runner(DiscoverRunner):
    def run_suite(self, suite, **kwargs):
        start = time.process_time()
        result = super().run_suite(suite, **kwargs)
        Runner.took = time.process_time() - start
        assert result.testsRun and result.wasSuccessful()
        return result
import django.core.management.commands.test as command
command.get_runner = lambda *args, **kwargs: Runner
call_command("test", verbosity=0)
print("RESULT", Runner.took, time.process_time() - start)
"""
LIMIT = """
import time, unittest
class Case(unittest.TestCase):
    pass
for number in range({count}):
    setattr(Case, f"test_{{number}}", lambda self: self.assertEqual(1, 1))
start = time.process_time()
unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(Case))
print("RESULT", time.process_time() - start, 0)
"""


def generate(folder: Path, classes: int, bodies: list[str]) -> None:
    """Write a project."""
    package = folder / "library"
    package.mkdir()
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "urls.py").write_text(URLS)
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS)
    text = ["from django.test import TestCase\nfrom library.models import Book, Member\n"]
    for number in range(classes):
        text.append(CLASS.format(number=number))
        for test in range(TESTS):
            text.append(f"\n    def test_{test}(self):\n        {bodies[test % len(bodies)]}\n")
    (package / "tests.py").write_text("".join(text))


def run(engine: str, folder: Path, code: str) -> tuple[float, float]:
    """Run code on an engine; return the CPU seconds of the tests, and of the whole command."""
    how = command_of(engine)
    if how is None:
        raise SystemExit("NUAGES_BENCH_DJANGO must name a Python that has Django.")
    command, environ = how
    done = subprocess.run(
        [*command, "-c", code], env=environ, cwd=folder, capture_output=True, text=True, timeout=600
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            tests, whole = map(float, line.split()[1:])
            return tests, whole
    raise SystemExit(f"{engine} failed:\n{done.stderr[-2000:]}")


def compare(kind: str, classes: int, rounds: int = 5) -> bool:
    """Compare the engines; print a line, and say whether the bar was met."""
    count = classes * TESTS
    best: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        generate(folder, classes, KINDS[kind])
        codes = {"nuages": MEASURE, "django": MEASURE, "limit": LIMIT.format(count=count)}
        for _ in range(rounds):
            for engine, code in codes.items():
                seconds = run(engine, folder, code)
                best[engine] = min(seconds, best.get(engine, seconds))
    (ours, whole), (theirs, their_whole) = best["nuages"], best["django"]
    ratio = theirs / ours
    bar = f" (bar {BAR}x)" if kind in JUDGED else ""
    print(
        f"{count} tests, {kind}: Nuages {ours:.3f} s, Django {theirs:.3f} s, unittest "
        f"{best['limit'][0]:.3f} s: {ratio:.1f}x{bar}; the command {whole:.2f} s, {their_whole:.2f} s"
    )
    return ratio >= BAR or kind not in JUDGED


if __name__ == "__main__":
    classes = int(sys.argv[1]) if sys.argv[1:] else 20
    met = [compare(kind, classes) for kind in KINDS]
    sys.exit(0 if all(met) else 1)
