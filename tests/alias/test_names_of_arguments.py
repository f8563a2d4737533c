"""Arguments are called what the manual and projects call them."""

import datetime

import pytest

from django.contrib.auth.admin import UserAdmin
from django.contrib.sitemaps.views import SitemapIndexItem
from django.core.management import CommandError, call_command
from django.core.signing import TimestampSigner
from django.db.models import Q
from django.template import Context, Engine
from django.utils.translation import trans_real


def test_a_signed_value_by_name():
    signer = TimestampSigner(key="k")
    assert signer.unsign(value=signer.sign("x"), max_age=9) == "x"


@pytest.mark.parametrize("strict", [True, False])
def test_the_language_of_a_path(strict):
    assert trans_real.get_language_from_path("/de/x", strict=strict) == "de"
    assert trans_real.get_language_from_path("/xx/", strict=strict) is None


def test_a_line_of_an_index_of_sitemaps():
    item = SitemapIndexItem("http://x/s.xml", last_mod=None)
    assert repr(item) == "SitemapIndexItem(location='http://x/s.xml', last_mod=None)"
    dated = SitemapIndexItem("http://x/t.xml", datetime.date(2024, 2, 3))
    index = Engine(app_dirs=True).get_template("sitemap_index.xml")
    text = index.render(Context({"sitemaps": [item, dated]}))
    assert text.count("<lastmod>") == 1
    assert "<lastmod>2024-02-03" in text


def test_a_connector_that_is_none():
    with pytest.raises(ValueError, match="^connector must be one of 'AND', 'OR', 'XOR', or None.$"):
        Q(a=1, _connector="X")


def test_the_page_that_adds_users_is_wide():
    assert UserAdmin.add_fieldsets[0][1]["classes"] == ("wide",)


def test_no_recipients():
    with pytest.raises(CommandError, match="You must specify some email recipients"):
        call_command("sendtestemail")
