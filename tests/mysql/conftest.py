"""A database of the run on a MariaDB or MySQL server, behind a door that can be shut.

The server is ``NUAGES_TEST_MYSQL``, a connection string; by default the one on this machine.
"""

import os
import select
import socket
import threading
from contextlib import suppress

import pytest

SERVER = os.environ.get("NUAGES_TEST_MYSQL", "host=127.0.0.1 port=3306 user=root password=")
PARTS = dict(part.partition("=")[::2] for part in SERVER.split())
NAME = f"nuages_cases_{os.getpid()}"
ALIAS, IMPATIENT, KEPT, TRUSTING = "mysql", "impatient", "kept", "trusting"


def _without_a_server(reason):
    """Skip; but not where somebody relies on these tests."""
    message = f"No MariaDB at {SERVER!r} (NUAGES_TEST_MYSQL): {reason}"
    pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)


def _hang_up(pair):
    for end in pair:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


class Door:
    """Passes bytes on between clients and the server, until it is shut."""

    def __init__(self, target):
        self.target, self.port, self.pairs = target, 0, []
        self.open()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            pair = client, socket.create_connection(self.target)
            self.pairs.append(pair)
            threading.Thread(target=self._pass_on, args=(pair,), daemon=True).start()

    @staticmethod
    def _pass_on(pair):
        client, server = pair
        data = b"begin"
        with suppress(OSError, ValueError):
            while data:
                for ready in select.select(pair, [], [])[0]:
                    data = ready.recv(65536)
                    (server if ready is client else client).sendall(data)
        _hang_up(pair)

    def shut(self):
        """Be gone, as a server that was stopped."""
        # A thread that waits in accept() would keep the port.
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for pair in self.pairs:
            _hang_up(pair)
        self.pairs.clear()


@pytest.fixture(scope="session")
def server():
    """A connection of the driver's, to the server itself, in autocommit mode."""
    try:
        from nuages.db.backends.mysql._driver import Database
    except Exception as error:
        _without_a_server(error)
    where = {"host": PARTS["host"], "user": PARTS["user"], "password": PARTS.get("password", "")}
    try:
        raw = Database.connect(port=int(PARTS.get("port") or 3306), connect_timeout=5, **where)
    except Database.OperationalError as error:
        _without_a_server(error)
    raw.autocommit(True)
    yield raw
    raw.close()


@pytest.fixture(scope="session")
def door(server):
    found = Door((PARTS["host"], int(PARTS.get("port") or 3306)))
    yield found
    found.shut()


@pytest.fixture(scope="session")
def tables_on_mysql(server, door):
    """Make the database and the shop's tables; its aliases differ in their options."""
    from shop.models import Author, Book

    from django.db import connections

    server.cursor().execute(f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4")
    conf = {
        "ENGINE": "django.db.backends.mysql",
        "NAME": NAME,
        "USER": PARTS["user"],
        "PASSWORD": PARTS.get("password", ""),
        "HOST": "127.0.0.1",
        "PORT": str(door.port),
    }
    impatient = {"init_command": "SET SESSION innodb_lock_wait_timeout = 1"}
    kinds = {
        ALIAS: conf,
        IMPATIENT: {**conf, "OPTIONS": impatient},
        KEPT: {**conf, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True},
        TRUSTING: {**conf, "CONN_MAX_AGE": None},
    }
    configured = connections.configure_settings(
        {"default": connections.settings["default"], **kinds}
    )
    connections.settings.update({alias: configured[alias] for alias in kinds})
    with connections[ALIAS].schema_editor() as editor:
        editor.create_model(Author)
        editor.create_model(Book)
    yield
    for alias in kinds:
        connections[alias].close()
        del connections[alias], connections.settings[alias]
    server.cursor().execute(f"DROP DATABASE {NAME}")


@pytest.fixture
def authors(tables_on_mysql):
    """The authors, none at first."""
    from shop.models import Author

    found = Author.objects.using(ALIAS)
    found.delete()
    return found
