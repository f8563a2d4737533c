"""List pages: what Django's have, and columns, views, exports, filters and large tables."""

import datetime
import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from shop.models import Author, Book

from django.contrib import admin
from django.contrib.admin import _cells, _order, _scale
from django.contrib.admin.utils import display_for_field
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse
from django.utils import dateformat, timezone
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

BOOKS = "admin:shop_book_changelist"


class BookList(admin.ModelAdmin):
    list_display = ["title", "price", "shout"]
    list_display_more = ["author", "author__name"]
    list_choose_columns = True
    list_export = ["csv", "json"]
    list_saved_views = True
    list_filter = [("author", admin.AutocompleteListFilter)]
    ordering = ["title"]
    search_fields = ["title"]

    @admin.display(description="Shout", ordering="title")
    def shout(self, obj: Book) -> str:
        return mark_safe(f"<b>{obj.title.upper()}!</b>")


class Urls:
    def __init__(self, site: admin.AdminSite) -> None:
        self.urlpatterns = [path("admin/", site.urls)]


type Put = Callable[..., None]


@pytest.fixture
def put(site: admin.AdminSite) -> Iterator[Put]:
    """Return a function that gives books another ModelAdmin."""
    with ExitStack() as stack:

        def put(pages: type[admin.ModelAdmin], **options: Any) -> None:
            site.unregister(Book)
            site.register(Book, pages, **options)
            stack.enter_context(override_settings(ROOT_URLCONF=Urls(site)))

        yield put


@pytest.fixture
def books(put: Put) -> list[Book]:
    """Twelve books in a site whose list has everything."""
    put(BookList)
    author = Author.objects.create(name="Django")
    return [
        Book.objects.create(title=f"Book {number:02}", price=number, author=author)
        for number in range(12)
    ]


def titles(page: Any) -> list[str]:
    return [book.title for book in page.context_data["cl"].result_list]


# Cells


VALUES: list[tuple[models.Field, list[Any]]] = [
    (models.CharField(), ["", " ", "a", " <b> ", "'\"&", mark_safe("<i>x</i>"), None, 5]),
    (models.TextField(null=True), ["x" * 9, "a\nb"]),
    (models.IntegerField(), [0, -1, 123456789, None, True]),
    (models.DecimalField(decimal_places=2, max_digits=9), [Decimal("1.50"), Decimal("-0.05"),
        Decimal("1E+5"), Decimal("3"), None]),
    (models.FloatField(), [1.5, 1e30, None]),
    (models.BooleanField(null=True), [True, False, None, 1]),
    (models.DateField(), [datetime.date(2024, 2, 29), datetime.date(1, 1, 1), None, "2024"]),
    (models.DateTimeField(), [datetime.datetime(2024, 2, 29, 23, 59, tzinfo=datetime.UTC),
        datetime.datetime(2024, 2, 29, 1), None]),
    (models.CharField(choices=[("a", "<A>"), (None, "none")]), ["a", "b", None]),
    (models.IntegerField(choices=[(1, "one")]), [1, 2, True]),
    (models.URLField(), ["https://e.org/?a&b", "javascript:x", ""]),
    (models.JSONField(), [{"a": "<"}, [], None]),
]  # fmt: skip


@pytest.mark.parametrize("options", [{}, {"USE_THOUSAND_SEPARATOR": True}, {"LANGUAGE_CODE": "de"}])
@pytest.mark.parametrize("linked", [False, True])
def test_fast_writers_write_what_plain_ones_do(options: dict[str, Any], linked: bool) -> None:
    with override_settings(**options):
        for field, values in VALUES:
            field.set_attributes_from_name("some")
            write = _cells.field_writer(field, "<->", linked)
            for value in values:
                plain = conditional_escape(display_for_field(value, field, "<->", linked))
                assert write(value) == write(value) == (plain or "&nbsp;"), (field, value)


