"""The functions behind `django.utils.translation` where `USE_I18N` is off."""

from typing import Any

from nuages.conf import settings


def gettext(message: str) -> str:
    """Return ``message``."""
    return message


gettext_noop = gettext_lazy = _ = gettext


def ngettext(singular: str, plural: str, number: float) -> str:
    """Return ``singular`` for one, else ``plural``."""
    return singular if number == 1 else plural


ngettext_lazy = ngettext


def pgettext(context: str, message: str) -> str:
    """Return ``message``."""
    return message


def npgettext(context: str, singular: str, plural: str, number: float) -> str:
    """Return ``singular`` for one, else ``plural``."""
    return ngettext(singular, plural, number)


def activate(language: str | None) -> None:
    """Do nothing: there is one language."""


def deactivate() -> None:
    """Do nothing: there is one language."""


deactivate_all = deactivate


def get_language() -> str:
    """Return `LANGUAGE_CODE`."""
    return settings.LANGUAGE_CODE


def get_language_bidi() -> bool:
    """Say whether `LANGUAGE_CODE` is written from right to left."""
    return settings.LANGUAGE_CODE in settings.LANGUAGES_BIDI


def check_for_language(lang_code: str | None) -> bool:
    """Return ``True``: no language needs translations."""
    return True


def get_language_from_request(request: Any, check_path: bool = False) -> str:
    """Return `LANGUAGE_CODE`."""
    return settings.LANGUAGE_CODE


def get_language_from_path(path: str) -> None:
    """Return ``None``: paths name no languages."""
    return None


def get_supported_language_variant(lang_code: str, strict: bool = False) -> str:
    """Return ``lang_code`` if it is `LANGUAGE_CODE`, in any case; else raise ``LookupError``."""
    if lang_code.lower() != settings.LANGUAGE_CODE.lower():
        raise LookupError(lang_code)
    return lang_code
