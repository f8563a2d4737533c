"""SQLAlchemy 2 ORM: a session for each job, as a request would have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import numbers


def cases() -> dict[str, Callable[[], Any]]:
    """Return the jobs."""
    import sqlalchemy as sa
    from sqlalchemy.orm import (
        DeclarativeBase,
        Mapped,
        Session,
        joinedload,
        mapped_column,
        relationship,
        selectinload,
    )

    class Base(DeclarativeBase):
        pass

    link = sa.Table(
        "bench_book_tags",
        Base.metadata,
        sa.Column("book_id", sa.ForeignKey("bench_book.id")),
        sa.Column("tag_id", sa.ForeignKey("bench_tag.id")),
    )
    # Annotations of classes in a function are not resolved, so types are given as values.
    key = lambda: mapped_column(sa.Integer, primary_key=True)
    number = lambda: mapped_column(sa.Integer)
    text = lambda: mapped_column(sa.String)

    class Author(Base):
        __tablename__ = "bench_author"
        id, name, email, age = key(), text(), text(), number()
        books: Any = relationship("Book", back_populates="author")
        __allow_unmapped__ = True

    class Tag(Base):
        __tablename__ = "bench_tag"
        id, name = key(), text()

    class Book(Base):
        __tablename__ = "bench_book"
        id, title = key(), text()
        author_id = mapped_column(sa.ForeignKey("bench_author.id"))
        year, price, pages = number(), mapped_column(sa.Float), number()
        active, notes = mapped_column(sa.Boolean), mapped_column(sa.Text)
        author: Any = relationship("Author", back_populates="books")
        tags: Any = relationship("Tag", secondary=link)
        __allow_unmapped__ = True

    class Note(Base):
        __tablename__ = "bench_note"
        id, title, amount, done = key(), text(), number(), mapped_column(sa.Boolean)

    assert Mapped is not None
    in_memory = databases.here() == databases.SQLITE
    place = "sqlite://" if in_memory else databases.url("postgresql+psycopg")
    engine = sa.create_engine(place, isolation_level="AUTOCOMMIT")
    kept = engine.connect()
    if in_memory:
        databases.fill(kept.connection.driver_connection)
    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    session = lambda: Session(kept, expire_on_commit=False)
    lasting = session()
    note, notes = lasting.get(Note, 5), lasting.scalars(sa.select(Note).limit(100)).all()

    def one(statement: Any) -> Any:
        with session() as work:
            return work.scalars(statement).one()

    def several(statement: Any) -> Any:
        with session() as work:
            return work.scalars(statement).all()

    def get() -> Any:
        with session() as work:
            return work.get(Book, next(keys))

    def create() -> Any:
        with session() as work:
            made = Note(title="new", amount=next(counter), done=False)
            work.add(made)
            work.commit()
            return made

    def save() -> None:
        note.amount = next(counter)
        lasting.commit()

    def update() -> Any:
        with session() as work:
            change = sa.update(Note).where(Note.id == next(small))
            return work.execute(
                change.values(amount=Note.amount + 1),
                execution_options={"synchronize_session": False},
            )

    def count_and_exists() -> Any:
        with session() as work:
            total = work.scalar(
                sa.select(sa.func.count()).select_from(Book).where(Book.author_id == 5)
            )
            one = sa.select(sa.literal(1)).select_from(Book).where(Book.author_id == 5).limit(1)
            return total, work.scalar(one) is not None

    def aggregate() -> Any:
        with session() as work:
            return work.scalar(sa.select(sa.func.sum(Book.pages)).where(Book.author_id == 5))

    def book_and_author() -> Any:
        with session() as work:
            return work.get(Book, next(keys)).author

    def books_of_author() -> Any:
        return several(sa.select(Book).where(Book.author_id == next(small)))

    def bulk_create() -> Any:
        with session() as work:
            made = [Note(title=f"note {n}", amount=n, done=False) for n in range(1000)]
            work.add_all(made)
            work.commit()
            return made

    def bulk_update() -> None:
        amount = next(counter)
        for each in notes:
            each.amount, each.title = amount, f"{amount}"
        lasting.commit()

    return {
        "get by key": get,
        "first 20 of a filter": lambda: several(
            sa.select(Book).where(Book.active.is_(True), Book.year > 1950)
            .order_by(Book.id).limit(20)
        ),
        "create": create,
        "save(update_fields)": save,
        "update(F)": update,
        "get_or_create, hit": lambda: one(sa.select(Tag).where(Tag.name == "tag 7")),
        "count and exists": count_and_exists,
        "aggregate": aggregate,
        "book and its author": book_and_author,
        "10 books of an author": books_of_author,
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": lambda: several(
            sa.select(Author).options(selectinload(Author.books)).limit(100)
        ),
        "many-to-many prefetch 100 x 5": lambda: several(
            sa.select(Book).options(selectinload(Book.tags)).limit(100)
        ),
        "join 100 books, authors": lambda: several(
            sa.select(Book).options(joinedload(Book.author)).limit(100)
        ),
        "1,000 rows to objects": lambda: several(sa.select(Book)),
        "1,000 rows to tuples": lambda: lasting.execute(
            sa.select(Book.id, Book.title, Book.year)
        ).all(),
    }  # fmt: skip