@pytest.mark.parametrize(
    "letters",
    ["N j, Y, P", "d.m.y H:i", "l jS F Y", "D M n b E", r"\a\t P", "c", "r", "é Y年n月", "G:i:s"],
)
def test_formats_of_dates(letters: str) -> None:
    text = _cells._formatter(letters, with_time=True)
    start = datetime.datetime(999, 1, 1, tzinfo=datetime.UTC)
    for step in range(400):
        moment = start + step * datetime.timedelta(days=701, hours=5, minutes=31, seconds=7)
        assert text(moment) == dateformat.format(moment, letters)


def test_labels_of_boxes_are_attributes(superuser: Client, books: list[Book]) -> None:
    class Sly(str):
        def __html__(self) -> str:
            return '"><script>'

    assert _cells.attribute_text(Sly('"><script>')) == "&quot;&gt;&lt;script&gt;"


def test_addresses_keep_filters(superuser: Client, books: list[Book]) -> None:
    page = superuser.get(reverse(BOOKS), {"price__gte": "3", "p": "1"}).content.decode()
    wanted = reverse("admin:shop_book_change", args=(books[3].pk,))
    assert f'<a href="{wanted}?_changelist_filters=price__gte%3D3%26p%3D1">Book 03</a>' in page


def test_a_page_costs_five_queries(superuser: Client, books: list[Book]) -> None:
    superuser.get(reverse(BOOKS))
    with CaptureQueriesContext(connection) as queries:
        superuser.get(reverse(BOOKS))
    assert len(queries) == 5


# Order


@pytest.mark.parametrize("text", ["1.-3", "", "-", "x", "1.x.-2", "١", "--1"])
def test_orders_of_addresses(text: str) -> None:
    chosen = list(_order.parse(text))
    assert list(_order.parse(_order.write(chosen))) == chosen


def test_sorting_by_nonsense(superuser: Client, books: list[Book]) -> None:
    for order in ("99", "-", "x", "0", "-0", "1.1"):
        assert titles(superuser.get(reverse(BOOKS), {"o": order}))[0] == "Book 00"


# Columns


def test_columns_can_be_chosen(superuser: Client, books: list[Book]) -> None:
    address = reverse(BOOKS)
    shown = superuser.get(address).context_data["cl"].list_display
    assert shown == ["action_checkbox", "title", "price", "shout"]
    page = superuser.get(address, {"_columns": ["author__name", "title", "secret", "title"]})
    assert page.context_data["cl"].list_display == ["action_checkbox", "author__name", "title"]
    assert '<td class="field-title">' in page.content.decode()
    # Links of the page keep the choice.
    assert "_columns=author__name&amp;_columns=title" in page.content.decode()
    # Nothing known is no choice.
    assert superuser.get(address, {"_columns": "password"}).context_data["cl"].list_display == shown


def test_columns_are_no_parameters_elsewhere(superuser: Client, site: admin.AdminSite) -> None:
    answer = superuser.get(reverse("admin:shop_author_changelist"), {"_columns": "name"})
    assert answer.status_code == 200
    assert answer.context_data["cl"].list_display[-1] == "__str__"


# Exports


def test_export_as_csv(superuser: Client, books: list[Book]) -> None:
    Book.objects.filter(pk=books[1].pk).update(title="=1+1")
    Book.objects.filter(pk=books[2].pk).update(title="  @SUM(A1)", price=-2)
    answer = superuser.get(reverse(BOOKS), {"_export": "csv", "price__lte": "2", "o": "2"})
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = b"".join(answer).decode().splitlines()
    assert lines == [
        "Title,Price,Shout",
        "'  @SUM(A1),-2,'  @SUM(A1)!",
        "Book 00,0,BOOK 00!",
        "'=1+1,1,'=1+1!",
    ]


def test_export_as_json(superuser: Client, books: list[Book]) -> None:
    answer = superuser.get(
        reverse(BOOKS), {"_export": "json", "q": "03", "_columns": ["title", "price", "author"]}
    )
    rows = json.loads(b"".join(answer))
    assert rows == [{"title": "Book 03", "price": 3, "author": str(books[3].author)}]
    assert json.loads(b"".join(superuser.get(reverse(BOOKS), {"_export": "json", "q": "no"}))) == []


