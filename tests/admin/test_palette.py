"""The palette's answers, and the dashboard's counts: what the user may see, and no more."""

from collections.abc import Callable
from typing import Any

import pytest
from shop.models import Author, Book

from django import forms
from django.contrib import admin
from django.contrib.admin.views import palette
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

Login = Callable[..., Client]


def entries(client: Client, term: str = "") -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get("/admin/palette/", {"q": term}).json()["entries"]
    return found


def titles(client: Client, term: str = "") -> list[str]:
    return [entry["title"] for entry in entries(client, term)]


def test_it_asks_who_is_there(login: Login) -> None:
    response = login(None).get("/admin/palette/")
    assert response.status_code == 302
    assert "/admin/login/" in response.headers["Location"]


def test_without_permissions_there_are_only_ones_own_pages(login: Login) -> None:
    client = login()
    assert titles(client) == ["Home", "Change password"]
    assert client.get("/admin/palette/", {"counts": ""}).json() == {"counts": {}}


def test_what_may_be_seen_is_found(login: Login) -> None:
    author = Author.objects.create(name="Odile Marsac")
    client = login("view_author", "add_book")
    assert titles(client) == ["Authors", "Add book", "Home", "Change password"]
    assert titles(client, "marsac") == [str(author)]
    (entry,) = entries(client, "odile mar")
    assert entry["url"] == f"/admin/shop/author/{author.pk}/change/"
    assert client.get(entry["url"]).status_code == 200
    # Books may be added, but not be seen.
    Book.objects.create(title="Odile's Book", price=1, author=author)
    assert titles(client, "odile") == [str(author)]


def test_single_objects_can_be_hidden(
    login: Login, site: admin.AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, _hidden = (Author.objects.create(name=name) for name in ("Odile", "Secret Odile"))
    made = site.get_model_admin(Author)

    def may_see(request: Any, obj: Any = None) -> bool:
        return obj is None or "Secret" not in obj.name

    monkeypatch.setattr(made, "has_view_or_change_permission", may_see)
    assert titles(login("view_author"), "odile") == [str(shown)]


def test_counts_stop_somewhere(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    Author.objects.bulk_create(Author(name=f"Author {number}") for number in range(12))
    client = login("view_author")
    address = "/admin/palette/?counts"
    assert client.get(address).json() == {"counts": {"shop-author": "12"}}
    monkeypatch.setattr(palette, "COUNTED", 10)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).json() == {"counts": {"shop-author": "10+"}}
    assert any("LIMIT 11" in query["sql"] for query in queries)


def test_images_are_checked_in_forms() -> None:
    made = models.ImageField(upload_to="x", blank=True).formfield()
    assert isinstance(made, forms.ImageField)
    assert made.max_length == 100


@pytest.mark.parametrize("files", [{}, {"file": SimpleUploadedFile("new.txt", b"text")}])
def test_the_present_file_stays_in_sight_until_it_is_gone(files: dict[str, Any]) -> None:
    class Form(forms.Form):
        name = forms.CharField()
        file = forms.FileField(required=False)

    class Stored:
        url = "/files/x"

    data = {"name": ""} if files else {"name": "", "file-clear": "on"}
    form = Form(data, files, initial={"file": Stored()})
    assert not form.is_valid()
    assert 'href="/files/x"' in str(form["file"])
    assert ('id="file-clear_id" checked' in str(form["file"])) is (not files)
