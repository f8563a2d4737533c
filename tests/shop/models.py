"""A shop with authors and books, for the tests of databases."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)
    age = models.IntegerField(null=True)

    class Meta:
        ordering = ["name"]


class CheapBooks(models.QuerySet):
    def cheap(self):
        return self.filter(price__lt=10)


class Book(models.Model):
    title = models.CharField(max_length=50)
    price = models.IntegerField(default=5)
    in_print = models.BooleanField(default=True)
    published = models.DateTimeField(null=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")

    objects = CheapBooks.as_manager()


class Seat(models.Model):
    """Has a key of two parts, of which one may hold any sign."""

    pk = models.CompositePrimaryKey("row", "number")
    row = models.CharField(max_length=20)
    number = models.IntegerField()
    note = models.CharField(max_length=50, blank=True)

    def __str__(self):
        return f"{self.row}/{self.number}"


class Label(models.Model):
    """Belongs to any object."""

    text = models.CharField(max_length=20)
    content_type = models.ForeignKey("contenttypes.ContentType", models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey()
