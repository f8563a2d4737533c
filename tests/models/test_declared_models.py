"""What is wrong with a model is said by the checks, with the names of both sides."""

import pickle

import pytest
from shop.models import Author, Book

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models
from django.test.utils import isolate_apps


@isolate_apps("shop")
def test_a_clash_names_both_fields():
    class Shelf(models.Model):
        author = models.ForeignKey(Author, models.CASCADE, related_name="name")

        class Meta:
            app_label = "shop"

    messages = {message.id: message.msg for message in Shelf.check()}
    assert messages["fields.E302"] == (
        "Reverse accessor 'Author.name' for 'shop.Shelf.author' clashes with field name "
        "'shop.Author.name'."
    )


@isolate_apps("shop")
def test_a_field_of_a_parent_cannot_be_declared_again():
    with pytest.raises(FieldError, match="Local field 'title' in class 'Comic' clashes"):

        class Comic(Book):
            title = models.CharField(max_length=3)

            class Meta:
                app_label = "shop"


def test_an_unknown_field_is_named_with_its_model():
    with pytest.raises(FieldDoesNotExist, match="Book has no field named 'colour'"):
        Book._meta.get_field("colour")


@pytest.mark.parametrize("field", Book._meta.fields, ids=lambda field: field.name)
def test_a_field_is_made_anew_from_what_it_deconstructs_to(field):
    again = field.clone()
    assert again.deconstruct()[1:] == field.deconstruct()[1:]
    assert pickle.loads(pickle.dumps(field)) is field


def test_an_unsaved_relation_is_refused():
    with pytest.raises(ValueError, match="unsaved related object 'author'"):
        Book(title="t", author=Author(name="n")).save()
