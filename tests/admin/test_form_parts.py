"""What forms of the admin are made of: fields, widgets, inlines and what may be sent back."""

from collections.abc import Callable
from pathlib import Path

import pytest
from shop.models import Author, Book

from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.db import connection, models
from django.forms.renderers import BaseRenderer, TemplatesSetting
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation

WITH_AUTHOR = ["title", "author"]


class WithAuthor(admin.TabularInline):
    """Books on the page of a book's author's page, each with a list of authors."""

    model = Book
    fields = WITH_AUTHOR


def wrapper(site: admin.AdminSite, **rights: bool) -> widgets.RelatedFieldWidgetWrapper:
    inner = forms.Select(choices=[("1", "Django <R>")])
    relation = Book._meta.get_field("author").remote_field
    return widgets.RelatedFieldWidgetWrapper(inner, relation, site, **rights)


class TestWrapper:
    @pytest.mark.parametrize("language", ["en", "de"])
    @pytest.mark.parametrize("name", ["author", "books-0-author", "a&<b"])
    @pytest.mark.parametrize(
        "rights", [{}, {"can_change_related": True}, {"can_view_related": True}]
    )
    def test_shell_is_what_the_template_gives(
        self, site: admin.AdminSite, language: str, name: str, rights: dict[str, bool]
    ) -> None:
        widget = wrapper(site, **rights)
        with translation.override(language):
            asked = widget._render(widget.template_name, widget.get_context(name, "1", {}))
            assert widget.render(name, "1", {}) == asked
            # The second time nothing is asked of the template.
            assert widget.render(name, "1", {}) == asked

    def test_context_of_a_subclass_counts(self, site: admin.AdminSite) -> None:
        class Other(widgets.RelatedFieldWidgetWrapper):
            def get_context(self, name, value, attrs):
                return super().get_context(name, value, attrs) | {"model_name": "changed"}

        relation = Book._meta.get_field("author").remote_field
        assert 'data-model-ref="changed"' in Other(forms.Select(), relation, site).render("a", "")

    def test_renderers_of_others_are_asked_each_time(self, site: admin.AdminSite) -> None:
        class Counting(BaseRenderer):
            asked = 0

            def render(self, template_name, context, request=None):
                self.asked += 1
                return f"<b>{context['name']}</b>"

        renderer, widget = Counting(), wrapper(site)
        assert [widget.render(name, "1", {}, renderer) for name in "ab"] == ["<b>a</b>", "<b>b</b>"]
        assert renderer.asked == 2

    def test_template_of_a_theme_counts(self, site: admin.AdminSite, tmp_path: Path) -> None:
        theme = tmp_path / "admin" / "widgets"
        theme.mkdir(parents=True)
        (theme / "related_widget_wrapper.html").write_text("{{ name|upper }}")

        class Themed(TemplatesSetting):
            pass

        templates = [{"BACKEND": "django.template.backends.django.DjangoTemplates",
                      "DIRS": [str(tmp_path)], "APP_DIRS": True}]  # fmt: skip
        with override_settings(TEMPLATES=templates):
            assert wrapper(site).render("author", "1", {}, Themed()) == "AUTHOR"

    def test_cascading_relations_have_no_link_to_delete(self, site: admin.AdminSite) -> None:
        assert not wrapper(site, can_delete_related=True).can_delete_related

    def test_unknown_rights_are_refused(self, site: admin.AdminSite) -> None:
        with pytest.raises(TypeError, match="can_sell_related"):
            wrapper(site, can_sell_related=True)

    def test_copies_do_not_share_attributes(self, site: admin.AdminSite) -> None:
        class Form(forms.Form):
            author = forms.ChoiceField(widget=wrapper(site))

        first, second = Form(), Form()
        first.fields["author"].widget.widget.attrs["class"] = "one"
        first.fields["author"].widget.attrs["title"] = "of the wrapper"
        assert "one" in str(first["author"])
        assert "title" not in second.fields["author"].widget.attrs
        assert "one" not in str(second["author"])


def test_descriptions_of_dates_are_kept_beside_the_warning() -> None:
    widget = widgets.AdminDateWidget()
    attrs = widget.get_context("day", None, {"aria-describedby": "id_day_helptext"})["widget"][
        "attrs"
    ]
    assert attrs["aria-describedby"] == "id_day_helptext id_day_timezone_warning_helptext"


