"""Filters of humanize, through templates and alone."""

import datetime
from contextlib import suppress
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nuages.contrib.humanize.templatetags.humanize import (
    apnumber,
    intcomma,
    intword,
    naturalday,
    naturaltime,
    ordinal,
)
from nuages.test import modify_settings
from nuages.utils import translation


@pytest.fixture(autouse=True)
def installed():
    with modify_settings(INSTALLED_APPS={"append": "django.contrib.humanize"}):
        yield


@given(st.integers(-(10**30), 10**30))
def test_commas_change_nothing_but_the_looks(number):
    with translation.override("en"):
        shown = intcomma(number)
    assert int(shown.replace(",", "")) == number
    first, *groups = shown.lstrip("-").split(",")
    assert 1 <= len(first) <= 3
    assert all(len(group) == 3 for group in groups)


@given(st.text())
@example("0\x1f")
def test_text_that_is_no_number_comes_back(text):
    for kind in (int, float, Decimal):  # They take different characters for blanks.
        with suppress(ValueError, InvalidOperation):
            kind(text)
            return
    assert intcomma(text) == text
    assert intword(text) == ordinal(text) == apnumber(text) == text


def test_cve_2024_24680_long_numbers_take_no_long_time():
    assert intcomma("1" * 4_000).count(",") == 1_333
    assert intcomma("1" * 200_000)
    assert intcomma("x" * 1_000_000) == "x" * 1_000_000


@pytest.mark.parametrize(
    ("language", "past", "future", "first"),
    [
        ("en", "3\xa0hours ago", "2\xa0days from now", "1st"),
        ("de", "vor 3\xa0Stunden", "in 2\xa0Tagen", "1."),
        ("fr", "il y a 3\xa0heures", "dans 2\xa0jours", "1<sup>er</sup>"),
        ("es", "hace 3\xa0horas", "dentro de 2\xa0días", "1.º"),
    ],
)
def test_words_of_languages(language, past, future, first):
    now = datetime.datetime.now(datetime.UTC)
    with translation.override(language):
        assert naturaltime(now - datetime.timedelta(hours=3, minutes=5)) == past
        assert naturaltime(now + datetime.timedelta(days=2, seconds=5)) == future
        assert ordinal(1) == first
        assert naturaltime(now.date() - datetime.timedelta(days=800))  # A date has no zone.


def test_days_around_today():
    today = datetime.date.today()
    with translation.override("en"):
        days = [naturalday(today + datetime.timedelta(days=n), "j") for n in (-1, 0, 1)]
    assert days == ["yesterday", "today", "tomorrow"]
