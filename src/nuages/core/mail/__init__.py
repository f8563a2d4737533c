"""Sending mail. Manual: topics/email."""

from collections.abc import Callable, Iterable, Sequence
from email.utils import make_msgid
from typing import Any

from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.mail.deprecation import (
    report_using_incompatibility,
    warn,
    warn_about_default_mailers_if_needed,
    warn_about_old_arguments,
)
from nuages.core.mail.handler import (
    DEFAULT_MAILER_ALIAS,
    InvalidMailer,
    MailerDoesNotExist,
    MailersHandler,
)
from nuages.core.mail.message import (
    DEFAULT_ATTACHMENT_MIME_TYPE,
    EmailAlternative,
    EmailAttachment,
    EmailMessage,
    EmailMultiAlternatives,
)
from nuages.core.mail.utils import DNS_NAME, CachedDnsName
from nuages.utils.deprecation import RemovedInDjango2028Warning, deprecate_posargs
from nuages.utils.functional import Promise
from nuages.utils.module_loading import import_string

__all__ = [
    "DEFAULT_ATTACHMENT_MIME_TYPE",
    "DEFAULT_MAILER_ALIAS",
    "DNS_NAME",
    "CachedDnsName",
    "EmailAlternative",
    "EmailAttachment",
    "EmailMessage",
    "EmailMultiAlternatives",
    "InvalidMailer",
    "MailerDoesNotExist",
    "get_connection",
    "mail_admins",
    "mail_managers",
    "mailers",
    "make_msgid",
    "send_mail",
    "send_mass_mail",
]

mailers = MailersHandler()

# Names that warn whoever imports them from here, and what to do instead.
_DEPRECATED_NAMES = {
    "BadHeaderError": "Replace with ValueError.",
    "SafeMIMEText": (
        "The return value of EmailMessage.message() is an email.message.EmailMessage."
    ),
    "SafeMIMEMultipart": (
        "The return value of EmailMessage.message() is an email.message.EmailMessage."
    ),
}


def __getattr__(name: str) -> Any:
    if name == "forbid_multi_line_headers":
        from nuages.core.mail.legacy import forbid_multi_line_headers

        return forbid_multi_line_headers
    if name not in _DEPRECATED_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nuages.core.mail import legacy

    warn(f"{name} is deprecated. {_DEPRECATED_NAMES[name]}")
    return getattr(legacy, name)


@deprecate_posargs(RemovedInDjango2028Warning, ["fail_silently"])
def get_connection(backend: str | None = None, *, fail_silently: bool = False, **kwds: Any) -> Any:
    """Return an email backend, of the class with that path or the default one. Deprecated."""
    warn(
        "get_connection() is deprecated. See 'Migrating email to mailers' in Django's "
        "documentation for recommended replacements."
    )
    if mailers._is_configured:
        if backend is not None:
            raise RuntimeError("get_connection(backend, ...) is not supported with MAILERS.")
        options = {**kwds, "fail_silently": True} if fail_silently else kwds
        return mailers.create_connection(DEFAULT_MAILER_ALIAS, _deprecated_kwargs=options)
    if backend is None:
        warn_about_default_mailers_if_needed()
    return import_string(backend or settings.EMAIL_BACKEND)(
        fail_silently=fail_silently, _ignore_unknown_kwargs=True, **kwds
    )


def _choose_backend(
    using: str | None,
    connection: Any = None,
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
    *,
    warned: bool = False,
) -> Any:
    """Return the backend that the arguments of a sending function ask for."""
    if using is not None:
        report_using_incompatibility(connection, fail_silently, auth_user, auth_password)
        return mailers[using]
    if connection is not None and warned and not fail_silently:
        return connection
    options = warn_about_old_arguments(connection, fail_silently, auth_user, auth_password)
    if connection is not None:
        return connection
    return mailers.create_connection(DEFAULT_MAILER_ALIAS, _deprecated_kwargs=options)


_OLD_POSITIONAL = ["fail_silently", "auth_user", "auth_password", "connection"]


@deprecate_posargs(RemovedInDjango2028Warning, [*_OLD_POSITIONAL, "html_message"])
def send_mail(
    subject: Any,
    message: Any,
    from_email: Any,
    recipient_list: Sequence[Any],
    *,
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
    connection: Any = None,
    html_message: str | None = None,
    using: str | None = None,
) -> int:
    """Send one message, with a mailer (default: ``default``); return 1, or 0 if not sent."""
    backend = _choose_backend(using, connection, fail_silently, auth_user, auth_password)
    mail = EmailMultiAlternatives(subject, message, from_email, recipient_list)
    mail._connection = connection
    if html_message:
        mail.attach_alternative(html_message, "text/html")
    return backend.send_messages([mail]) if mail.recipients() else 0


@deprecate_posargs(RemovedInDjango2028Warning, _OLD_POSITIONAL)
def send_mass_mail(
    datatuple: Iterable[Sequence[Any]],
    *,
    fail_silently: bool = False,
    auth_user: str | None = None,
    auth_password: str | None = None,
    connection: Any = None,
    using: str | None = None,
) -> int:
    """Send (subject, message, sender, recipients) tuples over one connection; return how many."""
    backend = _choose_backend(using, connection, fail_silently, auth_user, auth_password)
    messages = [EmailMessage(*data) for data in datatuple]
    for mail in messages:
        mail._connection = connection
    return backend.send_messages(messages)


def _addresses(setting: str) -> list[Any]:
    value = getattr(settings, setting)
    if not value:
        return []
    # Pairs of name and address were the form until 6.0.
    if all(isinstance(item, list | tuple) and len(item) == 2 for item in value):
        warn(
            f"Using (name, address) pairs in the {setting} setting is deprecated."
            " Replace with a list of email address strings."
        )
        value = [address for _, address in value]
    textual = isinstance(value, list | tuple) and all(
        isinstance(item, str | Promise) for item in value
    )
    if not textual:
        raise ImproperlyConfigured(
            f"The {setting} setting must be a list of email address strings."
        )
    return list(value)


def _mailer_for(setting: str, name: str, doc: str) -> Callable[..., None]:
    """Make a function that writes to the people that a setting lists."""

    def send(
        subject: Any,
        message: Any,
        *,
        fail_silently: bool = False,
        connection: Any = None,
        html_message: str | None = None,
        using: str | None = None,
    ) -> None:
        to = _addresses(setting)
        if not to:
            # No mailer is needed, but wrong arguments are wrong all the same.
            if using is None:
                warn_about_old_arguments(connection, fail_silently)
            return
        backend = _choose_backend(using, connection, fail_silently)
        mail = EmailMultiAlternatives(
            f"{settings.EMAIL_SUBJECT_PREFIX}{subject}", message, settings.SERVER_EMAIL, to
        )
        if html_message:
            mail.attach_alternative(html_message, "text/html")
        backend.send_messages([mail])

    send.__name__ = send.__qualname__ = name
    send.__doc__ = doc
    old = ["fail_silently", "connection", "html_message"]
    return deprecate_posargs(RemovedInDjango2028Warning, old)(send)


mail_admins = _mailer_for("ADMINS", "mail_admins", "Send a message to those in `ADMINS`.")
mail_managers = _mailer_for("MANAGERS", "mail_managers", "Send a message to those in `MANAGERS`.")
