"""Each road through the house: both protocols, fast paths on and off."""

import sys
import types

import pytest
from roads import by_asgi, by_wsgi

from django.test.utils import override_settings

FAST = ("COMPILED_TEMPLATES", "COMPILED_URLS", "COMPILED_MIDDLEWARE", "COMPILED_FORMS", "TRAILS")


@pytest.fixture(params=["compiled", "plain"])
def road(request):
    """Run the test with the fast paths, and without."""
    with override_settings(NUAGES=dict.fromkeys(FAST, request.param == "compiled")):
        yield request.param


@pytest.fixture(params=[by_wsgi, by_asgi], ids=["wsgi", "asgi"])
def ask(request):
    """Return what sends a request through the whole stack, over one of the protocols."""
    return request.param


@pytest.fixture
def project(settings_override):
    """Return a function that makes a project of URL patterns and settings for the test."""
    left = []

    def make(patterns, **options):
        module = types.ModuleType("security_urls")
        module.urlpatterns = patterns
        sys.modules["security_urls"] = module
        changed = override_settings(ROOT_URLCONF="security_urls", **options)
        changed.enable()
        left.append(changed)

    yield make
    for changed in reversed(left):
        changed.disable()
    sys.modules.pop("security_urls", None)
