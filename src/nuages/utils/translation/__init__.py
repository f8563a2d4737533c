"""Translations, as far as projects see them.

The work is done by `trans_real`, or by `trans_null` where `USE_I18N` is off.
Manual: ref/utils, "django.utils.translation"; topics/i18n/translation.
"""

import functools
import math
import sys
from collections.abc import Callable
from contextlib import ContextDecorator
from types import ModuleType, TracebackType
from typing import Any

from nuages.utils.functional import Promise, lazy

__all__ = [
    "TranslatorCommentWarning",
    "activate",
    "check_for_language",
    "deactivate",
    "deactivate_all",
    "get_language",
    "get_language_bidi",
    "get_language_from_path",
    "get_language_from_request",
    "get_language_info",
    "get_supported_language_variant",
    "gettext",
    "gettext_lazy",
    "gettext_noop",
    "ngettext",
    "ngettext_lazy",
    "npgettext",
    "npgettext_lazy",
    "override",
    "pgettext",
    "pgettext_lazy",
    "round_away_from_one",
    "templatize",
    "to_language",
    "to_locale",
]


class TranslatorCommentWarning(SyntaxWarning):
    """A comment for translators stands where it belongs to no message."""


class Trans:
    """Gives the functions of `trans_real` or `trans_null`, whichever the settings ask for.

    The choice is made at the first use, since translations are imported before settings.
    """

    def __getattr__(self, name: str) -> Any:
        from nuages.conf import settings

        chosen: ModuleType
        if settings.USE_I18N:
            from nuages.utils.translation import trans_real

            chosen = trans_real
            # The autoreloader is only there in a development server, which imports it first.
            if "django.utils.autoreload" in sys.modules:
                from nuages.utils.translation import reloader

                reloader.connect()
        else:
            from nuages.utils.translation import trans_null

            chosen = trans_null
        function = getattr(chosen, name)
        setattr(self, name, function)
        return function

    def reset(self) -> None:
        """Choose anew at the next use."""
        self.__dict__.clear()


_trans = Trans()


def gettext_noop(message: str) -> str:
    """Return ``message`` as it is; marks it for extraction."""
    return message


def _chosen[F: Callable[..., Any]](signature: F) -> F:
    """Make a function that is called by `trans_real` or `trans_null`, of the same name."""
    name = signature.__name__

    @functools.wraps(signature)
    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(_trans, name)(*args, **kwargs)

    return call  # type: ignore[return-value]


@_chosen
def npgettext(context: str, singular: str, plural: str, number: float) -> str:  # type: ignore[empty-body]
    """Return the form for ``number`` of a message, in the sense that ``context`` names."""


@_chosen
def pgettext(context: str, message: str) -> str:  # type: ignore[empty-body]
    """Return ``message``, in the sense that ``context`` names, in the active language."""


@_chosen
def ngettext(singular: str, plural: str, number: float) -> str:  # type: ignore[empty-body]
    """Return the form for ``number`` of a message, in the active language."""


def gettext(message: str) -> str:
    """Return ``message`` in the active language."""
    # The one that is called all the time goes straight there.
    return _trans.gettext(message)


pgettext_lazy = lazy(pgettext, str)
gettext_lazy = lazy(gettext, str)


class LazyPlural(Promise):
    """A lazy message whose number comes with the arguments that it is formatted with."""

    def __init__(
        self, function: Callable[..., str], key: str | None, kwargs: dict[str, Any]
    ) -> None:
        self._function = function
        self._key = key
        self._kwargs = kwargs

    def __reduce__(self) -> tuple[Any, ...]:
        return LazyPlural, (self._function, self._key, self._kwargs)

    def __bool__(self) -> bool:
        return bool(self._kwargs["singular"])

    def __repr__(self) -> str:
        return f"<LazyPlural: {self._kwargs['singular']!r}>"

    def _translated(self, number: Any) -> str:
        return self._function(**self._kwargs, number=number)

    def _number(self, arguments: dict[str, Any]) -> Any:
        try:
            return arguments[self._key]  # type: ignore[index]
        except KeyError:
            raise KeyError(
                f"Your dictionary lacks key '{self._key}'. Please provide it, because it is "
                "required to determine whether string is singular or plural."
            ) from None

    def __mod__(self, rhs: Any) -> str:
        number = self._number(rhs) if isinstance(rhs, dict) and self._key else rhs
        message = self._translated(number)
        try:
            return message % rhs
        except TypeError as error:
            # A form such as "one day" need not show its number.
            if "not all arguments converted" in str(error):
                return message
            raise

    def format(self, *args: Any, **kwargs: Any) -> str:
        """Return the form for the number among the arguments, formatted with them."""
        number = self._number(kwargs) if kwargs and self._key else args[0]
        return self._translated(number).format(*args, **kwargs)


