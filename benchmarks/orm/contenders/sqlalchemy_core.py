"""SQLAlchemy 2 Core: statements that are built for each call, compiled ones from its cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import numbers


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs. Rows are SQLAlchemy's, with attributes."""
    import sqlalchemy as sa

    in_memory = databases.here() == databases.SQLITE
    place = "sqlite://" if in_memory else databases.url("postgresql+psycopg")
    engine = sa.create_engine(place, isolation_level="AUTOCOMMIT")
    kept = engine.connect()
    if in_memory:
        databases.fill(kept.connection.driver_connection)
    meta = sa.MetaData()
    number, text = sa.Integer, sa.String
    author = sa.Table(
        "bench_author",
        meta,
        sa.Column("id", number, primary_key=True),
        sa.Column("name", text),
        sa.Column("email", text),
        sa.Column("age", number),
    )
    book = sa.Table(
        "bench_book",
        meta,
        sa.Column("id", number, primary_key=True),
        sa.Column("title", text),
        sa.Column("author_id", number),
        sa.Column("year", number),
        sa.Column("price", sa.Float),
        sa.Column("pages", number),
        sa.Column("active", sa.Boolean),
        sa.Column("notes", sa.Text),
    )
    tag = sa.Table("bench_tag", meta, sa.Column("id", number), sa.Column("name", text))
    link = sa.Table(
        "bench_book_tags", meta, sa.Column("book_id", number), sa.Column("tag_id", number)
    )
    note = sa.Table(
        "bench_note",
        meta,
        sa.Column("id", number, primary_key=True),
        sa.Column("title", text),
        sa.Column("amount", number),
        sa.Column("done", sa.Boolean),
    )
    run = kept.execute
    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    hundred = list(range(1, 101))

    def count_and_exists() -> Any:
        total = run(sa.select(sa.func.count()).where(book.c.author_id == 5)).scalar()
        one = run(sa.select(sa.literal(1)).where(book.c.author_id == 5).limit(1)).first()
        return total, one is not None

    def book_and_author() -> Any:
        found = run(sa.select(book).where(book.c.id == next(keys))).one()
        return run(sa.select(author).where(author.c.id == found.author_id)).one()

    def bulk_create() -> Any:
        values = [{"title": f"note {n}", "amount": n, "done": False} for n in range(1000)]
        return run(note.insert().returning(note.c.id), values).all()

    change = (
        note.update()
        .where(note.c.id == sa.bindparam("key"))
        .values(amount=sa.bindparam("new_amount"), title=sa.bindparam("new_title"))
    )

    def bulk_update() -> Any:
        amount = next(counter)
        return run(
            change,
            [{"key": n, "new_amount": amount, "new_title": f"note {n}"} for n in hundred],
        )

    def grouped(rows: Any, place: int) -> dict[Any, list[Any]]:
        related: dict[Any, list[Any]] = {}
        for row in rows:
            related.setdefault(row[place], []).append(row)
        return related

    def prefetch() -> Any:
        authors = run(sa.select(author).limit(100)).all()
        ids = [row.id for row in authors]
        return authors, grouped(run(sa.select(book).where(book.c.author_id.in_(ids))), 2)

    def prefetch_many() -> Any:
        books = run(sa.select(book).limit(100)).all()
        ids = [row.id for row in books]
        tags = sa.select(link.c.book_id, tag).join(link, link.c.tag_id == tag.c.id)
        return books, grouped(run(tags.where(link.c.book_id.in_(ids))), 0)

    return {
        "get by key": lambda: run(sa.select(book).where(book.c.id == next(keys))).one(),
        "first 20 of a filter": lambda: run(
            sa.select(book).where(book.c.active.is_(True), book.c.year > 1950)
            .order_by(book.c.id).limit(20)
        ).all(),
        "create": lambda: run(
            note.insert().values(title="new", amount=next(counter), done=False)
        ).inserted_primary_key,
        "save(update_fields)": lambda: run(
            note.update().where(note.c.id == 5).values(amount=next(counter))
        ).rowcount,
        "update(F)": lambda: run(
            note.update().where(note.c.id == next(small)).values(amount=note.c.amount + 1)
        ).rowcount,
        "get_or_create, hit": lambda: run(
            sa.select(tag).where(tag.c.name == "tag 7")
        ).one_or_none(),
        "count and exists": count_and_exists,
        "aggregate": lambda: run(
            sa.select(sa.func.sum(book.c.pages).label("total")).where(book.c.author_id == 5)
        ).one(),
        "book and its author": book_and_author,
        "10 books of an author": lambda: run(
            sa.select(book).where(book.c.author_id == next(small))
        ).all(),
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": prefetch,
        "many-to-many prefetch 100 x 5": prefetch_many,
        "join 100 books, authors": lambda: run(
            sa.select(book, author).join(author, author.c.id == book.c.author_id).limit(100)
        ).all(),
        "1,000 rows to objects": lambda: run(sa.select(book)).all(),
        "1,000 rows to tuples": lambda: run(
            sa.select(book.c.id, book.c.title, book.c.year)
        ).all(),
    }  # fmt: skip
