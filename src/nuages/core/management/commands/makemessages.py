"""``makemessages``: collect what is to be translated, for the translators."""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, total_ordering
from itertools import dropwhile
from pathlib import Path
from typing import Any

import nuages
from nuages.conf import settings
from nuages.core.exceptions import ImproperlyConfigured
from nuages.core.management.base import BaseCommand, CommandError, CommandParser
from nuages.core.management.utils import handle_extensions, is_ignored_path, popen_wrapper
from nuages.utils.encoding import DEFAULT_LOCALE_ENCODING
from nuages.utils.translation import _directives, _pofile, _sources, templatize, to_locale

plural_forms_re = re.compile(r'^(?P<value>"Plural-Forms.+?\\n")\s*$', re.MULTILINE | re.DOTALL)
STATUS_OK = 0
NO_LOCALE_DIR = object()

_LOCALE = re.compile(r"[a-z]{2,3}(?:_[A-Z][a-z]{3})?(?:_(?:[A-Z]{2}|\d{3}))?(?:-[a-z]+-[a-z]+)?")

# What is looked for, beyond what is usual in any programming language.
_COMMON = (
    "gettext_noop",
    "gettext_lazy",
    "ngettext_lazy:1,2",
    "pgettext:1c,2",
    "npgettext:1c,2,3",
)
_LANGUAGES = {
    "django": ("Python", (*_COMMON, "pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3")),
    "djangojs": ("JavaScript", _COMMON),
}
_DEFAULT_IGNORED = ("CVS", ".*", "*~", "*.pyc")


def is_valid_locale(locale: str) -> bool:
    """Whether a name is that of a locale, like ``pt_BR``."""
    return _LOCALE.fullmatch(locale) is not None


@total_ordering
@dataclass(eq=False)
class TranslatableFile:
    """A file that may hold messages, and the folder of locales that they belong in."""

    dirpath: str
    file_name: str
    locale_dir: Any

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.file_name

    @property
    def path(self) -> str:
        """The whole path of the file."""
        return os.path.join(self.dirpath, self.file_name)

    def __repr__(self) -> str:
        return f"<TranslatableFile: {os.sep.join((self.dirpath, self.file_name))}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TranslatableFile) and self.path == other.path

    def __lt__(self, other: TranslatableFile) -> bool:
        return self.path < other.path

    def __hash__(self) -> int:
        return hash(self.path)


class BuildFile:
    """A translatable file as source code: that of a template is made of its messages."""

    def __init__(self, command: Command, domain: str, translatable: TranslatableFile) -> None:
        self.command, self.domain, self.translatable = command, domain, translatable
        self.source = ""

    @cached_property
    def path(self) -> str:
        """Where the file is."""
        return os.path.normpath(self.translatable.path)

    @cached_property
    def is_templatized(self) -> bool:
        """Whether the file is a template."""
        return self.domain == "django" and not self.path.endswith(".py")

    def preprocess(self) -> None:
        """Read the file into ``source``.

        Raises:
            UnicodeDecodeError: it is not in UTF-8.
            SyntaxError: it is a template, and a wrong one.
        """
        content = Path(self.path).read_text("utf-8")
        self.source = templatize(content, origin=self.path) if self.is_templatized else content


def normalize_eols(raw_contents: str) -> str:
    """Return text with line feeds at the ends of lines, the last one included."""
    text = "\n".join(re.split("\r\n|\r|\n", raw_contents))
    return text if text.endswith("\n") else text + "\n"


def write_pot_file(potfile: str, msgs: str) -> None:
    """Add messages to a file, with one header in the whole of it."""
    target = Path(potfile)
    if target.exists():
        # Up to the first empty line.
        msgs = "\n".join(dropwhile(len, msgs.split("\n")))
    else:
        msgs = msgs.replace("charset=CHARSET", "charset=UTF-8", 1)
    with target.open("a", encoding="utf-8") as file:
        file.write(msgs)


@dataclass
class _Wishes:
    """What options of the GNU tools, of which the command's lists are made, ask for."""

    keywords: dict[str, _sources.Keyword]
    mark: str = "Translators"
    width: int = _pofile.WIDTH
    places: str = "full"
    order: str = ""
    guess: bool = True
    previous: bool = False
    obsolete: bool = True
    package: str = "PACKAGE"
    version: str = "VERSION"
    address: str = ""
    holder: str = "THE PACKAGE'S COPYRIGHT HOLDER"

    @property
    def layout(self) -> _pofile.Layout:
        return _pofile.Layout(self.width, self.places)

    def read(self, options: Iterable[str], where: str) -> None:
        """Take options over.

        Raises:
            CommandError: one of them means nothing here.
        """
        for option in options:
            name, _, value = option.partition("=")
            if re.match("-[kc][^-]", option):
                name, value = option[:2], option[2:]
            if name in _KEYWORD_OPTIONS:
                self.keywords.update([_sources.keyword(value)] if value else [])
            elif name in _VALUES:
                attribute, kind = _VALUES[name]
                setattr(self, attribute, kind(value) if value else getattr(self, attribute))
            elif name in _SETTINGS:
                setattr(self, *_SETTINGS[name])
            elif name not in _MEANINGLESS:
                raise CommandError(f"{where} has an option that is not supported: {option}")


