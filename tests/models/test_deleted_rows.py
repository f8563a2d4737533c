"""``delete()`` of one object by a statement that is kept, and by the usual road where somebody stands between."""

from unittest import mock

import pytest
from shop.models import Author, Book

from django.db import connection
from django.db.models import signals
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def books(rolled_back):
    author = Author.objects.create(name="a")
    return [Book.objects.create(title=f"b{n}", author=author) for n in range(6)]


def test_each_row_goes_and_no_other(books):
    before = Book.objects.count()
    for number, book in enumerate(books, 1):
        assert book.delete() == (1, {"shop.Book": 1})
        assert book.pk is None
        assert Book.objects.count() == before - number


def test_a_row_that_is_gone_already(books):
    twins = [Book.objects.get(pk=book.pk) for book in books]
    for book, twin in zip(books, twins, strict=True):
        book.delete()
        assert twin.delete() == (0, {"shop.Book": 0})


def test_a_log_of_queries_has_it(books):
    books[0].delete()
    with CaptureQueriesContext(connection) as captured:
        books[1].delete()
    assert [query["sql"] for query in captured] == [
        f'DELETE FROM "shop_book" WHERE "shop_book"."id" IN ({books[2].pk - 1})'
    ]


def test_compilers_that_were_replaced_are_asked(books):
    books[0].delete()
    with mock.patch.object(
        SQLCompiler, "execute_sql", autospec=True, side_effect=SQLCompiler.execute_sql
    ) as execute:
        books[1].delete()
    assert execute.call_count == 1


def test_receivers_hear_of_it(books):
    heard = []

    def receiver(sender, instance, **kwargs):
        heard.append(instance.title)

    books[0].delete()
    signals.post_delete.connect(receiver, sender=Book)
    try:
        books[1].delete()
    finally:
        signals.post_delete.disconnect(receiver, sender=Book)
    assert heard == ["b1"]
