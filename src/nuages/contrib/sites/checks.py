"""System checks of sites."""

from typing import Any

from nuages.apps import apps
from nuages.conf import settings
from nuages.core.checks import Error
from nuages.core.exceptions import ValidationError


def check_site_id(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return an error if ``SITE_ID`` is no key of a site."""
    value = getattr(settings, "SITE_ID", None)
    if value is None or not apps.is_installed("django.contrib.sites"):
        return []
    problem = ""
    try:
        key = apps.get_model("sites.Site")._meta.pk.to_python(value)
    except ValidationError as error:
        problem = f"failed to validate: {error}."
    else:
        if type(key) is not type(value):
            problem = f"must be of type {type(key).__name__}."
    return [Error(f"The SITE_ID setting {problem}", id="sites.E101")] if problem else []
