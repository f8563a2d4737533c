"""The first and the last object, objects by key, aggregates and nothing at all: by a trail what they are without one."""

import asyncio

import pytest
from shop.models import Author, Book

from django.db.models import Avg, Count, F, Max, StdDev, Sum
from django.db.models.query import EmptyQuerySet
from django.test.utils import override_settings

ANSWERS = {
    "first": lambda: Book.objects.filter(price__gt=3).first(),
    "first in order": lambda: Book.objects.order_by("-price").first(),
    "first by default": lambda: Author.objects.first(),
    "last": lambda: Book.objects.filter(price__gt=3).last(),
    "last in order": lambda: Book.objects.order_by("title", "-price").last(),
    "last by default": lambda: Author.objects.last(),
    "last of none": lambda: Book.objects.filter(price=-1).last(),
    "last of a slice": lambda: Book.objects.order_by("pk")[:3].last(),
    "last of an unordered slice": lambda: Book.objects.all()[:3].last(),
    "last tuple": lambda: Book.objects.values_list("price", "title").last(),
    "latest": lambda: Book.objects.latest("price"),
    "latest of two": lambda: Book.objects.filter(title="t1").latest("in_print", "-price"),
    "earliest": lambda: Book.objects.earliest("title", "price"),
    "earliest by an expression": lambda: Book.objects.earliest(F("price").desc()),
    "earliest of an order": lambda: Book.objects.order_by("-pk").earliest("price"),
    "latest of none": lambda: Book.objects.filter(price=-1).latest("price"),
    "latest of a slice": lambda: Book.objects.all()[:3].latest("price"),
    "latest by nothing": lambda: Book.objects.latest(),
    "latest by a stranger": lambda: Book.objects.latest("size"),
    "latest dictionary": lambda: Book.objects.values("price").latest("price"),
    "in bulk": lambda: Book.objects.in_bulk([3, 1, 99]),
    "all in bulk": lambda: Author.objects.in_bulk(),
    "in bulk of a filter": lambda: Book.objects.filter(price__gt=3).in_bulk([3, 8]),
    "in bulk of values": lambda: Book.objects.values("title").in_bulk([3]),
    "in bulk of a slice": lambda: Book.objects.all()[:3].in_bulk([3]),
    "in bulk by another": lambda: Book.objects.in_bulk([3], field_name="title"),
    "sum": lambda: Book.objects.filter(price__gt=3).aggregate(Sum("price")),
    "several": lambda: Book.objects.aggregate(Sum("price"), Max("pk"), n=Count("*"), a=Avg("price")),
    "twice": lambda: Book.objects.aggregate(Max("price"), price__max=Sum("price")),
    "nameless": lambda: Book.objects.aggregate(Sum(F("price") + 1)),
    "no aggregate": lambda: Book.objects.aggregate("price"),
    "none at all": lambda: Book.objects.aggregate(),
    "none": lambda: list(Book.objects.none()),
    "none of some": lambda: list(Book.objects.filter(price=1).none().filter(title="t1")),
    "none counted": lambda: (Book.objects.none().count(), Book.objects.none().exists()),
    "none summed": lambda: Book.objects.none().aggregate(Sum("price"), Count("pk")),
    "none is empty": lambda: isinstance(Book.objects.none(), EmptyQuerySet),
    "all is not empty": lambda: isinstance(Book.objects.all(), EmptyQuerySet),
    "none and some": lambda: list(Book.objects.none() | Book.objects.filter(pk=1)),
    "none is ordered": lambda: Book.objects.none().ordered,
    "first of none": lambda: (Book.objects.none().first(), Book.objects.none().last()),
    "iterated none": lambda: list(Book.objects.none().iterator()),
    "tuples": lambda: list(Book.objects.order_by("pk").values_list()),
}  # fmt: skip


def told(answer):
    if isinstance(answer, dict):
        return [(key, told(value)) for key, value in answer.items()]
    if isinstance(answer, list):
        return [told(item) for item in answer]
    return (type(answer), answer.pk) if hasattr(answer, "_state") else answer


def outcome(ask):
    try:
        return told(ask())
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("name", ANSWERS)
def test_both_roads_answer_alike(name, database):
    with override_settings(NUAGES={"TRAILS": False}):
        expected = outcome(ANSWERS[name])
    assert [outcome(ANSWERS[name]) for _ in range(4)] == [expected] * 4


def test_aggregates_of_a_sample_are_others(database):
    def ask(sample):
        return Book.objects.aggregate(StdDev("price", sample=sample))["price__stddev"]

    assert [[round(ask(sample), 3) for sample in (False, True)] for _ in range(4)] == [
        [3.452, 3.606]
    ] * 4


def test_async_code_gets_the_same_answers(database):
    async def ask():
        return [
            await Book.objects.filter(price__gt=3).alast(),
            await Book.objects.alatest("price"),
            await Book.objects.ain_bulk([3, 1]),
            await Book.objects.aaggregate(Sum("price")),
        ]

    expected = [
        Book.objects.filter(price__gt=3).last(),
        Book.objects.latest("price"),
        Book.objects.in_bulk([3, 1]),
        Book.objects.aggregate(Sum("price")),
    ]
    assert [asyncio.run(ask()) for _ in range(3)] == [expected] * 3
