"""The project's settings.

``settings`` reads the module that ``DJANGO_SETTINGS_MODULE`` names, at first use, over the
defaults of :mod:`django.conf.global_settings`. Manual: "Django settings".
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nuages.conf import global_settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.utils.deprecation import RemovedInDjango2028Warning, warn_about_external_use
from nuages.utils.functional import LazyObject, empty

ENVIRONMENT_VARIABLE = "DJANGO_SETTINGS_MODULE"
DEFAULT_STORAGE_ALIAS = "default"
STATICFILES_STORAGE_ALIAS = "staticfiles"

USE_BLANK_CHOICE_DASH_DEPRECATED_MSG = (
    "The USE_BLANK_CHOICE_DASH setting is deprecated. If you wish to define your own default "
    "blank choice label, override django.db.models.fields.BLANK_CHOICE_LABEL in your app's "
    "ready() method."
)
SIGNED_COOKIE_LEGACY_SALT_DEPRECATED_MSG = (
    "The SIGNED_COOKIE_LEGACY_SALT_FALLBACK transitional setting is deprecated. Remove it from "
    "your settings once legacy signed cookies have expired. They will not be accepted in Django "
    "2028."
)
EMAIL_SETTING_DEPRECATED_MSG = (
    "The {name} setting is deprecated. Migrate to MAILERS before Django 2028."
)
DEPRECATED_EMAIL_SETTINGS = {
    "EMAIL_BACKEND",
    "EMAIL_FILE_PATH",
    "EMAIL_HOST",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_HOST_USER",
    "EMAIL_PORT",
    "EMAIL_SSL_CERTFILE",
    "EMAIL_SSL_KEYFILE",
    "EMAIL_TIMEOUT",
    "EMAIL_USE_SSL",
    "EMAIL_USE_TLS",
}

#: Settings whose definition warns, and the warning's text.
_DEPRECATED = {
    "USE_BLANK_CHOICE_DASH": USE_BLANK_CHOICE_DASH_DEPRECATED_MSG,
    "SIGNED_COOKIE_LEGACY_SALT_FALLBACK": SIGNED_COOKIE_LEGACY_SALT_DEPRECATED_MSG,
    **{name: EMAIL_SETTING_DEPRECATED_MSG.format(name=name) for name in DEPRECATED_EMAIL_SETTINGS},
}
_SEQUENCES = (
    "ALLOWED_HOSTS",
    "INSTALLED_APPS",
    "TEMPLATE_DIRS",
    "LOCALE_PATHS",
    "SECRET_KEY_FALLBACKS",
)


class SettingsReference(str):
    """A value that was read from a setting; migrations write the setting's name for it."""

    setting_name: str

    def __new__(cls, value: str, setting_name: str) -> SettingsReference:
        return str.__new__(cls, value)

    def __init__(self, value: str, setting_name: str) -> None:
        self.setting_name = setting_name


class LazySettings(LazyObject):
    """The settings, loaded at first use or given by :meth:`configure`."""

    def _setup(self, name: str | None = None) -> None:
        module = os.environ.get(ENVIRONMENT_VARIABLE)
        if not module:
            wanted = f"setting {name}" if name else "settings"
            raise ImproperlyConfigured(
                f"Requested {wanted}, but settings are not configured. You must either define "
                f"the environment variable {ENVIRONMENT_VARIABLE} or call settings.configure() "
                "before accessing settings."
            )
        self._wrapped = Settings(module)

    def __repr__(self) -> str:
        if self._wrapped is empty:
            return "<LazySettings [Unevaluated]>"
        return f'<LazySettings "{self._wrapped.SETTINGS_MODULE}">'

    def __getattr__(self, name: str) -> Any:
        # Only reached for what is not in this object's dictionary yet.
        if (wrapped := self._wrapped) is empty:
            self._setup(name)
            wrapped = self._wrapped
        if name in DEPRECATED_EMAIL_SETTINGS:
            return self._read_email_setting(name)
        value = getattr(wrapped, name)
        if name in ("MEDIA_URL", "STATIC_URL"):
            # Depends on this thread's script prefix where it is relative.
            if value is not None:
                return self._add_script_prefix(value)
        elif name == "SECRET_KEY" and not value:
            raise ImproperlyConfigured("The SECRET_KEY setting must not be empty.")
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_wrapped":
            self.__dict__.clear()
        else:
            self.__dict__.pop(name, None)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self.__dict__.pop(name, None)

    def __dir__(self) -> list[str]:
        if self._wrapped is empty:
            self._setup()
        names = set(dir(self._wrapped))
        if "MAILERS" in names:
            # Those that were given besides are a conflict to be seen.
            given = self._wrapped.is_overridden
            names -= {name for name in DEPRECATED_EMAIL_SETTINGS if not given(name)}
        return sorted(names)

    def _read_email_setting(self, name: str) -> Any:
        wrapped = self._wrapped
        if hasattr(wrapped, "MAILERS"):
            raise AttributeError(
                f"The {name} setting is not available when MAILERS is defined.",
                name=name,
                obj=wrapped,
            )
        value = getattr(wrapped, name)
        _show_deprecation(name)
        return value

    @staticmethod
    def _add_script_prefix(value: str) -> str:
        """Put the script prefix before a relative path; leave URLs and absolute paths alone."""
        if value.startswith(("http://", "https://", "/")):
            return value
        from nuages.urls import get_script_prefix

        return f"{get_script_prefix()}{value}"

    def configure(self, default_settings: Any = global_settings, **options: Any) -> None:
        """Set the settings by hand instead of reading a module.

        Args:
            default_settings: an object whose upper-case attributes are the defaults.
            options: the settings.

        Raises:
            RuntimeError: the settings are configured already.
            TypeError: a name is not in upper case.
        """
        if self._wrapped is not empty:
            raise RuntimeError("Settings already configured.")
        _check_email_settings_conflicts(options)
        holder = UserSettingsHolder(default_settings)
        for name, value in options.items():
            if not name.isupper():
                raise TypeError(f"Setting {name!r} must be uppercase.")
            setattr(holder, name, value)
        if "NUAGES" in options:
            _check_switches(options["NUAGES"])
        self._wrapped = holder

    @property
    def configured(self) -> bool:
        """Whether the settings have been loaded or given."""
        return self._wrapped is not empty


