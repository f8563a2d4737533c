"""A call does the same the first time, the second, and when its plan is kept; errors and warnings, too."""

import warnings

import pytest
from shop.models import Author, Book, Seat

from django.core.exceptions import FieldError, FieldFetchBlocked
from django.db import DatabaseError, connection, models
from django.db.models import F, Max, Sum
from django.test.utils import CaptureQueriesContext, isolate_apps, override_settings
from django.utils import timezone
from django.utils.deprecation import RemovedInDjango2028Warning

TIMES = range(3)


@pytest.fixture(autouse=True)
def some_books():
    ann, bob = Author.objects.create(name="Ann", age=30), Author.objects.create(name="Bob", age=2)
    for number, author in enumerate([ann, bob, ann]):
        Book.objects.create(title=f"T{number}", price=number, author=author)


def test_aggregates_over_a_slice():
    for _ in TIMES:
        assert Book.objects.order_by("-price")[:2].aggregate(x=Sum("price")) == {"x": 3}
        assert Book.objects.all()[:0].aggregate(x=Sum("price")) == {"x": None}
        assert Book.objects.all()[:2].aggregate(y=Max("published")) == {"y": None}


def test_a_slice_sorted_by_a_part_of_a_time_asks_in_the_current_time_zone():
    books = Book.objects.order_by("published__hour")[:2]
    for _ in TIMES:
        for zone in ("Asia/Tokyo", "Europe/Berlin"):
            with timezone.override(zone), CaptureQueriesContext(connection) as caught:
                Book.objects.order_by("published__hour")[:2].aggregate(x=Sum("price"))
                books.all().count()
            assert all(zone in query["sql"] for query in caught.captured_queries)


def test_what_is_no_list():
    for _ in TIMES:
        with pytest.raises(TypeError, match="'int' object is not iterable"):
            Book.objects.filter(id__in=5).count()
        assert Author.objects.filter(name__in="AB").count() == 0
    Author.objects.create(name="A")
    assert Author.objects.filter(name__in="AB").count() == 1


def test_each_use_of_something_deprecated_warns_once():
    for _ in TIMES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            list(Book.objects.select_related())
        assert [each.category for each in caught] == [RemovedInDjango2028Warning]


def test_names_that_are_chosen_twice():
    books = Book.objects.order_by("id")
    for _ in TIMES:
        row = books.values_list("price", "title", "price", F("id"), named=True)[1]
        assert row._fields == ("price", "title", "price1", "f1")
        assert row[:3] == (1, "T1", 1)
    both = (
        books.order_by()
        .values_list("price", "price")
        .union(Author.objects.order_by().values_list("age", "id"))
    )
    assert (1, 1) in both
    with pytest.raises(FieldError, match="Cannot resolve keyword 'price1'"):
        books.values_list("price", "price", "price1")


def test_the_first_and_the_last_of_several_queries():
    union = Book.objects.values_list("price").union(Author.objects.order_by().values_list("age"))
    assert union.earliest("price") == (0,)
    assert union.latest("price") == (30,)


def test_the_order_of_a_later_part_does_not_matter():
    union = Book.objects.values_list("price").union(
        Author.objects.order_by("age").values_list("age")
    )
    assert sorted(union) == [(0,), (1,), (2,), (30,)]
    with pytest.raises(DatabaseError, match="ORDER BY not allowed in subqueries"):
        list(Book.objects.order_by("id").values_list("price").union(Author.objects.values("age")))


def test_a_plan_has_a_line_for_each_row():
    for _ in TIMES:
        lines = Book.objects.filter(id=1).explain().splitlines()
        assert len(lines) == 1
        assert lines[0].endswith("SEARCH shop_book USING INTEGER PRIMARY KEY (rowid=?)")
    with pytest.raises(ValueError, match="SQLite does not support any formats.$"):
        Book.objects.explain(format="txt")


def test_the_fetch_mode_can_be_given_by_name():
    book = Book.objects.fetch_mode(fetch_mode=models.FETCH_RAISE)[0]
    with pytest.raises(FieldFetchBlocked):
        book.author  # noqa: B018


@isolate_apps("shop")
def test_a_key_of_several_parts_is_set_by_plain_constructors_too():
    with override_settings(NUAGES={"COMPILED_MODELS": False}):

        class Place(models.Model):
            pk = models.CompositePrimaryKey("row", "number")
            row = models.CharField(max_length=20, default="z")
            number = models.IntegerField()

            class Meta:
                app_label = "shop"

        made = [Place(pk=("a", 1)), Place(pk=("a", 1), row="b"), Place(number=3)]
    assert [place.pk for place in made] == [("a", 1), ("a", 1), ("z", 3)]
    assert Seat(pk=("a", 1), row="b").pk == ("a", 1)
