"""What a change of settings in a test must renew.

Each entry names a cache that some room derives from settings, and how to drop it. A room that has not
been imported has nothing to drop, and is not imported for it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.signals import setting_changed
from nuages.dispatch import Signal, receiver
from nuages.utils.deprecation import warn_about_external_use

__all__ = ["setting_changed", "template_rendered"]

template_rendered = Signal()

#: Overriding these has no effect on what was built from them, or breaks it.
COMPLEX_OVERRIDE_SETTINGS = {"DATABASES"}

_RESETS: dict[str, list[Callable[[Any], None]]] = {}


def _loaded(module: str) -> Any:
    """Return the module ``django.<module>`` if something has imported it."""
    return sys.modules.get(f"django.{module}")


def _resets(*settings: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a function of the new value, called when one of ``settings`` changes."""

    def register(function: Callable[[Any], None]) -> Callable[[Any], None]:
        for name in settings:
            _RESETS.setdefault(name, []).append(function)
        return function

    return register


def _forget_caches(*paths: str) -> Callable[[Any], None]:
    """Return a reset that empties ``functools`` caches, given as ``module:function``."""

    def forget(value: Any) -> None:
        for path in paths:
            module, _, name = path.partition(":")
            function = getattr(_loaded(module), name, None)
            if function is not None and hasattr(function, "cache_clear"):
                function.cache_clear()

    return forget


def _drop(holder: Any, *names: str) -> None:
    """Drop values that a cached property keeps on ``holder``."""
    for name in names:
        getattr(holder, "__dict__", {}).pop(name, None)


@receiver(setting_changed)
def renew(*, setting: str, value: Any = None, enter: bool = False, **kwargs: Any) -> None:
    if enter and setting in COMPLEX_OVERRIDE_SETTINGS:
        # At the line that overrides it, however many of ours lie between.
        warn_about_external_use(
            f"Overriding setting {setting} can lead to unexpected behavior.",
            UserWarning,
            skip_name_prefixes=("django.", "contextlib."),
            internal_modules=(),
        )
    for reset in _RESETS.get(setting, ()):
        reset(value)


for _names, _paths in {
    ("INSTALLED_APPS",): (
        "contrib.staticfiles.finders:get_finder",
        "core.management:get_commands",
        "template.utils:get_app_template_dirs",
    ),
    ("PASSWORD_HASHERS",): (
        "contrib.auth.hashers:get_hashers",
        "contrib.auth.hashers:get_hashers_by_algorithm",
    ),
    ("AUTH_PASSWORD_VALIDATORS",): (
        "contrib.auth.password_validation:get_default_password_validators",
    ),
    ("FORM_RENDERER", "TEMPLATES", "DEBUG", "INSTALLED_APPS"): (
        "forms.renderers:get_default_renderer",
    ),
    ("STATICFILES_DIRS", "STATICFILES_FINDERS"): ("contrib.staticfiles.finders:get_finder",),
    ("TIME_ZONE", "USE_TZ"): ("utils.timezone:get_default_timezone",),
    ("LANGUAGES", "LANGUAGE_CODE", "LOCALE_PATHS", "INSTALLED_APPS"): (
        "utils.translation.trans_real:get_languages",
        "utils.translation.trans_real:get_supported_language_variant",
        "utils.translation.trans_real:check_for_language",
        "urls.base:is_language_prefix_patterns_used",
        "conf.urls.i18n:is_language_prefix_patterns_used",
    ),
}.items():
    _resets(*_names)(_forget_caches(*_paths))


@_resets("NUAGES")
def _trails(value: Any) -> None:
    if trails := _loaded("db.models.trails"):
        trails.bump()


@_resets("CACHES")
def _caches(value: Any) -> None:
    if cache := _loaded("core.cache"):
        cache.close_caches()
        _drop(cache.caches, "settings")
        cache.caches._settings = None
        cache.caches._connections = _fresh_local()


def _fresh_local() -> Any:
    from nuages.utils.concurrency import Local

    return Local()


@_resets("TIME_ZONE")
def _process_time_zone(value: Any) -> None:
    if hasattr(time, "tzset"):
        if value:
            os.environ["TZ"] = value
        else:
            os.environ.pop("TZ", None)
        time.tzset()
    if timezone := _loaded("utils.timezone"):
        timezone.get_default_timezone.cache_clear()


@_resets("TIME_ZONE", "USE_TZ")
def _connection_time_zones(value: Any) -> None:
    if db := _loaded("db"):
        for connection in db.connections.all(initialized_only=True):
            _drop(connection, "timezone", "timezone_name")
            connection.ensure_timezone()


