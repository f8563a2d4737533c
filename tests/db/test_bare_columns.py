"""On SQLite a trail reads columns past the driver's converters; values, errors and plans are those of all other roads."""

import gc
import sqlite3
import threading
from contextlib import contextmanager

import pytest
from shop.models import Author, Book

from django.db import OperationalError, connection, models, transaction
from django.db.utils import ConnectionHandler
from django.test.utils import CaptureQueriesContext, override_settings


class Odd(models.Model):
    flag = models.BooleanField(null=True)
    day = models.DateField(null=True)
    hour = models.TimeField(null=True)
    moment = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    ratio = models.FloatField(null=True)
    span = models.DurationField(null=True)
    key = models.UUIDField(null=True)
    data = models.JSONField(null=True)
    raw = models.BinaryField(null=True)
    text = models.TextField(null=True)
    # Their columns are declared as something else than their fields would be.
    late = models.DateTimeField(null=True)
    early = models.DateField(null=True)
    said = models.BooleanField(null=True)
    word = models.CharField(max_length=9, null=True)

    class Meta:
        app_label = "shop"
        db_table = "odd values"
        managed = False


DECLARED = (
    'CREATE TABLE "odd values" (id integer PRIMARY KEY, flag bool, day DATE, hour time(6), moment datetime,'
    " amount decimal, ratio real, span bigint, key char(32), data text, raw BLOB, text text,"
    " late timestamp, early text, said integer unsigned, word date NULL)"
)
LITERALS = {
    "flag": ["NULL", "0", "1", "2", "'yes'", "1.5", "x'31'", "''"],
    "day": ["NULL", "'2024-02-29'", "'2024-2-9'", "'2024-02-30'", "20240229", "7", "2.5", "x'323032342d30322d3239'", "''", "'no'", "'2024-02-29 10:00:00'"],
    "hour": ["NULL", "'10:11:12.000013'", "'10:11'", "12", "1.25", "'7:5'", "'25:00'", "'10:11:12+02:00'", "x'31303a3131'"],
    "moment": ["NULL", "'2024-02-29 10:11:12.000013'", "'2024-02-29T10:11:12Z'", "'2024-02-29'", "'2024-2-9 1:2'", "20240229", "1e20", "'no'", "'2024-02-30 01:02'", "x'ff'", "'2024-02-29 10:11:12+02:00'"],
    "late": ["'2024-02-29 10:11:12'", "0"],
    "early": ["'2024-02-29'", "'no'", "5"],
    "said": ["0", "1", "2", "NULL", "'yes'"],
    "word": ["'2024-02-29'", "'word'", "NULL"],
    "amount": ["1.1", "2", "'3.30'", "NULL"],
    "ratio": ["5", "1e300", "'text'", "NULL"],
    "span": ["1000001", "NULL"],
    "key": ["'00000000000000000000000000000001'", "NULL", "'no'"],
    "data": ["'[1]'", "'null'", "NULL"],
    "raw": ["x'00ff'", "NULL"],
    "text": ["CAST(x'ff41' AS TEXT)", "'\u00e9'", "5", "x'41'"],
}  # fmt: skip
CASES = [(column, literal) for column, several in LITERALS.items() for literal in several]
READS = {
    "objects": lambda: [
        {k: v for k, v in vars(each).items() if k != "_state"} for each in Odd.objects.all()
    ],
    "dictionaries": lambda: list(Odd.objects.values()),
    "tuples": lambda: list(Odd.objects.values_list()),
    "some, in another order": lambda: list(Odd.objects.values_list("moment", "flag", "day", "id")),
    "named": lambda: [row._asdict() for row in Odd.objects.values_list("late", "id", named=True)],
    "flat": lambda: list(Odd.objects.values_list("moment", flat=True)),
}


@pytest.fixture(autouse=True)
def odd_values(database):
    with connection.cursor() as cursor:
        # Whether it reaches the disk does not matter.
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute(DECLARED)
    yield
    try:
        drop()
    except OperationalError:
        # Rows that could not be read have cursors in their tracebacks.
        gc.collect()
        drop()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = FULL")


def drop():
    with connection.cursor() as cursor:
        cursor.execute('DROP TABLE IF EXISTS "odd values"')


@contextmanager
def statements():
    """The statements as the driver gets them."""
    connection.ensure_connection()
    seen = []
    connection.connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        connection.connection.set_trace_callback(None)


def outcome(read):
    try:
        return repr(read())
    except Exception as error:
        return type(error), str(error)


def insert(**literals):
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "odd values" ({", ".join(literals)}) VALUES ({", ".join(literals.values())})'
        )


def is_bare(read):
    for _ in range(4):
        outcome(read)
    with statements() as seen:
        outcome(read)
    return any(each.startswith('SELECT +"') for each in seen)


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize("column, literal", CASES)
def test_values_and_errors_are_the_same(column, literal, use_tz):
    insert(**{column: literal})
    with override_settings(USE_TZ=use_tz):
        with override_settings(NUAGES={"TRAILS": False}):
            expected = {name: outcome(read) for name, read in READS.items()}
        for _ in range(4):
            assert {name: outcome(read) for name, read in READS.items()} == expected


@pytest.mark.parametrize("name", READS)
def test_trails_read_bare_columns(name):
    insert(flag="1", moment="'2024-02-29 10:11:12'")
    assert is_bare(READS[name])


@pytest.mark.parametrize(
    "read",
    [
        lambda: list(Odd.objects.distinct()),
        lambda: list(Odd.objects.values("flag").distinct()),
        lambda: list(Odd.objects.values("flag").annotate(n=models.Count("id"))),
        lambda: list(Odd.objects.values("flag").order_by("flag").distinct()),
    ],
)
def test_where_the_select_list_means_more_it_stays(read):
    insert(flag="1")
    assert not is_bare(read)