def test_export_of_what_is_ticked(superuser: Client, books: list[Book]) -> None:
    sent = {"action": "export_selected_as_csv", "_selected_action": [books[2].pk, books[5].pk]}
    assert "Export selected books as CSV" in superuser.get(reverse(BOOKS)).content.decode()
    answer = superuser.post(reverse(BOOKS) + "?_columns=title", {**sent, "index": "0"})
    assert b"".join(answer).decode().splitlines() == ["Title", "Book 02", "Book 05"]


def test_export_needs_permission(
    login: Callable[..., Client], site: admin.AdminSite, books: list[Book]
) -> None:
    client = login("view_book")
    assert client.get(reverse(BOOKS), {"_export": "csv"}).status_code == 200
    assert client.get(reverse(BOOKS), {"_export": "xml"}).status_code == 404
    site.get_model_admin(Book).has_export_permission = lambda request: False
    page = client.get(reverse(BOOKS))
    assert "_export=csv" not in page.content.decode()
    assert "export_selected_as_csv" not in page.content.decode()
    assert client.get(reverse(BOOKS), {"_export": "csv"}).status_code == 403


def test_no_export_unless_it_is_offered(superuser: Client, book: Book) -> None:
    answer = superuser.get(reverse(BOOKS), {"_export": "csv"})
    assert not answer.streaming
    assert answer.status_code == 200


# Saved views


def test_views_are_saved(superuser: Client, books: list[Book]) -> None:
    address = reverse(BOOKS)
    query = "?price__gte=7&o=-1&p=1&_columns=title"
    answer = superuser.post(address + query, {"_save_view": " Dear & <new> "})
    assert (answer.status_code, answer.url) == (302, address + query)
    page = superuser.get(address).content.decode()
    link = html.unescape(re.search(r'<a href="([^"]*)">Dear &amp; &lt;new&gt;</a>', page)[1])
    assert link == "?price__gte=7&o=-1&_columns=title"
    assert titles(superuser.get(address + link))[0] == "Book 11"
    superuser.post(address, {"_drop_view": "Dear & <new>"})
    assert "Dear &amp;" not in superuser.get(address).content.decode()


def test_views_belong_to_their_user(login: Callable[..., Client], books: list[Book]) -> None:
    from django.contrib.auth.models import User

    client = login(is_superuser=True)
    client.post(reverse(BOOKS), {"_save_view": "mine"})
    assert ">mine</a>" in client.get(reverse(BOOKS)).content.decode()
    client.force_login(User.objects.create_superuser("other"))
    assert ">mine</a>" not in client.get(reverse(BOOKS)).content.decode()


def test_forged_views_are_not_read(superuser: Client, books: list[Book]) -> None:
    superuser.post(reverse(BOOKS), {"_save_view": "mine"})
    (name,) = [name for name in superuser.cookies if name.startswith("admin_views_")]
    superuser.cookies[name] = superuser.cookies[name].value.replace(":", "x:", 1)
    page = superuser.get(reverse(BOOKS))
    assert (page.status_code, ">mine</a>" in page.content.decode()) == (200, False)


def test_too_many_views(superuser: Client, books: list[Book]) -> None:
    for number in range(8):
        superuser.post(f"{reverse(BOOKS)}?q={'x' * 700}{number}", {"_save_view": f"v{number}"})
    page = superuser.get(reverse(BOOKS)).content.decode()
    assert "There are too many saved views." in page
    assert ">v0</a>" in page
    assert ">v7</a>" not in page


# Filters


class Dated(models.Model):
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)

    class Meta:
        app_label = "shop"
        managed = False


def _filter(field: str, **asked: str) -> Any:
    params = {f"{field}__{name}": [value] for name, value in asked.items()}
    owner = SimpleNamespace(get_empty_value_display=lambda: "-")
    made = admin.DateRangeListFilter(
        Dated._meta.get_field(field), None, params, Dated, owner, field_path=field
    )
    assert params == {}
    return made.queryset(None, Dated.objects.all())


