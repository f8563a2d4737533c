"""Models for Tortoise, which finds them in a module."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Author(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(100)
    email = fields.CharField(100)
    age = fields.IntField()

    class Meta:
        table = "bench_author"


class Tag(Model):
    id = fields.IntField(primary_key=True)
    name = fields.CharField(100)

    class Meta:
        table = "bench_tag"


class Book(Model):
    id = fields.IntField(primary_key=True)
    title = fields.CharField(100)
    author = fields.ForeignKeyField("bench.Author", related_name="books")  # type: ignore[var-annotated]
    year = fields.IntField()
    price = fields.FloatField()
    pages = fields.IntField()
    active = fields.BooleanField()
    notes = fields.TextField()
    tags = fields.ManyToManyField(  # type: ignore[var-annotated]
        "bench.Tag", through="bench_book_tags", backward_key="book_id", forward_key="tag_id"
    )

    class Meta:
        table = "bench_book"


class Note(Model):
    id = fields.IntField(primary_key=True)
    title = fields.CharField(100)
    amount = fields.IntField()
    done = fields.BooleanField()

    class Meta:
        table = "bench_note"
