"""The mailers of a project, by alias. Manual: topics/email, "Multiple mailers"."""

from collections.abc import Iterator
from typing import Any

from nuages.conf import settings
from nuages.core.mail.exceptions import InvalidMailer, MailerDoesNotExist
from nuages.utils.module_loading import import_string

__all__ = ["DEFAULT_MAILER_ALIAS", "InvalidMailer", "MailerDoesNotExist", "MailersHandler"]

DEFAULT_MAILER_ALIAS = "default"
DEFAULT_MAILER_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class MailersHandler:
    """A mapping from aliases to email backends, which are made anew at each access."""

    @property
    def settings(self) -> dict[str, Any]:
        """`MAILERS`, or nothing."""
        return getattr(settings, "MAILERS", None) or {}

    @property
    def _is_configured(self) -> bool:
        return hasattr(settings, "MAILERS")

    @property
    def default(self) -> Any:
        """The backend under ``default``; raises `MailerDoesNotExist`."""
        return self[DEFAULT_MAILER_ALIAS]

    def __iter__(self) -> Iterator[str]:
        return iter(self.settings)

    def __contains__(self, alias: object) -> bool:
        return alias in self.settings

    def __getitem__(self, alias: str) -> Any:
        return self.create_connection(alias)

    def get(self, alias: str, /, default: Any = None) -> Any:
        """Return the backend under ``alias``, or ``default``."""
        try:
            return self[alias]
        except MailerDoesNotExist:
            return default

    def create_connection(
        self, alias: str, /, *, _deprecated_kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Make the backend that `MAILERS` defines under ``alias``.

        Raises `MailerDoesNotExist` or `InvalidMailer`.
        """
        # Not every backend knows what the old arguments ask for.
        extra = dict(_deprecated_kwargs or {})
        if extra and self._is_configured:
            extra["_ignore_unknown_kwargs"] = True
        if not self._is_configured and alias == DEFAULT_MAILER_ALIAS:
            return self._by_old_settings(extra)
        if alias not in self.settings:
            raise MailerDoesNotExist(alias=alias)
        definition = self.settings[alias]
        options = definition.get("OPTIONS", {})
        if "alias" in options:
            raise InvalidMailer("OPTIONS must not define 'alias'.", alias=alias)
        path = definition.get("BACKEND", DEFAULT_MAILER_BACKEND)
        try:
            backend = import_string(path)
        except ImportError as error:
            raise InvalidMailer(f"Could not find BACKEND '{path}': {error}", alias=alias) from error
        return backend(alias=alias, **{**options, **extra})

    def _by_old_settings(self, options: dict[str, Any]) -> Any:
        from nuages.core.mail.deprecation import warn_about_default_mailers_if_needed

        warn_about_default_mailers_if_needed()
        return import_string(settings.EMAIL_BACKEND)(**options)
