"""What the time before `MAILERS` leaves behind, until Django 2028.

Manual: howto/custom-email-backend; topics/email, "Migrating email to mailers".
"""

import warnings
from typing import Any

from nuages.conf import DEPRECATED_EMAIL_SETTINGS, settings
from nuages.utils.deprecation import RemovedInDjango2028Warning, django_file_prefixes

AUTH_ARGS_WARNING = (
    "The 'auth_user' and 'auth_password' arguments are deprecated. Set 'username' and "
    "'password' OPTIONS in MAILERS instead."
)
CONNECTION_ARG_WARNING = (
    "The 'connection' argument is deprecated. Switch to the 'using' argument with a MAILERS alias."
)
FAIL_SILENTLY_ARG_WARNING = (
    "The 'fail_silently' argument is deprecated. See 'Migrating email to mailers' in Django's "
    "documentation for recommended replacements."
)
NO_DEFAULT_MAILER_WARNING = (
    "Django 2028 will not have a default mailer. Configure settings.MAILERS to avoid errors when "
    "sending email."
)

_UNSET = (None, False)


def warn(message: str) -> None:
    """Warn of a deprecated way, at the caller outside of the framework."""
    warnings.warn(message, RemovedInDjango2028Warning, skip_file_prefixes=django_file_prefixes())


def report_using_incompatibility(
    connection: Any = None,
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
) -> None:
    """Raise ``TypeError`` if one of the old arguments was given together with ``using``."""
    for name, value in (("connection", connection), ("fail_silently", fail_silently)):
        if value not in _UNSET:
            raise TypeError(f"'{name}' is not compatible with 'using'.")
    if auth_user is not None or auth_password is not None:
        raise TypeError(
            "'auth_user' and 'auth_password' are not compatible with 'using'. "
            "Set 'username' and 'password' OPTIONS in MAILERS instead."
        )


def warn_about_old_arguments(
    connection: Any = None,
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
) -> dict[str, Any]:
    """Warn of the old arguments that were given; return them as a backend takes them.

    Raises ``TypeError`` for those that a given connection cannot honour any more.
    """
    authenticates = auth_user is not None or auth_password is not None
    if fail_silently:
        if connection is not None:
            raise TypeError(
                "fail_silently cannot be used with a connection. "
                "Pass fail_silently to get_connection() instead."
            )
        warn(FAIL_SILENTLY_ARG_WARNING)
    if authenticates:
        if connection is not None:
            raise TypeError(
                "auth_user and auth_password cannot be used with a connection. "
                "Pass auth_user and auth_password to get_connection() instead."
            )
        warn(AUTH_ARGS_WARNING)
    if connection is not None:
        warn(CONNECTION_ARG_WARNING)
    options: dict[str, Any] = {"fail_silently": True} if fail_silently else {}
    return options | ({"username": auth_user, "password": auth_password} if authenticates else {})


def warn_about_default_mailers_if_needed() -> None:
    """Warn a project that has no mail setting at all, when it sends mail."""
    if not any(map(settings.is_overridden, ("MAILERS", *DEPRECATED_EMAIL_SETTINGS))):
        warn(NO_DEFAULT_MAILER_WARNING)