_KEYWORD_OPTIONS = ("--keyword", "-k")
_VALUES: dict[str, tuple[str, Any]] = {
    "--add-comments": ("mark", str),
    "-c": ("mark", str),
    "--width": ("width", int),
    "--add-location": ("places", str),
    "--package-name": ("package", str),
    "--package-version": ("version", str),
    "--msgid-bugs-address": ("address", str),
    "--copyright-holder": ("holder", str),
}
_SETTINGS: dict[str, tuple[str, Any]] = {
    "--no-wrap": ("width", 0),
    "--no-location": ("places", "never"),
    "--sort-output": ("order", "id"),
    "-s": ("order", "id"),
    "--sort-by-file": ("order", "place"),
    "-F": ("order", "place"),
    "--no-fuzzy-matching": ("guess", False),
    "-N": ("guess", False),
    "--previous": ("previous", True),
    "--no-obsolete": ("obsolete", False),
}
# Texts are in UTF-8, files are updated in place, and nothing is said about progress.
_MEANINGLESS = frozenset(
    ("--from-code", "--to-code", "--quiet", "-q", "--backup", "--update", "-U", "--force-po")
)


class Command(BaseCommand):
    """Makes and updates message files. The GNU gettext tools are not needed.

    The lists of options are those that these tools have, and subclasses may add to them.
    Manual: "django-admin and manage.py"; topics/i18n, "Customizing the ``makemessages`` command".
    """

    help = (
        "Runs over the entire source tree of the current directory and pulls out all strings "
        "marked for translation. It creates (or updates) a message file in the conf/locale (in "
        "the django tree) or locale (for projects and applications) directory.\n\nYou must run "
        "this command with one of either the --locale, --exclude, or --all options."
    )
    msgmerge_options = ["-q", "--backup=none", "--previous", "--update"]
    msguniq_options = ["--to-code=utf-8"]
    msgattrib_options = ["--no-obsolete"]
    xgettext_options = ["--from-code=UTF-8", "--add-comments=Translators"]

    build_file_class, translatable_file_class = BuildFile, TranslatableFile
    invoked_for_django = False
    requires_system_checks: Any = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add what to collect from where, and how to write it."""
        option = parser.add_argument
        many: dict[str, Any] = {"action": "append", "default": []}
        option("-l", "--locale", help="A locale to write, like pt_BR. May be repeated.", **many)
        option("-x", "--exclude", help="A locale to leave out. May be repeated.", **many)
        option("-d", "--domain", default="django", help="The domain of the messages.")
        option("-a", "--all", action="store_true", help="Write all locales that there are.")
        option(
            "-e",
            "--extension",
            dest="extensions",
            action="append",
            help='The extensions to look at: by default "html,txt,py", or "js" for the domain '
            '"djangojs". Several with commas, or repeated.',
        )
        option(
            "-i",
            "--ignore",
            dest="ignore_patterns",
            metavar="PATTERN",
            help="A pattern of files or folders to leave out. May be repeated.",
            **many,
        )
        option(
            "--add-location",
            choices=("full", "file", "never"),
            nargs="?",
            const="full",
            help="What to write about the place of a message.",
        )
        flags = {
            "--no-wrap": "Leave long lines as they are.",
            "--no-location": "Write nothing about the places of messages.",
            "--no-obsolete": "Remove what is in use no more.",
            "--keep-pot": "Keep the intermediate files.",
        }
        for flag, text in flags.items():
            option(flag, action="store_true", help=text)
        option("-s", "--symlinks", action="store_true", help="Follow links to folders.")
        option(
            "--no-default-ignore",
            action="store_false",
            dest="use_default_ignore_patterns",
            help="Look also where " + ", ".join(_DEFAULT_IGNORED) + " match.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect messages and write them for each locale.

        Raises:
            CommandError: the options make no sense, or a tool failed.
        """
        self._take(options)
        self._find_locale_folders()
        locales = self._locales(options)
        try:
            potfiles = self.build_potfiles()
            for locale in locales:
                if self._accepts(locale):
                    for potfile in potfiles:
                        self.write_po_file(potfile, locale)
        finally:
            if not self.keep_pot:
                self.remove_potfiles()

    def _take(self, options: dict[str, Any]) -> None:
        """Keep the options as attributes, and what they mean for the tools."""
        self.verbosity, self.symlinks = options["verbosity"], options["symlinks"]
        self.no_obsolete, self.keep_pot = options["no_obsolete"], options["keep_pot"]
        self.domain = domain = options["domain"]
        usual = _DEFAULT_IGNORED if options["use_default_ignore_patterns"] else ()
        self.ignore_patterns = list(dict.fromkeys([*options["ignore_patterns"], *usual]))

        shared = []
        if options["no_wrap"]:
            shared.append("--no-wrap")
        if options["no_location"]:
            shared.append("--no-location")
        if where := options["add_location"]:
            shared.append(f"--add-location={where}")
        for tool in ("msgmerge", "msguniq", "msgattrib", "xgettext"):
            setattr(self, f"{tool}_options", [*getattr(self, f"{tool}_options"), *shared])

        if domain not in _LANGUAGES:
            raise CommandError(
                "currently makemessages only supports domains 'django' and 'djangojs'"
            )
        usual_extensions = ["js"] if domain == "djangojs" else ["html", "txt", "py"]
        self.extensions = handle_extensions(options["extensions"] or usual_extensions)
        if not (options["locale"] or options["exclude"] or options["all"]):
            program = os.path.basename(sys.argv[0])
            raise CommandError(f"Type '{program} help {sys.argv[1]}' for usage information.")
        self._say(2, f"examining files with the extensions: {', '.join(sorted(self.extensions))}")

    def _find_locale_folders(self) -> None:
        """Find out where messages are kept, for those that belong to no application."""
        own = os.path.join("conf", "locale")
        self.invoked_for_django = os.path.isdir(own)
        if self.invoked_for_django:
            places = [own]
        else:
            places = [*settings.LOCALE_PATHS] if self.settings_available else []
            places += ["locale"] if os.path.isdir("locale") else []
        self.locale_paths = list(dict.fromkeys(map(os.path.abspath, places)))
        self.default_locale_path = self.locale_paths[0] if self.locale_paths else None
        if self.default_locale_path and not self.invoked_for_django:
            os.makedirs(self.default_locale_path, exist_ok=True)

    def _locales(self, options: dict[str, Any]) -> list[str]:
        base = Path(self.default_locale_path) if self.default_locale_path else None
        known = [
            each.name
            for each in (sorted(base.iterdir()) if base and base.is_dir() else ())
            if each.is_dir() and re.match("[a-z]{2}", each.name)
        ]
        chosen = known if options["all"] else options["locale"] or known
        return [each for each in dict.fromkeys(chosen) if each not in options["exclude"]]

    def _accepts(self, locale: str) -> bool:
        """Say which locale is at work, or what is wrong with its name."""
        if is_valid_locale(locale):
            self._say(1, f"processing locale {locale}")
            return True
        better = to_locale(re.sub(r"[_+]", "-", locale).strip("-"))
        hint = (
            f", did you mean {better}?"
            if better != locale
            and "-" not in (locale[:1], locale[-1:])
            and locale.strip("_") == locale
            else ""
        )
        self.stdout.write(f"invalid locale {locale}{hint}")
        return False

    def _say(self, level: int, text: str) -> None:
        if self.verbosity >= level:
            self.stdout.write(text)

    def _wishes(self, *lists: str) -> _Wishes:
        wishes = _Wishes(_sources.USUAL | dict(map(_sources.keyword, _LANGUAGES[self.domain][1])))
        for name in lists:
            wishes.read(getattr(self, name), f"{type(self).__name__}.{name}")
        return wishes

    def _read(self, path: str | Path) -> _pofile.Messages:
        try:
            return _pofile.read(path)
        except _pofile.MessageFileError as error:
            raise CommandError(f"errors happened while reading messages\n{error}") from error

    @cached_property
    def gettext_version(self) -> tuple[int, ...]:
        """The version of the gettext tools, for those who use them."""
        output, _, status = popen_wrapper(
            ["xgettext", "--version"], stdout_encoding=DEFAULT_LOCALE_ENCODING
        )
        found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", output)
        if found is None or status != STATUS_OK:
            raise CommandError("Unable to get gettext version. Is it installed?")
        return tuple(int(part) for part in found.groups() if part is not None)

    @cached_property
    def settings_available(self) -> bool:
        """Whether there are settings; the command does without, if need be."""
        try:
            settings.LOCALE_PATHS  # noqa: B018
        except ImproperlyConfigured:
            self._say(2, "Running without configured settings.")
            return False
        return True

    # Collecting.

    def _potfiles(self) -> Iterator[str]:
        return (os.path.join(place, f"{self.domain}.pot") for place in self.locale_paths)

    def build_potfiles(self) -> list[str]:
        """Collect the messages, and return the files they are in: one per folder of locales."""
        found = self.find_files(".")
        self.remove_potfiles()
        self.process_files(found)
        return [path for path in self._potfiles() if os.path.exists(path)]

    def remove_potfiles(self) -> None:
        """Remove the files that messages are collected in."""
        for path in self._potfiles():
            Path(path).unlink(missing_ok=True)

    def _left_out(self) -> set[str]:
        """Return the folders that hold no sources: what is served, and what was uploaded."""
        if not settings.configured and not self.settings_available:
            return set()
        roots = (settings.MEDIA_ROOT, settings.STATIC_ROOT)
        return {os.path.normpath(root) for root in roots if root}

    def find_files(self, root: str) -> list[TranslatableFile]:
        """Return the files below a folder that may hold messages; note folders of locales."""
        ignored, left_out = self.ignore_patterns, self._left_out()
        found: list[tuple[str, str]] = []
        for folder, names, files in os.walk(root, followlinks=self.symlinks):
            kept = []
            for name in names:
                path = os.path.normpath(os.path.join(folder, name))
                whole = os.path.join(os.path.abspath(folder), name)
                if is_ignored_path(path, ignored) or whole in left_out:
                    self._say(2, f"ignoring directory {name}")
                elif name == "locale":
                    if whole not in self.locale_paths:
                        self.locale_paths.insert(0, whole)
                else:
                    kept.append(name)
            names[:] = kept
            for name in files:
                path = os.path.normpath(os.path.join(folder, name))
                generated = self.invoked_for_django and path == _CATALOG_VIEW
                wanted = os.path.splitext(name)[1] in self.extensions
                if generated or not wanted or is_ignored_path(path, ignored):
                    self._say(2, f"ignoring file {name} in {folder}")
                else:
                    found.append((folder, name))
        return sorted(
            self.translatable_file_class(folder, name, self._locale_folder(folder))
            for folder, name in found
        )

    def _locale_folder(self, folder: str) -> Any:
        """Return the nearest folder of locales, or the default one."""
        whole = Path(os.path.abspath(folder))
        around = [each for each in self.locale_paths if whole.is_relative_to(Path(each).parent)]
        return max(around, key=len, default=self.default_locale_path or NO_LOCALE_DIR)

    def process_files(self, file_list: Iterable[TranslatableFile]) -> None:
        """Collect the messages of files, each into its folder of locales."""
        groups = defaultdict(list)
        for each in file_list:
            groups[each.locale_dir].append(each)
        for folder, files in groups.items():
            self.process_locale_dir(folder, files)

    def process_locale_dir(self, locale_dir: Any, files: list[TranslatableFile]) -> None:
        """Collect the messages of files into one folder of locales.

        Raises:
            CommandError: there is no such folder.
            SyntaxError: a template is wrong.
        """
        wishes = self._wishes("xgettext_options", "msguniq_options")
        found = _pofile.Messages()
        for each in files:
            self._say(2, f"processing file {each.file} in {each.dirpath}")
            build = self.build_file_class(self, self.domain, each)
            try:
                build.preprocess()
            except UnicodeDecodeError as error:
                self.stdout.write(
                    f"UnicodeDecodeError: skipped file {each.file} in {each.dirpath} "
                    f"(reason: {error})"
                )
                continue
            for message in self._extract(build, wishes):
                found.add(message)
        if not found:
            return
        if locale_dir is NO_LOCALE_DIR:
            raise CommandError(
                "Unable to find a locale path to store translations for file "
                f"{os.path.normpath(files[0].path)}. Make sure the 'locale' directory exists "
                "in an app or LOCALE_PATHS setting is set."
            )
        ordered = sorted(found.values(), key=_ORDERS[wishes.order])
        header = _header(wishes, plural=any(each.plural is not None for each in ordered))
        text = _pofile.text_of([header, *ordered], wishes.layout)
        write_pot_file(os.path.join(locale_dir, f"{self.domain}.pot"), text)

    def _extract(self, build: BuildFile, wishes: _Wishes) -> Iterator[_pofile.Message]:
        """Give the messages of a file; say which ones translators cannot do anything with."""
        language = _LANGUAGES[self.domain][0]
        for message in _sources.messages(
            build.source, build.path, language, wishes.keywords, wishes.mark
        ):
            if message.id == "" and message.context is None:
                complaint = 'Empty msgid: gettext("") gives the description of the message file.'
            elif _directives.PYTHON in message.flags and _directives.unnamed(message.id) > 1:
                complaint = (
                    "'msgid' format string with unnamed arguments cannot be properly localized: "
                    "the translator cannot reorder the arguments. Please consider using a format "
                    "string with named arguments, and a mapping instead of a tuple for them."
                )
            else:
                complaint = ""
            if complaint:
                self._say(1, f"{message.places[0]}: warning: {complaint}")
            if message.id:
                yield message

    # Writing.

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Make or update the message file of a locale.

        Raises:
            CommandError: a tool failed.
        """
        target = Path(potfile).parent / locale / "LC_MESSAGES" / f"{self.domain}.po"
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            text = Path(potfile).read_text("utf-8")
            if not self.invoked_for_django:
                text = self.copy_plural_forms(text, locale)
            target.write_text(normalize_eols(text), "utf-8")
            return
        wishes = self._wishes("msgmerge_options")
        known = self._read(target)
        messages = _pofile.merged(
            known, self._read(potfile), previous=wishes.previous, guess=wishes.guess
        )
        if self.no_obsolete:
            wishes.read(self.msgattrib_options, f"{type(self).__name__}.msgattrib_options")
            for key in [key for key, each in messages.items() if each.obsolete]:
                del messages[key]
        # A file in which nothing but the date would be new is left alone.
        if not _same(known, messages):
            text = _pofile.text_of(messages.values(), wishes.layout)
            target.write_text(text, "utf-8")

    def copy_plural_forms(self, msgs: str, locale: str) -> str:
        """Return messages with the plural forms that the framework's own files have."""
        own = Path(nuages.__file__).parent / "conf" / "locale" / locale / "LC_MESSAGES"
        for domain in dict.fromkeys((self.domain, "django")):
            source = own / f"{domain}.po"
            rule = plural_forms_re.search(source.read_text("utf-8")) if source.exists() else None
            if rule is None:
                continue
            self._say(2, f"copying plural forms: {rule['value']}")
            if old := plural_forms_re.search(msgs):
                return msgs.replace(old[0], rule["value"], 1)
            # At the end of the header.
            header, _, rest = msgs.partition("\n\n")
            return f"{header}\n{rule['value']}\n\n{rest}"
        return msgs


