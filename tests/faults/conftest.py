"""Databases of one test each, beside the tests' own."""

from contextlib import contextmanager

import pytest


@contextmanager
def another_database(alias, **conf):
    """Add a database with the shop's tables under an alias; take it away again."""
    from shop.models import Author, Book

    from django.db import connections

    connections.settings[alias] = connections.configure_settings(
        {"default": connections.settings["default"], alias: conf}
    )[alias]
    connection = connections[alias]
    try:
        with connection.schema_editor() as editor:
            editor.create_model(Author)
            editor.create_model(Book)
        yield connection
    finally:
        connection.close()
        del connections[alias]
        del connections.settings[alias]


@pytest.fixture
def sqlite_file(tmp_path):
    """Return a function that makes a database file with some ``OPTIONS``: its connection."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(**options):
            name = str(tmp_path / "faults.sqlite3")
            conf = {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": options}
            return stack.enter_context(another_database("faults", **conf))

        yield make