def test_who_looks_sees_the_usual_statement():
    for _ in range(4):
        list(Odd.objects.filter(pk=1))
    with CaptureQueriesContext(connection) as captured:
        list(Odd.objects.filter(pk=1))
    assert [each["sql"] for each in captured] == [str(Odd.objects.filter(pk=1).query)]
    assert "+" not in captured[0]["sql"]
    assert is_bare(lambda: list(Odd.objects.filter(pk=1)))


@pytest.mark.parametrize(
    "ordered",
    [
        lambda: Book.objects.order_by("author_id"),
        lambda: Book.objects.order_by("pk")[:5],
        lambda: Book.objects.values("author_id").order_by("author_id"),
        lambda: Book.objects.select_related("author").filter(author_id=1).order_by("-pk"),
    ],
)
def test_the_order_comes_from_the_same_index(ordered):
    def plan_of(sql):
        with connection.cursor() as cursor:
            return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql}")]

    for _ in range(4):
        list(ordered())
    with statements() as seen:
        list(ordered())
    (sent,) = seen
    assert plan_of(sent) == plan_of(str(ordered().query))


def test_a_column_that_is_declared_anew_is_read_as_it_is_then():
    insert(word="'2024-02-29'")
    words = lambda: [each.word for each in Odd.objects.all()]  # noqa: E731
    before = [words() for _ in range(4)][-1]
    with connection.cursor() as cursor:
        cursor.execute('ALTER TABLE "odd values" DROP COLUMN word')
        cursor.execute('ALTER TABLE "odd values" ADD COLUMN word text')
        cursor.execute('UPDATE "odd values" SET word = %s', ["2024-02-29"])
    assert (repr(before), words()) == ("[datetime.date(2024, 2, 29)]", ["2024-02-29"])
    assert is_bare(words)


def test_a_transaction_after_a_change_of_the_schema_reads_bare_columns():
    with transaction.atomic():
        insert(flag="1")
        assert is_bare(READS["objects"])


def test_a_declaration_that_is_rolled_back_is_forgotten():
    insert(word="'2024-02-29'")
    words = lambda: [str(type(each.word)) for each in Odd.objects.all()]  # noqa: E731
    before = [words() for _ in range(4)][-1]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute('ALTER TABLE "odd values" RENAME COLUMN word TO other')
            cursor.execute('ALTER TABLE "odd values" ADD COLUMN word text')
            cursor.execute('UPDATE "odd values" SET word = %s', ["2024-02-29"])
        within = [words() for _ in range(4)]
        transaction.set_rollback(True)
    assert within == [["<class 'str'>"]] * 4
    assert [words() for _ in range(4)] == [before] * 4 == [["<class 'datetime.date'>"]] * 4


@pytest.mark.parametrize("kind", ["BOOL", "VARCHAR"])
def test_a_converter_of_the_users_own_is_asked(kind):
    insert(flag="1")
    reads = (
        lambda: list(Odd.objects.values_list("flag", flat=True)),
        lambda: [each.name for each in Author.objects.filter(name="a")],
    )
    for _ in range(4):
        [read() for read in reads]
    ours = sqlite3.converters.get(kind)
    sqlite3.register_converter(kind, lambda raw: ("mine", raw))
    try:
        found = [[read() for read in reads] for _ in range(4)]
    finally:
        if ours is None:
            del sqlite3.converters[kind]
        else:
            sqlite3.register_converter(kind, ours)
    expected = {
        "BOOL": [[("mine", b"1")], ["a"]],
        "VARCHAR": [[True], [("mine", b"a")]],
    }[kind]
    assert found == [expected] * 4
    assert [read() for read in reads] == [[True], ["a"]]


def test_views_are_read_as_ever():
    insert(flag="1")
    with connection.cursor() as cursor:
        cursor.execute('ALTER TABLE "odd values" RENAME TO behind')
        cursor.execute('CREATE VIEW "odd values" AS SELECT * FROM behind')
    try:
        assert not is_bare(READS["objects"])
        assert [each.flag for each in Odd.objects.all()] == [True]
    finally:
        with connection.cursor() as cursor:
            cursor.execute('DROP VIEW "odd values"')
            cursor.execute("DROP TABLE behind")


def test_each_connection_is_asked_what_its_columns_are():
    insert(word="'2024-02-29'")
    words = lambda: [repr(each.word) for each in Odd.objects.all()]  # noqa: E731
    here = [words() for _ in range(4)]
    there = []

    def elsewhere():
        # Another database under the same name, whose column is declared as text.
        handle = connection_of_thread()
        handle.execute(DECLARED.replace("word date", "word text"))
        handle.execute("""INSERT INTO "odd values" (word) VALUES ('2024-02-29')""")
        there.extend(words() for _ in range(4))

    def connection_of_thread():
        from django.db import connections

        conf = connections["default"].settings_dict
        before, conf["NAME"] = conf["NAME"], ":memory:"
        try:
            connections["default"].ensure_connection()
        finally:
            conf["NAME"] = before
        return connections["default"].connection

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert here == [["datetime.date(2024, 2, 29)"]] * 4
    assert there == [["'2024-02-29'"]] * 4
    assert words() == ["datetime.date(2024, 2, 29)"]


def test_without_detection_of_types_nothing_is_converted(tmp_path):
    handler = ConnectionHandler(
        {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": tmp_path / "plain.db",
                "OPTIONS": {"detect_types": 0},
            }
        }
    )
    wrapper = handler["default"]
    with wrapper.cursor() as cursor:
        cursor.execute(DECLARED)
    found = wrapper.bare_columns({0: ("odd values", "flag")})
    assert not found.kinds
    wrapper.close()
