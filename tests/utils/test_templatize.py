"""Templates as xgettext reads them."""

import pytest

from nuages.utils.translation.template import templatize


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{% translate 'x%' %}", "gettext(u'x%%')"),
        ("{% translate 'x'|upper context 'c' %}", "pgettext(u'c', u'x')"),
        ("{{ a|default:_('b') }}", "_('b')"),
        ("{% blocktranslate %}a {{ b }}{% endblocktranslate %}", "gettext(u'a %(b)s')"),
        (
            "{% blocktranslate count n=2 %}one{% plural %}{{ n }}{% endblocktranslate %}",
            "ngettext(u'one', u'%(n)s', count)",
        ),
        (
            "{% blocktranslate trimmed %}\n a\n\n b\n{% endblocktranslate %}",
            "gettext(u'a b')",
        ),
    ],
)
def test_messages(source: str, code: str) -> None:
    made = templatize(source)
    assert code in made
    assert made.count("\n") == source.count("\n")


def test_other_tags_in_a_block_are_an_error() -> None:
    with pytest.raises(SyntaxError, match=r"file f.html, line 2"):
        templatize("\n{% blocktranslate %}{% if a %}", origin="f.html")
