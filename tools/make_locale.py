"""Write what `nuages/conf/locale` and the applications have for each language.

From CLDR (by Babel) come formats of dates and numbers, names of days, months and languages,
and units of time; translations.toml, beside this file, has other messages, and OWN the formats
for which CLDR is silent or says what nobody writes.

Usage: python tools/make_locale.py
"""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.plurals import get_plural
from babel.messages.pofile import write_po

from nuages.conf import global_settings
from nuages.utils.translation import to_locale

SRC = Path(__file__).parent.parent / "src" / "nuages"
TABLE = tomllib.loads((Path(__file__).parent / "translations.toml").read_text())

# Where CLDR has another name for a language.
ALIASES = {"io": None, "udm": None, "sr-latn": "sr_Latn"}

OWN: dict[str, dict[str, Any]] = {
    "en": {
        "DATE_FORMAT": "N j, Y",
        "TIME_FORMAT": "P",
        "DATETIME_FORMAT": "N j, Y, P",
        "YEAR_MONTH_FORMAT": "F Y",
        "MONTH_DAY_FORMAT": "F j",
        "SHORT_DATE_FORMAT": "m/d/Y",
        "SHORT_DATETIME_FORMAT": "m/d/Y P",
        "FIRST_DAY_OF_WEEK": 0,
        "DATE_INPUT_FORMATS": [
            "%Y-%m-%d",
            "%m/%d/%Y",
            "%m/%d/%y",
            "%b %d %Y",
            "%b %d, %Y",
            "%d %b %Y",
            "%d %b, %Y",
            "%B %d %Y",
            "%B %d, %Y",
            "%d %B %Y",
            "%d %B, %Y",
        ],
        "DATETIME_INPUT_FORMATS": [
            f"{date} {time}".strip()
            for date in ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y")
            for time in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
        ],
        "TIME_INPUT_FORMATS": ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"],
    },
    "ca": {
        "DATE_FORMAT": r"j E \d\e Y",
        "DATETIME_FORMAT": r"j E \d\e Y \a \l\e\s G:i",
        "YEAR_MONTH_FORMAT": r"F \d\e\l Y",
        "SHORT_DATE_FORMAT": "d/m/Y",
        "SHORT_DATETIME_FORMAT": "d/m/Y G:i",
        "TIME_FORMAT": "G:i",
        "DATE_INPUT_FORMATS": ["%d/%m/%Y", "%d/%m/%y"],
    },
    "eu": {
        "DATE_FORMAT": r"Y(\e)\k\o N\k j",
        "DATETIME_FORMAT": r"Y(\e)\k\o N\k j, H:i",
        "YEAR_MONTH_FORMAT": r"Y(\e)\k\o F",
        "MONTH_DAY_FORMAT": r"F\r\e\n j\a",
    },
    "fr-ca": {
        "DATE_FORMAT": "j F Y",
        "TIME_FORMAT": "H\xa0\\h\xa0i",
        "DATETIME_FORMAT": "j F Y, H\xa0\\h\xa0i",
        "SHORT_DATE_FORMAT": "Y-m-d",
        "SHORT_DATETIME_FORMAT": "Y-m-d H\xa0\\h\xa0i",
    },
    "nl": {
        "DATE_INPUT_FORMATS": ["%d-%m-%Y", "%d-%m-%y", "%d/%m/%Y", "%d/%m/%y"],
        "TIME_INPUT_FORMATS": ["%H:%M:%S", "%H.%M:%S", "%H.%M", "%H:%M"],
    },
}
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

# CLDR's letters for dates, and ours.
LETTERS = {
    "d": "j",
    "dd": "d",
    "M": "n",
    "MM": "m",
    "MMM": "M",
    "MMMM": "E",
    "L": "n",
    "LL": "m",
    "LLL": "M",
    "LLLL": "F",
    "y": "Y",
    "yy": "y",
    "yyyy": "Y",
    "EEE": "D",
    "EEEE": "l",
    "H": "G",
    "HH": "H",
    "h": "g",
    "hh": "h",
    "K": "g",
    "m": "i",
    "mm": "i",
    "s": "s",
    "ss": "s",
    "a": "A",
    "b": "A",
    "B": "A",
    "G": "",
}
_piece = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)


def cldr(code: str) -> Locale | None:
    """Return what CLDR has for a language code."""
    name = ALIASES.get(code, code)
    # Babel follows aliases of one language into data that the next one shares.
    localedata._cache.clear()
    try:
        return None if name is None else Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def convert(pattern: str) -> str:
    """Return a pattern of CLDR as a date format."""
    result = []
    for found in _piece.finditer(pattern):
        text = found[0]
        if found[2]:
            result.append(LETTERS.get(text, LETTERS.get(text[:4], "")))
        else:
            literal = "'" if text == "''" else found[1] if text.startswith("'") else text
            result.append(re.sub(r"([A-Za-z\\])", r"\\\1", (literal or "").replace("\u200f", "")))
    return re.sub(r"\s+", lambda m: m[0], "".join(result)).replace("\u202f", "\xa0").strip()


