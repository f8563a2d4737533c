"""Saving, deleting and related managers do the same in blocking and in async code."""

import pytest
from asgiref.sync import async_to_sync
from shop.models import Author, Book

from django.db.models import ProtectedError


@async_to_sync
async def in_async_code():
    author = Author(name="n")
    await author.asave()
    await author.books.acreate(title="a")
    book = await author.books.aget(title="a")
    author.name = "m"
    await author.asave(update_fields=["name"])
    await author.arefresh_from_db()
    deleted = await book.adelete()
    return author.name, deleted, await author.books.acount()


def in_blocking_code():
    author = Author(name="n")
    author.save()
    author.books.create(title="a")
    book = author.books.get(title="a")
    author.name = "m"
    author.save(update_fields=["name"])
    author.refresh_from_db()
    deleted = book.delete()
    return author.name, deleted, author.books.count()


def test_both_colours_do_the_same():
    assert in_blocking_code() == in_async_code() == ("m", (1, {"shop.Book": 1}), 0)


def test_an_overridden_blocking_method_is_honoured_by_its_twin():
    class Shouting(Author):
        class Meta:
            proxy = True
            app_label = "shop"

        def save(self, **kwargs):
            self.name = self.name.upper()
            super().save(**kwargs)

    @async_to_sync
    async def saved():
        author = Shouting(name="n")
        await author.asave()
        return author.name

    assert saved() == "N"


def test_deleting_takes_what_depends_on_it():
    author = Author.objects.create(name="n")
    Book.objects.bulk_create([Book(title="a", author=author), Book(title="b", author=author)])
    assert author.delete() == (3, {"shop.Book": 2, "shop.Author": 1})
    assert author.pk is None


def test_what_is_protected_is_named():
    field = Book._meta.get_field("author").remote_field
    author = Author.objects.create(name="n")
    Book.objects.create(title="a", author=author)
    before = field.on_delete
    from django.db.models import PROTECT

    field.on_delete = PROTECT
    try:
        with pytest.raises(ProtectedError, match="'Author' because .* 'Book.author'"):
            author.delete()
    finally:
        field.on_delete = before
