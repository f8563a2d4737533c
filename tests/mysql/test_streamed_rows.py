"""``iterator()`` on MariaDB, whose driver gives chunks as tuples."""

import pytest

pytestmark = pytest.mark.mysql


def test_chunks_give_each_row_once(authors):
    for name in "abcde":
        authors.create(name=name)
    for _ in range(3):
        by_name = authors.order_by("name")
        assert [author.name for author in by_name.iterator(chunk_size=2)] == [*"abcde"]
        names = by_name.values_list("name", flat=True)
        assert list(names.iterator(chunk_size=2)) == [*"abcde"]
        prefetched = by_name.prefetch_related("books").iterator(chunk_size=2)
        assert [(author.name, len(author.books.all())) for author in prefetched] == [
            (name, 0) for name in "abcde"
        ]
