"""A site, and a client of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path


class Urls:
    """A URLconf that tests put their patterns into."""

    def __init__(self) -> None:
        self.urlpatterns: list[object] = []

    def add(self, *args: object, **kwargs: object) -> None:
        self.urlpatterns.append(path(*args, **kwargs))


@pytest.fixture
def urls() -> Urls:
    return Urls()


@pytest.fixture
def site(tables: None) -> Iterator[Site]:
    """The current site, in a transaction that is taken back."""
    with transaction.atomic(), override_settings(SITE_ID=1):
        Site.objects.clear_cache()
        Site.objects.update_or_create(pk=1, defaults={"domain": "here.example"})
        yield Site.objects.get_current()
        transaction.set_rollback(True)
    Site.objects.clear_cache()


@pytest.fixture
def client(site: Site, urls: Urls, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client; the module says which ``MIDDLEWARE`` and which templates (``PAGES``) there are."""
    loaders = [
        ("django.template.loaders.locmem.Loader", getattr(request.module, "PAGES", {})),
        "django.template.loaders.app_directories.Loader",
    ]
    engine = "django.template.backends.django.DjangoTemplates"
    with override_settings(
        ROOT_URLCONF=urls,
        MIDDLEWARE=getattr(request.module, "MIDDLEWARE", []),
        TEMPLATES=[{"BACKEND": engine, "OPTIONS": {"loaders": loaders}}],
    ):
        yield Client()


@pytest.fixture
def queries():
    """Return a context manager that expects a number of queries."""

    @contextmanager
    def expected(number: int) -> Iterator[None]:
        with CaptureQueriesContext(connection) as captured:
            yield
        assert len(captured) == number

    return expected