def _lazy_plural(function: Callable[..., str], number: Any, **kwargs: Any) -> Any:
    if isinstance(number, int):
        return lazy(function, str)(**kwargs, number=number)
    return LazyPlural(function, number, kwargs)


def ngettext_lazy(singular: str, plural: str, number: int | str | None = None) -> Any:
    """Like `ngettext()`, evaluated when shown.

    ``number`` may be the number, or the key of the number among the values that the result
    will be formatted with; without it, the only such value is the number.
    """
    return _lazy_plural(ngettext, number, singular=singular, plural=plural)


def npgettext_lazy(
    context: str, singular: str, plural: str, number: int | str | None = None
) -> Any:
    """Like `npgettext()`, evaluated when shown; ``number`` as for `ngettext_lazy()`."""
    return _lazy_plural(npgettext, number, context=context, singular=singular, plural=plural)


@_chosen
def deactivate_all() -> None:
    """Show all messages untranslated."""


@_chosen
def deactivate() -> None:
    """Go back to the default language."""


@_chosen
def activate(language: str) -> None:
    """Make ``language`` the active one for this thread or task."""


class override(ContextDecorator):
    """Make a language active for a block or a function; ``None`` means no translation.

    Afterwards the previous language is active again, or with ``deactivate`` the default one.
    """

    def __init__(self, language: str | None, deactivate: bool = False) -> None:
        self.deactivate, self.language = deactivate, language

    def __enter__(self) -> None:
        # A decorator enters many times: what was active is known now, not before.
        self.old_language = get_language()
        self._set(self.language)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.deactivate and self.old_language is not None:
            deactivate()
        else:
            self._set(self.old_language)

    @staticmethod
    def _set(language: str | None) -> None:
        if language is None:
            deactivate_all()
        else:
            activate(language)


@_chosen
def check_for_language(lang_code: str | None) -> bool:  # type: ignore[empty-body]
    """Say whether there are translations for a language code."""


@_chosen
def get_language_bidi() -> bool:  # type: ignore[empty-body]
    """Say whether the active language is written from right to left."""


@_chosen
def get_language() -> str | None:
    """Return the code of the active language; ``None`` while nothing is translated."""


def to_language(locale: str) -> str:
    """Return the language code (``en-us``) of a locale name (``en_US``)."""
    return locale.lower().replace("_", "-", 1)


def to_locale(language: str) -> str:
    """Return the locale name (``en_US``) of a language code (``en-us``)."""
    main, *rest = language.lower().split("-", 2)
    if not rest:
        return language[:3].lower() + language[3:]
    # A script has four letters and is capitalized, a territory two and is in upper case.
    rest[0] = rest[0].title() if len(rest[0]) > 2 else rest[0].upper()
    return f"{main}_{'-'.join(rest)}"


@_chosen
def get_supported_language_variant(lang_code: str, *, strict: bool = False) -> str:  # type: ignore[empty-body]
    """Return the entry of `LANGUAGES` that serves ``lang_code`` best.

    With ``strict`` no other variant of the language will do. Raises ``LookupError``.
    """


@_chosen
def get_language_from_path(path: str) -> str | None:
    """Return the language that the first segment of ``path`` names, if any."""


@_chosen
def get_language_from_request(request: Any, check_path: bool = False) -> str:  # type: ignore[empty-body]
    """Return the language that a request asks for, by path, cookie or header."""


def trim_whitespace(s: str) -> str:
    """Join the lines of a text, without the white space around them."""
    return " ".join(filter(None, map(str.strip, s.split("\n"))))


def templatize(src: str, **kwargs: Any) -> str:
    """Return template source turned into something that ``xgettext`` can read."""
    from nuages.utils.translation import template

    return template.templatize(src, **kwargs)


def get_language_info(lang_code: str) -> dict[str, Any]:
    """Return the code, names and direction of a language.

    Raises ``KeyError`` for an unknown one.
    """
    from nuages.conf.locale import LANG_INFO

    info = LANG_INFO.get(lang_code)
    if info and "fallback" in info and "name" not in info:
        return get_language_info(info["fallback"][0])
    if info is None:
        generic = lang_code.split("-")[0]
        info = LANG_INFO.get(generic)
        if info is None:
            tried = lang_code if generic == lang_code else f"{lang_code} and {generic}"
            raise KeyError(f"Unknown language code {tried}.")
    return {**info, "name_translated": gettext_lazy(info["name"])}


def round_away_from_one(value: float) -> int:
    """Round up from one upwards and down below it, as plural rules need fractions."""
    return math.ceil(value) if value >= 1 else math.floor(value)