class TestInlines:
    @pytest.fixture
    def shelf(self, site: admin.AdminSite, book: Book) -> Book:
        for title in ("Minor Swing", "Djangology"):
            Book.objects.create(title=title, author=book.author)
        return book

    def formset(self, site: admin.AdminSite, inline: type, user: object, **kwargs):
        request = RequestFactory().get("/")
        request.user = user
        made = inline(Author, site)
        return made.get_formset(request, kwargs.get("instance"))(**kwargs)

    def test_forms_ask_once_for_common_choices(
        self, site: admin.AdminSite, shelf: Book, superuser: Client
    ) -> None:
        class Chapter(admin.TabularInline):
            model = Book
            fk_name = "author"

        class Sharing(forms.ModelForm):
            other = forms.ModelChoiceField(Author.objects.all(), required=False)

        Chapter.form, Chapter.fields = Sharing, ["title", "other"]
        user = next(iter(_superusers()))
        formset = self.formset(site, Chapter, user, instance=shelf.author)
        with CaptureQueriesContext(connection) as queries:
            html = "".join(str(form["other"]) for form in formset)
        assert html.count("<select") == 6
        assert html.count("<option") == 12
        assert sum("shop_author" in query["sql"] for query in queries) == 1

    def test_choices_that_a_form_has_put_there_stay(
        self, site: admin.AdminSite, shelf: Book, superuser: Client
    ) -> None:
        class Own(forms.ModelForm):
            other = forms.ModelChoiceField(Author.objects.all(), required=False)

            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                self.fields["other"].queryset = Author.objects.filter(name=self.instance.title)

        class Chapter(admin.TabularInline):
            model, form, fields = Book, Own, ["title", "other"]

        Author.objects.create(name="Djangology")
        user = next(iter(_superusers()))
        shown = [
            str(form["other"]) for form in self.formset(site, Chapter, user, instance=shelf.author)
        ]
        assert sum("Author object" in html for html in shown) == 1

    @pytest.mark.parametrize(
        ("permissions", "titles"),
        [
            (("view_book",), {"Nuages"}),
            (("view_book", "add_book"), {"Nuages", "Added"}),
            (("view_book", "change_book"), {"Changed"}),
            (("view_book", "change_book", "add_book"), {"Changed", "Added"}),
        ],
    )
    def test_forged_changes_are_ignored(
        self,
        login: Callable[..., Client],
        book: Book,
        permissions: tuple[str, ...],
        titles: set[str],
    ) -> None:
        client = login("view_author", "change_author", *permissions)
        sent = {
            "name": "Django",
            "age": 43,
            "books-TOTAL_FORMS": 2,
            "books-INITIAL_FORMS": 1,
            "books-0-id": book.pk,
            "books-0-author": book.author_id,
            "books-0-title": "Changed",
            "books-0-price": 5,
            "books-1-id": "",
            "books-1-author": book.author_id,
            "books-1-title": "Added",
            "books-1-price": 5,
        }
        client.post(f"/admin/shop/author/{book.author_id}/change/", sent)
        assert {each.title for each in Book.objects.all()} == titles

    def test_deleting_needs_its_permission(self, login: Callable[..., Client], book: Book) -> None:
        client = login("view_author", "change_author", "view_book", "change_book")
        sent = {
            "name": "Django",
            "age": 43,
            "books-TOTAL_FORMS": 1,
            "books-INITIAL_FORMS": 1,
            "books-0-id": book.pk,
            "books-0-author": book.author_id,
            "books-0-title": "Nuages",
            "books-0-price": 5,
            "books-0-DELETE": "on",
        }
        client.post(f"/admin/shop/author/{book.author_id}/change/", sent)
        assert Book.objects.filter(pk=book.pk).exists()


def _superusers():
    from django.contrib.auth.models import User

    return User.objects.filter(is_superuser=True)


