"""Piccolo. Its SQLite engine opens a file for each query, so there all runs within one transaction."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import numbers


async def cases() -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the jobs."""
    from piccolo import columns
    from piccolo.columns.m2m import M2M
    from piccolo.columns.reference import LazyTableReference
    from piccolo.query.functions.aggregate import Sum
    from piccolo.table import Table

    engine = await _engine()

    class Author(Table, tablename="bench_author", db=engine):
        id = columns.Integer(primary_key=True)
        name = columns.Varchar(100)
        email = columns.Varchar(100)
        age = columns.Integer()

    class Book(Table, tablename="bench_book", db=engine):
        id = columns.Integer(primary_key=True)
        title = columns.Varchar(100)
        author = columns.ForeignKey(Author, db_column_name="author_id")
        year = columns.Integer()
        price = columns.Real()
        pages = columns.Integer()
        active = columns.Boolean()
        notes = columns.Text()
        tags = M2M(LazyTableReference("BookTag", module_path=__name__))

    class Tag(Table, tablename="bench_tag", db=engine):
        id = columns.Integer(primary_key=True)
        name = columns.Varchar(100)

    class BookTag(Table, tablename="bench_book_tags", db=engine):
        id = columns.Integer(primary_key=True)
        book = columns.ForeignKey(Book, db_column_name="book_id")
        tag = columns.ForeignKey(Tag, db_column_name="tag_id")

    globals()["BookTag"] = BookTag

    class Note(Table, tablename="bench_note", db=engine):
        id = columns.Serial(primary_key=True)
        title = columns.Varchar(100)
        amount = columns.Integer()
        done = columns.Boolean()

    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    note = await Note.objects().get(Note.id == 5)
    assert note is not None

    async def get() -> Any:
        return await Book.objects().get(Book.id == next(keys))

    async def create() -> Any:
        return await Note.objects().create(title="new", amount=next(counter), done=False)

    async def save() -> None:
        note.amount = next(counter)
        await note.save(columns=[Note.amount])

    async def count_and_exists() -> Any:
        total = await Book.count().where(Book.author == 5)
        return total, await Book.exists().where(Book.author == 5)

    async def book_and_author() -> Any:
        found = await Book.objects().get(Book.id == next(keys))
        return await found.get_related(Book.author)  # type: ignore[union-attr]

    async def bulk_create() -> Any:
        return await Note.insert(
            *[Note(title=f"note {n}", amount=n, done=False) for n in range(1000)]
        )

    async def bulk_update() -> None:
        # It has no way to change many rows to values of their own at once.
        amount = next(counter)
        for n in range(1, 101):
            await Note.update({Note.amount: amount, Note.title: f"note {n}"}).where(Note.id == n)

    async def prefetch() -> Any:
        # It has no way to fetch what points back, so this is what one writes.
        authors = await Author.objects().limit(100)
        books = await Book.objects().where(Book.author.is_in([each.id for each in authors]))
        related: dict[Any, list[Any]] = {}
        for book in books:
            related.setdefault(book.author, []).append(book)
        return authors, related

    async def prefetch_many() -> Any:
        return await Book.select(*Book.all_columns(), Book.tags(Tag.id, Tag.name)).limit(100)

    return {
        "get by key": get,
        "first 20 of a filter": lambda: (
            Book.objects()
            .where(Book.active.eq(True), Book.year > 1950)
            .order_by(Book.id)
            .limit(20)
            .run()
        ),
        "create": create,
        "save(update_fields)": save,
        "update(F)": lambda: (
            Note.update({Note.amount: Note.amount + 1}).where(Note.id == next(small)).run()
        ),
        "get_or_create, hit": lambda: _run(Tag.objects().get_or_create(Tag.name == "tag 7")),
        "count and exists": count_and_exists,
        "aggregate": lambda: Book.select(Sum(Book.pages)).where(Book.author == 5).run(),
        "book and its author": book_and_author,
        "10 books of an author": lambda: Book.objects().where(Book.author == next(small)).run(),
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": prefetch,
        "many-to-many prefetch 100 x 5": prefetch_many,
        "join 100 books, authors": lambda: Book.objects(Book.author).limit(100).run(),
        "1,000 rows to objects": lambda: Book.objects().run(),
        "1,000 rows to tuples": lambda: Book.select(Book.id, Book.title, Book.year).run(),
    }


async def _engine() -> Any:
    if databases.here() == databases.POSTGRES:
        from piccolo.engine.postgres import PostgresEngine

        given = databases.parts()
        given["database"] = given.pop("dbname")
        postgres = PostgresEngine(given, extensions=())
        await postgres.start_connection_pool(min_size=1, max_size=1)
        return postgres
    from piccolo.engine.sqlite import SQLiteEngine

    path = str(Path(tempfile.mkdtemp()) / "bench.sqlite3")
    with sqlite3.connect(path) as connection:
        databases.fill(connection)
    sqlite = SQLiteEngine(path)
    await sqlite.transaction().__aenter__()
    return sqlite


async def _run(query: Any) -> Any:
    return await query
