"""Message files without the gettext tools: collecting, merging, compiling."""

import io
from gettext import GNUTranslations

import pytest

from nuages.utils.translation import _directives, _pofile, _sources

KEYWORDS = _sources.USUAL | dict(map(_sources.keyword, ("pgettext:1c,2", "npgettext:1c,2,3")))


def collected(source, language="Python"):
    return _sources.messages(source, "a", language, KEYWORDS)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('_("a" "b" + "c")', ["abc"]),
        ("gettext(('a'\n 'b'))", ["ab"]),
        ("_(r'\\d'); _(x and 'no'); _(f'{_(\"inner\")}')", ["\\d", "inner"]),
        ('_("outer %s") % _("inner")', ["outer %s", "inner"]),
        ("# _('comment')\n'_(\"text\")'", []),
        ("X % ) X _('garbage')", ["garbage"]),
    ],
)
def test_python(source, wanted):
    assert [message.id for message in collected(source)] == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("gettext(`plain`); gettext(`with ${x}`)", ["plain"]),
        (
            "`a ${gettext('in') + `${gettext('deep')}`} }` + gettext('after')",
            ["in", "deep", "after"],
        ),
        ("r = /gettext('no')/; d = a / gettext('yes') / 2", ["yes"]),
        ("if (a) /['\"]/.test(gettext('b'))", ["b"]),
        ("return /\"[/\"]/g; gettext('last')", ["last"]),
        ("/* gettext('c') */ // gettext('d')\ngettext('\\u00e9\\x41\\\n!')", ["éA!"]),
    ],
)
def test_javascript(source, wanted):
    assert [message.id for message in collected(source, "JavaScript")] == wanted


def test_context_plural_hints_and_flags():
    (message,) = collected(
        "# Translators: of time\n# and more\nnpgettext(\n'c', '%(n)d day', '%(n)d days', n)"
    )
    assert (message.context, message.id, message.plural) == ("c", "%(n)d day", "%(n)d days")
    assert message.hints == ["Translators: of time", "and more"]
    assert message.flags == ["python-format"]
    assert message.places == ["a:4"]


FILE = """\
# by someone
msgid ""
msgstr ""
"X-Generator: other\\n"
"Plural-Forms: nplurals=3; plural=n>2;\\n"

# a remark
#. a hint
#: a.py:1 b.py:2
#, fuzzy, python-format
#| msgid "old %s"
msgctxt "place"
msgid "new %s"
msgstr "neu %s"

msgid "tab\\t \\"quoted\\" \\\\ line\\n"
msgstr ""
"a line that is too long for one line of the file, and which is broken where "
"it has a space\\n"
"and one more\\n"

msgid "day"
msgid_plural "days"
msgstr[0] "a"
msgstr[1] "b"
msgstr[2] "c"

#~ msgid "gone"
#~ msgstr "weg"
"""


def test_a_file_is_written_as_it_was_read():
    assert _pofile.text_of(_pofile.parse(FILE).values()) == FILE


def test_errors_name_file_and_line():
    with pytest.raises(_pofile.MessageFileError, match="x.po:2: syntax error"):
        _pofile.parse('msgid "a"\nmsgwhat "b"\n', "x.po")
    with pytest.raises(_pofile.MessageFileError, match="x.po:3: duplicate"):
        _pofile.parse('msgid "a"\nmsgstr ""\nmsgid "a"\nmsgstr ""\n', "x.po")


def test_merging():
    old = _pofile.parse(FILE)
    template = _pofile.Messages()
    for message in collected(
        "_('days'); _('gone'); _('A wholly other message'); pgettext('place', 'new %s!')"
    ):
        template.add(message)
    result = _pofile.merged(old, template)
    guessed = result["place", "new %s!"]
    assert (guessed.texts, guessed.flags[0]) == (["neu %s"], "fuzzy")
    assert result[None, "gone"].texts == ["weg"]
    assert not result[None, "gone"].obsolete
    assert result[None, "A wholly other message"].texts == [""]
    assert (None, 'tab\t "quoted" \\ line\n') in result
    assert result[None, 'tab\t "quoted" \\ line\n'].obsolete


def test_compiled_files_are_read_by_the_standard_library():
    read = GNUTranslations(io.BytesIO(_pofile.compiled(_pofile.parse(FILE).values())))
    assert read.pgettext("place", "new %s") == "new %s"  # Doubtful.
    assert read.ngettext("day", "days", 1) == "a"
    assert read.gettext("gone") == "gone"
    sure = GNUTranslations(
        io.BytesIO(_pofile.compiled(_pofile.parse(FILE).values(), doubtful=True))
    )
    assert sure.pgettext("place", "new %s") == "neu %s"


@pytest.mark.parametrize(
    ("id", "text", "flag", "wrong"),
    [
        ("%(a)s of %(b)d", "%(b)d: %(a)s", "python-format", False),
        ("%(a)s", "%(c)s", "python-format", True),
        ("%(a)d", "%(a)s", "python-format", True),
        ("%s and %d", "%d und %s", "python-format", True),
        ("100 %s", "100 %", "python-format", True),
        ("{a} {b}", "{b} {a}", "python-brace-format", False),
        ("{a}", "{", "python-brace-format", True),
        ("a\n", "a", "", True),
    ],
)
def test_directives_agree(id, text, flag, wrong):
    message = _pofile.Message(id, texts=[text], flags=[flag])
    assert bool(list(_directives.disagreements(message))) is wrong
