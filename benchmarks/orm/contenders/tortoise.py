"""Tortoise; on PostgreSQL with asyncpg, which it is fastest with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import numbers, rows


async def cases() -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the jobs."""
    from tortoise import Tortoise, connections
    from tortoise.expressions import F
    from tortoise.functions import Sum

    from benchmarks.orm.contenders.tortoise_models import Author, Book, Note, Tag

    in_memory = databases.here() == databases.SQLITE
    await Tortoise.init(
        db_url="sqlite://:memory:" if in_memory else databases.url("asyncpg"),
        modules={"bench": ["benchmarks.orm.contenders.tortoise_models"]},
    )
    connection = connections.get("default")
    if in_memory:
        await connection.execute_script(databases.tables())
        for table, several in rows().items():
            places = ", ".join("?" * len(several[0]))
            await connection.execute_many(f"INSERT INTO {table} VALUES ({places})", several)  # type: ignore[arg-type]
    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    note, notes = await Note.get(id=5), await Note.all().limit(100)
    authors = await Author.all()

    async def save() -> None:
        note.amount = next(counter)
        await note.save(update_fields=["amount"])

    async def count_and_exists() -> Any:
        total = await Book.filter(author_id=5).count()
        return total, await Book.filter(author_id=5).exists()

    async def book_and_author() -> Any:
        return await (await Book.get(id=next(keys))).author

    async def bulk_create() -> Any:
        return await Note.bulk_create(
            [Note(title=f"note {n}", amount=n, done=False) for n in range(1000)]
        )

    async def bulk_update() -> Any:
        amount = next(counter)
        for each in notes:
            each.amount = amount
        return await Note.bulk_update(notes, fields=["amount", "title"])

    return {
        "get by key": lambda: Book.get(id=next(keys)),
        "first 20 of a filter": lambda: (
            Book.filter(active=True, year__gt=1950).order_by("id").limit(20)
        ),
        "create": lambda: Note.create(title="new", amount=next(counter), done=False),
        "save(update_fields)": save,
        "update(F)": lambda: Note.filter(id=next(small)).update(amount=F("amount") + 1),
        "get_or_create, hit": lambda: Tag.get_or_create(name="tag 7"),
        "count and exists": count_and_exists,
        "aggregate": lambda: Book.filter(author_id=5).annotate(total=Sum("pages")).values("total"),
        "book and its author": book_and_author,
        "10 books of an author": lambda: authors[next(small) - 1].books.all(),  # type: ignore[attr-defined]
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": lambda: Author.all().limit(100).prefetch_related("books"),
        "many-to-many prefetch 100 x 5": lambda: Book.all().limit(100).prefetch_related("tags"),
        "join 100 books, authors": lambda: Book.all().limit(100).select_related("author"),
        "1,000 rows to objects": lambda: Book.all(),
        "1,000 rows to tuples": lambda: Book.all().values_list("id", "title", "year"),
    }
