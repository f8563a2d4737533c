"""Sitemaps: entries, pages, and when they changed."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django.contrib.sitemaps import GenericSitemap, Sitemap
from django.contrib.sitemaps.views import index, sitemap

DAY = datetime.date(2026, 3, 1)
MORNING = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=-2)))


class Numbers(Sitemap):
    """``amount`` pages, of which each says when it changed."""

    limit = 2
    changes: Any = {}

    def __init__(self, amount: int = 3) -> None:
        self.amount = amount

    def items(self) -> list[int]:
        return list(range(self.amount))

    def location(self, item: int) -> str:
        return f"/{item}/?a&b"

    def lastmod(self, item: int) -> Any:
        return self.changes.get(item, DAY)


class Here:
    domain = "here.example"


def test_pages_of_an_index(client: Any, urls: Any) -> None:
    sections = {"numbers": Numbers, "none": Numbers(0)}
    urls.add("map.xml", index, {"sitemaps": sections, "sitemap_url_name": "part"})
    urls.add("<section>.xml", sitemap, {"sitemaps": sections}, name="part")
    whole = client.get("/map.xml")
    for address in ("numbers.xml", "numbers.xml?p=2", "none.xml"):
        assert f"<loc>http://here.example/{address}</loc>" in whole.text
    assert "Last-Modified" not in whole.headers
    second = client.get("/numbers.xml?p=2")
    assert "<loc>http://here.example/2/?a&amp;b</loc><lastmod>2026-03-01</lastmod>" in second.text
    assert second.headers["Last-Modified"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    assert {
        client.get(path).status_code for path in ("/x.xml", "/none.xml?p=2", "/none.xml?p=x")
    } == {404}


def test_days_and_moments_are_compared_in_utc(client: Any, urls: Any) -> None:
    moment = Numbers(1)
    moment.changes = {0: MORNING}
    urls.add("map.xml", sitemap, {"sitemaps": {"day": Numbers(1), "moment": moment}})
    changed = client.get("/map.xml").headers["Last-Modified"]
    assert changed == "Sun, 01 Mar 2026 10:00:00 GMT"


@given(st.lists(st.none() | st.dates(), max_size=4))
def test_a_section_knows_its_latest_change_if_all_entries_do(dates: list[Any]) -> None:
    section = Numbers(len(dates))
    section.limit, section.changes = 10, dict(enumerate(dates))
    assert [url["lastmod"] for url in section.get_urls(site=Here)] == dates
    expected = max(dates) if dates and None not in dates else None
    assert getattr(section, "latest_lastmod", None) == section.get_latest_lastmod() == expected


@pytest.mark.parametrize("given_priority", [0, 0.5, None])
def test_the_class_of_a_generic_section_is_heard_before_its_arguments(given_priority: Any) -> None:
    class Own(GenericSitemap):
        protocol = "http"
        changefreq = "daily"

    section = Own({"queryset": None}, given_priority, changefreq="never", protocol="https")
    assert (section.priority, section.changefreq) == (given_priority, "daily")
    assert section.get_protocol("https") == "http"
