"""Formats of dates and numbers, as settings and the active language have them.

Manual: topics/i18n/formatting; ref/settings, `FORMAT_MODULE_PATH` and the settings it lists.
"""

import datetime
import decimal
import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from nuages.conf import settings
from nuages.utils import dateformat, numberformat
from nuages.utils.functional import lazy
from nuages.utils.translation import check_for_language, get_language, to_locale

# By (name, language); language is None where localization is off.
_format_cache: dict[tuple[str, str | None], Any] = {}
_format_modules_cache: dict[str, list[ModuleType]] = {}

ISO_INPUT_FORMATS = {
    "DATE_INPUT_FORMATS": ["%Y-%m-%d"],
    "TIME_INPUT_FORMATS": ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"],
    "DATETIME_INPUT_FORMATS": [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d",
    ],
}

FORMAT_SETTINGS = frozenset(
    [
        "DECIMAL_SEPARATOR",
        "THOUSAND_SEPARATOR",
        "NUMBER_GROUPING",
        "FIRST_DAY_OF_WEEK",
        "MONTH_DAY_FORMAT",
        "TIME_FORMAT",
        "DATE_FORMAT",
        "DATETIME_FORMAT",
        "SHORT_DATE_FORMAT",
        "SHORT_DATETIME_FORMAT",
        "YEAR_MONTH_FORMAT",
        "DATE_INPUT_FORMATS",
        "TIME_INPUT_FORMATS",
        "DATETIME_INPUT_FORMATS",
    ]
)


def reset_format_cache() -> None:
    """Forget all formats, after a change of settings."""
    _format_cache.clear()
    _format_modules_cache.clear()


def iter_format_modules(
    lang: str, format_module_path: str | Sequence[str] | None = None
) -> Iterator[ModuleType]:
    """Yield the modules with formats for ``lang``, strongest first.

    Those below ``format_module_path`` come before the framework's, a territory's before its
    language's.
    """
    if not check_for_language(lang):
        return
    if format_module_path is None:
        packages = []
    elif isinstance(format_module_path, str):
        packages = [format_module_path]
    else:
        packages = list(format_module_path)
    packages.append("nuages.conf.locale")
    locale = to_locale(lang)
    names = dict.fromkeys((locale, locale.split("_")[0]))
    for package in packages:
        for name in names:
            try:
                yield import_module(f"{package}.{name}.formats")
            except ImportError:
                continue


def get_format_modules(lang: str | None = None) -> list[ModuleType]:
    """Return the modules with formats for ``lang`` (default: the active language)."""
    language = lang or get_language()
    if language is None:
        return []
    if language not in _format_modules_cache:
        _format_modules_cache[language] = list(
            iter_format_modules(language, settings.FORMAT_MODULE_PATH)
        )
    return _format_modules_cache[language]


def get_format(format_type: Any, lang: str | None = None, use_l10n: bool | None = None) -> Any:
    """Return a format by its setting's name, for ``lang`` or the active language.

    Without ``use_l10n`` (where it is given) or an active language it is the setting's own
    value. A name that is no format is given back.
    """
    name = str(format_type)
    localized = settings.USE_I18N if use_l10n is None else use_l10n
    language = (lang or get_language()) if localized else None
    key = (name, language)
    try:
        return _format_cache[key]
    except KeyError:
        pass
    value = _find_format(name, language)
    _format_cache[key] = value
    return value


def _find_format(name: str, language: str | None) -> Any:
    value = None
    if language is not None:
        for module in get_format_modules(language):
            value = getattr(module, name, None)
            if value is not None:
                break
    if value is None:
        if name not in FORMAT_SETTINGS:
            return name
        value = getattr(settings, name)
    elif name in ISO_INPUT_FORMATS:
        # ISO 8601 is understood in every language.
        value = [*value, *(iso for iso in ISO_INPUT_FORMATS[name] if iso not in value)]
    return value


get_format_lazy = lazy(get_format, str, list, tuple)


def time_format(value: Any, format: Any = None, use_l10n: bool | None = None) -> str:
    """Return a time in a format: the name of one, or letters; `TIME_FORMAT` by default."""
    letters = get_format(format or "TIME_FORMAT", use_l10n=use_l10n)
    return dateformat.time_format(value, letters)


