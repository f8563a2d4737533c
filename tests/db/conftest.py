"""A few authors and books in the database of the tests."""

import pytest


@pytest.fixture(autouse=True)
def database(tables):
    """Make the rows, for other connections too; give the connection."""
    from shop.models import Author, Book

    from django.db import connection

    authors = [Author(name=name, age=age) for name, age in (("b", 3), ("a", None), ("c", 5))]
    Author.objects.bulk_create(authors)
    Book.objects.bulk_create(
        Book(pk=n + 1, title=f"t{n % 4}", price=n, in_print=n % 3 > 0, author=authors[n % 3])
        for n in range(12)
    )
    yield connection
    Book.objects.all().delete()
    Author.objects.all().delete()


@pytest.fixture
def seen_queries(database):
    """Record the statements of the block: ``with seen_queries() as statements``."""
    from contextlib import contextmanager

    @contextmanager
    def record():
        statements = []

        def note(execute, sql, params, many, context):
            statements.append(sql)
            return execute(sql, params, many, context)

        with database.execute_wrapper(note):
            yield statements

    return record
