"""The documentation of models, views and templates."""

import sys
from collections.abc import Callable, Iterator

import pytest

from django.contrib import admin
from django.contrib.admindocs.utils import get_view_name, parse_docstring, parse_summary
from django.contrib.admindocs.views import simplify_regex
from django.test import Client, modify_settings, override_settings
from django.urls import include, path

pytest.importorskip("docutils")


class Urls:
    """A URLconf of a site and its documentation."""

    def __init__(self, site: admin.AdminSite) -> None:
        self.urlpatterns = [
            path("docs/", include("django.contrib.admindocs.urls")),
            path("admin/", site.urls),
        ]


@pytest.fixture
def docs(site: admin.AdminSite) -> Iterator[None]:
    with (
        modify_settings(INSTALLED_APPS={"append": "django.contrib.admindocs"}),
        override_settings(ROOT_URLCONF=Urls(site)),
    ):
        yield


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"^(?P<sport>\w+)/(\w+)/$", "/<sport>/<var>/"),
        (r"a/(?P<x>[)(]+)/b", "/a/<x>/b"),
        (r"a/(?P<x>(?:[^/)]|\))+)/b", "/a/<x>/b"),
        (r"a(?=b)/(?!c)d", "/a/d"),
        (r"a\(b\)", "/a(b)"),
        (r"a(unclosed", "/a<var>"),
        ("", "/"),
    ],
)
def test_patterns_for_people(pattern: str, shown: str) -> None:
    assert simplify_regex(pattern) == shown


@pytest.mark.parametrize(
    ("docstring", "parts"),
    [
        (None, ("", "", {})),
        ("Title.", ("Title.", "", {})),
        ("Title.\n\n    Body: here.\n    More.", ("Title.", "Body: here.\nMore.", {})),
        (
            "Title.\n\n    Body.\n\n    one: 1\n    two: 2",
            ("Title.", "Body.", {"one": "1", "two": "2"}),
        ),
    ],
)
def test_docstrings(docstring: str | None, parts: tuple) -> None:
    assert parse_docstring(docstring) == parts


def test_names_of_views() -> None:
    class Callable:
        def __call__(self, request):
            return None

    assert get_view_name(Callable()).endswith("Callable")
    assert get_view_name(get_view_name) == "django.contrib.admindocs.utils.get_view_name"


def test_text_of_others_is_no_html(docs: None) -> None:
    assert "<script" not in parse_summary("<script>alert(1)</script>", "model", "x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", open("/dev/null", "w"))  # docutils complains there
        html = parse_summary(".. raw:: html\n\n   <script>1</script>", "model", "x")
    assert "<script" not in html


class TestPages:
    @pytest.mark.parametrize(
        "page", ["", "bookmarklets/", "tags/", "filters/", "views/", "models/", "models/shop.book/"]
    )
    def test_staff_only(self, docs: None, login: Callable[..., Client], page: str) -> None:
        assert login("view_book", is_staff=False).get(f"/docs/{page}").status_code == 302

    @pytest.mark.parametrize(
        "page",
        ["", "bookmarklets/", "tags/", "filters/", "views/", "models/", "models/shop.book/",
         "templates/admin/base.html/"],
    )  # fmt: skip
    def test_pages_can_be_seen(self, docs: None, superuser: Client, page: str) -> None:
        answer = superuser.get(f"/docs/{page}")
        assert answer.status_code == 200
        assert b"<main" in answer.content

    def test_nothing_is_imported_for_a_question(self, docs: None, superuser: Client) -> None:
        assert superuser.get("/docs/views/antigravity.fly/").status_code == 404
        assert "antigravity" not in sys.modules

    @pytest.mark.parametrize("name", ["../conftest.py", "/etc/hosts"])
    def test_only_templates_are_looked_at(self, docs: None, superuser: Client, name: str) -> None:
        assert superuser.get(f"/docs/templates/{name}/").status_code in (400, 404)

    def test_models_need_a_permission(self, docs: None, login: Callable[..., Client]) -> None:
        client = login("view_author")
        assert client.get("/docs/models/shop.author/").status_code == 200
        assert client.get("/docs/models/shop.book/").status_code == 403
        assert b"shop.book" not in client.get("/docs/models/").content
