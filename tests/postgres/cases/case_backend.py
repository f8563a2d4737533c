"""The blocking backend: what the manual says of PostgreSQL, and what we add."""

import datetime

import pytest
from shop.models import Author, Book, Seat

from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, IntegrityError, connection, connections, models, transaction
from django.db.backends.postgresql.base import to_numbered
from django.db.models.deletion import Collector
from django.test.utils import CaptureQueriesContext


def test_placeholders_are_numbered():
    assert to_numbered("a = %s AND b LIKE '%%x' AND c IN (%s, %s)") == (
        "a = $1 AND b LIKE '%x' AND c IN ($2, $3)"
    )


def test_queries_that_come_again_are_prepared():
    author = Author.objects.create(name="a")
    for _ in range(10):
        assert Author.objects.get(pk=author.pk).name == "a"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%shop_author%'"
        )
        assert cursor.fetchone()[0] >= 1


def test_prepared_queries_survive_a_change_of_a_column():
    def ages():
        return [author.age for author in Author.objects.filter(name="a")]

    Author.objects.create(name="a", age=3)
    for _ in range(8):
        assert ages() == [3]
    before, after = Author._meta.get_field("age"), models.BigIntegerField(null=True)
    after.set_attributes_from_name("age")
    after.model = Author
    for old, new in ((before, after), (after, before)):
        with connection.schema_editor() as editor:
            editor.alter_field(Author, old, new)
        assert ages() == [3]


def test_moments_come_back_in_the_zone_of_the_connection():
    import datetime

    with connection.cursor() as cursor:
        cursor.execute("SELECT '2020-06-01 12:00+02'::timestamptz")
        assert cursor.fetchone() == (datetime.datetime(2020, 6, 1, 10, tzinfo=datetime.UTC),)


def test_a_stream_in_a_block_and_outside():
    Author.objects.bulk_create(Author(name=f"a{n}") for n in range(10))
    names = [f"a{n}" for n in range(10)]
    stream = Author.objects.order_by("pk").iterator(chunk_size=3)
    assert [author.name for author in stream] == names
    with transaction.atomic():
        stream = Author.objects.order_by("pk").iterator(chunk_size=3)
        assert next(stream).name == "a0"
        with connection.cursor() as cursor:
            cursor.execute("SELECT name FROM pg_cursors WHERE name LIKE '_django_curs_%'")
            assert len(cursor.fetchall()) == 1
        assert [author.name for author in stream] == names[1:]


def test_many_rows_are_one_statement_of_arrays(database):
    author = Author.objects.create(name="a")
    with CaptureQueriesContext(connection) as captured:
        Book.objects.bulk_create(
            Book(title=title, price=n, author=author) for n, title in enumerate(["x", "y'%s", "z"])
        )
    assert len(captured) == 1
    assert "UNNEST" in captured[0]["sql"]
    assert list(Book.objects.order_by("price").values_list("title", flat=True)) == [
        "x",
        "y'%s",
        "z",
    ]


def _books_and_seats():
    author = Author.objects.create(name="a")
    Book.objects.bulk_create(Book(title="t", price=n, author=author) for n in range(3))
    Seat.objects.bulk_create(Seat(row="a", number=n) for n in range(2))
    collector = Collector(using="default")
    for queryset in (Book.objects.filter(price__lt=2), Seat.objects.all()):
        collector.collect(queryset)
    return collector


def test_what_is_not_loaded_is_deleted_in_one_round_trip(database, monkeypatch):
    collector = _books_and_seats()
    asked = []
    pipeline = connection.connection.pipeline
    monkeypatch.setattr(
        connection.connection, "pipeline", lambda: asked.append(1) or pipeline(), raising=False
    )
    assert collector.delete() == (4, {"shop.Book": 2, "shop.Seat": 2})
    assert asked == [1]
    assert list(Book.objects.values_list("price", flat=True)) == [2]
    assert not Seat.objects.exists()


