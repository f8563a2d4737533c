"""Laws of the text, date and encoding helpers, and their time on hostile input."""

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuages.utils import dateparse, duration, html, text
from nuages.utils.encoding import iri_to_uri, netstring
from nuages.utils.http import base36_to_int, http_date, int_to_base36, parse_http_date


@given(st.text())
def test_escaped_text_comes_back(source: str) -> None:
    import html as standard

    escaped = html.escape(source)
    assert standard.unescape(escaped) == standard.unescape(standard.escape(source))
    assert not {"<", ">", '"', "'"} & set(escaped)


@given(st.text())
def test_a_slug_is_its_own_slug(source: str) -> None:
    for unicode in (False, True):
        slug = text.slugify(source, allow_unicode=unicode)
        assert text.slugify(slug, allow_unicode=unicode) == slug


@given(st.timedeltas())
def test_durations_come_back(value: datetime.timedelta) -> None:
    assert dateparse.parse_duration(duration.duration_string(value)) == value
    assert dateparse.parse_duration(duration.duration_iso_string(value)) == value


@given(st.datetimes())
def test_datetimes_come_back(value: datetime.datetime) -> None:
    assert dateparse.parse_datetime(value.isoformat()) == value
    assert dateparse.parse_date(value.date().isoformat()) == value.date()
    assert dateparse.parse_time(value.time().isoformat()) == value.time()


@given(st.integers(0, 253402300799))
def test_http_dates_come_back(seconds: int) -> None:
    assert parse_http_date(http_date(seconds)) == seconds


@given(st.integers(0, 10**12))
def test_base_36_comes_back(number: int) -> None:
    assert base36_to_int(int_to_base36(number)) == number


@given(st.lists(st.text()), st.lists(st.text()))
def test_joined_netstrings_differ_where_their_parts_do(one: list[str], other: list[str]) -> None:
    def joined(parts: list[str]) -> bytes:
        return b"".join(map(netstring, parts))

    assert (joined(one) == joined(other)) == (one == other)


@given(st.text())
def test_a_uri_is_its_own_uri(source: str) -> None:
    uri = iri_to_uri(source)
    assert iri_to_uri(uri) == uri


HOSTILE = {
    "urlize: brackets": (html.urlize, "[" * 50_000 + "a.com" + ")" * 50_000),
    "urlize: semicolons": (html.urlize, "a.com" + "&:" * 50_000 + ";" * 50_000),
    "urlize: dots": (html.urlize, "www." + "." * 100_000),
    "strip_tags: unclosed": (html.strip_tags, "<" * 5_000 + "a" * 100_000),
    "strip_tags: comments": (html.strip_tags, "<!--" * 10_000),
    "smart_split: quotes": (lambda value: list(text.smart_split(value)), "\"'" * 50_000),
    "truncate: open tags": (
        lambda value: text.Truncator(value).words(3, html=True),
        "<a " * 50_000,
    ),
    "wrap: one long word": (lambda value: text.wrap(value, 5), "a" * 200_000),
    "duration: digits": (dateparse.parse_duration, "9" * 100_000 + "x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_no_time(name: str) -> None:
    function, value = HOSTILE[name]
    start = time.process_time()
    try:
        function(value)
    except ValueError:
        pass  # Refusing it is an answer, too.
    assert time.process_time() - start < 2, name
