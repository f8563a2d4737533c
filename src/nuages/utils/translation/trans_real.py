"""The functions behind `django.utils.translation` where `USE_I18N` is on.

How a language is chosen: topics/i18n/translation, "How Django discovers language preference".
Where translations come from: "How Django discovers translations", in the same place.
"""

import functools
import gettext as gettext_module
import os
import re
from typing import Any

import nuages.conf
from nuages.apps import apps
from nuages.conf import settings
from nuages.conf.locale import LANG_INFO
from nuages.core.exceptions import AppRegistryNotReady
from nuages.core.signals import setting_changed
from nuages.dispatch import receiver
from nuages.utils.concurrency import Local, peek
from nuages.utils.safestring import SafeData, mark_safe
from nuages.utils.translation import to_language, to_locale
from nuages.utils.translation.catalogs import Catalog, mo_files, read_mo

# By language code. Replaced as a whole by those who want translations to be read again.
_translations: dict[str, "DjangoTranslation"] = {}
# A reload puts asgiref's own class in its place.
_active: Any = Local()
_default: Any = None

# Between the context and the message in a key, as GNU gettext has it.
CONTEXT_SEPARATOR = "\x04"

# Bounds on what a client may make us look up and remember.
LANGUAGE_CODE_MAX_LENGTH = 500
ACCEPT_LANGUAGE_HEADER_MAX_LENGTH = 500

language_code_re = re.compile(
    r"[a-z]{1,8}(?:-[a-z0-9]{1,8})*(?:@[a-z0-9]{1,20})?", re.IGNORECASE | re.ASCII
)
language_code_prefix_re = re.compile(r"/(\w+(?:[@-]\w+){0,2})(?=/|\Z)")
accept_language_item_re = re.compile(
    r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)"
    r"(?:\s*;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?",
    re.IGNORECASE | re.ASCII,
)


@receiver(setting_changed)
def reset_cache(*, setting: str, **kwargs: Any) -> None:
    """Forget what was derived from a setting that a test changes."""
    if setting in {"LANGUAGES", "LANGUAGE_CODE"}:
        translation_catalog_exists.cache_clear()
        get_languages.cache_clear()
        _get_supported_language_variant.cache_clear()
    elif setting == "USE_I18N":
        from nuages.utils.translation import _trans

        _trans.reset()


class DjangoTranslation(Catalog):
    """The catalogue of one language, from all places where translations are kept.

    Places, weakest first: the framework, installed applications (the first one listed is the
    strongest), the project's `LOCALE_PATHS` (likewise). With ``localedirs`` only those.
    """

    domain = "django"

    def __init__(
        self, language: str, domain: str | None = None, localedirs: list[str] | None = None
    ) -> None:
        super().__init__()
        self.domain = domain or self.domain
        self.__language = language
        self.__to_language = to_language(language)
        locale = to_locale(language)
        places = self._places() if localedirs is None else localedirs
        found = [mo_files(self.domain, place, locale) for place in places]
        # The generic language of every place first: a territory's own words beat it anywhere.
        own = f"{os.sep}{locale}{os.sep}"
        for specific in (False, True):
            for path in (p for files in found for p in files if (own in p) == specific):
                self.merge(read_mo(path))
        if language == settings.LANGUAGE_CODE or language.startswith("en"):
            return
        if self.domain == "django":
            self.add_fallback(translation(settings.LANGUAGE_CODE))
        else:
            self.add_fallback(DjangoTranslation(settings.LANGUAGE_CODE, self.domain, localedirs))

    def __repr__(self) -> str:
        return f"<DjangoTranslation lang:{self.__language}>"

    def _places(self) -> list[str]:
        framework = framework_locale_dir()
        try:
            app_configs = reversed(list(apps.get_app_configs()))
        except AppRegistryNotReady:
            raise AppRegistryNotReady(
                "The translation infrastructure cannot be initialized before the apps registry "
                "is ready. Check that you don't make non-lazy gettext calls at import time."
            ) from None
        installed = [
            os.path.join(config.path, "locale")
            for config in app_configs
            if os.path.exists(os.path.join(config.path, "locale"))
        ]
        if self.domain == "django" and not mo_files(self.domain, framework, "en"):
            raise OSError(
                f"No translation files found for default language {settings.LANGUAGE_CODE}."
            )
        return [framework, *installed, *map(str, reversed(settings.LOCALE_PATHS))]

    def language(self) -> str:
        """Return the language code that this catalogue was made for."""
        return self.__language

    def to_language(self) -> str:
        """Return the language code in lower case with hyphens."""
        return self.__to_language


