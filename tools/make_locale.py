"""Write the formats of dates and numbers of each language, as modules in `nuages/conf/locale`.

They come from CLDR (by Babel); OWN has those for which CLDR is silent or says what nobody
writes. Messages are in message files (`messages.py`, beside this file).

Usage: python -m tools.make_locale
"""

import re
from pathlib import Path
from typing import Any

from babel import Locale
from babel.core import get_global

from nuages.conf import global_settings
from nuages.utils.translation import to_locale
from tools.cldr import cldr

SRC = Path(__file__).parent.parent / "src" / "nuages"

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
#: The decimal and the thousands separator where projects, their scripts and the data that they import are used to
#: others than CLDR's for Western digits.
SEPARATORS = {
    "ar": (",", "."),
    "az": (",", "\xa0"),
    "es": (",", "\xa0"),
    "es-ve": (",", "\xa0"),
    "ka": (".", " "),
    "km": (",", "."),
    "lt": (",", "."),
    "sq": (",", "."),
    "zh-hans": (".", ""),
    "zh-hant": (".", ""),
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


def ways_to_write(short: str) -> list[str]:
    """Return the formats in which people write dates, given the short format of their language.

    That one comes first; then its parts in the same order: in languages that write full stops with and without spaces
    between, and at the end, in others with other separators; then the year in two digits.
    """
    order = [f"%{letter}" for letter in re.findall("[dmY]", short)]
    ways = [re.sub("([dmY])", r"%\1", short)]
    if "." in short:
        ends = (".", "") if short.endswith(".") else ("",)
        ways += [separator.join(order) + end for separator in (".", ". ") for end in ends]
    else:
        ways += [separator.join(order) for separator in "./-"]
    short_years = [way.replace("%Y", "%y") for way in ways]
    return list(dict.fromkeys([*ways, "%Y/%m/%d", *short_years]))


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
        if code in SEPARATORS:
            found["DECIMAL_SEPARATOR"], found["THOUSAND_SEPARATOR"] = SEPARATORS[code]
        found["NUMBER_GROUPING"] = 3
    found.update(OWN.get(code, {}))
    short = found.get("SHORT_DATE_FORMAT", "")
    if "DATE_INPUT_FORMATS" not in found and re.fullmatch(r"[dmYy./ -]+", short):
        found["DATE_INPUT_FORMATS"] = ways_to_write(short)
    time = found.get("TIME_FORMAT", "")
    if "TIME_INPUT_FORMATS" not in found and re.search(r"[GH]\.i", time):
        colons = ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"]
        found["TIME_INPUT_FORMATS"] = [*colons, "%H.%M.%S", "%H.%M.%S.%f", "%H.%M"]
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


def main() -> None:
    """Write everything."""
    for code in sorted({code for code, _ in global_settings.LANGUAGES} | {"fr-ca"}):
        write_formats(code)


if __name__ == "__main__":
    main()
