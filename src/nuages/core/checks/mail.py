"""Checks of the ``MAILERS`` setting."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, Warning, register

DEFAULT_MAILER_ALIAS = "default"
NON_PRODUCTION_EMAIL_BACKENDS = {
    f"django.core.mail.backends.{kind}.EmailBackend"
    for kind in ("console", "dummy", "filebased", "locmem")
}


@register(Tags.mail)
def check_mailers_default_alias(app_configs: Any, **kwargs: Any) -> list[Warning]:
    """Find the default mailer missing."""
    mailers = getattr(settings, "MAILERS", None)
    if mailers is None or DEFAULT_MAILER_ALIAS in mailers:
        return []
    way_out = ", or pass 'using' when sending email" if mailers else ""
    return [
        Warning(
            "Your MAILERS setting has no 'default' entry. Sending email without a valid mailer "
            "will fail.",
            hint=f"Add a 'default' entry to MAILERS{way_out}.",
            id="mail.W001",
        )
    ]


@register(Tags.mail, deploy=True)
def check_mailers_production_backend(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find a default mailer that sends nothing."""
    mailers = getattr(settings, "MAILERS", None) or {}
    backend = mailers.get(DEFAULT_MAILER_ALIAS, {}).get("BACKEND")
    if backend not in NON_PRODUCTION_EMAIL_BACKENDS:
        return []
    return [
        Error(
            "Your MAILERS setting uses a development-only email backend in the 'default' entry "
            f"({backend}).",
            hint=(
                "Use a production-ready email backend, such as the SMTP backend, otherwise "
                "email will not be sent."
            ),
            id="mail.E001",
        )
    ]
