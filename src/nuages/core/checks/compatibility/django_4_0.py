"""Settings whose format changed in version 4.0."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, register


@register(Tags.compatibility)
def check_csrf_trusted_origins(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find trusted origins without a scheme."""
    return [
        Error(
            "As of Django 4.0, the values in the CSRF_TRUSTED_ORIGINS setting must start with a "
            f"scheme (usually http:// or https://) but found {origin}. See the release notes for "
            "details.",
            id="4_0.E001",
        )
        for origin in settings.CSRF_TRUSTED_ORIGINS
        if "://" not in origin
    ]
