"""Settings for the tests of views."""

import nuages  # noqa: F401  (first: it takes the name)
from django.conf import settings

if not settings.configured:
    import django

    settings.configure(
        SECRET_KEY="tests",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
        ROOT_URLCONF=None,
    )
    django.setup()


import pytest  # noqa: E402


@pytest.fixture
def settings_override():
    """Return ``override_settings``, for use in a ``with`` statement."""
    from django.test.utils import override_settings

    return override_settings
