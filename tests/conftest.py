"""The project that the tests run in: one process, one set of settings, a database file."""

import atexit
import os
import tempfile

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
