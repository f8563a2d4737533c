"""Making model instances and reading them, on SQLite in memory."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from typing import Any

BARS = {
    "get(pk)": 5,
    "1,000 instances": 2,
    "build a seen query of 5 calls": 10,
    "__init__ with keywords": 4,
}

COLUMNS = ("id", "name", "email", "city", "age", "score", "active", "notes")
ROWS = [(n, f"name {n}", f"n{n}@example.com", "Liberchies", n % 90, n * 0.5, 1, "x" * 20) for n in range(1, 1001)]  # fmt: skip
TABLE = (
    "CREATE TABLE bench_person (id integer PRIMARY KEY, name varchar(100) NOT NULL, email varchar(100)"
    " NOT NULL, city varchar(100) NOT NULL, age integer NOT NULL, score real NOT NULL, active bool NOT"
    " NULL, notes text NOT NULL)"
)
INSERT = "INSERT INTO bench_person VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def cases() -> dict[str, Callable[[], Any]]:
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.db import connection, models

    class Person(models.Model):
        name = models.CharField(max_length=100)
        email = models.CharField(max_length=100)
        city = models.CharField(max_length=100)
        age = models.IntegerField()
        score = models.FloatField()
        active = models.BooleanField()
        notes = models.TextField()

        class Meta:
            app_label = "bench"
            db_table = "bench_person"

    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    connection.connection.executemany(INSERT, ROWS)
    numbers = itertools.cycle(range(1, 1001))
    values = dict(zip(COLUMNS, ROWS[0], strict=True))

    def build() -> Any:
        return (
            Person.objects.filter(city="Liberchies")
            .exclude(age=next(numbers))
            .filter(score__gt=1.5)
            .order_by("name", "-age")[:20]
        )

    return {
        "get(pk)": lambda: Person.objects.get(pk=next(numbers)),
        "filter().first()": lambda: Person.objects.filter(email="n5@example.com").first(),
        "1,000 instances": lambda: list(Person.objects.all()),
        "1,000 values_list": lambda: list(Person.objects.values_list("id", "name", "age")),
        "count()": lambda: Person.objects.filter(age=30).count(),
        "exists()": lambda: Person.objects.filter(age=30).exists(),
        "save(update_fields)": lambda: Person(**values).save(update_fields=["age"]),
        "update()": lambda: Person.objects.filter(pk=next(numbers)).update(age=5),
        "build a seen query of 5 calls": build,
        "__init__ with keywords": lambda: Person(**values),
    }


def limits() -> dict[str, Callable[[], Any]]:
    class Person:
        __slots__ = COLUMNS

        def __init__(self, id, name, email, city, age, score, active, notes):  # type: ignore[no-untyped-def]
            self.id, self.name, self.email, self.city = id, name, email, city
            self.age, self.score, self.active, self.notes = age, score, active, notes

    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(TABLE)
    connection.executemany(INSERT, ROWS)
    numbers = itertools.cycle(range(1, 1001))
    names = ", ".join(COLUMNS)
    one = f"SELECT {names} FROM bench_person WHERE id = ? LIMIT 21"
    everyone = f"SELECT {names} FROM bench_person"
    values = dict(zip(COLUMNS, ROWS[0], strict=True))
    run = connection.execute
    return {
        "get(pk)": lambda: Person(*run(one, (next(numbers),)).fetchall()[0]),
        "1,000 instances": lambda: [Person(*row) for row in run(everyone).fetchall()],
        "1,000 values_list": lambda: run("SELECT id, name, age FROM bench_person").fetchall(),
        "count()": lambda: run("SELECT COUNT(*) FROM bench_person WHERE age = ?", (30,)).fetchone(),
        "update()": lambda: run("UPDATE bench_person SET age = ? WHERE id = ?", (5, next(numbers))),
        "__init__ with keywords": lambda: Person(**values),
    }
