"""The state of a loaded instance is as it would be if it had been made by hand, whatever makes it cheap."""

import copy
import pickle

import pytest
from shop.models import Author, Book

from django.db import models
from django.db.models.base import ModelState, StatesOfRows
from django.test.utils import isolate_apps


@pytest.fixture
def book(rolled_back):
    author = Author.objects.create(name="n")
    return Book.objects.create(title="t", author=author)


def loaded(pk):
    # The second and third time the function made for lists does it.
    return [Book.objects.get(pk=pk) for _ in range(3)][-1]


def test_it_says_where_the_row_came_from(book):
    state = loaded(book.pk)._state
    assert (state.adding, state.db, state.fields_cache, state.peers) == (False, "default", {}, ())
    assert isinstance(state, ModelState)
    assert state.__class__ is ModelState


def test_it_belongs_to_one_instance(book):
    one, other = loaded(book.pk), loaded(book.pk)
    assert one.author.name == "n"
    one._state.adding, one._state.db = True, "elsewhere"
    assert (other._state.adding, other._state.db) == (False, "default")
    assert other._state.fields_cache == {}


def test_it_comes_first_among_what_the_instance_holds(book):
    for made in (loaded(book.pk), Book(title="t")):
        names = list(vars(made))
        assert names == ["_state", *(field.attname for field in Book._meta.concrete_fields)]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_copies_are_of_the_one_kind_of_state(book, copied):
    found = loaded(book.pk)
    found._state.fields_cache["author"] = None
    twin = copied(found)
    assert type(twin._state) is ModelState
    assert vars(twin._state) == {"adding": False, "db": "default", "fields_cache": {"author": None}}
    twin._state.adding = True
    assert not found._state.adding


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_can_write_it(protocol):
    state = StatesOfRows(models.FETCH_PEERS)["other"]()
    twin = pickle.loads(pickle.dumps(state, protocol))
    assert vars(twin) == {"adding": False, "db": "other", "fetch_mode": models.FETCH_PEERS}


def test_a_row_that_is_saved_as_a_new_one_is_new(book):
    found = loaded(book.pk)
    found.pk, found._state.adding = None, True
    found.save()
    assert found.pk != book.pk
    assert Book.objects.filter(author=book.author).count() == 2


@pytest.mark.parametrize("number", [2, 9, 40])
def test_few_and_many_fields_are_loaded_alike(number):
    fields = {f"f{place}": models.IntegerField(null=True) for place in range(number)}
    meta = type("Meta", (), {"app_label": "shop"})
    with isolate_apps("shop"):
        Wide = type(models.Model)(
            "Wide", (models.Model,), {"__module__": __name__, "Meta": meta, **fields}
        )
    names = ("id", *fields)
    row = tuple(range(number + 1))
    made = Wide._meta.row_loader(names)(row, "default")
    data = dict(vars(made))
    assert data.pop("_state").db == "default"
    assert data == dict(zip(names, row, strict=True)) == _without_state(Wide(*row))
    part = Wide._meta.row_loader(("id", "f1"))((1, 2), "default")
    assert _without_state(part) == {"id": 1, "f1": 2}


def _without_state(instance):
    return {name: value for name, value in vars(instance).items() if name != "_state"}


def owned(book):
    return [book.author.books.all()[0] for _ in range(4)][-1]


def test_an_owner_is_a_cached_relation_like_any_other(book):
    found = owned(book)
    assert "fields_cache" not in vars(found._state)
    assert found._state.related() == {"author": book.author}
    assert vars(found._state) == {"fields_cache": {"author": book.author}}
    assert Book.objects.get(pk=book.pk)._state.related() is None


@pytest.mark.parametrize("asked", [False, True])
def test_an_owner_is_pickled_as_a_cached_relation(book, asked):
    found = owned(book)
    if asked:
        assert found.author == book.author
    twin = pickle.loads(pickle.dumps(found))
    assert vars(twin._state) == {
        "adding": False,
        "db": "default",
        "fields_cache": {"author": book.author},
    }


def test_an_owner_that_is_no_longer_saved_forbids_saving(book):
    found, author = owned(book), book.author
    author.pk = None
    with pytest.raises(ValueError, match="unsaved related object 'author'"):
        found.save()


def test_another_key_lets_go_of_the_owner(book):
    found, other = owned(book), Author.objects.create(name="other")
    found.author_id = other.pk
    assert found.author == other