def date_format(value: Any, format: Any = None, use_l10n: bool | None = None) -> str:
    """Return a date or datetime in a format: the name of one, or letters; `DATE_FORMAT`."""
    letters = get_format(format or "DATE_FORMAT", use_l10n=use_l10n)
    return dateformat.format(value, letters)


def number_format(
    value: Any,
    decimal_pos: int | None = None,
    use_l10n: bool | None = None,
    force_grouping: bool = False,
) -> str:
    """Return a number with the separators and the grouping of the active language."""
    localized = settings.USE_I18N if use_l10n is None else use_l10n
    language = get_language() if localized else None
    separator, grouping, thousands = (
        get_format(name, language, use_l10n=use_l10n)
        for name in ("DECIMAL_SEPARATOR", "NUMBER_GROUPING", "THOUSAND_SEPARATOR")
    )
    return numberformat.format(
        value,
        separator,
        decimal_pos,
        grouping,
        thousands,
        force_grouping=force_grouping,
        use_l10n=use_l10n,
    )


def localize(value: Any, use_l10n: bool | None = None) -> Any:
    """Return numbers, dates and times as text in the active language, other values as they are."""
    match value:
        case str():
            return value
        case bool():
            return str(value)
        case decimal.Decimal() | float() | int():
            if use_l10n is False:
                return str(value)
            return number_format(value, use_l10n=use_l10n)
        case datetime.datetime():
            return date_format(value, "DATETIME_FORMAT", use_l10n=use_l10n)
        case datetime.date():
            return date_format(value, use_l10n=use_l10n)
        case datetime.time():
            return time_format(value, use_l10n=use_l10n)
    return value


_INPUT_TYPES = (
    (datetime.datetime, "DATETIME_INPUT_FORMATS"),
    (datetime.date, "DATE_INPUT_FORMATS"),
    (datetime.time, "TIME_INPUT_FORMATS"),
)


def localize_input(value: Any, default: str | None = None) -> Any:
    """Return a value as a form field shows it, so that the field can read it back.

    ``default`` is the ``strftime()`` format for dates and times, the first input format of the
    active language unless given.
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, decimal.Decimal | float | int):
        return number_format(value)
    for type_, name in _INPUT_TYPES:
        if isinstance(value, type_):
            return value.strftime(sanitize_strftime_format(default or get_format(name)[0]))
    return value


@functools.lru_cache
def _platform_pads_years() -> bool:
    return datetime.date(1, 1, 1).strftime("%Y") == "0001"


_year_directive = re.compile(r"(%%)|%(?:0?(C)|(F)|(G)|(Y))")


def sanitize_strftime_format(fmt: str) -> str:
    """Return ``fmt`` so that years before 1000 get four digits on every platform."""
    if _platform_pads_years():
        return fmt

    def padded(found: re.Match[str]) -> str:
        if found[1]:
            return found[0]
        # glibc pads only when told the width.
        if found[3]:
            return "%04Y-%m-%d"
        return f"%0{2 if found[2] else 4}{found[2] or found[4] or found[5]}"

    return _year_directive.sub(padded, fmt)


def sanitize_separators(value: Any) -> Any:
    """Return a number that a user wrote in the active language's way, as ``float()`` reads it.

    Values that are not text are given back.
    """
    if not isinstance(value, str):
        return value
    decimal_separator = get_format("DECIMAL_SEPARATOR")
    whole, decimals = value, None
    if decimal_separator in value:
        whole, decimals = value.split(decimal_separator, 1)
    if settings.USE_THOUSAND_SEPARATOR:
        thousands = get_format("THOUSAND_SEPARATOR")
        # One dot, and not three digits behind it: a decimal point in a language in which
        # it separates thousands.
        dotted = thousands == "." and whole.count(".") == 1 and len(whole.split(".")[-1]) != 3
        if not dotted:
            # Users type an ordinary space for a no-break space.
            for separator in {thousands, unicodedata.normalize("NFKD", thousands)}:
                whole = whole.replace(separator, "")
    return whole if decimals is None else f"{whole}.{decimals}"
