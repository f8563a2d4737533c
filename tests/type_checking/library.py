"""A project as type checkers see it: each ``assert_type`` is checked by mypy, none runs."""

import datetime
from collections.abc import Iterator
from typing import Any, assert_type

from nuages import forms
from nuages.contrib.auth.decorators import login_required
from nuages.core.paginator import Page, Paginator
from nuages.db import models, transaction
from nuages.db.models import Manager, QuerySet
from nuages.http import HttpRequest, HttpResponse
from nuages.shortcuts import aget_object_or_404, get_list_or_404, get_object_or_404, render
from nuages.utils.encoding import force_str
from nuages.utils.safestring import SafeString, mark_safe


class Author(models.Model):
    name = models.CharField(max_length=50)


class BookRows(QuerySet["Book"]):
    def cheap(self) -> "BookRows":
        return self.filter(price__lt=10).order_by("price")


class Shelf(Manager["Book"]):
    def get_queryset(self) -> QuerySet["Book"]:
        return super().get_queryset().exclude(title="")

    def cheap(self) -> QuerySet["Book"]:
        return self.filter(price__lt=10)


class Book(models.Model):
    title = models.CharField(max_length=50)
    price = models.IntegerField(null=True)
    published = models.DateField(null=True)
    author = models.ForeignKey(Author, models.CASCADE)

    on_shelf = Shelf()


def rows() -> None:
    assert_type(Book.objects, Manager[Book])
    assert_type(Book.objects.all(), QuerySet[Book])
    found = Book.objects.filter(price__gt=1).exclude(title="").order_by("title").distinct()
    assert_type(found, QuerySet[Book])
    assert_type(found.select_related("author").prefetch_related("tags"), QuerySet[Book])
    assert_type(found[0], Book)
    assert_type(found[:3], QuerySet[Book])
    assert_type(found | Book.objects.none(), QuerySet[Book])
    assert_type(list(found), list[Book])
    assert_type(found.iterator(), Iterator[Book])
    assert_type(found.in_bulk(), dict[Any, Book])
    assert_type(BookRows(Book).cheap(), BookRows)
    assert_type(Book.on_shelf.cheap(), QuerySet[Book])


def one() -> None:
    assert_type(Book.objects.get(pk=1), Book)
    assert_type(Book.objects.first(), Book | None)
    assert_type(Book.objects.latest("price"), Book)
    assert_type(Book.objects.create(title="Emma"), Book)
    assert_type(Book.objects.get_or_create(title="Emma"), tuple[Book, bool])
    assert_type(Book.objects.bulk_create([Book()]), list[Book])
    assert_type(get_object_or_404(Book, pk=1), Book)
    assert_type(get_object_or_404(Book.objects.all(), pk=1), Book)
    assert_type(get_list_or_404(Book.on_shelf), list[Book])


def columns() -> None:
    assert_type(Book.objects.values("title"), QuerySet[dict[str, Any]])
    assert_type(Book.objects.values_list("title", "price"), QuerySet[tuple[Any, ...]])
    assert_type(Book.objects.count(), int)
    assert_type(Book.objects.aggregate(models.Max("price")), dict[str, Any])
    assert_type(Book.objects.update(price=1), int)


def values_of_fields(book: Book) -> None:
    # What may be null is not known: ``Any`` lets it be compared with None.
    assert_type(book.title, str | Any)
    assert_type(book.price, int | Any)
    assert_type(book.published, datetime.date | Any)
    assert_type(book.author, Author | Any)
    assert_type(Book.title, models.CharField)
    book.price = models.F("price") + 1


async def awaited() -> None:
    assert_type(await Book.objects.aget(pk=1), Book)
    assert_type(await Book.objects.afirst(), Book | None)
    assert_type(await Book.objects.acreate(title="Emma"), Book)
    assert_type([book async for book in Book.objects.all()], list[Book])
    assert_type(await aget_object_or_404(Book, pk=1), Book)


class Search(forms.Form):
    text = forms.CharField()


def view(request: HttpRequest) -> HttpResponse:
    assert_type(request.method, str | None)
    assert_type(request.GET["q"], str)
    assert_type(request.POST.get("q"), str | None)
    assert_type(request.GET.get("q", ""), str)
    assert_type(request.GET.getlist("q"), list[str])
    form = Search(request.GET)
    assert_type(form.is_valid(), bool)
    assert_type(form.cleaned_data, dict[str, Any])
    # What fields and relations add is there.
    book = Book()
    print(book.id, book.author_id, book.author.book_set, request.user, request.session)
    assert_type(Paginator(Book.objects.all(), 10).get_page(request.GET.get("page")), Page)
    return render(request, "books.html", {"form": form})


def decorated() -> None:
    request = HttpRequest()
    assert_type(login_required(view)(request), HttpResponse)
    assert_type(login_required(login_url="/in/")(view)(request), HttpResponse)
    assert_type(transaction.atomic(view)(request), HttpResponse)


def text() -> None:
    assert_type(mark_safe("<b>"), SafeString)
    assert_type(force_str(b"text"), str)
