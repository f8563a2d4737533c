"""The driver alone: what a careful person would write by hand, and the limit of what is possible."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import Any

from benchmarks.orm import databases
from benchmarks.orm.data import AUTHOR_COLUMNS, BOOK_COLUMNS, numbers

BOOK = f"SELECT {', '.join(BOOK_COLUMNS)} FROM bench_book"
AUTHOR = f"SELECT {', '.join(AUTHOR_COLUMNS)} FROM bench_author"
TAGGED = (
    "SELECT link.book_id, tag.id, tag.name FROM bench_tag tag JOIN bench_book_tags link"
    " ON link.tag_id = tag.id WHERE link.book_id "
)
INSERT = "INSERT INTO bench_note (title, amount, done)"


class Slotted:
    """An object with the columns of a row as attributes."""

    __slots__ = ()

    @staticmethod
    def of(*names: str) -> Any:
        """Return a class with these attributes, and a constructor that takes them in order."""
        sets = "\n".join(f"    self.{name} = {name}" for name in names)
        scope: dict[str, Any] = {}
        exec(f"def __init__(self, {', '.join(names)}):\n{sets}", scope)
        return type("Row", (), {"__slots__": (*names, "related"), "__init__": scope["__init__"]})


def cases(objects: bool) -> dict[str, Callable[[], Any]]:
    """Return the jobs; with ``objects`` rows become slotted objects, else they stay tuples."""
    in_memory = databases.here() == databases.SQLITE
    connection = databases.connect()
    # psycopg's cursors can be used again, and take some time to make.
    run = connection.execute if in_memory else connection.cursor().execute
    keys, small, counter = numbers(), numbers(100), numbers(1_000_000)
    book_of, author_of, tag_of = (
        (Slotted.of(*BOOK_COLUMNS), Slotted.of(*AUTHOR_COLUMNS), Slotted.of("id", "name"))
        if objects
        else (lambda *row: row,) * 3
    )
    made = (lambda make, found: [make(*row) for row in found]) if objects else (lambda _m, f: f)
    hundred, no = list(range(1, 101)), 0 if in_memory else False

    def q(sql: str) -> str:
        """Return a statement with the places for parameters that the driver wants."""
        numbers = count(1)
        return sql if in_memory else re.sub(r"\?", lambda _: f"${next(numbers)}", sql)

    by_key, by_author = q(f"{BOOK} WHERE id = ?"), q(f"{BOOK} WHERE author_id = ?")
    author_by_key = q(f"{AUTHOR} WHERE id = ?")
    flagged = q(f"{BOOK} WHERE active = ? AND year > ? ORDER BY id LIMIT 20")
    insert_one = q(f"{INSERT} VALUES (?, ?, ?) RETURNING id")
    insert_all = q(f"{INSERT} VALUES {', '.join(['(?, ?, ?)'] * 1000)} RETURNING id")
    set_amount = q("UPDATE bench_note SET amount = ? WHERE id = ?")
    add_amount = q("UPDATE bench_note SET amount = amount + ? WHERE id = ?")
    set_all = q(
        "UPDATE bench_note SET amount = given.column2, title = given.column3 FROM"
        f" (VALUES {', '.join(['(?, ?, ?)'] * 100)}) AS given WHERE id = given.column1"
        if in_memory
        else "UPDATE bench_note SET amount = a, title = t FROM"
        " unnest(?::int[], ?::int[], ?::text[]) AS given (k, a, t) WHERE id = k"
    )
    tag_by_name = q("SELECT id, name FROM bench_tag WHERE name = ?")
    counted = q("SELECT COUNT(*) FROM bench_book WHERE author_id = ?")
    any_book = q("SELECT 1 FROM bench_book WHERE author_id = ? LIMIT 1")
    summed = q("SELECT SUM(pages) FROM bench_book WHERE author_id = ?")
    among = f"IN ({', '.join('?' * 100)})" if in_memory else "= ANY(?)"
    books_of_several = q(f"{BOOK} WHERE author_id {among}")
    tags_of_several = q(f"{TAGGED}{among}")
    several: Any = hundred if in_memory else [hundred]

    def get() -> Any:
        return book_of(*run(by_key, (next(keys),)).fetchall()[0])

    def first_20() -> Any:
        return made(book_of, run(flagged, (not no, 1950)).fetchall())

    def create() -> Any:
        return run(insert_one, ("new", next(counter), no)).fetchall()

    def save() -> Any:
        return run(set_amount, (next(counter), 5))

    def update() -> Any:
        return run(add_amount, (1, next(small)))

    def get_or_create() -> Any:
        return run(tag_by_name, ("tag 7",)).fetchall()

    def count_and_exists() -> Any:
        first = run(counted, (5,)).fetchall()[0][0]
        return first, run(any_book, (5,)).fetchall()

    def aggregate() -> Any:
        return run(summed, (5,)).fetchall()[0]

    def book_and_author() -> Any:
        book = run(by_key, (next(keys),)).fetchall()[0]
        book_of(*book)
        return author_of(*run(author_by_key, (book[2],)).fetchall()[0])

    def books_of_author() -> Any:
        return made(book_of, run(by_author, (next(small),)).fetchall())

    def bulk_create() -> Any:
        values = [value for n in range(1000) for value in (f"note {n}", n, no)]
        return run(insert_all, values).fetchall()

    def bulk_update() -> Any:
        amount = next(counter)
        if not in_memory:
            return run(set_all, (hundred, [amount] * 100, [f"note {key}" for key in hundred]))
        values = [value for key in hundred for value in (key, amount, f"note {key}")]
        return run(set_all, values)

    def prefetch() -> Any:
        authors = made(author_of, run(f"{AUTHOR} LIMIT 100").fetchall())
        related: dict[Any, list[Any]] = {}
        for row in run(books_of_several, several).fetchall():
            related.setdefault(row[2], []).append(book_of(*row))
        if objects:
            for author in authors:
                author.related = related.get(author.id, [])
        return authors, related

    def prefetch_many() -> Any:
        books = made(book_of, run(f"{BOOK} LIMIT 100").fetchall())
        related: dict[Any, list[Any]] = {}
        for row in run(tags_of_several, several).fetchall():
            related.setdefault(row[0], []).append(tag_of(*row[1:]))
        if objects:
            for book in books:
                book.related = related.get(book.id, [])
        return books, related

    def join() -> Any:
        both = ", ".join(
            [*(f"book.{n}" for n in BOOK_COLUMNS), *(f"a.{n}" for n in AUTHOR_COLUMNS)]
        )
        sql = f"SELECT {both} FROM bench_book book JOIN bench_author a ON a.id = book.author_id"
        found = run(f"{sql} LIMIT 100").fetchall()
        if not objects:
            return found
        books = []
        for row in found:
            book = book_of(*row[:8])
            book.related = author_of(*row[8:])
            books.append(book)
        return books

    return {
        "get by key": get,
        "first 20 of a filter": first_20,
        "create": create,
        "save(update_fields)": save,
        "update(F)": update,
        "get_or_create, hit": get_or_create,
        "count and exists": count_and_exists,
        "aggregate": aggregate,
        "book and its author": book_and_author,
        "10 books of an author": books_of_author,
        "bulk_create of 1,000": bulk_create,
        "bulk_update of 100": bulk_update,
        "prefetch 100 x 10": prefetch,
        "many-to-many prefetch 100 x 5": prefetch_many,
        "join 100 books, authors": join,
        "1,000 rows to objects": lambda: made(book_of, run(BOOK).fetchall()),
        "1,000 rows to tuples": lambda: run("SELECT id, title, year FROM bench_book").fetchall(),
    }
