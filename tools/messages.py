"""Keep the framework's message files (``.po``, and ``.mo`` made of them) up to date.

A message file is the source of its language's wording, for translators to edit with whatever
they like. This tool brings in new messages from the source code, leaves out those that are gone,
fills in what CLDR knows (names of days, months and languages, units) where there is no
translation yet, and compiles. The files of `COMPLETE` languages list every message; those of
others the ones that are translated.

Usage: python -m tools.messages [--check] [language ...]
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nuages.conf import global_settings
from nuages.conf.locale import LANG_INFO
from nuages.core.management.commands import makemessages
from nuages.utils.translation import _directives, _pofile, _sources, templatize, to_locale
from tools import cldr

SRC = Path(__file__).parent.parent / "src" / "nuages"

#: Languages in which nothing that the framework says is left in English.
COMPLETE = "ar de es fr id it ja ko nl pl pt-br ru tr zh-hans".split()

# An application with a folder of locales has messages of its own; others share the framework's.
SHARED = "conf"
SUFFIXES = {".py": "django", ".html": "django", ".txt": "django", ".js": "djangojs"}
LAYOUT = _pofile.Layout(places="file")


class Room(NamedTuple):
    """Where messages are kept: a folder below `nuages`, and their domain."""

    place: str
    domain: str

    def file(self, code: str) -> Path:
        """Return the message file of a language."""
        folder = SRC / self.place / "locale" / to_locale(code) / "LC_MESSAGES"
        return folder / f"{self.domain}.po"


@cache
def collected() -> dict[Room, _pofile.Messages]:
    """Return the messages in the framework's source code, as ``makemessages`` finds them."""
    rooms: dict[Room, _pofile.Messages] = {}
    for path in sorted(SRC.rglob("*")):
        name = path.relative_to(SRC)
        domain = SUFFIXES.get(path.suffix)
        if domain is None or "vendor" in name.parts or path.name == "i18n_catalog.js":
            continue
        source = path.read_text("utf-8")
        if path.suffix in (".html", ".txt"):
            source = templatize(source, origin=str(name))
        language, more = makemessages._LANGUAGES[domain]
        keywords = _sources.USUAL | dict(map(_sources.keyword, more))
        for message in _sources.messages(source, name.as_posix(), language, keywords):
            if message.id:
                place = "/".join(name.parts[:2])
                own = place.startswith("contrib/") and (SRC / place / "locale").is_dir()
                room = Room(place if own else SHARED, domain)
                rooms.setdefault(room, _pofile.Messages()).add(message)
    for place, name in _languages():
        rooms[Room(SHARED, "django")].add(_pofile.Message(name, places=[f"{place}:1"]))
    return rooms


def _languages() -> Iterator[tuple[str, str]]:
    """Give the names of languages, which are looked up where they are shown."""
    yield from (("conf/global_settings.py", name) for _, name in global_settings.LANGUAGES)
    yield from (
        ("conf/locale/__init__.py", info["name"]) for info in LANG_INFO.values() if "name" in info
    )


def header(code: str, known: _pofile.Messages) -> _pofile.Message:
    """Return the entry that describes a file, with what translators have added to it."""
    result = _pofile.Messages()
    rule = cldr.plural_rule(code)
    for name, value in {
        "Project-Id-Version": "Nuages",
        "Language": to_locale(code),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        **({"Plural-Forms": f"{rule.plural_forms};"} if rule else {}),
        **known.header,
    }.items():
        result.set_header(name, value)
    entry = known.get((None, ""))
    return replace(result[None, ""], remarks=entry.remarks if entry else [])


def updated(code: str, room: Room, known: _pofile.Messages) -> _pofile.Messages:
    """Return a language's messages of a room, given those of its file."""
    first = header(code, known)
    result = _pofile.Messages([(first.key, first)])
    known = _pofile.Messages({**known, first.key: first})
    template = _pofile.Messages(
        {
            first.key: first,
            **{key: replace(each, places=_files(each)) for key, each in collected()[room].items()},
        }
    )
    names = cldr.names(code)
    for key, message in _pofile.merged(known, template, guess=False).items():
        if message.obsolete or message.is_header:
            continue
        if not any(message.texts) and len(names.get(key, ())) == len(message.texts):
            message.texts = list(names[key])
        if code in COMPLETE or message.is_translated:
            result[key] = message
    return result


def _files(message: _pofile.Message) -> list[str]:
    # Lines would change with every edit of the source code.
    return list(dict.fromkeys(place.rpartition(":")[0] for place in message.places))


def complaints(messages: _pofile.Messages) -> Iterator[str]:
    """Give what is wrong with a complete language's messages."""
    for message in messages.values():
        if "fuzzy" in message.flags and not message.is_header:
            yield f"{message.id!r} has a doubtful translation"
        elif not all(message.texts):
            yield f"{message.id!r} is not translated"
        else:
            yield from (f"{message.id!r}: {each}" for each in _directives.disagreements(message))


def files(codes: Iterable[str]) -> Iterator[tuple[str, Room, Path]]:
    """Give (language, room, message file), of complete languages also those yet to be made."""
    for code in codes:
        for room in collected():
            path = room.file(code)
            if code in COMPLETE or path.exists():
                yield code, room, path


def all_codes() -> list[str]:
    """Return the languages that there are message files of."""
    return sorted({code for code, _ in global_settings.LANGUAGES} | {"fr-ca"})


def main(arguments: list[str] | None = None) -> int:
    """Bring the files up to date; with ``--check``, say what is wrong and change nothing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("codes", nargs="*", metavar="language", help="By default all there are.")
    parser.add_argument("--check", action="store_true", help="Change nothing; say what is wrong.")
    options = parser.parse_args(arguments)
    wrong: list[str] = []
    for code, room, path in files(options.codes or all_codes()):
        known = _pofile.read(path) if path.exists() else _pofile.Messages()
        messages = updated(code, room, known)
        name = path.relative_to(SRC)
        if code in COMPLETE:
            wrong += [f"{name}: {each}" for each in complaints(messages)]
        text = _pofile.text_of(messages.values(), LAYOUT)
        binary = _pofile.compiled(messages.values())
        target = path.with_suffix(".mo")
        if options.check:
            if not path.exists() or path.read_text("utf-8") != text:
                wrong.append(f"{name}: is not as the source code has it")
            elif not target.exists() or target.read_bytes() != binary:
                wrong.append(f"{name}: is not compiled")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        target.write_bytes(binary)
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
