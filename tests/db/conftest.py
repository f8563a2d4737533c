"""A database file with a few authors and books."""

import atexit
import os
import tempfile

import pytest

import nuages  # noqa: F401  (first: it takes the name)
from django.conf import settings

if not settings.configured:
    import django

    settings.configure(SECRET_KEY="tests", USE_TZ=True)
    django.setup()


def _install():
    from django.apps import apps
    from django.db import connections

    # A file, as async code uses it from a thread of its own. Other tests of the same process may
    # have configured no database.
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    settings.DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(folder.name, "shop.db"),
        },
    }
    connections.__dict__.pop("settings", None)
    connections._settings = None
    vars(connections._connections).clear()
    settings.DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
    apps.set_installed_apps([*settings.INSTALLED_APPS, "shop"])


_install()


@pytest.fixture(scope="session", autouse=True)
def database():
    """Make the tables and rows; give the connection."""
    from shop.models import Author, Book

    from django.db import connection

    with connection.schema_editor() as editor:
        editor.create_model(Author)
        editor.create_model(Book)
    authors = [Author(name=name, age=age) for name, age in (("b", 3), ("a", None), ("c", 5))]
    Author.objects.bulk_create(authors)
    Book.objects.bulk_create(
        Book(title=f"t{n % 4}", price=n, in_print=n % 3 > 0, author=authors[n % 3])
        for n in range(12)
    )
    return connection


@pytest.fixture
def seen_queries(database):
    """Record the statements of the block: ``with seen_queries() as statements``."""
    from contextlib import contextmanager

    @contextmanager
    def record():
        statements = []

        def note(execute, sql, params, many, context):
            statements.append(sql)
            return execute(sql, params, many, context)

        with database.execute_wrapper(note):
            yield statements

    return record