def test_one_by_one_where_somebody_looks(database):
    collector = _books_and_seats()
    with CaptureQueriesContext(connection) as captured:
        assert collector.delete() == (4, {"shop.Book": 2, "shop.Seat": 2})
    assert [entry["sql"].split()[0] for entry in captured] == [
        "BEGIN",
        "DELETE",
        "DELETE",
        "COMMIT",
    ]


def test_an_error_in_a_round_trip_of_several_undoes_all(database):
    collector = _books_and_seats()
    refuse = """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE foreign_key_violation; END $$;
        CREATE TRIGGER refuse BEFORE DELETE ON shop_seat FOR EACH ROW EXECUTE FUNCTION refuse()
    """
    with connection.cursor() as cursor:
        cursor.execute(refuse)
        try:
            with pytest.raises(IntegrityError):
                collector.delete()
            assert Book.objects.count() == 3
        finally:
            cursor.execute("DROP TRIGGER refuse ON shop_seat; DROP FUNCTION refuse()")


def test_explain_refuses_what_is_no_word():
    with pytest.raises(ValueError, match="Invalid value for the EXPLAIN option"):
        Author.objects.all().explain(serialize="TEXT) SELECT 1; --")
    with pytest.raises(ValueError, match="Unknown options: NONSENSE"):
        Author.objects.all().explain(nonsense=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"NAME": ""}, "Please supply the NAME"),
        ({"NAME": "n" * 64}, "longer than PostgreSQL's limit of 63"),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 5}, "doesn't support persistent connections"),
        ({"OPTIONS": {"isolation_level": -1}}, "Invalid transaction isolation level -1"),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    other = connection.copy(alias="nonsense")
    other.settings_dict.update(changes)
    with pytest.raises(ImproperlyConfigured, match=message):
        other.connect()


def test_locks_distinct_on_and_json_are_the_servers():
    Author.objects.bulk_create(
        Author(name=name, age=age) for name, age in (("a", 1), ("a", 2), ("b", 3))
    )
    eldest = Author.objects.order_by("name", "-age").distinct("name")
    assert [author.age for author in eldest] == [2, 3]
    with transaction.atomic():
        locked = Author.objects.select_for_update(skip_locked=True, no_key=True).filter(age=1)
        assert "FOR NO KEY UPDATE SKIP LOCKED" in str(locked.query) and len(locked) == 1


def test_the_pool_of_blocking_code_gets_connections_back():
    pooled = connections["default"]
    with pooled.cursor() as cursor:
        cursor.execute("SELECT 1")
    in_use = pooled.pool.get_stats()["pool_available"]
    pooled.close()
    assert pooled.pool.get_stats()["pool_available"] == in_use + 1


def test_more_values_than_the_protocol_counts():
    numbers = range(70_000)
    Author.objects.bulk_create(Author(name="n", age=number) for number in numbers)
    assert Author.objects.filter(age__in=list(numbers)).count() == len(numbers)
    assert Author.objects.filter(age__in=list(numbers), name="n").update(name="m") == len(numbers)


def test_many_rows_get_values_of_their_own_from_arrays():
    author = Author.objects.create(name="a")
    books = Book.objects.bulk_create(Book(title="t", author=author) for _ in range(3))
    moment = datetime.datetime(2024, 2, 3, 4, 5, tzinfo=datetime.UTC)
    for number, book in enumerate(books):
        book.title, book.price = f'"{number}\\,', number
        book.published = moment if number else None
    with CaptureQueriesContext(connection) as queries:
        assert Book.objects.bulk_update(books, ["title", "price", "published", "author"]) == 3
    assert ["UNNEST" in each["sql"] for each in queries if "UPDATE" in each["sql"]] == [True]
    for _ in range(2):
        assert Book.objects.bulk_update(books, ["title", "price", "published", "author"]) == 3
        found = Book.objects.order_by("pk").values_list("title", "price", "published")
        assert list(found) == [
            (f'"{number}\\,', number, moment if number else None) for number in range(3)
        ]
    books[0].title = "t" * 51
    with pytest.raises(DataError):
        Book.objects.bulk_update(books, ["title"])
