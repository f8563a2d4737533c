"""What the framework says is said in the complete languages, whole and with its placeholders."""

import re
import subprocess
import sys
from collections import Counter

import pytest

from nuages.core.management.commands.compilemessages import Command
from nuages.utils.translation import _pofile, to_locale
from nuages.utils.translation.catalogs import read_mo
from tools import messages

FILES = [
    pytest.param(code, room, path, id=f"{code}-{room.place}-{room.domain}")
    for code, room, path in messages.files(messages.all_codes())
]
COMPLETE = [each for each in FILES if each.values[0] in messages.COMPLETE]
PLACEHOLDER = re.compile(r"%\(\w+\)[sdr]|%[sdr]|\{\w*\}|</?(?!sup\b)\w+[^>]*>")


def placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


@pytest.fixture(scope="module")
def template() -> dict[messages.Room, _pofile.Messages]:
    return messages.collected()


def test_messages_of_all_kinds_are_collected(template):
    seen = {(room.place, room.domain, key) for room, entries in template.items() for key in entries}
    assert {
        ("conf", "django", (None, "This field is required.")),  # in Python
        ("conf", "django", ("alt. month", "May")),
        ("conf", "django", (None, "Swahili")),  # looked up by its name
        ("contrib/admin", "django", (None, "Select %s to change")),
        ("contrib/admin", "django", (None, "Skip to main content")),  # in a template
        ("contrib/admin", "djangojs", (None, "Choose all %s")),  # in a script
        ("contrib/admin", "djangojs", ("one letter Tuesday", "T")),
        ("contrib/auth", "django", (None, "Password reset on %(site_name)s")),  # in a text
    } <= seen
    assert sum(map(len, template.values())) > 900


@pytest.mark.parametrize(("code", "room", "path"), COMPLETE)
def test_every_message_is_translated(code, room, path, template):
    entries = _pofile.read(path)
    assert [key for key in template[room] if key not in entries] == []
    assert list(messages.complaints(entries)) == []


@pytest.mark.parametrize(("code", "room", "path"), COMPLETE)
def test_forms_are_those_of_the_language(code, room, path, template):
    entries = _pofile.read(path)
    forms = int(re.match(r"nplurals=(\d)", entries.header["Plural-Forms"])[1])
    for key, message in template[room].items():
        assert len(entries[key].texts) == (1 if message.plural is None else forms), key


@pytest.mark.parametrize(("code", "room", "path"), COMPLETE)
def test_placeholders_and_tags_are_the_same(code, room, path):
    for message in _pofile.read(path).values():
        if message.is_header:
            continue
        allowed = [placeholders(each) for each in (message.id, message.plural) if each is not None]
        for text in message.texts:
            # A form for one or two may do without the number.
            bare = message.plural is not None and placeholders(text) <= allowed[-1]
            assert placeholders(text) in allowed or bare, (message.id, text)


@pytest.mark.parametrize(("code", "room", "path"), COMPLETE)
def test_spaces_around_a_message_stay(code, room, path):
    for message in _pofile.read(path).values():
        if message.is_header or message.id in (", ", ":"):  # A matter of typography.
            continue
        ends = (message.id[:1].isspace(), message.id[-1:].isspace())
        for text in message.texts:
            assert (text[:1].isspace(), text[-1:].isspace()) == ends, (message.id, text)


@pytest.mark.parametrize(("code", "room", "path"), FILES)
def test_files_are_as_the_source_code_has_it(code, room, path):
    known = _pofile.read(path)
    assert known.header["Language"] == to_locale(code)
    text = _pofile.text_of(messages.updated(code, room, known).values(), messages.LAYOUT)
    assert path.read_text("utf-8") == text, "run python -m tools.messages"


@pytest.mark.parametrize(("code", "room", "path"), FILES)
def test_compiled_files_say_what_the_text_says(code, room, path, tmp_path):
    place = tmp_path / "locale" / "xx" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / path.name).write_bytes(path.read_bytes())
    command = Command()
    command.verbosity, command.has_errors = 0, False
    command.compile_messages([(str(place), path.name)])
    assert not command.has_errors
    assert (place / path.name).with_suffix(".mo").read_bytes() == path.with_suffix(
        ".mo"
    ).read_bytes()
    compiled = read_mo(str(path.with_suffix(".mo")))._catalog
    for message in _pofile.read(path).values():
        if not message.is_header and message.context is None and message.plural is None:
            assert compiled[message.id] == message.texts[0]


@pytest.fixture
def copied(tmp_path, monkeypatch, template):
    """The files of one language in another place, where they may be changed."""
    for *_, path in list(messages.files(["it"])):
        for file in (path, path.with_suffix(".mo")):
            target = tmp_path / file.relative_to(messages.SRC)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    monkeypatch.setattr(messages, "SRC", tmp_path)
    return tmp_path / "contrib/sites/locale/it/LC_MESSAGES/django.po"


def test_the_tool_finds_nothing_to_do(copied, capsys):
    assert messages.main(["--check", "it"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('msgstr "nome di dominio"', 'msgstr ""', "'domain name' is not translated"),
        ('msgid "domain name"', '#, fuzzy\nmsgid "domain name"', "has a doubtful translation"),
        ('msgstr "nome di dominio"', 'msgstr "dominio"', "is not compiled"),
        ('msgid "domain name"', 'msgid "gone"', "is not as the source code has it"),
    ],
)
def test_the_tool_says_what_is_wrong(copied, capsys, old, new, complaint):
    text = copied.read_text("utf-8")
    assert old in text
    copied.write_text(text.replace(old, new), "utf-8")
    compiled = copied.with_suffix(".mo").read_bytes()
    assert messages.main(["--check", "it"]) == 1
    assert complaint in capsys.readouterr().err
    assert copied.with_suffix(".mo").read_bytes() == compiled


def test_the_tool_compiles_what_was_changed(copied):
    text = copied.read_text("utf-8").replace("nome di dominio", "dominio")
    copied.write_text(text, "utf-8")
    assert messages.main(["it"]) == 0
    assert copied.read_text("utf-8") == text
    assert read_mo(str(copied.with_suffix(".mo"))).gettext("domain name") == "dominio"


SCRIPT = """
import nuages
from nuages.conf import settings
from nuages.utils.translation import catalogs
read = []
was = catalogs.read_mo
def counted(path):
    read.append(path)
    return was(path)
catalogs.read_mo = counted
from nuages.utils.translation import trans_real
trans_real.read_mo = counted
settings.configure(
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                    "django.contrib.messages", "django.contrib.sessions"],
    LANGUAGE_CODE="en-us",
)
nuages.setup()
print(len(read))
from nuages.utils.translation import gettext, override
with override("de"):
    gettext("Yes")
print(len(read) > 4)
"""


def test_no_catalogue_is_read_before_it_is_needed():
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["0", "True"]