def _place(message: _pofile.Message) -> tuple[str, int]:
    path, _, line = message.places[0].rpartition(":")
    return path, int(line)


_ORDERS: dict[str, Any] = {
    "": lambda message: 0,
    "id": lambda message: message.id,
    "place": _place,
}


def _header(wishes: _Wishes, plural: bool) -> _pofile.Message:
    """Return the entry that describes a new file, for its translators to fill in."""
    lines = {
        "Project-Id-Version": f"{wishes.package} {wishes.version}",
        "Report-Msgid-Bugs-To": wishes.address,
        "POT-Creation-Date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M%z"),
        "PO-Revision-Date": "YEAR-MO-DA HO:MI+ZONE",
        "Last-Translator": "FULL NAME <EMAIL@ADDRESS>",
        "Language-Team": "LANGUAGE <LL@li.org>",
        "Language": "",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    if plural:
        lines["Plural-Forms"] = "nplurals=INTEGER; plural=EXPRESSION;"
    return _pofile.Message(
        "",
        texts=["".join(f"{name}: {value}\n" for name, value in lines.items())],
        remarks=[
            "SOME DESCRIPTIVE TITLE.",
            f"Copyright (C) YEAR {wishes.holder}",
            f"This file is distributed under the same license as the {wishes.package} package.",
            "FIRST AUTHOR <EMAIL@ADDRESS>, YEAR.",
            "",
        ],
        flags=["fuzzy"],
    )


def _same(known: _pofile.Messages, messages: _pofile.Messages) -> bool:
    """Whether messages are the same, but for lines of the file and the date of collecting."""

    def shown(all_of_them: _pofile.Messages) -> list[_pofile.Message]:
        entries = [replace(each, line=0) for each in all_of_them.values()]
        for entry in entries:
            if entry.is_header:
                entry.texts = [re.sub("POT-Creation-Date:.*\n", "", entry.texts[0])]
        return sorted(entries, key=lambda each: each.obsolete)

    return shown(known) == shown(messages)


# Holds messages of a page that is made anew for each project.
_CATALOG_VIEW = os.path.join("views", "templates", "i18n_catalog.js")