def test_ranges_of_dates() -> None:
    sql = str(_filter("day", gte="2024-02-28", lte="2024-02-29").query)
    assert ">= 2024-02-28" in sql
    assert "< 2024-03-01" in sql
    assert "WHERE" not in str(_filter("day", gte="", lte="").query)


@override_settings(USE_TZ=True, TIME_ZONE="Europe/Paris")
def test_ranges_of_moments_are_days_here() -> None:
    sql = str(_filter("moment", lte="2024-03-31").query)
    # The day after begins in summer time.
    assert "< 2024-03-31 22:00:00" in sql


@pytest.mark.parametrize("text", ["x", "2024-02-30", "9999-12-31"])
def test_ranges_of_nonsense(text: str) -> None:
    with pytest.raises(admin.options.IncorrectLookupParameters):
        _filter("day", lte=text)


def test_ranges_need_dates() -> None:
    with pytest.raises(ImproperlyConfigured, match="holds no dates"):
        admin.DateRangeListFilter(
            Book._meta.get_field("title"), None, {}, Book, None, field_path="title"
        )


def test_autocomplete_filters(superuser: Client, books: list[Book]) -> None:
    other = Book.objects.create(title="Other", author=Author.objects.create(name="<Stéphane>"))
    with CaptureQueriesContext(connection) as queries:
        page = superuser.get(reverse(BOOKS), {"author__id__exact": other.author.pk, "q": "o"})
    assert titles(page) == ["Other"]
    text = page.content.decode()
    assert f'<option value="{other.author.pk}" selected>' in text
    assert str(books[0].author) not in re.search(r"<select.*?</select>", text, re.S)[0]
    assert '<input type="hidden" name="q" value="o">' in text
    assert "select2" in text
    # One more than without: the name of the author that was chosen.
    assert len(queries) == 6


# Large tables


