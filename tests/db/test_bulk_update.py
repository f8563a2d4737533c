"""``bulk_update()`` writes what it should, in time proportional to the number of objects."""

import pytest
from shop.models import Author, Book

from django.db.models import F


@pytest.fixture(autouse=True)
def undone(rolled_back):
    """Roll back what the test wrote."""


def test_each_object_gets_its_own_values():
    books = list(Book.objects.order_by("pk"))
    for number, book in enumerate(books):
        book.title, book.price, book.in_print = f"new {number}", number * 2, number % 2 == 0
    assert Book.objects.bulk_update(books, ["title", "price", "in_print"]) == len(books)
    found = Book.objects.order_by("pk").values_list("title", "price", "in_print")
    assert list(found) == [(f"new {n}", n * 2, n % 2 == 0) for n in range(len(books))]


def test_of_several_with_the_same_key_the_first_counts():
    key = Book.objects.order_by("pk")[0].pk
    assert Book.objects.bulk_update([Book(pk=key, price=1), Book(pk=key, price=2)], ["price"]) == 1
    assert Book.objects.get(pk=key).price == 1


def test_expressions_and_conditions_are_honoured():
    books = list(Book.objects.filter(price__lt=3))
    for book in books:
        book.price = F("price") + 100
    assert Book.objects.filter(price__lt=2).bulk_update(books, ["price"]) == 2
    assert Book.objects.filter(price__gte=100).count() == 2


def test_one_statement_joins_the_values(seen_queries):
    authors = list(Author.objects.all())
    for author in authors:
        author.age = 40
    with seen_queries() as statements:
        Author.objects.bulk_update(authors, ["age"])
    (statement,) = statements
    assert "VALUES" in statement and "CASE" not in statement
