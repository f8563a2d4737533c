"""Authors, books, tags and notes."""

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=100)
    age = models.IntegerField()


class Tag(models.Model):
    name = models.CharField(max_length=100)


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE)
    year = models.IntegerField()
    price = models.FloatField()
    pages = models.IntegerField()
    active = models.BooleanField()
    notes = models.TextField()
    tags = models.ManyToManyField(Tag)


class Note(models.Model):
    title = models.CharField(max_length=100)
    amount = models.IntegerField()
    done = models.BooleanField()