def framework_locale_dir() -> str:
    """Return the directory of the framework's own translations."""
    return os.path.join(os.path.dirname(nuages.conf.__file__), "locale")


def translation(language: str) -> DjangoTranslation:
    """Return the catalogue of ``language``, read at the first call."""
    # The module's name each time: tests and the autoreloader replace the dictionary.
    known = _translations.get(language)
    if known is None:
        known = _translations.setdefault(language, DjangoTranslation(language))
    return known


def activate(language: str | None) -> None:
    """Make the catalogue of ``language`` the active one for this thread or task."""
    if language:
        _active.value = translation(language)


def deactivate() -> None:
    """Go back to the default language."""
    _active.value = None


def _no_language(*args: Any) -> None:
    return None


def deactivate_all() -> None:
    """Show messages as they are until another language is activated."""
    untranslated = gettext_module.NullTranslations()
    untranslated.to_language = _no_language  # type: ignore[attr-defined]
    _active.value = untranslated


def get_language() -> str | None:
    """Return the code of the active language; ``None`` while nothing is translated."""
    active = peek(_active, "value")
    if active is None:
        return settings.LANGUAGE_CODE
    try:
        return active.to_language()
    except AttributeError:
        return settings.LANGUAGE_CODE


def get_language_bidi() -> bool:
    """Say whether the active language is written from right to left."""
    language = get_language()
    return language is not None and language.split("-")[0] in settings.LANGUAGES_BIDI


def catalog() -> Any:
    """Return the active catalogue, or the default one, for those who use its ``_catalog``."""
    global _default

    active = peek(_active, "value")
    if active is not None:
        return active
    if _default is None:
        _default = translation(settings.LANGUAGE_CODE)
    return _default


def gettext(message: str) -> str:
    """Return ``message`` in the active language; safe HTML stays safe."""
    text = message.replace("\r\n", "\n").replace("\r", "\n") if "\r" in message else message
    # The empty message is the key of a catalogue's header.
    result = catalog().gettext(text) if text else type(message)("")
    return mark_safe(result) if isinstance(message, SafeData) else result


def pgettext(context: str, message: str) -> str:
    """Return ``message`` in the sense that ``context`` names, in the active language."""
    result = gettext(f"{context}{CONTEXT_SEPARATOR}{message}")
    if CONTEXT_SEPARATOR in result:
        result = message
    return mark_safe(result) if isinstance(message, SafeData) else result


def gettext_noop(message: str) -> str:
    """Return ``message`` as it is; marks it for extraction."""
    return message


def ngettext(singular: str, plural: str, number: float) -> str:
    """Return the form for ``number`` of a message, in the active language."""
    return catalog().ngettext(singular, plural, number)


def npgettext(context: str, singular: str, plural: str, number: float) -> str:
    """Return the form for ``number``, in the sense that ``context`` names."""
    prefix = f"{context}{CONTEXT_SEPARATOR}"
    result = ngettext(prefix + singular, prefix + plural, number)
    if CONTEXT_SEPARATOR in result:
        return ngettext(singular, plural, number)
    return result


def all_locale_paths() -> list[str]:
    """Return every directory with translations: framework, project, applications."""
    installed = (os.path.join(config.path, "locale") for config in apps.get_app_configs())
    return [
        framework_locale_dir(),
        *settings.LOCALE_PATHS,
        *(path for path in installed if os.path.exists(path)),
    ]


@functools.lru_cache(maxsize=1000)
def translation_catalog_exists(lang_code: str) -> bool:
    """Say whether there are translation files for a language code."""
    if not language_code_re.fullmatch(lang_code):
        return False
    locale = to_locale(lang_code)
    return any(gettext_module.find("django", path, [locale]) for path in all_locale_paths())


