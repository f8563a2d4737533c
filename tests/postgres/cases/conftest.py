"""A project on PostgreSQL; its database is made for the run, and dropped."""

import glob
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

import nuages
from django.conf import settings

sys.path.insert(0, str(Path(__file__).parents[2]))

SERVER = os.environ["NUAGES_TEST_POSTGRES"]
NAME = f"nuages_cases_{os.getpid()}"
POOL_SIZE = 5
_parts = conninfo_to_dict(SERVER)


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


#: Where the server runs that some cases stop, and start again.
MORTAL_PORT = _free_port()
_database = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": NAME,
    "USER": _parts.get("user", ""),
    "PASSWORD": _parts.get("password", ""),
    "HOST": _parts.get("host", ""),
    "PORT": _parts.get("port", ""),
}
_pool = {"min_size": 1, "max_size": POOL_SIZE, "timeout": 5}

settings.configure(
    SECRET_KEY="tests " * 10,
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.contenttypes", "shop"],
    DATABASES={
        "default": {**_database, "OPTIONS": {"pool": _pool}},
        "serializable": {
            **_database,
            "OPTIONS": {"isolation_level": psycopg.IsolationLevel.SERIALIZABLE},
        },
        "mortal": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "mortal",
            "HOST": "127.0.0.1",
            "PORT": str(MORTAL_PORT),
            "OPTIONS": {"pool": _pool},
        },
    },
    ROOT_URLCONF="case_async",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
nuages.setup()


def _make_tables(**where):
    from django.core.management import call_command

    # Tables of applications without migrations refer to those of applications that have some.
    call_command("migrate", "contenttypes", verbosity=0, **where)
    call_command("migrate", run_syncdb=True, verbosity=0, **where)


@pytest.fixture(scope="session", autouse=True)
def database():
    """Make the database and its tables."""
    from django.db import connection

    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
    _make_tables()
    yield
    connection.close_all_ways()
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture(autouse=True)
def no_rows():
    """Begin each case with empty tables, and let it leave no connection in use."""
    from shop.models import Author, Book

    from django.db.engine.pools import _pools

    Book.objects.all().delete()
    Author.objects.all().delete()
    yield
    for pool in list(_pools.values()):
        stats = pool.stats()
        assert stats["idle"] == stats["size"] <= POOL_SIZE
        assert stats["waiting"] == 0


@pytest.fixture
def server():
    """A connection of its own to the database, in autocommit mode."""
    with psycopg.connect(SERVER, dbname=NAME, autocommit=True) as connection:
        yield connection


class MortalServer:
    """A PostgreSQL server of our own, in a folder of its own."""

    def __init__(self, folder, binaries):
        self.data, self.binaries = folder / "data", binaries
        # The server does not run as root.
        self.user = "postgres" if os.getuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)
        self.run("initdb", "--auth=trust", "--username=mortal", "--no-sync", "--encoding=UTF8")

    def run(self, program, *arguments):
        command = [str(Path(self.binaries) / program), "-D", str(self.data), *arguments]
        with open(os.devnull, "w") as nowhere:
            subprocess.run(
                command, user=self.user, stdout=nowhere, stderr=nowhere, check=True, timeout=60
            )

    def start(self):
        options = f"-p {MORTAL_PORT} -c listen_addresses=127.0.0.1 -c fsync=off"
        options += f" -c unix_socket_directories={self.data}"
        self.run("pg_ctl", "-w", "-o", options, "start")

    def kill(self):
        """Stop it as a crash would."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session")
def mortal():
    """A server that the case may stop; it has the tables."""
    from django.db import connections

    program = shutil.which("initdb")
    places = [os.path.dirname(program)] if program else []
    places += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    if not places:
        message = "The programs of a PostgreSQL server are not installed here."
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="nuages"))
    server = MortalServer(folder, places[0])
    try:
        server.start()
        _make_tables(database="mortal")
        connections["mortal"].close()
        yield server
        connections["mortal"].close_all_ways()
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
