"""``get()`` by a manager finds what a QuerySet would find, and gives way to whoever stands between."""

from unittest import mock

import pytest
from shop.models import Author, Book

from django.db import connection, models, router
from django.db.models import signals
from django.db.models.query import ModelIterable, QuerySet
from django.test.utils import CaptureQueriesContext, override_settings


@pytest.fixture
def author(rolled_back):
    found = Author.objects.create(name="found")
    for _ in range(3):
        # A shape is known when it has been seen twice.
        assert Author.objects.get(pk=found.pk) == found
    return found


def test_none_and_several_are_errors(author):
    Author.objects.create(name="found")
    for _ in range(3):
        with pytest.raises(Author.DoesNotExist, match="Author matching query does not exist"):
            Author.objects.get(pk=0)
        with pytest.raises(Author.MultipleObjectsReturned, match="it returned 2!"):
            Author.objects.get(name="found")


def test_what_was_asked_is_in_the_frame_that_raises(author):
    """Reports of tests show the arguments of that frame."""
    for _ in range(3):
        with pytest.raises(Author.DoesNotExist) as caught:
            Author.objects.all().get(pk=0)
        assert isinstance(caught.traceback[-1].locals["self"], QuerySet)


@pytest.mark.parametrize("place", [QuerySet, models.Manager])
def test_a_get_that_was_replaced_is_called(author, place):
    with mock.patch.object(place, "get", lambda self, *args, **kwargs: "mine"):
        assert Author.objects.get(pk=author.pk) == "mine"
    assert Author.objects.get(pk=author.pk) == author


def test_a_filter_that_was_replaced_is_called(author):
    with mock.patch.object(QuerySet, "filter", autospec=True, side_effect=QuerySet.filter) as seen:
        assert Author.objects.get(pk=author.pk) == author
    assert seen.called


@pytest.mark.parametrize("place", ["class", "instance"])
def test_the_managers_own_queryset_is_asked(author, place):
    manager = Author.objects
    target = type(manager) if place == "class" else manager
    empty = (lambda self: QuerySet(Author).none()) if place == "class" else QuerySet(Author).none
    with mock.patch.object(target, "get_queryset", empty), pytest.raises(Author.DoesNotExist):
        manager.get(pk=author.pk)


def test_the_router_is_asked(author):
    class Router:
        def db_for_read(self, model, **hints):
            asked.append(model)

    asked = []
    with override_settings(DATABASE_ROUTERS=[Router()]):
        del router.routers
        assert Author.objects.get(pk=author.pk)._state.db == "default"
    del router.routers
    assert set(asked) == {Author}


@pytest.mark.parametrize("enabled", [True, False])
def test_the_router_is_asked_once_for_a_query(author, enabled):
    class Router:
        def db_for_read(self, model, **hints):
            asked.append(hints["instance"])

    asked = []
    with override_settings(DATABASE_ROUTERS=[Router()], NUAGES={"TRAILS": enabled}):
        del router.routers
        author.refresh_from_db()
    del router.routers
    assert asked == [author]


def test_receivers_hear_of_the_object(author):
    heard = []

    def receiver(instance, **kwargs):
        heard.append(instance.pk)

    signals.post_init.connect(receiver, sender=Author)
    try:
        Author.objects.get(pk=author.pk)
    finally:
        signals.post_init.disconnect(receiver, sender=Author)
    assert heard == [author.pk]


def test_a_log_of_queries_has_it(author):
    with CaptureQueriesContext(connection) as queries:
        Author.objects.get(pk=author.pk)
    assert [f"= {author.pk} LIMIT 21" in query["sql"] for query in queries] == [True]


def test_an_iterable_class_that_somebody_sets_is_used_further_on(author):
    class Names(ModelIterable):
        def __iter__(self):
            return (each.name for each in super().__iter__())

    queryset = Author.objects.all()
    queryset._iterable_class = Names
    for _ in range(3):
        assert list(queryset.filter(pk=author.pk)) == ["found"]
        assert queryset.get(pk=author.pk) == "found"


def test_a_query_may_run_while_another_one_does(author):
    if connection.vendor != "sqlite":
        pytest.skip("functions in Python are SQLite's")

    def named(key):
        return Author.objects.get(pk=key).name

    connection.connection.create_function("named", 1, named)
    for _ in range(3):
        assert connection.fetch_compiled("SELECT named(?)", [author.pk]) == [("found",)]
    book = Book.objects.create(title="t", author=author)
    assert Book.objects.get(pk=book.pk) == book


def test_a_get_queryset_that_was_replaced_for_all_is_asked(author):
    from django.db.models.manager import BaseManager

    own = BaseManager.get_queryset
    with mock.patch.object(BaseManager, "get_queryset", autospec=True, side_effect=own) as asked:
        assert Author.objects.get(pk=author.pk) == author
        assert list(Author.objects.filter(pk=author.pk)) == [author]
    assert asked.call_count == 2
