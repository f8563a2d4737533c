"""Generated constructors, row loaders and writers do what the plain roads do, and give way to them."""

from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop.models import Author, Book

from django.db import models
from django.db.models import _compiled, _writers, signals
from django.db.models.base import Model
from django.test.utils import isolate_apps

VALUES = st.fixed_dictionaries(
    {},
    optional={
        "id": st.none() | st.integers(1, 9),
        "title": st.text(max_size=5),
        "price": st.integers() | st.just(models.DEFERRED),
        "in_print": st.booleans(),
        "author_id": st.none() | st.integers(1, 3),
        "pk": st.integers(1, 9),
    },
)


def plain(cls, *args, **kwargs):
    instance = cls.__new__(cls)
    _compiled.plain_init(instance, args, kwargs)
    return instance


def state(instance):
    return {name: value for name, value in vars(instance).items() if name != "_state"}


@given(VALUES)
def test_both_constructors_set_the_same(values):
    assert state(Book(**values)) == state(plain(Book, **values))


def test_positional_values_are_the_columns_in_order():
    row = (1, "t", 2, True, None, 3)
    assert state(Book(*row)) == state(plain(Book, *row))
    assert Book(1, "t").price == 5


def test_the_class_has_a_constructor_of_its_own_and_gives_it_back():
    Book()
    assert "__init__" in vars(Book)
    seen = []

    def noting(self, *args, **kwargs):
        seen.append(kwargs)
        original(self, *args, **kwargs)

    original = Model.__init__
    with mock.patch.object(Model, "__init__", noting):
        Book(title="x")
    assert seen == [{"title": "x"}]
    Book(title="y")
    assert len(seen) == 1


def test_a_signal_is_heard_by_made_and_by_loaded_instances():
    author = Author.objects.create(name="n")
    heard = []

    def note(instance, **kwargs):
        heard.append(type(instance))

    signals.post_init.connect(note, sender=Author)
    try:
        Author()
        Author.objects.get(pk=author.pk)
    finally:
        signals.post_init.disconnect(note, sender=Author)
    Author()
    assert heard == [Author, Author]


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        (
            (),
            {"colour": 1, "size": 2},
            r"Book\(\) got unexpected keyword arguments: 'colour', 'size'",
        ),
        ((1, "t"), {"title": "u"}, r"got both positional and keyword arguments for field 'title'"),
    ],
)
def test_wrong_arguments_are_named(args, kwargs, message):
    with pytest.raises(TypeError, match=message):
        Book(*args, **kwargs)


def test_a_row_loader_defers_what_it_does_not_load():
    load = Book._meta.row_loader(("id", "title"))
    book = load((7, "t"), "default")
    assert (book.pk, book.title, book._state.adding, book._state.db) == (7, "t", False, "default")
    assert book.get_deferred_fields() == {"price", "in_print", "published", "author_id"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"]), max_size=9), price=st.integers(-9, 9)
)
def test_a_writer_writes_what_the_syntax_tree_writes(title, price):
    author = Author.objects.create(name="n")
    rows = []
    for blocked in (False, True):
        with mock.patch.object(
            _writers, "_is_ours", (lambda *args: False) if blocked else _writers._is_ours
        ):
            book = Book.objects.create(title=title, price=price, author=author)
            book.price += 1
            book.save()
        rows.append(Book.objects.values_list("title", "price", "author").get(pk=book.pk))
    assert rows[0] == rows[1] == (title, price + 1, author.pk)


def test_an_expression_takes_the_plain_road_and_comes_back_computed():
    author = Author.objects.create(name="n", age=3)
    author.age = models.F("age") * 2
    author.save()
    assert author.age == 6


def test_a_replaced_compiler_method_is_called():
    from django.db.models.sql.compiler import SQLInsertCompiler

    seen = []
    original = SQLInsertCompiler.execute_sql

    def noting(self, *args, **kwargs):
        seen.append(self.query.model)
        return original(self, *args, **kwargs)

    Author.objects.create(name="before")
    with mock.patch.object(SQLInsertCompiler, "execute_sql", noting):
        Author.objects.create(name="n")
    assert seen == [Author]


@pytest.mark.parametrize(
    "name", ["type", "len", "args", "kw", "d", "M", "post", "plain", "v0", "f0"]
)
def test_fields_can_have_any_name(name):
    body = {name: models.CharField(max_length=9, default="default"), "__module__": __name__}
    with isolate_apps("shop"):
        thing = type(
            "Thing", (models.Model,), body | {"Meta": type("Meta", (), {"app_label": "shop"})}
        )
        assert getattr(thing(), name) == "default"
        assert getattr(thing(**{name: "given"}), name) == "given"
        assert getattr(thing(1, "given"), name) == "given"
        assert _compiled.shelf(thing)["init"] is not None