def first_day(locale: Locale) -> int:
    """Return the first day of the week, 0 for Sunday, in the territory that speaks it most."""
    if locale.territory is None:
        likely = get_global("likely_subtags").get(str(locale))
        locale = Locale.parse(likely) if likely else locale
    return (locale.first_week_day + 1) % 7


def formats(code: str) -> dict[str, Any]:
    """Return the format settings of a language."""
    locale = cldr(code)
    found: dict[str, Any] = {}
    if locale is not None:
        short = convert(locale.date_formats["short"].pattern)
        short = re.sub("(?<![a-z])y", "Y", short).replace("n", "m").replace("j", "d")
        found["DATE_FORMAT"] = convert(locale.date_formats["long"].pattern)
        found["TIME_FORMAT"] = convert(locale.time_formats["short"].pattern)
        found["DATETIME_FORMAT"] = f"{found['DATE_FORMAT']} {found['TIME_FORMAT']}"
        skeletons = locale.datetime_skeletons
        for name, skeleton in (("YEAR_MONTH_FORMAT", "yMMMM"), ("MONTH_DAY_FORMAT", "MMMMd")):
            if skeleton in skeletons:
                found[name] = convert(skeletons[skeleton].pattern)
        found["SHORT_DATE_FORMAT"] = short
        found["SHORT_DATETIME_FORMAT"] = f"{short} {found['TIME_FORMAT']}"
        found["FIRST_DAY_OF_WEEK"] = first_day(locale)
        symbols = locale.number_symbols.get("latn", {})
        found["DECIMAL_SEPARATOR"] = symbols.get("decimal", ".")
        found["THOUSAND_SEPARATOR"] = symbols.get("group", ",").replace("\u202f", "\xa0")
        found["NUMBER_GROUPING"] = 3
    found.update(OWN.get(code, {}))
    short = found.get("SHORT_DATE_FORMAT", "")
    if "DATE_INPUT_FORMATS" not in found and re.fullmatch(r"[dmYy./ -]+", short):
        full = re.sub("([dmY])", r"%\1", short)
        found["DATE_INPUT_FORMATS"] = list(dict.fromkeys([full, full.replace("%Y", "%y")]))
    if "DATETIME_INPUT_FORMATS" not in found and "DATE_INPUT_FORMATS" in found:
        found["DATETIME_INPUT_FORMATS"] = [
            f"{date} {time}"
            for date in found["DATE_INPUT_FORMATS"]
            for time in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M")
        ]
    return found


def write_formats(code: str) -> None:
    """Write the module with the format settings of a language."""
    folder = SRC / "conf" / "locale" / to_locale(code)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    lines = [f'"""Formats for {code}, made by tools/make_locale.py from CLDR."""', ""]
    lines += [f"{name} = {value!r}" for name, value in formats(code).items()]
    (folder / "formats.py").write_text("\n".join(lines) + "\n")


def _plural_rule(locale: Locale) -> Any:
    """Return gettext's rule: one form where CLDR knows one, which Babel's table may not."""
    return get_plural("ja" if not locale.plural_form.tags else str(locale))


def plural_tags(locale: Locale, rule: Any) -> list[str]:
    """Return CLDR's name for each plural form of gettext."""
    count = rule.num_plurals
    function = _compiled(rule.plural_expr)
    tags = ["other"] * count
    for number in range(1000, -1, -1):
        tags[function(number)] = locale.plural_form(number)
    return tags


def _compiled(expression: str) -> Any:
    from gettext import c2py

    return c2py(expression)


def messages(code: str, package: str) -> list[tuple[Any, Any, str | None]]:
    """Return (message or forms, translation or translations, context) of a language."""
    found: dict[tuple[Any, str | None], Any] = {}
    locale = cldr(code)
    if package == "conf" and locale is not None and not code.startswith("en"):
        found.update(_from_cldr(code, locale))
    for key, value in TABLE.get(package, {}).get(code, {}).items():
        context, _, message = key.rpartition("|")
        if isinstance(value, list):
            found[((message, value[0]), context or None)] = tuple(value[1:])
        else:
            found[(message, context or None)] = value
    return [(message, text, context) for (message, context), text in found.items()]


