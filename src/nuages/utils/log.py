"""Logging: the default configuration, and the handlers and filters it names.

Manual: "Logging".
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from copy import copy
from typing import Any

from nuages.utils.functional import cached_property

request_logger = logging.getLogger("django.request")

DEFAULT_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "require_debug_false": {"()": "django.utils.log.RequireDebugFalse"},
        "require_debug_true": {"()": "django.utils.log.RequireDebugTrue"},
    },
    "formatters": {
        "django.server": {
            "()": "django.utils.log.ServerFormatter",
            "format": "[{server_time}] {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {
            "level": "INFO",
            "filters": ["require_debug_true"],
            "class": "logging.StreamHandler",
        },
        "django.server": {
            "level": "INFO",
            "class": "logging.StreamHandler",
            "formatter": "django.server",
        },
        "mail_admins": {
            "level": "ERROR",
            "filters": ["require_debug_false"],
            "class": "django.utils.log.AdminEmailHandler",
        },
    },
    "loggers": {
        "django": {"handlers": ["console", "mail_admins"], "level": "INFO"},
        "django.server": {"handlers": ["django.server"], "level": "INFO", "propagate": False},
    },
}


def configure_logging(logging_config: str | None, logging_settings: Any) -> None:
    """Apply the default configuration, then the project's.

    Args:
        logging_config: dotted path of the function that takes a configuration; nothing is
            done if it is empty.
        logging_settings: the project's configuration.
    """
    if not logging_config:
        return
    from nuages.utils.module_loading import import_string

    if (config := sys.modules.get("logging.config")) is not None:
        config.dictConfig(DEFAULT_LOGGING)
    else:
        # What that would do, without what it would import: sockets, pickles, queues.
        _configure_defaults()
    if logging_settings:
        import_string(logging_config)(logging_settings)


def _configure_defaults() -> None:
    """Make the loggers that ``DEFAULT_LOGGING`` describes."""
    from nuages.utils.module_loading import import_string

    filters = {
        name: import_string(each["()"])() for name, each in DEFAULT_LOGGING["filters"].items()
    }
    formatters = {
        name: import_string(each["()"])(each["format"], style=each["style"])
        for name, each in DEFAULT_LOGGING["formatters"].items()
    }
    handlers = {}
    for name, each in DEFAULT_LOGGING["handlers"].items():
        handler = handlers[name] = import_string(each["class"])()
        handler.setLevel(each["level"])
        handler.setFormatter(formatters.get(each.get("formatter")))
        for wanted in each.get("filters", ()):
            handler.addFilter(filters[wanted])
    for name, each in DEFAULT_LOGGING["loggers"].items():
        logger = logging.getLogger(name)
        logger.setLevel(each["level"])
        logger.propagate = each.get("propagate", True)
        logger.handlers[:] = [handlers[wanted] for wanted in each["handlers"]]


class AdminEmailHandler(logging.Handler):
    """Mails log records to ``ADMINS``.

    Args:
        include_html: whether the mail has an HTML part with the whole debug page.
        email_backend: the mail backend to use (deprecated in favour of ``using``).
        reporter_class: the exception reporter, as a dotted path.
        using: the alias of a mailer.
    """

    def __init__(
        self,
        include_html: bool = False,
        email_backend: str | None = None,
        reporter_class: str | None = None,
        using: str | None = None,
    ) -> None:
        super().__init__()
        if hasattr(self, "connection"):
            raise AttributeError(
                "The undocumented AdminEmailHandler.connection() method is no longer used."
            )
        if email_backend is not None:
            self._check_old_argument(using)
        self.include_html, self._reporter_path = include_html, reporter_class
        self.email_backend, self.using = email_backend, using

    @staticmethod
    def _check_old_argument(using: str | None) -> None:
        """Warn about ``email_backend``; raise ``ImproperlyConfigured`` beside what replaces it."""
        from nuages.conf import settings
        from nuages.core.exceptions import ImproperlyConfigured
        from nuages.utils.deprecation import RemovedInDjango2028Warning

        if using is not None:
            raise ImproperlyConfigured(
                "The 'email_backend' argument is not compatible with 'using'."
            )
        if hasattr(settings, "MAILERS"):
            raise ImproperlyConfigured(
                "The 'email_backend' argument is not valid when settings.MAILERS is defined."
            )
        warnings.warn(
            "The 'email_backend' argument is deprecated. Use 'using' instead.",
            RemovedInDjango2028Warning,
            stacklevel=3,
        )

    @cached_property
    def reporter_class(self) -> Any:
        """The exception reporter. It is imported when the first record is to be mailed."""
        from nuages.conf import settings
        from nuages.utils.module_loading import import_string

        return import_string(self._reporter_path or settings.DEFAULT_EXCEPTION_REPORTER)

    def emit(self, record: logging.LogRecord) -> None:
        """Mail one record."""
        from nuages.conf import settings

        if not settings.ADMINS and type(self).send_mail is AdminEmailHandler.send_mail:
            return
        request = getattr(record, "request", None)
        origin = ""
        if request is not None:
            where = (
                "internal"
                if request.META.get("REMOTE_ADDR") in settings.INTERNAL_IPS
                else "EXTERNAL"
            )
            origin = f" ({where} IP)"
        subject = self.format_subject(f"{record.levelname}{origin}: {record.getMessage()}")
        # The report shows the traceback; the formatted message shall not repeat it.
        plain = copy(record)
        plain.exc_info = None
        plain.exc_text = None
        error = record.exc_info or (None, record.getMessage(), None)
        reporter = self.reporter_class(request, *error, is_email=True)
        message = f"{self.format(plain)}\n\n{reporter.get_traceback_text()}"
        html = reporter.get_traceback_html() if self.include_html else None
        options = self._mail_options()
        if options is None:
            return
        with warnings.catch_warnings():
            if "using" not in options:
                from nuages.utils.deprecation import RemovedInDjango2028Warning

                # The project's old settings are warned about where they are read.
                warnings.simplefilter("ignore", RemovedInDjango2028Warning)
            try:
                self.send_mail(subject, message, html_message=html, **options)
            except OSError:
                # A mail server that is away must not turn one error into two.
                self.handleError(record)

    def _mail_options(self) -> dict[str, Any] | None:
        """Return the arguments that choose a mailer, or ``None`` where there is none."""
        from nuages.conf import settings
        from nuages.utils.module_loading import import_string

        if hasattr(settings, "MAILERS"):
            alias = self.using or "default"
            return {"using": alias} if alias in settings.MAILERS else None
        if self.email_backend is None:
            return {"fail_silently": True}
        return {"connection": import_string(self.email_backend)(fail_silently=True)}

    def send_mail(self, subject: str, message: str, *args: Any, **kwargs: Any) -> None:
        """Send the mail; arguments as for :func:`django.core.mail.mail_admins`."""
        from nuages.core import mail

        mail.mail_admins(subject, message, *args, **kwargs)

    def format_subject(self, subject: str) -> str:
        """Return ``subject`` on one line."""
        return subject.replace("\n", "\\n").replace("\r", "\\r")


class CallbackFilter(logging.Filter):
    """Lets a record pass if a function of it says so."""

    def __init__(self, callback: Callable[[logging.LogRecord], Any]) -> None:
        super().__init__()
        self.callback = callback

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(self.callback(record))


class RequireDebugFalse(logging.Filter):
    """Lets records pass while ``DEBUG`` is off."""

    def filter(self, record: logging.LogRecord) -> bool:
        from nuages.conf import settings

        return not settings.DEBUG


class RequireDebugTrue(logging.Filter):
    """Lets records pass while ``DEBUG`` is on."""

    def filter(self, record: logging.LogRecord) -> bool:
        from nuages.conf import settings

        return bool(settings.DEBUG)


def _server_style(style: Any, status: int) -> Callable[[str], str]:
    """Return the style of a line of the development server's log."""
    special = {304: style.HTTP_NOT_MODIFIED, 404: style.HTTP_NOT_FOUND}
    classes = {
        1: style.HTTP_INFO,
        2: style.HTTP_SUCCESS,
        3: style.HTTP_REDIRECT,
        4: style.HTTP_BAD_REQUEST,
    }
    chosen: Callable[[str], str] = special.get(status) or classes.get(
        status // 100, style.HTTP_SERVER_ERROR
    )
    return chosen


