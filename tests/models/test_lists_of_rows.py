"""A query's rows become the same objects by its generated function and by the plain road."""

import copy
import pickle

import pytest
from shop.models import Author, Book

from django.db import connection
from django.db.models import F, Prefetch, signals
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

ROADS = {
    "joined": lambda: Book.objects.select_related("author").order_by("pk"),
    "annotated": lambda: Book.objects.annotate(twice=F("price")).order_by("pk"),
    "some columns": lambda: Book.objects.select_related("author").only("title", "author__name"),
    "prefetched": lambda: Author.objects.prefetch_related("books"),
    "prefetched with joins": lambda: Author.objects.prefetch_related(
        Prefetch("books", Book.objects.select_related("author"))
    ),
    "to an attribute": lambda: Author.objects.prefetch_related(
        Prefetch("books", Book.objects.order_by("-title"), to_attr="listed")
    ),
}


@pytest.fixture(autouse=True)
def shop(rolled_back):
    for name in "AB":
        author = Author.objects.create(name=name)
        for number in range(3):
            Book.objects.create(title=f"{name}{number}", author=author)
    Author.objects.create(name="C")


def told(instance, depth=3):
    """What an object knows, and those that are tied to it."""
    if not hasattr(instance, "_state"):
        return instance
    if not depth:
        return instance.pk
    data, state = dict(vars(instance)), instance._state
    del data["_state"]
    prefetched = data.pop("_prefetched_objects_cache", {})
    lists = {**prefetched, **({"listed": data.pop("listed")} if "listed" in data else {})}
    near = {name: told(other, depth - 1) for name, other in state.fields_cache.items()}
    far = {name: [told(each, depth - 1) for each in found] for name, found in lists.items()}
    return type(instance), data, state.adding, state.db, near, far


def gathered(make):
    # A shape is compiled when it is seen again.
    return [[told(each) for each in make()] for _ in range(3)]


@pytest.mark.parametrize("name", ROADS)
def test_both_roads_make_the_same_objects(name):
    with override_settings(NUAGES={"TRAILS": False}):
        expected = gathered(ROADS[name])
    assert gathered(ROADS[name]) == expected


def test_objects_of_a_manager_know_their_owner_without_a_query():
    author = Author.objects.get(name="A")
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert [book.author for book in author.books.all()] == [author] * 3
        assert len(queries) == 1
        assert all(book.author is author for book in author.books.all())


def test_receivers_hear_of_prefetched_objects():
    heard = []

    def receiver(instance, **kwargs):
        heard.append(instance.pk)

    for _ in range(3):
        list(ROADS["prefetched"]())
    signals.post_init.connect(receiver, sender=Book)
    try:
        list(ROADS["prefetched"]())
    finally:
        signals.post_init.disconnect(receiver, sender=Book)
    assert len(heard) == Book.objects.count()


def test_a_constructor_that_is_set_later_is_called(monkeypatch):
    made = []
    for _ in range(3):
        list(ROADS["joined"]())
    original = Author.__init__

    def noting(self, *args, **kwargs):
        made.append(args)
        original(self, *args, **kwargs)

    monkeypatch.setattr(Author, "__init__", noting)
    list(ROADS["joined"]())
    assert len(made) == Book.objects.count()


def test_prefetched_results_know_whose_they_are():
    told_to_router = []

    class Router:
        def db_for_read(self, model, **hints):
            told_to_router.append((model, hints.get("instance")))

    for author in Author.objects.prefetch_related("books"):
        books = author.books.all()
        assert author.books.all() is books
        assert [book.author for book in books] == [author] * len(books)
        again = pickle.loads(pickle.dumps(books))
        assert [book.pk for book in again] == [book.pk for book in books]
        with override_settings(DATABASE_ROUTERS=[Router()]):
            found = list(copy.copy(books).filter(title__endswith="1"))
        assert told_to_router.pop() == (Book, author)
        assert [book.author is author for book in found] == [True] * len(found)
        assert [book.pk for book in books if book.title.endswith("1")] == [
            each.pk for each in found
        ]
        del author
        assert books.filter(price=-1).count() == 0