def _from_cldr(code: str, locale: Locale) -> dict[tuple[Any, str | None], Any]:
    found: dict[tuple[Any, str | None], Any] = {}
    days, months = locale.days, locale.months
    for index, name in enumerate(WEEKDAYS):
        found[(name, None)] = days["stand-alone"]["wide"][index]
        found[(name[:3], None)] = days["stand-alone"]["abbreviated"][index]
    for index, name in enumerate(MONTHS):
        alone = months["stand-alone"]["wide"][index + 1]
        alone = alone.capitalize() if code in CAPITALIZED else alone
        inside = alone if code in ALONE else months["format"]["wide"][index + 1]
        short = months["format"]["abbreviated"][index + 1]
        found[(name, None)] = alone
        found[(name, "alt. month")] = inside
        found[(AP_MONTHS[index], "abbrev. month")] = short
        found[(name[:3].lower(), None)] = short.rstrip(".").lower()
    tags = plural_tags(locale, _plural_rule(locale))
    for unit in UNITS:
        patterns = locale._data["unit_patterns"].get(f"duration-{unit}", {}).get("long", {})
        if "other" in patterns:
            forms = [patterns.get(tag, patterns["other"]).replace("{0}", "%(num)d") for tag in tags]
            found[((f"%(num)d {unit}", f"%(num)d {unit}s"), None)] = tuple(
                form.replace("\xa0", " ") for form in forms
            )
    patterns = locale._data["unit_patterns"].get("digital-byte", {}).get("long", {})
    if "other" in patterns:
        forms = [patterns.get(tag, patterns["other"]).replace("{0}", "%(size)d") for tag in tags]
        found[(("%(size)d byte", "%(size)d bytes"), None)] = tuple(
            form.replace("\xa0", " ") for form in forms
        )
    for short, unit in SIZES.items():
        patterns = locale._data["unit_patterns"].get(f"digital-{unit}", {}).get("short", {})
        if "other" in patterns:
            found[(f"%s {short}", None)] = (
                patterns["other"].replace("{0}", "%s").replace("\xa0", " ")
            )
    alternatives = locale.list_patterns.get("or", {})
    if "2" in alternatives:
        found[("or", None)] = alternatives["2"].replace("{0}", "").replace("{1}", "").strip()
    if "start" in locale.list_patterns.get("standard", {}):
        start = locale.list_patterns["standard"]["start"]
        separator = start.replace("{0}", "").replace("{1}", "")
        # Some languages say "and" instead, which stands before the last word only.
        found[(", ", None)] = separator if not separator.strip().isalpha() else "، "
    periods = locale.day_periods.get("format", {}).get("wide", {})
    for message, period in (("AM", "am"), ("PM", "pm"), ("a.m.", "am"), ("p.m.", "pm")):
        if period in periods:
            found[(message, None)] = periods[period].replace("\xa0", " ")
    for period in ("midnight", "noon"):
        if period in periods:
            found[(period, None)] = periods[period]
    for other, english in global_settings.LANGUAGES:
        name = locale.languages.get(other.replace("-", "_"))
        if name is None and "-" in other:
            target = cldr(other)
            name = target.get_display_name(locale) if target else None
        if name:
            found[(english, None)] = name
    return found


def write_catalog(code: str, package: str) -> None:
    """Write the translations of a package, as text and compiled.

    A name behind ``#`` is the catalogue's domain: ``djangojs`` has the messages of scripts.
    """
    entries = messages(code, package)
    if not entries and package != "conf":
        return
    locale = cldr(code)
    catalog = Catalog(
        locale=str(locale) if locale else None,
        project="Nuages",
        header_comment=f"# Translations for {code}, made by tools/make_locale.py.",
        fuzzy=False,
    )
    if locale is not None:
        rule = _plural_rule(locale)
        catalog._num_plurals, catalog._plural_expr = rule.num_plurals, rule.plural_expr
    for message, text, context in entries:
        catalog.add(message, text, context=context)
    place, _, domain = package.partition("#")
    domain = domain or "django"
    folder = SRC / place / "locale" / to_locale(code) / "LC_MESSAGES"
    folder.mkdir(parents=True, exist_ok=True)
    # The date of the run would change every file each time.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    with open(folder / f"{domain}.po", "wb") as file:
        write_po(file, catalog, omit_header=False, width=100, sort_output=True)
    with open(folder / f"{domain}.mo", "wb") as file:
        write_mo(file, catalog)


def main() -> None:
    """Write everything."""
    codes = sorted({code for code, _ in global_settings.LANGUAGES} | {"fr-ca", "de-at"})
    for code in codes:
        if code != "de-at":
            write_formats(code)
            for package in ("conf", *(p for p in TABLE if p != "conf")):
                write_catalog(code, package)


if __name__ == "__main__":
    main()
