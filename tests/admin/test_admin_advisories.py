"""What advisories about the admin reported does not happen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop.models import Author, Book, Label

from django.contrib import admin
from django.contrib.admin.utils import display_for_field
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.contrib.admindocs.views import TemplateDetailView
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.contenttypes.admin import GenericTabularInline
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.contrib.sites.models import Site
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from django.db import models
from django.test import Client, override_settings
from django.test.utils import isolate_apps
from django.urls import path as url
from django.utils.html import escape

EVIL = "<script>alert(1)</script>"


def page(client: Client, path: str) -> str:
    response = client.get(f"/admin/{path}")
    assert response.status_code == 200, (path, response)
    return response.content.decode()


@pytest.mark.parametrize(
    "lookup", ["author__age", "author__name__startswith", "author__books__title"]
)
def test_cve_2010_4534_lists_are_not_filtered_by_what_they_do_not_offer(
    superuser: Client, book: Book, lookup: str
) -> None:
    assert superuser.get(f"/admin/shop/book/?{lookup}=x").status_code == 400


def test_cve_2013_0305_the_history_needs_permission(
    login: Callable[..., Client], book: Book
) -> None:
    client = login("view_author")
    assert client.get(f"/admin/shop/book/{book.pk}/history/").status_code == 403


def test_cve_2014_0483_objects_are_referred_to_by_what_points_to_them(
    superuser: Client, book: Book
) -> None:
    for path in ("shop/author/", "shop/author/add/", f"shop/author/{book.author_id}/delete/"):
        response = superuser.get(f"/admin/{path}?_popup=1&_to_field=age")
        assert response.status_code == 400, path


@pytest.mark.parametrize("value", ["javascript:alert(1)", 'http://x/"><script>', "data:,x"])
def test_cve_2013_4249_2019_12308_and_2026_15920_addresses_are_not_followed_blindly(
    value: str,
) -> None:
    shown = [
        AdminURLFieldWidget().render("url", value),
        str(escape(display_for_field(value, models.URLField(), "-"))),
    ]
    for text in shown:
        assert 'href="javascript:' not in text
        assert 'href="data:' not in text
        assert "<script>" not in text


def test_cve_2015_2241_readonly_values_are_escaped(
    site: admin.AdminSite, superuser: Client, book: Book
) -> None:
    made = site.get_model_admin(Book)
    made.readonly_fields = ["title", "evil"]
    made.fields = ["title", "evil", "price"]
    made.evil = lambda obj: EVIL
    Book.objects.update(title=EVIL)
    content = page(superuser, f"shop/book/{book.pk}/change/")
    assert EVIL not in content
    assert escape(EVIL) in content


def test_cve_2016_6186_popups_get_data_that_is_escaped(superuser: Client, book: Book) -> None:
    data = {"name": EVIL, "age": 1, "_popup": 1, "books-TOTAL_FORMS": 0, "books-INITIAL_FORMS": 0}
    response = superuser.post("/admin/shop/author/add/?_popup=1", data)
    assert response.status_code == 200
    assert EVIL not in response.content.decode()


def test_names_of_objects_are_escaped_on_each_page(superuser: Client, book: Book) -> None:
    Author.objects.update(name=EVIL)
    Book.objects.update(title=EVIL)
    for path in (
        "shop/book/",
        f"shop/book/{book.pk}/change/",
        f"shop/author/{book.author_id}/change/",
        f"shop/author/{book.author_id}/delete/",
        f"shop/author/{book.author_id}/history/",
        f"shop/book/?q={EVIL}",
    ):
        assert EVIL not in page(superuser, path), path


def test_cve_2018_16984_viewers_see_no_password(login: Callable[..., Client]) -> None:
    other = User.objects.create_user("other", password="secret")
    content = page(login("view_user"), f"auth/user/{other.pk}/change/")
    *_, digest = other.password.split("$")
    assert other.username in content
    assert other.password not in content
    assert digest not in content


def test_cve_2019_19118_who_views_the_parent_edits_no_inline(
    login: Callable[..., Client], book: Book
) -> None:
    client = login("view_author", "add_book", "change_book", "delete_book")
    path = f"/admin/shop/author/{book.author_id}/change/"
    assert 'name="books-0-title"' not in client.get(path).content.decode()
    data = {
        "name": "x",
        "age": 1,
        "books-TOTAL_FORMS": 1,
        "books-INITIAL_FORMS": 1,
        "books-0-id": book.pk,
        "books-0-author": book.author_id,
        "books-0-title": "Changed",
        "books-0-price": 1,
    }
    assert client.post(path, data).status_code == 403
    book.refresh_from_db()
    assert book.title == "Nuages"


def test_cve_2020_13596_addresses_of_raw_id_fields_are_quoted() -> None:
    from django.contrib.admin.widgets import ForeignKeyRawIdWidget

    relation = Book._meta.get_field("author").remote_field
    widget = ForeignKeyRawIdWidget(relation, admin.site)
    widget.base_url_parameters = lambda: {"name": '"><script>'}  # type: ignore[method-assign]
    assert "<script>" not in widget.render("author", None, {"id": "x"})


def test_cve_2026_4277_generic_inlines_add_nothing_without_permission(
    site: admin.AdminSite, login: Callable[..., Client], book: Book
) -> None:
    inline = type("LabelInline", (GenericTabularInline,), {"model": Label, "extra": 1})
    made = site.get_model_admin(Book)
    made.inlines, made.fields = [inline], ["title"]
    prefix = "shop-label-content_type-object_id"
    data = {
        "title": "Changed",
        f"{prefix}-TOTAL_FORMS": 1,
        f"{prefix}-INITIAL_FORMS": 0,
        f"{prefix}-0-text": "forged",
    }
    for permissions in (("change_book",), ("change_book", "view_label", "change_label")):
        User.objects.all().delete()
        login(*permissions).post(f"/admin/shop/book/{book.pk}/change/", data)
        assert not Label.objects.exists()
    User.objects.all().delete()
    login("change_book", "add_label").post(f"/admin/shop/book/{book.pk}/change/", data)
    assert Label.objects.get().text == "forged"


def test_cve_2026_4292_lists_add_nothing(login: Callable[..., Client], book: Book) -> None:
    data = {
        "form-TOTAL_FORMS": 2,
        "form-INITIAL_FORMS": 1,
        "form-0-id": book.pk,
        "form-0-price": 7,
        "form-1-id": "",
        "form-1-price": 9,
        "_save": "1",
    }
    assert login("change_book").post("/admin/shop/book/", data).status_code == 400
    assert Book.objects.count() == 1


def test_cve_2008_2302_the_login_page_leads_nowhere_else(superuser: Client) -> None:
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        response = superuser.get("/admin/login/", {"next": target})
        assert response.headers["Location"] == "/admin/"


def test_writing_needs_the_token(login: Callable[..., Client], book: Book) -> None:
    login(is_superuser=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get())
    for path in (
        "shop/book/",
        "shop/book/add/",
        f"shop/book/{book.pk}/change/",
        f"shop/book/{book.pk}/delete/",
        "logout/",
        "password_change/",
    ):
        assert client.post(f"/admin/{path}", {"post": "yes"}).status_code == 403, path
    assert Book.objects.exists()


def test_pages_hold_no_inline_script_or_style(superuser: Client, book: Book) -> None:
    """A strict content security policy holds."""
    for path in ("", "shop/book/", "shop/book/add/", f"shop/author/{book.author_id}/change/"):
        content = page(superuser, path)
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", content), path
        assert not re.search(r"<style|<[^>]+\s(?:style|on[a-z]+)=", content), path


def test_other_models_of_the_site_are_no_way_in(site: admin.AdminSite, superuser: Client) -> None:
    """Only registered models have pages."""
    for model in (FlatPage, Redirect):
        options = model._meta
        assert not site.is_registered(model)
        path = f"/admin/{options.app_label}/{options.model_name}/"
        assert superuser.get(path).status_code == 404


@pytest.fixture
def stranger(login: Callable[..., Client]) -> Iterator[Client]:
    """The client of nobody, on a site whose login page can be shown."""
    Site.objects.create(domain="testserver", name="testserver")
    yield login(None)
    Site.objects.clear_cache()


def test_cve_2008_3909_what_a_stranger_sends_is_not_kept_until_after_login(
    stranger: Client,
) -> None:
    response = stranger.post("/admin/shop/author/add/", {"name": "kept?"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/admin/login/?next=/admin/shop/author/add/"
    assert "kept?" not in stranger.get(response.headers["Location"]).content.decode()


def test_cve_2008_2302_the_login_page_escapes_its_own_address(stranger: Client) -> None:
    for query in (f"next=/admin/{EVIL}", f'"/>{EVIL}', f"next=/%22%3E{EVIL}"):
        content = stranger.get(f"/admin/login/?{query}").content.decode()
        assert EVIL not in content
        assert EVIL not in stranger.post(f"/admin/login/?{query}").content.decode()


def addresses_of(site: admin.AdminSite) -> override_settings:
    """Let the site have pages for what was registered since."""

    class Urls:
        urlpatterns = [url("admin/", site.urls)]

    return override_settings(ROOT_URLCONF=Urls)


@pytest.mark.parametrize("permissions", [["change_author"], ["view_author"]])
def test_cve_2016_2048_saving_as_new_needs_the_permission_to_add(
    site: admin.AdminSite, login: Callable[..., Client], book: Book, permissions: list[str]
) -> None:
    class Copying(admin.ModelAdmin):
        save_as = True

    site.unregister(Author)
    site.register(Author, Copying)
    before = list(Author.objects.values_list("pk", "name"))
    address = f"/admin/shop/author/{book.author_id}/change/"
    client = login(*permissions)
    with addresses_of(site):
        assert "_saveasnew" not in client.get(address).content.decode()
        response = client.post(address, {"name": "New", "age": 3, "_saveasnew": "1"})
    assert response.status_code == 403
    assert list(Author.objects.values_list("pk", "name")) == before


@isolate_apps("shop")
def test_cve_2026_113733_viewers_see_no_password_of_other_models_of_users(
    site: admin.AdminSite, login: Callable[..., Client]
) -> None:
    class Customer(AbstractBaseUser):
        USERNAME_FIELD = "name"
        name = models.CharField(max_length=20)

        class Meta:
            app_label = "shop"

    class Supplier(Customer):
        class Meta:
            app_label = "shop"

    encoded = make_password("secret")

    class ViewOnly(admin.ModelAdmin):
        list_display = ["name", "password"]

        def has_view_permission(self, request, obj=None):
            return True

        def get_object(self, request, object_id, from_field=None):
            return self.model(pk=1, name="somebody", password=encoded)

    client = login()
    for model in (Customer, Supplier):
        site.register(model, ViewOnly)
        with addresses_of(site):
            content = page(client, f"shop/{model._meta.model_name}/1/change/")
        assert "somebody" in content
        assert encoded not in content
        assert encoded.rpartition("$")[2] not in content
        shown = str(display_for_field(encoded, model._meta.get_field("password"), "-"))
        assert encoded.rpartition("$")[2] not in shown


def test_cve_2019_11358_the_bundled_jquery_is_a_later_one() -> None:
    for name in ("jquery.js", "jquery.min.js"):
        found = finders.find(f"admin/js/vendor/jquery/{name}")
        assert isinstance(found, str)
        version = re.search(r"v(\d+)\.(\d+)", Path(found).read_text(encoding="utf-8")[:200])
        assert version is not None
        assert (int(version[1]), int(version[2])) >= (3, 5)


@pytest.mark.parametrize("name", ["../secret.txt", "/etc/passwd", "a/../../secret.txt"])
def test_cve_2021_33203_the_documentation_shows_templates_only(tmp_path: Path, name: str) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    engine = "django.template.backends.django.DjangoTemplates"
    folders = [{"BACKEND": engine, "DIRS": [tmp_path / "templates"]}]
    with override_settings(TEMPLATES=folders), pytest.raises(SuspiciousFileOperation):
        TemplateDetailView().facts(template=name)