def check_for_language(lang_code: str | None) -> bool:
    """Say whether there are translations for a language code of reasonable length."""
    if lang_code is None or len(lang_code) > LANGUAGE_CODE_MAX_LENGTH:
        return False
    return translation_catalog_exists(lang_code)


@functools.lru_cache
def get_languages() -> dict[str, Any]:
    """Return `LANGUAGES` as a dictionary from code to name."""
    return dict(settings.LANGUAGES)


def get_supported_language_variant(lang_code: str, strict: bool = False) -> str:
    """Return the entry of `LANGUAGES` that serves ``lang_code`` best.

    With ``strict`` no other variant of the language will do. Raises ``LookupError``.
    """
    if lang_code:
        if len(lang_code) > LANGUAGE_CODE_MAX_LENGTH:
            # Cut where a subtag ends, and before it can become a key of the cache.
            cut = lang_code.rfind("-", 0, LANGUAGE_CODE_MAX_LENGTH)
            if strict or cut <= 0:
                raise LookupError(lang_code)
            lang_code = lang_code[:cut]
        return _get_supported_language_variant(lang_code, strict)
    raise LookupError(lang_code)


def _candidates(lang_code: str) -> list[str]:
    """Return the codes that can stand for ``lang_code``, closest first."""
    parts = lang_code.split("-")
    prefixes = ["-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
    return [lang_code, *LANG_INFO.get(lang_code.lower(), {}).get("fallback", ()), *prefixes]


@functools.lru_cache(maxsize=1000)
def _get_supported_language_variant(lang_code: str, strict: bool) -> str:
    supported = {code.lower() for code in get_languages()}
    for code in _candidates(lang_code):
        if code.lower() in supported and check_for_language(code):
            return code
    if not strict:
        generic = lang_code.split("-")[0].lower()
        for code in get_languages():
            if code.lower().startswith(f"{generic}-"):
                return code.lower()
    raise LookupError(lang_code)


def get_language_from_path(path: str, strict: bool = False) -> str | None:
    """Return the language that the first segment of ``path`` names, if any.

    With ``strict`` no other variant of the language stands in for it.
    """
    prefix = language_code_prefix_re.match(path)
    if prefix is None:
        return None
    try:
        return get_supported_language_variant(prefix[1], strict=strict)
    except LookupError:
        return None


def get_language_from_request(request: Any, check_path: bool = False) -> str:
    """Return the language that a request asks for.

    It may do so by the path (with ``check_path``), by the cookie `LANGUAGE_COOKIE_NAME` or
    by its ``Accept-Language`` header; otherwise it gets the default language.
    """
    if check_path and (language := get_language_from_path(request.path_info)):
        return language
    wanted = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)]
    if wanted[0] in get_languages() and check_for_language(wanted[0]):
        return wanted[0]
    for code, _ in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "")):
        if code == "*":
            break
        if language_code_re.fullmatch(code):
            wanted.append(code)
    for code in (*wanted, settings.LANGUAGE_CODE):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            pass
    return settings.LANGUAGE_CODE


@functools.lru_cache(maxsize=1000)
def _parse_accept_lang_header(lang_string: str) -> tuple[tuple[str, float], ...]:
    items = []
    for part in lang_string.lower().removesuffix(",").split(","):
        found = accept_language_item_re.fullmatch(part.strip())
        if found is None:
            return ()
        language, quality = found.groups()
        items.append((language, float(quality) if quality else 1.0))
    return tuple(sorted(items, key=lambda item: -item[1]))


def parse_accept_lang_header(lang_string: str) -> tuple[tuple[str, float], ...]:
    """Return (language, quality) pairs of an ``Accept-Language`` header, best first.

    A malformed header gives nothing; of an overlong one the first part counts.
    """
    if len(lang_string) > ACCEPT_LANGUAGE_HEADER_MAX_LENGTH:
        # A header without a comma there holds one endless language.
        cut = lang_string.rfind(",", 0, ACCEPT_LANGUAGE_HEADER_MAX_LENGTH)
        if cut <= 0:
            return ()
        lang_string = lang_string[:cut]
    return _parse_accept_lang_header(lang_string)
