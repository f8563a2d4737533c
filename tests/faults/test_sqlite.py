"""SQLite when it is locked, killed or full. Manual: ref/databases, "SQLite notes"."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest
from shop.models import Author

from django.db import OperationalError, transaction

authors = Author.objects.using("faults")


def sound(name):
    """Whether SQLite finds no fault in a file."""
    with sqlite3.connect(name) as raw:
        found = raw.execute("PRAGMA integrity_check").fetchall()
    raw.close()
    return found == [("ok",)]


def test_a_lock_that_outlasts_the_timeout_is_told_and_nothing_is_written(sqlite_file):
    connection = sqlite_file(timeout=0.2)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        with transaction.atomic(using="faults"):
            began = time.monotonic()
            authors.bulk_create([Author(name="a"), Author(name="b")])
    assert 0.15 < time.monotonic() - began < 5
    other.execute("ROLLBACK")
    other.close()
    assert authors.count() == 0
    assert authors.create(name="later").pk


@pytest.fixture
def impatient(sqlite_file):
    return sqlite_file(timeout=0.1).settings_dict["NAME"]


async def test_async_code_is_told_of_locks_too(impatient):
    other = sqlite3.connect(impatient, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="database is locked"):
        await authors.acreate(name="a")
    other.execute("ROLLBACK")
    other.close()
    assert await authors.acount() == 0


@pytest.mark.parametrize(("mode", "locks"), [("IMMEDIATE", True), ("DEFERRED", False)])
def test_transaction_mode_says_when_the_lock_is_taken(sqlite_file, mode, locks):
    connection = sqlite_file(transaction_mode=mode)
    other = sqlite3.connect(connection.settings_dict["NAME"], timeout=0, isolation_level=None)
    with transaction.atomic(using="faults"):
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
            locked = False
        except sqlite3.OperationalError:
            locked = True
    other.close()
    assert locked is locks


def test_init_command_runs_at_each_connecting(sqlite_file):
    connection = sqlite_file(init_command="PRAGMA journal_mode=WAL; PRAGMA cache_size=123;")
    for _ in range(2):
        with connection.cursor() as cursor:
            found = [
                cursor.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "cache_size")
            ]
        assert found == ["wal", 123]
        connection.close()


def test_a_full_database_takes_nothing_and_stays_sound(sqlite_file):
    connection = sqlite_file()
    authors.create(name="before")
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(OperationalError, match="database or disk is full"):
        with transaction.atomic(using="faults"):
            for _ in range(20):
                authors.bulk_create(Author(name="x" * 50) for _ in range(100))
    assert [author.name for author in authors.all()] == ["before"]
    # There is room for a little.
    authors.create(name="after")
    assert authors.count() == 2
    assert sound(connection.settings_dict["NAME"])


WRITER = """
import sys
import nuages
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "shop"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1],
        "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL", "transaction_mode": "IMMEDIATE"},
    }},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
nuages.setup()
from django.db import transaction
from shop.models import Author
number = 0
while True:
    with transaction.atomic():
        Author.objects.create(name=f"first {number}", age=number)
        Author.objects.create(name=f"second {number}", age=number)
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("after", [1, 40, 150])
def test_a_killed_writer_leaves_what_it_reported_and_no_halves(sqlite_file, after):
    connection = sqlite_file()
    name = connection.settings_dict["NAME"]
    environ = {"PYTHONPATH": ":".join(path for path in sys.path if path)}
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), name],
        stdout=subprocess.PIPE,
        env=environ,
        text=True,
    )
    reported = [int(writer.stdout.readline()) for _ in range(after)]
    writer.send_signal(signal.SIGKILL)
    reported += [int(line) for line in writer.communicate(timeout=10)[0].split("\n")[:-1]]
    assert writer.returncode == -signal.SIGKILL
    kept = [author.age for author in authors.order_by("pk")]
    assert kept[::2] == kept[1::2] == list(range(len(kept) // 2))
    assert set(reported) <= set(kept)
    assert len(kept) // 2 - len(reported) <= 1
    assert sound(name)
