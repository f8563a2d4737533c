"""The jobs on whatever ``import django`` is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import numbers


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs."""
    import django
    from django.conf import settings

    if databases.here() == databases.SQLITE:
        place = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    else:
        given = databases.parts()
        place = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": given["dbname"],
            **{name.upper(): given.get(name, "") for name in ("user", "password", "host", "port")},
        }
    settings.configure(
        DATABASES={"default": place},
        INSTALLED_APPS=["benchmarks.orm.bench"],
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    django.setup()
    from benchmarks.orm.bench.models import Author, Book, Note, Tag
    from django.db import connection
    from django.db.models import F, Sum

    connection.ensure_connection()
    if databases.here() == databases.SQLITE:
        databases.fill(connection.connection)
    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    note = Note.objects.get(pk=5)
    notes = list(Note.objects.all()[:100])
    authors = list(Author.objects.all())

    def save() -> None:
        note.amount = next(counter)
        note.save(update_fields=["amount"])

    def count_and_exists() -> Any:
        found = Book.objects.filter(author_id=5)
        return found.count(), Book.objects.filter(author_id=5).exists()

    def bulk_create() -> Any:
        return Note.objects.bulk_create(
            [Note(title=f"note {n}", amount=n, done=False) for n in range(1000)]
        )

    def bulk_update() -> Any:
        amount = next(counter)
        for each in notes:
            each.amount = amount
        return Note.objects.bulk_update(notes, ["amount", "title"])

    def prefetch() -> Any:
        found = list(Author.objects.prefetch_related("book_set")[:100])
        return [author.book_set.all() for author in found]

    def prefetch_many() -> Any:
        found = list(Book.objects.prefetch_related("tags")[:100])
        return [book.tags.all() for book in found]

    return {
        "get by key": lambda: Book.objects.get(pk=next(keys)),
        "first 20 of a filter": lambda: list(
            Book.objects.filter(active=True, year__gt=1950).order_by("id")[:20]
        ),
        "create": lambda: Note.objects.create(title="new", amount=next(counter), done=False),
        "save(update_fields)": save,
        "update(F)": lambda: Note.objects.filter(pk=next(small)).update(amount=F("amount") + 1),
        "get_or_create, hit": lambda: Tag.objects.get_or_create(name="tag 7"),
        "count and exists": count_and_exists,
        "aggregate": lambda: Book.objects.filter(author_id=5).aggregate(total=Sum("pages")),
        "book and its author": lambda: Book.objects.get(pk=next(keys)).author,
        "10 books of an author": lambda: list(authors[next(small) - 1].book_set.all()),
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": prefetch,
        "many-to-many prefetch 100 x 5": prefetch_many,
        "join 100 books, authors": lambda: list(Book.objects.select_related("author")[:100]),
        "1,000 rows to objects": lambda: list(Book.objects.all()),
        "1,000 rows to tuples": lambda: list(Book.objects.values_list("id", "title", "year")),
    }