class TestLookups:
    @pytest.mark.parametrize(
        ("lookup", "allowed"),
        [
            ("title", True),
            ("title__icontains", True),
            ("author", True),
            ("author__id__exact", True),
            ("author__name", False),
            ("author__name__startswith", False),
            ("author__books__title", False),
            ("nonsense__more", True),
        ],
    )
    def test_only_own_columns_unless_an_option_names_others(
        self, site: admin.AdminSite, lookup: str, allowed: bool
    ) -> None:
        pages = admin.ModelAdmin(Book, site)
        assert pages.lookup_allowed(lookup, "x", RequestFactory().get("/")) is allowed

    def test_filters_name_others(self, site: admin.AdminSite) -> None:
        pages = admin.ModelAdmin(Book, site)
        pages.list_filter = ["author__name"]
        request = RequestFactory().get("/")
        assert pages.lookup_allowed("author__name__startswith", "x", request)
        assert not pages.lookup_allowed("author__age", "x", request)

    @pytest.mark.parametrize(("name", "allowed"), [("id", True), ("name", False), ("x", False)])
    def test_popups_give_away_keys_only(
        self, site: admin.AdminSite, name: str, allowed: bool
    ) -> None:
        pages = site.get_model_admin(Author)
        assert pages.to_field_allowed(RequestFactory().get("/"), name) is allowed


class TestAutocomplete:
    URL = "/admin/autocomplete/?app_label=shop&model_name=book&field_name=author&term=djan"

    def test_who_may_see_authors_gets_them(self, login: Callable[..., Client], book: Book) -> None:
        answer = login("view_author").get(self.URL).json()
        assert [each["id"] for each in answer["results"]] == [str(book.author_id)]

    @pytest.mark.parametrize("permission", ["view_book", "add_author", "delete_author"])
    def test_others_do_not(self, login: Callable[..., Client], book: Book, permission: str) -> None:
        assert login(permission).get(self.URL).status_code == 403

    @pytest.mark.parametrize(
        "query", ["", "?app_label=shop", "?app_label=x&model_name=y&field_name=z"]
    )
    def test_nonsense_is_refused(self, superuser: Client, query: str) -> None:
        assert superuser.get(f"/admin/autocomplete/{query}").status_code == 403


class TestChecks:
    def found(self, site: admin.AdminSite, **options: object) -> list[str]:
        made = type("Pages", (admin.ModelAdmin,), options)
        return [problem.id for problem in made(Book, site).check()]

    @pytest.mark.parametrize(
        ("options", "ids"),
        [
            ({"fields": ["title", "title"]}, ["admin.E006"]),
            ({"fields": "title"}, ["admin.E004"]),
            ({"raw_id_fields": ["title", "x"]}, ["admin.E003", "admin.E002"]),
            ({"radio_fields": {"author": 7}}, ["admin.E024"]),
            ({"view_on_site": "yes"}, ["admin.E025"]),
            ({"ordering": ["?", "x"]}, ["admin.E032", "admin.E033"]),
            ({"list_display": ["title", "x"], "list_filter": ["y"]}, ["admin.E108", "admin.E116"]),
            ({"list_display": ["author__books"]}, ["admin.E109"]),
            ({"date_hierarchy": "title"}, ["admin.E128"]),
            ({"save_as": 1, "list_per_page": "x"}, ["admin.E101", "admin.E118"]),
            ({"inlines": [WithAuthor]}, ["admin.E202"]),
            ({}, []),
        ],
    )
    def test_rules(self, site: admin.AdminSite, options: dict, ids: list[str]) -> None:
        assert self.found(site, **options) == ids

    def test_numbers_are_those_of_the_manual(self) -> None:
        from django.contrib.admin import checks

        rules = {rule.number for rule in checks.ModelAdminChecks.rules}
        assert {"E001", "E016", "E041", "E101", "E107", "E126"} <= rules
        assert len({rule.option for rule in checks.ModelAdminChecks.rules}) == len(
            checks.ModelAdminChecks.rules
        )


def test_many_to_many_with_a_model_of_its_own_has_no_field(site: admin.AdminSite) -> None:
    from django.contrib.auth.models import User

    pages = admin.ModelAdmin(User, site)
    groups = User._meta.get_field("groups")
    made = pages.formfield_for_dbfield(groups, request=None)
    assert isinstance(made, forms.ModelMultipleChoiceField)
    assert "Hold down" in made.help_text
    assert isinstance(groups, models.ManyToManyField)