class Large(BookList):
    large_table = True
    list_per_page = 5
    list_filter = ()


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make tables large that have more than ten rows."""
    monkeypatch.setattr(_scale, "NEAR", 10)


def pages(client: Client, query: str = "") -> Iterator[list[str]]:
    """Yield pages, along the links to the next one."""
    address = reverse(BOOKS)
    while True:
        page = client.get(address + query)
        yield titles(page)
        found = re.search(r'href="([^"]*)" rel="next"', page.content.decode())
        if found is None:
            return
        query = html.unescape(found[1])


@pytest.mark.parametrize("ordering", [["id"], ["-id"], ["title"], ["-price"], ["price", "-title"]])
def test_pages_by_key(
    superuser: Client, put: Put, books: list[Book], near: None, ordering: list[str]
) -> None:
    for number in range(11):
        Book.objects.create(title=f"More {number:02}", price=3, author=books[0].author)
    put(Large, ordering=ordering)
    total = ordering if "id" in ordering[0] else [*ordering, "-pk"]
    every = [book.title for book in Book.objects.order_by(*total)]
    chunks = [every[place : place + 5] for place in range(0, len(every), 5)]
    assert list(pages(superuser)) == chunks
    # Numbers near both ends are exact; and back again.
    last = superuser.get(reverse(BOOKS), {"p": 5})
    assert titles(last) == chunks[4]
    back = re.search(r'href="([^"]*)" rel="prev"', last.content.decode())
    assert titles(superuser.get(reverse(BOOKS) + html.unescape(back[1]))) == chunks[3]
    for number in range(1, 6):
        assert len(titles(superuser.get(reverse(BOOKS), {"p": number}))) == len(chunks[number - 1])


def test_filtered_lists_go_on_behind_the_bound(
    superuser: Client, put: Put, books: list[Book], near: None
) -> None:
    put(Large)
    Book.objects.bulk_create(
        Book(title=f"Many {number:02}", price=9, author=books[0].author) for number in range(30)
    )
    found = [title for page in pages(superuser, "?q=Many") for title in page]
    assert found == [f"Many {number:02}" for number in range(30)]
    page = superuser.get(reverse(BOOKS), {"q": "Many"})
    assert "≈ 10 books" in page.content.decode()


def test_small_tables_are_counted(superuser: Client, put: Put, books: list[Book]) -> None:
    put(Large)
    Book.objects.exclude(pk__in=[books[0].pk, books[11].pk]).delete()
    page = superuser.get(reverse(BOOKS))
    assert page.context_data["cl"].result_count == 2
    assert "≈" not in page.content.decode()


@pytest.mark.parametrize("cursor", ["x", "", "WyJhIl0:x:y"])
def test_forged_cursors(
    superuser: Client, put: Put, books: list[Book], near: None, cursor: str
) -> None:
    put(Large)
    answer = superuser.get(reverse(BOOKS), {"_after": cursor})
    assert answer.status_code == (302 if cursor else 200)


def test_orders_that_cannot_be_sought() -> None:
    objects = Book.objects
    assert [key.field.name for key in _scale.keys_of(objects.order_by("title", "-pk"))] == [
        "title", "id",
    ]  # fmt: skip
    for order in (
        ["title"],
        ["author__name", "pk"],
        ["?"],
        [models.functions.Lower("title"), "pk"],
    ):
        assert _scale.keys_of(objects.order_by(*order)) == []


def test_dates_without_reading_all(books: list[Book]) -> None:
    from django.contrib.admin.models import ADDITION, LogEntry
    from django.contrib.auth.models import User

    user = User.objects.create(username="writer")
    days = [datetime.datetime(*day, 12, tzinfo=datetime.UTC) for day in
            ((2020, 12, 31), (2022, 1, 1), (2022, 3, 5), (2022, 3, 9))]  # fmt: skip
    for day in days:
        LogEntry.objects.create(user=user, action_flag=ADDITION, action_time=day)
    rows = LogEntry.objects.filter(user=user)

    def found(unit: str, first: Any, last: Any) -> list[Any]:
        dates = _scale.existing_dates(rows, "action_time", unit, first, last)
        return [date.timetuple()[:3] for date in dates]

    with timezone.override("UTC"):
        assert found("year", days[0], days[-1]) == [(2020, 1, 1), (2022, 1, 1)]
        assert found("month", days[1], days[-1]) == [(2022, 1, 1), (2022, 3, 1)]
        assert found("day", days[2], days[-1]) == [(2022, 3, 5), (2022, 3, 9)]
        assert _scale.ends_of(rows, "action_time") == (days[0], days[-1])


# Search


@pytest.mark.parametrize(
    ("fields", "text", "found"),
    [
        (["title"], "book 0", 11),
        (["^title"], "Book", 12),
        (["=title"], "book 03", 0),
        (["=title"], '"book 03"', 1),
        (["price__exact"], "3", 1),
        (["price__exact"], "three", 0),
        (["price__gte", "title"], "10", 2),
        (["author__exact"], "nobody", 0),
        (["author__name"], "Django 0", 0),
        (["pk__in"], "x", 0),
    ],
)
def test_search(
    site: admin.AdminSite, books: list[Book], fields: list[str], text: str, found: int
) -> None:
    pages = admin.ModelAdmin(Book, site)
    pages.search_fields = fields
    request = RequestFactory().get("/")
    rows, _ = pages.get_search_results(request, Book.objects.all(), text)
    assert rows.count() == found


# Actions


def test_actions_refuse_what_is_no_key(superuser: Client, books: list[Book]) -> None:
    sent = {"action": "delete_selected", "_selected_action": "x", "index": "0"}
    assert superuser.post(reverse(BOOKS), sent).status_code == 400
    assert Book.objects.count() == 12


def test_nobody_adds_in_a_list(login: Callable[..., Client], book: Book) -> None:
    sent = {
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "1",
        "form-0-id": book.pk,
        "form-0-price": "5",
        "form-1-price": "6",
        "_save": "1",
    }
    answer = login("change_book", "view_book").post(reverse(BOOKS), sent)
    assert answer.status_code == 400
    assert Book.objects.count() == 1
