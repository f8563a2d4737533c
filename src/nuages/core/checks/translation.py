"""Checks of the language settings."""

from __future__ import annotations

from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, register

_INVALID = "You have provided an invalid {} setting: {{!r}}."
E001 = Error(_INVALID.format("value for the LANGUAGE_CODE"), id="translation.E001")
E002 = Error(_INVALID.format("language code in the LANGUAGES"), id="translation.E002")
E003 = Error(_INVALID.format("language code in the LANGUAGES_BIDI"), id="translation.E003")
E004 = Error(
    "You have provided a value for the LANGUAGE_CODE setting that is not in the LANGUAGES setting.",
    id="translation.E004",
)


def _is_language_tag(tag: Any) -> bool:
    from nuages.utils.translation.trans_real import language_code_re

    return isinstance(tag, str) and language_code_re.fullmatch(tag) is not None


def _invalid(error: Error, tags: Any) -> list[Error]:
    return [Error(error.msg.format(tag), id=error.id) for tag in tags if not _is_language_tag(tag)]


@register(Tags.translation)
def check_setting_language_code(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find a ``LANGUAGE_CODE`` that is no language tag."""
    return _invalid(E001, [settings.LANGUAGE_CODE])


@register(Tags.translation)
def check_setting_languages(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find entries of ``LANGUAGES`` that are no language tags."""
    return _invalid(E002, [tag for tag, _ in settings.LANGUAGES])


@register(Tags.translation)
def check_setting_languages_bidi(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find entries of ``LANGUAGES_BIDI`` that are no language tags."""
    return _invalid(E003, settings.LANGUAGES_BIDI)


@register(Tags.translation)
def check_language_settings_consistent(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find a ``LANGUAGE_CODE`` that no language of the site covers."""
    from nuages.utils.translation import get_supported_language_variant

    try:
        get_supported_language_variant(settings.LANGUAGE_CODE)
    except LookupError:
        return [E004]
    return []
