"""The project that the tests run in: one process, one set of settings, a database file."""

import atexit
import os
import sqlite3
import tempfile
from contextlib import closing

import hypothesis
import pytest

import nuages  # noqa: F401  (first: it takes the name)
from django.conf import settings

# A file, since asynchronous code uses it from a thread of its own.
_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)

settings.configure(
    SECRET_KEY="tests " * 10,
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.sites",
        "django.contrib.redirects",
        "django.contrib.flatpages",
        "django.contrib.sitemaps",
        "django.contrib.admin",
        "shop",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(_folder.name, "tests.sqlite3"),
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    # The tests of the admin have the middleware that it needs.
    SILENCED_SYSTEM_CHECKS=["admin.E408", "admin.E409", "admin.E410"],
    ROOT_URLCONF=None,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
nuages.setup()

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("nuages", deadline=None)
hypothesis.settings.load_profile("nuages")


@pytest.fixture
def settings_override():
    """Return ``override_settings``, for use in a ``with`` statement."""
    from django.test.utils import override_settings

    return override_settings


@pytest.fixture(scope="session")
def tables():
    """Make the tables of the installed applications, once."""
    from django.core.management import call_command

    call_command("migrate", run_syncdb=True, verbosity=0)
    _found.rows = _found.count_rows()


@pytest.fixture
def rolled_back(tables):
    """Run the test in a transaction that is rolled back."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class _Found:
    """What a test finds, and must leave so for the next one: rows, settings, language, time zone.

    The order of the tests does not matter then.
    """

    def __init__(self):
        from django.db import connection

        self.file, self.rows = connection.settings_dict["NAME"], {}
        self.settings = settings._wrapped

    def count_rows(self):
        """Return the number of committed rows by table."""
        with closing(sqlite3.connect(self.file)) as watching:
            names = watching.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'"
            )
            tables = [name for (name,) in names]
            return {
                name: watching.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
                for name in tables
            }

    def check(self):
        """Fail if the test has left something behind."""
        from django.db import connection
        from django.utils import timezone, translation

        assert settings._wrapped is self.settings, "the test leaves settings behind"
        assert translation.get_language() == "en-us", "the test leaves a language behind"
        assert timezone.get_current_timezone_name() == settings.TIME_ZONE
        assert not connection.in_atomic_block, "the test leaves a transaction open"
        if self.rows:
            rows = self.count_rows()
            left = {
                name: rows.get(name)
                for name in rows | self.rows
                if rows.get(name) != self.rows.get(name)
            }
            self.rows = rows
            assert not left, f"the test leaves rows behind: {left}"


_found = _Found()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown():
    """Look at what the test has left when all of its fixtures are done."""
    result = yield
    _found.check()
    return result
