"""The tables, the rows in them, and the names of the jobs."""

from __future__ import annotations

from collections.abc import Iterator

TABLES = """
CREATE TABLE bench_author (id integer PRIMARY KEY AUTOINCREMENT, name varchar(100) NOT NULL,
    email varchar(100) NOT NULL, age integer NOT NULL);
CREATE TABLE bench_book (id integer PRIMARY KEY AUTOINCREMENT, title varchar(100) NOT NULL,
    author_id integer NOT NULL REFERENCES bench_author (id), year integer NOT NULL,
    price real NOT NULL, pages integer NOT NULL, active bool NOT NULL, notes text NOT NULL);
CREATE INDEX bench_book_author ON bench_book (author_id);
CREATE TABLE bench_tag (id integer PRIMARY KEY AUTOINCREMENT, name varchar(100) NOT NULL);
CREATE TABLE bench_book_tags (id integer PRIMARY KEY AUTOINCREMENT,
    book_id integer NOT NULL REFERENCES bench_book (id),
    tag_id integer NOT NULL REFERENCES bench_tag (id), UNIQUE (book_id, tag_id));
CREATE INDEX bench_book_tags_tag ON bench_book_tags (tag_id);
CREATE TABLE bench_note (id integer PRIMARY KEY AUTOINCREMENT, title varchar(100) NOT NULL,
    amount integer NOT NULL, done bool NOT NULL);
"""

AUTHORS, BOOKS, TAGS = 100, 1000, 20
AUTHOR_COLUMNS = ("id", "name", "email", "age")
BOOK_COLUMNS = ("id", "title", "author_id", "year", "price", "pages", "active", "notes")

#: The jobs, in the order of the table; and the least ratio of Django's time to ours.
JOBS: dict[str, float] = {
    "get by key": 5,
    "first 20 of a filter": 5,
    "create": 5,
    "save(update_fields)": 5,
    "update(F)": 5,
    "get_or_create, hit": 5,
    "count and exists": 5,
    "aggregate": 5,
    "book and its author": 5,
    "10 books of an author": 5,
    "bulk_create of 1,000": 2.5,
    "bulk_update of 100": 20,
    "prefetch 100 x 10": 3,
    "many-to-many prefetch 100 x 5": 3,
    "join 100 books, authors": 2,
    "1,000 rows to objects": 2,
    "1,000 rows to tuples": 1,
}


def rows() -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of each table."""
    return {
        "bench_author": [
            (n, f"author {n}", f"a{n}@example.com", 20 + n % 60) for n in range(1, AUTHORS + 1)
        ],
        "bench_book": [
            (n, f"book {n}", (n - 1) % AUTHORS + 1, 1930 + n % 90, n * 0.5, n, 1, "x" * 20)
            for n in range(1, BOOKS + 1)
        ],
        "bench_tag": [(n, f"tag {n}") for n in range(1, TAGS + 1)],
        "bench_book_tags": [
            (None, book, (book + step * 3) % TAGS + 1)
            for book in range(1, 101)
            for step in range(5)
        ],
        "bench_note": [(n, f"note {n}", n, 0) for n in range(1, 101)],
    }


def numbers(most: int = BOOKS) -> Iterator[int]:
    """Return an endless iterator over keys, in an order that no cache of pages likes or dislikes."""
    n = 1
    while True:
        n = (n * 7 + 3) % most
        yield n + 1