class Settings:
    """The values of one settings module over the defaults.

    Raises:
        ImproperlyConfigured: a setting that must be a list or tuple is something else.
        ValueError: ``TIME_ZONE`` names no time zone.
    """

    def __init__(self, settings_module: str) -> None:
        values = self.__dict__
        for name, value in vars(global_settings).items():
            if name.isupper():
                values[name] = value
        self.SETTINGS_MODULE = settings_module
        try:
            module = importlib.import_module(settings_module)
        except SyntaxError as error:
            error.add_note(f"while reading the settings module {settings_module!r}")
            raise
        explicit = {name: getattr(module, name) for name in dir(module) if name.isupper()}
        for name in _SEQUENCES:
            if name in explicit and not isinstance(explicit[name], list | tuple):
                raise ImproperlyConfigured(f"The {name} setting must be a list or a tuple.")
        _check_email_settings_conflicts(explicit)
        for name in sorted(explicit.keys() & _DEPRECATED.keys()):
            # The project wrote it, whoever is the first to read it.
            _show_deprecation(name, internal_modules=())
        if "NUAGES" in explicit:
            _check_switches(explicit["NUAGES"])
        values.update(explicit)
        self._explicit_settings = frozenset(explicit)
        if self.TIME_ZONE:
            _set_process_time_zone(self.TIME_ZONE)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value
        if name in _DEPRECATED:
            _show_deprecation(name)

    def is_overridden(self, setting: str) -> bool:
        """Whether the module defines ``setting``."""
        return setting in self._explicit_settings

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.SETTINGS_MODULE}">'

    SETTINGS_MODULE: str
    TIME_ZONE: str | None


class UserSettingsHolder:
    """Settings given by hand, over an object with defaults."""

    SETTINGS_MODULE = None

    def __init__(self, default_settings: Any) -> None:
        vars(self).update(_deleted=set(), default_settings=default_settings)

    def __getattr__(self, name: str) -> Any:
        if name.isupper() and name not in self._deleted:
            return getattr(self.default_settings, name)
        raise AttributeError(name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        self._deleted.discard(name)
        self.__dict__[name] = value
        if name in _DEPRECATED:
            _show_deprecation(name)
        elif name == "NUAGES":
            _check_switches(value)

    def __delattr__(self, name: str) -> None:
        self._deleted.add(name)
        self.__dict__.pop(name, None)

    def __dir__(self) -> list[str]:
        names = {*self.__dict__, *dir(self.default_settings)} - self._deleted
        return sorted(name for name in names if name != "_deleted")

    def is_overridden(self, setting: str) -> bool:
        """Whether ``setting`` was given or deleted, here or in the settings below."""
        if setting in self._deleted or setting in self.__dict__:
            return True
        below = getattr(self.default_settings, "is_overridden", None)
        return bool(below and below(setting))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _show_deprecation(name: str, internal_modules: tuple[str, ...] | None = None) -> None:
    """Warn of a deprecated setting, at the line outside of the house that uses it.

    Args:
        internal_modules: the packages that may use it in silence; the house by default.
    """
    warn_about_external_use(
        _DEPRECATED[name],
        RemovedInDjango2028Warning,
        skip_name_prefixes=(
            "django.conf.",
            "django.utils.functional.",
            "django.test.overrides.",
            "django.test.utils.",
            "contextlib.",
        ),
        internal_modules=internal_modules,
    )


def _check_email_settings_conflicts(explicit: Iterable[str]) -> None:
    names = set(explicit)
    if "MAILERS" in names and (conflicts := sorted(names & DEPRECATED_EMAIL_SETTINGS)):
        raise ImproperlyConfigured(
            "Deprecated email settings are not allowed when MAILERS is defined: "
            f"{', '.join(conflicts)}."
        )


def _check_switches(value: Any) -> None:
    from nuages.conf import switches

    switches.validate(value)


def _set_process_time_zone(name: str) -> None:
    """Make ``name`` the time zone of the C library, where that can be set."""
    if not hasattr(time, "tzset"):
        return
    database = Path("/usr/share/zoneinfo")
    if database.exists() and not database.joinpath(*name.split("/")).exists():
        raise ValueError(f"Incorrect timezone setting: {name}")
    os.environ["TZ"] = name
    time.tzset()


settings = LazySettings()
