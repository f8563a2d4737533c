"""What CLDR, read by Babel, has for message files: names of days, months, languages, and units."""

from collections.abc import Iterator, Mapping
from functools import cache
from gettext import c2py
from typing import Any

from babel import Locale, UnknownLocaleError, localedata
from babel.messages.plurals import get_plural

from nuages.conf import global_settings
from nuages.conf.locale import LANG_INFO
from nuages.utils.translation._pofile import Key

#: Messages by context and text: a translation, or one for each plural form.
type Names = dict[Key, tuple[str, ...]]

# Where CLDR has another name for a language.
ALIASES = {"io": None, "udm": None, "sr-latn": "sr_Latn"}

# Months stand alone in the catalogue of these, whatever they look like inside a date.
ALONE = {"ca"}
CAPITALIZED = {"ru"}

WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December".split()
)
AP_MONTHS = "Jan. Feb. March April May June July Aug. Sept. Oct. Nov. Dec.".split()
UNITS = ("year", "month", "week", "day", "hour", "minute")
SIZES = {
    "KB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "PB": "petabyte",
}
PERIODS = {
    "AM": "am",
    "PM": "pm",
    "a.m.": "am",
    "p.m.": "pm",
    "midnight": "midnight",
    "noon": "noon",
}


def cldr(code: str) -> Locale | None:
    """Return what CLDR has for a language code."""
    name = ALIASES.get(code, code)
    # Babel follows aliases of one language into data that the next one shares.
    localedata._cache.clear()
    try:
        return None if name is None else Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def plural_rule(code: str) -> Any:
    """Return gettext's rule for a language, or ``None`` where CLDR does not know it."""
    locale = cldr(code)
    if locale is None:
        return None
    # Babel's table may not know that there is one form only.
    return get_plural("ja" if not locale.plural_form.tags else str(locale))


def _plural_tags(code: str, locale: Locale) -> list[str]:
    """Return CLDR's name for each plural form of gettext."""
    rule = plural_rule(code)
    form_of = c2py(rule.plural_expr)
    tags = ["other"] * rule.num_plurals
    for number in range(1000, -1, -1):
        tags[form_of(number)] = locale.plural_form(number)
    return tags


@cache
def names(code: str) -> Names:
    """Return what messages are called in a language, as far as CLDR knows."""
    locale = cldr(code)
    if locale is None or code.startswith("en"):
        return {}
    found = dict(_dates(code, locale))
    found.update(_units(locale, _plural_tags(code, locale)))
    found.update(_lists(locale))
    periods = _fuller(locale.day_periods.get("format", {}), "abbreviated", "wide")
    for message, period in PERIODS.items():
        if period in periods:
            found[None, message] = (periods[period].replace("\xa0", " "),)
    for other, english in (
        *((each, info["name"]) for each, info in LANG_INFO.items() if "name" in info),
        *global_settings.LANGUAGES,
    ):
        if name := _language(other, locale):
            found[None, english] = (name,)
    return found


def _fuller(widths: Mapping[str, Mapping[str, str]], short: str, long: str) -> dict[str, str]:
    """Return texts in their long form; CLDR has it only where it differs from the short one."""
    return {**widths.get(short, {}), **widths.get(long, {})}


def _dates(code: str, locale: Locale) -> Iterator[tuple[Key, tuple[str, ...]]]:
    days, months = locale.days, locale.months
    for index, name in enumerate(WEEKDAYS):
        yield (None, name), (days["stand-alone"]["wide"][index],)
        yield (None, name[:3]), (days["stand-alone"]["abbreviated"][index],)
        yield (f"one letter {name}", name[0]), (days["stand-alone"]["narrow"][index],)
    for index, name in enumerate(MONTHS):
        alone = months["stand-alone"]["wide"][index + 1]
        alone = alone.capitalize() if code in CAPITALIZED else alone
        inside = alone if code in ALONE else months["format"]["wide"][index + 1]
        short = months["format"]["abbreviated"][index + 1]
        yield (None, name), (alone,)
        yield ("alt. month", name), (inside,)
        yield ("abbrev. month", AP_MONTHS[index]), (short,)
        yield (None, name[:3].lower()), (short.rstrip(".").lower(),)


def _units(locale: Locale, tags: list[str]) -> Iterator[tuple[Key, tuple[str, ...]]]:
    units = locale._data["unit_patterns"]
    counted = [(f"%(num)d {unit}", f"duration-{unit}", "%(num)d") for unit in UNITS]
    for message, unit, number in (*counted, ("%(size)d byte", "digital-byte", "%(size)d")):
        widths = units.get(unit, {})
        patterns = widths.get("long", {})
        if "other" not in patterns:
            patterns = widths.get("short", {})
        if "other" in patterns:
            forms = (patterns.get(tag, patterns["other"]).replace("{0}", number) for tag in tags)
            yield (None, message), tuple(form.replace("\xa0", " ") for form in forms)
    for short, unit in SIZES.items():
        patterns = units.get(f"digital-{unit}", {}).get("short", {})
        if "other" in patterns:
            text = patterns["other"].replace("{0}", "%s").replace("\xa0", " ")
            yield (None, f"%s {short}"), (text,)


def _lists(locale: Locale) -> Iterator[tuple[Key, tuple[str, ...]]]:
    alternatives = locale.list_patterns.get("or", {})
    if "2" in alternatives:
        yield (None, "or"), (alternatives["2"].replace("{0}", "").replace("{1}", "").strip(),)
    if "start" in locale.list_patterns.get("standard", {}):
        start = locale.list_patterns["standard"]["start"]
        separator = start.replace("{0}", "").replace("{1}", "")
        # Some languages say "and" instead, which stands before the last word only.
        yield (None, ", "), (separator if not separator.strip().isalpha() else "، ",)


def _language(code: str, locale: Locale) -> str | None:
    """Return the name of a language in another."""
    name: str | None = locale.languages.get(code.replace("-", "_"))
    if name is None and "-" in code:
        target = cldr(code)
        name = target.get_display_name(locale) if target else None
    return name
