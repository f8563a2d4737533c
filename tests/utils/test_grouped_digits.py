"""Digits are grouped where the project says so, whatever is localized. Manual: "Format localization"."""

from decimal import Decimal

import pytest

from django.template import Context, Template
from django.test.utils import override_settings
from django.utils import formats, translation


@pytest.mark.parametrize("value", [1234567, 1234567.5, Decimal("1234567.5")])
@pytest.mark.parametrize("use_l10n", [None, True, False])
def test_the_setting_decides_on_groups(value, use_l10n):
    with translation.override("de"):
        without = formats.localize(value, use_l10n=use_l10n)
        with override_settings(USE_THOUSAND_SEPARATOR=True):
            grouped = formats.localize(value, use_l10n=use_l10n)
    separator = "." if use_l10n is False else ","
    assert without == str(value).replace(".", separator)
    assert grouped.startswith("1234567" if use_l10n is False else "1.234.567")


def test_the_filter_localizes_by_the_settings():
    source = "{% load l10n %}{{ n|localize }}{% localize off %}|{{ n }}{% endlocalize %}"
    assert Template(source).render(Context({"n": 1234})) == "1234|1234"
    with override_settings(USE_THOUSAND_SEPARATOR=True):
        assert Template(source).render(Context({"n": 1234})) == "1,234|1234"
