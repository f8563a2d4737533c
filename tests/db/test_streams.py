"""``iterator()`` gives on a trail what it gives without one, chunk by chunk."""

import asyncio

import pytest
from shop.models import Author, Book

from django.db import connection, transaction
from django.db.models import Prefetch, signals
from django.test.utils import CaptureQueriesContext, override_settings

SHAPES = {
    "all": lambda: Book.objects.order_by("pk"),
    "some": lambda: Book.objects.filter(price__lt=7).order_by("-price"),
    "few columns": lambda: Book.objects.only("title").order_by("pk"),
    "joined": lambda: Book.objects.select_related("author").order_by("pk"),
    "tuples": lambda: Book.objects.order_by("pk").values_list("title", "in_print"),
    "dictionaries": lambda: Book.objects.order_by("pk").values("title", "author__name"),
    "named": lambda: Book.objects.order_by("pk").values_list("title", "price", named=True),
    "flat": lambda: Book.objects.order_by("pk").values_list("price", flat=True),
    "related": lambda: Author.objects.get(name="a").books.order_by("pk"),
    "none": lambda: Book.objects.filter(price__lt=0),
    "nothing": lambda: Book.objects.all()[3:3],
    "in a list": lambda: Book.objects.filter(price__in=[1, 2, 3]).order_by("pk"),
    "prefetched": lambda: Author.objects.prefetch_related("books"),
    "prefetched with another": lambda: Author.objects.prefetch_related(
        Prefetch("books", Book.objects.order_by("-price"), to_attr="listed")
    ),
}


def told(item):
    if not hasattr(item, "_state"):
        return repr(item)
    data = {name: value for name, value in vars(item).items() if name != "_state"}
    lists = [data.pop(name) for name in ("_prefetched_objects_cache", "listed") if name in data]
    related = [each.pk for found in lists for each in (found.get("books", ()) if isinstance(found, dict) else found)]  # fmt: skip
    return type(item), data, sorted(item._state.fields_cache), item._state.db, related


def gathered(make, size):
    return [[told(each) for each in make().iterator(size)] for _ in range(4)]


@pytest.mark.parametrize("size", [1, 5, 2000])
@pytest.mark.parametrize("name", SHAPES)
def test_both_roads_give_the_same(name, size):
    with override_settings(NUAGES={"TRAILS": False}):
        expected = gathered(SHAPES[name], size)
    assert gathered(SHAPES[name], size) == expected


@pytest.mark.parametrize("size", [1, 5, 2000])
@pytest.mark.parametrize("name", SHAPES)
def test_async_code_gets_the_same(name, size):
    async def gather(objects):
        return [told(each) async for each in objects.aiterator(size)]

    expected = [told(each) for each in SHAPES[name]()]
    assert [asyncio.run(gather(SHAPES[name]())) for _ in range(3)] == [expected] * 3


def warm(make):
    for _ in range(4):
        list(make().iterator())
    return make()


def test_the_query_runs_when_the_first_object_is_wanted(database):
    books = warm(lambda: Book.objects.filter(title="t1"))
    with CaptureQueriesContext(connection) as captured:
        stream = books.iterator()
        assert not captured.captured_queries
        next(stream)
    (query,) = captured.captured_queries
    assert query["sql"].startswith('SELECT "shop_book"."id", "shop_book"."title"')


def test_each_iterator_asks_anew():
    books = warm(lambda: Book.objects.filter(title="t1"))
    numbers = [len(list(books.iterator()))]
    with transaction.atomic():
        Book.objects.filter(title="t1").delete()
        numbers.append(len(list(books.iterator())))
        transaction.set_rollback(True)
    assert numbers == [3, 0]


def test_an_iterator_that_is_left_lets_go_of_its_cursor():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE left_over (x int)")
    books = warm(lambda: Book.objects.order_by("pk"))
    stream = books.iterator(2)
    assert next(stream).pk == 1
    stream.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE left_over")
    assert connection.introspection.table_names().count("left_over") == 0


def test_what_comes_before_a_faulty_row_is_given_first(database):
    def read():
        given = []
        try:
            for book in Book.objects.order_by("pk").iterator():
                given.append(book.pk)
        except ValueError as error:
            return given, str(error)

    for _ in range(4):
        assert read() is None
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_book SET published = '2024-02-31 10:00' WHERE id = %s", [4])
        found = [read() for _ in range(2)]
        with override_settings(NUAGES={"TRAILS": False}):
            plain = read()
        transaction.set_rollback(True)
    assert plain[1]
    assert [each[0] for each in found] == [[1, 2, 3]] * 2


def test_receivers_are_told_of_each_object_when_it_is_wanted():
    warm(lambda: Book.objects.order_by("pk"))
    seen = []

    def note(instance, **kwargs):
        seen.append(instance.pk)

    signals.post_init.connect(note, sender=Book)
    try:
        stream = Book.objects.order_by("pk").iterator()
        next(stream)
        first = list(seen)
        next(stream)
    finally:
        signals.post_init.disconnect(note, sender=Book)
    stream.close()
    assert (first, seen) == ([1], [1, 2])


def test_an_author_knows_the_books_that_came_by_its_manager():
    author = Author.objects.get(name="a")
    for _ in range(4):
        books = list(author.books.iterator())
    assert all(book.author is author for book in books)


def test_sizes_are_checked_at_once():
    with pytest.raises(ValueError, match="strictly positive"):
        Book.objects.all().iterator(0)
    with pytest.raises(ValueError, match="chunk_size must be provided"):
        Author.objects.prefetch_related("books").iterator()
