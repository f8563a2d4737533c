"""Statements that go straight to the server: what is sent, and how the answer is awaited."""

import _thread
import datetime
import os
import signal
import threading
import time

import pytest
from shop.models import Author, Book

from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

#: More often than it takes until a statement is prepared.
OFTEN = 8


def prepared(words):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{words}%"]
        )
        return cursor.fetchone()[0]


@pytest.fixture
def heeds_interrupts():
    """A process that a shell started in the background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    "interrupt", [lambda: os.kill(os.getpid(), signal.SIGINT), _thread.interrupt_main]
)
def test_a_wait_that_is_interrupted_leaves_a_connection_that_works(
    server, heeds_interrupts, interrupt
):
    author = Author.objects.create(name="a", age=1)
    for age in range(OFTEN):
        Author.objects.filter(pk=author.pk).update(age=age)
    server.execute("BEGIN")
    server.execute("SELECT 1 FROM shop_author FOR UPDATE")
    alarm = threading.Timer(0.2, interrupt)
    alarm.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Author.objects.filter(pk=author.pk).update(age=100)
    assert time.monotonic() - started < 4
    server.execute("ROLLBACK")
    assert Author.objects.get(pk=author.pk).age == OFTEN - 1
    assert Author.objects.filter(pk=author.pk).update(age=3) == 1


def test_answers_of_many_pieces():
    Author.objects.bulk_create(Author(name=f"{n} " + "x" * 40, age=n) for n in range(5000))
    for _ in range(OFTEN):
        found = list(Author.objects.order_by("age"))
        assert [author.age for author in found] == list(range(5000))
        assert found[-1].name.startswith("4999 x")


def test_what_the_server_says_unasked_reaches_who_listens(server):
    told = []
    connection.ensure_connection()
    handle = connection.connection
    handle.add_notify_handler(told.append)
    with connection.cursor() as cursor:
        cursor.execute("LISTEN news")
    try:
        for _ in range(OFTEN):
            Author.objects.count()
        server.execute("NOTIFY news, 'hello'")
        Author.objects.count()
        Author.objects.count()
        assert [each.payload for each in told] == ["hello"]
    finally:
        handle.remove_notify_handler(told.append)
        with connection.cursor() as cursor:
            cursor.execute("UNLISTEN news")


def test_a_prepared_statement_takes_values_of_each_kind():
    author = Author.objects.create(name="a")
    large, negative = 2**31, -(2**31)
    for age in (*range(OFTEN), None, 5, large, negative, negative - 1, None, 7):
        if age is not None and abs(age) > 2**31 - 1 and age != negative:
            # More than the column holds.
            with pytest.raises(DataError):
                Author.objects.filter(pk=author.pk).update(age=age)
            continue
        assert Author.objects.filter(pk=author.pk).update(age=age) == 1
        author.refresh_from_db()
        assert author.age == age
    assert prepared('UPDATE "shop_author" SET "age"') >= 1
    for name in ("é", "'%s\\", "", "\U0001f600", *"abcdefgh"):
        author.name = name
        author.save(update_fields=["name"])
        assert Author.objects.get(name=name).pk == author.pk
    author.name = "nul\0"
    with pytest.raises((DataError, ValueError)):
        author.save(update_fields=["name"])
    assert Author.objects.get(pk=author.pk).name == "h"


def test_moments_and_booleans_of_a_prepared_statement():
    book = Book.objects.create(title="t", author=Author.objects.create(name="a"))
    east = datetime.timezone(datetime.timedelta(hours=9))
    moments = [datetime.datetime(2020, 1, n, tzinfo=east) for n in range(1, OFTEN)]
    for number, moment in enumerate((*moments, None, moments[0])):
        book.published, book.in_print = moment, number % 2 == 0
        book.save(update_fields=["published", "in_print"])
        found = Book.objects.get(pk=book.pk)
        assert (found.published, found.in_print) == (moment, number % 2 == 0)
        assert Book.objects.filter(in_print=number % 2 == 0).count() == 1


def test_lists_of_each_kind_are_looked_for():
    authors = [Author.objects.create(name=f"{n}, {{}}\"'\\", age=n) for n in range(4)]
    names, ages = [each.name for each in authors], [each.age for each in authors]
    for _ in range(OFTEN):
        assert Author.objects.filter(name__in=names[1:]).count() == 3
        assert Author.objects.filter(age__in=ages[2:]).count() == 2
        assert Author.objects.filter(age__in=[1, 2**40, -(2**40)]).count() == 1
    assert Author.objects.filter(age__in=[2**70]).count() == 0


def test_one_batch_is_one_statement_unless_somebody_looks():
    authors = Author.objects.bulk_create(Author(name=f"a{n}", age=n) for n in range(3))
    for author in authors:
        author.age += 10
    assert Author.objects.bulk_update(authors, ["age"]) == 3
    assert connection.connection.pgconn.transaction_status == 0
    with CaptureQueriesContext(connection) as captured:
        Author.objects.bulk_update(authors, ["age"])
    assert [entry["sql"].split()[0] for entry in captured] == ["BEGIN", "UPDATE", "COMMIT"]
    authors[0].age = 2**40
    with pytest.raises(DataError):
        Author.objects.bulk_update(authors, ["age"])
    assert [each.age for each in Author.objects.order_by("age")] == [10, 11, 12]


def test_a_block_ends_whatever_became_of_it(server):
    author = Author.objects.create(name="a", age=1)
    for commits in (True, False):
        transaction.set_autocommit(False)
        try:
            Author.objects.filter(pk=author.pk).update(age=2 if commits else 3)
            assert server.execute("SELECT age FROM shop_author").fetchone()[0] in (1, 2)
            transaction.commit() if commits else transaction.rollback()
            # Nothing is open now: that is no error.
            transaction.commit()
        finally:
            transaction.set_autocommit(True)
    assert server.execute("SELECT age FROM shop_author").fetchone() == (2,)
    with pytest.raises(IntegrityError):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            Book.objects.create(title="t", author_id=author.pk + 1)
    # It is found at the end of the block.
    assert not Book.objects.exists()
