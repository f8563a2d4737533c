"""Dates, times and numbers are read as people of a language write them."""

import datetime

import pytest

from django import forms
from django.core.exceptions import ValidationError
from django.test.utils import override_settings
from django.utils import translation
from django.utils.formats import number_format, sanitize_separators

DAY = datetime.date(2031, 7, 9)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("it", ["09/07/2031", "09-07-2031", "9/7/31", "2031/07/09", "2031-07-09"]),
        ("de", ["09.07.2031", "9.7.31"]),
        ("cs", ["09.07.2031", "9. 7. 2031"]),
        ("hr", ["9. 7. 2031.", "09.07.2031.", "09.07.2031"]),
        ("hu", ["2031. 07. 09.", "2031.07.09."]),
        ("ja", ["2031/07/09", "31/7/9"]),
    ],
)
def test_dates(language, texts):
    with translation.override(language):
        field = forms.DateField()
        assert [field.clean(text) for text in texts] == [DAY] * len(texts)


def test_what_could_be_two_dates_is_refused():
    with translation.override("de"), pytest.raises(ValidationError):
        forms.DateField().clean("09/07/2031")


def test_times_with_a_full_stop():
    with translation.override("fi"):
        field = forms.TimeField()
        assert field.clean("17.05") == field.clean("17:05") == datetime.time(17, 5)


@pytest.mark.parametrize(
    ("language", "shown"), [("ar", "1.234,5"), ("es", "1\xa0234,5"), ("zh-hans", "1234.5")]
)
@override_settings(USE_THOUSAND_SEPARATOR=True)
def test_numbers(language, shown):
    with translation.override(language):
        assert number_format("1234.5", force_grouping=True) == shown
        assert sanitize_separators(shown) == "1234.5"
