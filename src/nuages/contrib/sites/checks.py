"""System checks of sites."""

from types import NoneType
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error


def check_site_id(app_configs: Any, **kwargs: Any) -> list[Any]:
    """Return an error if ``SITE_ID`` is no number."""
    if isinstance(getattr(settings, "SITE_ID", None), (NoneType, int)):
        return []
    return [Error("The SITE_ID setting must be of type int.", id="sites.E101")]