class ServerFormatter(logging.Formatter):
    """Formats the development server's log: coloured by status, with ``{server_time}``."""

    default_time_format = "%d/%b/%Y %H:%M:%S"

    @cached_property
    def style(self) -> Any:
        """The colours, if the terminal has any."""
        from nuages.core.management.color import color_style

        return color_style()

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        status = getattr(record, "status_code", None)
        if status:
            message = _server_style(self.style, status)(message)
        if self.uses_server_time() and not hasattr(record, "server_time"):
            record.server_time = self.formatTime(record, self.datefmt)
        record.msg, record.args = message, None
        return super().format(record)

    def uses_server_time(self) -> bool:
        """Whether the format names ``server_time``."""
        return "{server_time}" in (self._fmt or "")


def log_message(
    logger: logging.Logger,
    message: str,
    *args: Any,
    level: str | None = None,
    status_code: int | None = None,
    request: Any = None,
    exception: BaseException | None = None,
    **extra: Any,
) -> None:
    """Log a message about a request.

    Args:
        args: values of the message's placeholders; control characters in them are escaped.
        level: the method of the logger; by default that which suits the status.
    """
    if level is None:
        status = status_code or 0
        level = "error" if status >= 500 else "warning" if status >= 400 else "info"
    safe = tuple(
        arg.encode("unicode_escape").decode("ascii") if isinstance(arg, str) else arg
        for arg in args
    )
    getattr(logger, level)(
        message,
        *safe,
        extra={"status_code": status_code, "request": request, **extra},
        exc_info=exception,
    )


def log_response(
    message: str,
    *args: Any,
    response: Any = None,
    request: Any = None,
    logger: logging.Logger = request_logger,
    level: str | None = None,
    exception: BaseException | None = None,
) -> None:
    """Log a response, once: warnings from status 400 on, errors from 500 on."""
    if getattr(response, "_has_been_logged", False):
        return
    log_message(
        logger,
        message,
        *args,
        level=level,
        status_code=response.status_code,
        request=request,
        exception=exception,
    )
    response._has_been_logged = True
