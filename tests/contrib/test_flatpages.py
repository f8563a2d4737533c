"""Flat pages: as a fallback, by the tag, and in their form."""

from __future__ import annotations

from typing import Any

import pytest

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.flatpages.forms import FlatpageForm
from django.contrib.flatpages.models import FlatPage
from django.contrib.flatpages.views import flatpage
from django.contrib.sites.models import Site
from django.http import Http404
from django.template import Context, Engine, TemplateSyntaxError
from django.test import RequestFactory, override_settings

MIDDLEWARE = ["django.contrib.flatpages.middleware.FlatpageFallbackMiddleware"]
PAGES = {
    "flatpages/default.html": "{{ flatpage.title }}: {{ flatpage.content }}",
    "own.html": "own {{ flatpage.title }}",
    "broken.html": "{% nonsense %}",
}


@pytest.fixture
def page(site: Site) -> Any:
    """Return a function that makes a page of the site."""

    def make(url: str, **values: Any) -> FlatPage:
        made = FlatPage.objects.create(url=url, **{"title": "T", "content": "<b>C</b>"} | values)
        made.sites.add(site)
        return made

    return make


def test_a_missing_page_is_looked_up(client: Any, page: Any) -> None:
    page("/about/")
    page("/own/", template_name="own.html")
    assert client.get("/about/").text == "T: <b>C</b>"
    assert client.get("/own/").text == "own T"
    assert client.get("/nothing/").status_code == 404
    redirect = client.get("/about")
    assert (redirect.status_code, redirect.headers["Location"]) == (301, "/about/")


def test_pages_of_other_sites_are_not_shown(client: Any) -> None:
    there = Site.objects.create(domain="there.example", name="there")
    FlatPage.objects.create(url="/about/", title="T").sites.add(there)
    assert client.get("/about/").status_code == 404


def test_a_broken_page_is_a_404_and_logged(client: Any, urls: Any, page: Any, caplog: Any) -> None:
    urls.add("view/", flatpage)
    page("/broken/", template_name="broken.html")
    assert client.get("/broken/").status_code == 404
    assert "/broken/" in caplog.text
    with override_settings(DEBUG=True), pytest.raises(TemplateSyntaxError, match="nonsense"):
        client.get("/broken/")


def test_the_redirect_stays_on_the_host(client: Any, page: Any) -> None:
    page("//elsewhere.example/")
    request = RequestFactory().get("/x")
    request.path = "//elsewhere.example"
    response = flatpage(request, "//elsewhere.example")
    assert response.headers["Location"] == "/%2Felsewhere.example/"
    with pytest.raises(Http404):
        flatpage(request, "")


@pytest.mark.parametrize(
    ("tag", "titles"),
    [
        ("as pages", "ab"),
        ("for user as pages", "abs"),
        ("for nobody as pages", "ab"),
        ("'/a/' as pages", "a"),
        ("prefix for user as pages", "s"),
    ],
)
def test_the_tag(page: Any, tag: str, titles: str) -> None:
    for title in "abs":
        page(f"/{title}/", title=title, registration_required=title == "s")
    source = f"{{% load flatpages %}}{{% get_flatpages {tag} %}}{{% for p in pages %}}{{{{ p.title }}}}{{% endfor %}}"
    engine = Engine(libraries={"flatpages": "django.contrib.flatpages.templatetags.flatpages"})
    names = {"user": User(), "nobody": AnonymousUser(), "prefix": "/s"}
    assert engine.from_string(source).render(Context(names)) == titles


def test_a_url_is_taken_once_on_a_site(site: Site, page: Any) -> None:
    first, there = page("/a/"), Site.objects.create(domain="there.example", name="there")
    data = {"url": "/a/", "title": "T"}
    assert FlatpageForm(data | {"sites": [there.pk]}).is_valid()
    assert FlatpageForm(data | {"sites": [site.pk]}, instance=first).is_valid()
    taken = FlatpageForm(data | {"sites": [there.pk, site.pk]})
    assert [error.code for error in taken.errors.as_data()["__all__"]] == ["duplicate_url"]
    assert "here.example" in str(taken.errors)