@_resets("DATABASE_ROUTERS")
def _routers(value: Any) -> None:
    if db := _loaded("db"):
        db.router.routers = _routers_of_settings()


def _routers_of_settings() -> Any:
    from nuages.db.utils import ConnectionRouter

    return ConnectionRouter().routers


@_resets("TEMPLATES", "DEBUG", "INSTALLED_APPS")
def _engines(value: Any) -> None:
    if template := _loaded("template"):
        engines = getattr(template, "engines", None)
        if engines is not None:
            _drop(engines, "templates")
            engines._templates = None
            engines._engines = {}
        engine = getattr(template, "Engine", None)
        if engine is not None:
            engine.get_default.cache_clear()


@_resets("SERIALIZATION_MODULES")
def _serializers(value: Any) -> None:
    if serializers := _loaded("core.serializers"):
        serializers._serializers = {}


@_resets("LANGUAGES", "LANGUAGE_CODE", "LOCALE_PATHS", "INSTALLED_APPS")
def _catalogues(value: Any) -> None:
    if trans_real := _loaded("utils.translation.trans_real"):
        trans_real._translations = {}


@_resets("LANGUAGES", "LANGUAGE_CODE", "LOCALE_PATHS")
def _language(value: Any) -> None:
    if trans_real := _loaded("utils.translation.trans_real"):
        trans_real._default = None
        trans_real._active = _fresh_local()


@_resets(
    "USE_I18N",
    "LANGUAGE_CODE",
    "FORMAT_MODULE_PATH",
    "USE_THOUSAND_SEPARATOR",
    "THOUSAND_SEPARATOR",
    "NUMBER_GROUPING",
    "DECIMAL_SEPARATOR",
    "FIRST_DAY_OF_WEEK",
    "DATE_FORMAT",
    "DATETIME_FORMAT",
    "TIME_FORMAT",
    "SHORT_DATE_FORMAT",
    "SHORT_DATETIME_FORMAT",
    "YEAR_MONTH_FORMAT",
    "MONTH_DAY_FORMAT",
    "DATE_INPUT_FORMATS",
    "DATETIME_INPUT_FORMATS",
    "TIME_INPUT_FORMATS",
)
def _formats(value: Any) -> None:
    if formats := _loaded("utils.formats"):
        formats.reset_format_cache()


# Storages follow the settings of uploads themselves, and what a test has put into one stays there.
@_resets("STORAGES", "STATIC_ROOT", "STATIC_URL")
def _storages(value: Any) -> None:
    from nuages.utils.functional import empty

    if storage := _loaded("core.files.storage"):
        _drop(storage.storages, "backends")
        storage.storages._backends = None
        storage.storages._storages = {}
        storage.default_storage._wrapped = empty
    if staticfiles := _loaded("contrib.staticfiles.storage"):
        staticfiles.staticfiles_storage._wrapped = empty


@_resets("ROOT_URLCONF")
def _urls(value: Any) -> None:
    if urls := _loaded("urls"):
        urls.clear_url_caches()
        urls.set_urlconf(None)


@_resets("AUTH_USER_MODEL")
def _user_model(value: Any) -> None:
    """The modules that took the user model at import time get the one in force."""
    auth = _loaded("contrib.auth")
    if auth is None:
        return
    try:
        model = auth.get_user_model()
    except ImproperlyConfigured:
        # A test of a broken setting: there is no model to hand out.
        return
    for module in (
        "backends",
        "forms",
        "handlers.modwsgi",
        "management",
        "management.commands.changepassword",
        "management.commands.createsuperuser",
        "views",
    ):
        loaded = _loaded(f"contrib.auth.{module}")
        if hasattr(loaded, "UserModel"):
            loaded.UserModel = model


@_resets("LOGGING", "LOGGING_CONFIG")
def _logging(value: Any) -> None:
    from nuages.conf import settings
    from nuages.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@_resets("TASKS")
def _tasks(value: Any) -> None:
    if tasks := _loaded("tasks"):
        backends = tasks.task_backends
        _drop(backends, "settings")
        backends._settings = backends.settings = backends.configure_settings(None)
        backends._connections = _fresh_local()


@_resets("MAILERS", "EMAIL_BACKEND")
def _mailers(value: Any) -> None:
    if mail := _loaded("core.mail"):
        mailers = getattr(mail, "mailers", None)
        if mailers is not None:
            _drop(mailers, "settings")
            if hasattr(mailers, "_settings"):
                mailers._settings = None
            if hasattr(mailers, "_connections"):
                mailers._connections = _fresh_local()
