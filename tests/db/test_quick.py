"""Saving without steps gives what saving by steps gives, and nobody who listens is left out."""

from unittest import mock

import pytest
from shop.models import Author

from django.db import models
from django.db.models import _quick
from django.db.models.signals import post_save
from django.db.utils import ConnectionDoesNotExist


def quickly(function):
    """Return what a function gives, and whether each save in it was done at once."""
    done = []
    save = _quick.save

    def watched(*args):
        done.append(save(*args))
        return done[-1]

    with mock.patch.object(_quick, "save", watched):
        return function(), done


def test_rows_are_written_at_once():
    made, done = quickly(lambda: Author.objects.create(name="quick", age=3))
    assert done == [True]
    assert made.pk and not made._state.adding and made._state.db == "default"
    made.age = 4
    _, done = quickly(lambda: made.save(update_fields=["age"]))
    assert done == [True]
    assert Author.objects.get(pk=made.pk).age == 4
    made.delete()
    made.pk = -1
    with pytest.raises(Author.NotUpdated):
        made.save(update_fields=["age"])


def test_all_columns_of_a_row_are_written_at_once():
    made = Author.objects.create(name="whole", age=3)
    made.name, made.age = "half", 4
    _, done = quickly(made.save)
    assert done == [True]
    assert Author.objects.values_list("name", "age").get(pk=made.pk) == ("half", 4)
    partly = Author.objects.only("name").get(pk=made.pk)
    partly.name = "again"
    quickly(partly.save)
    assert Author.objects.values_list("name", "age").get(pk=made.pk) == ("again", 4)
    # Where there is no row it becomes one.
    made.delete()
    made.pk, made._state.adding = 77_777, False
    _, done = quickly(made.save)
    assert done == [False]
    assert Author.objects.get(pk=77_777).name == "half"
    made.delete()


def test_expressions_and_unknown_fields_take_the_plain_road():
    made = Author.objects.create(name="plain", age=3)
    made.age = models.F("age") + 1
    _, done = quickly(lambda: made.save(update_fields=["age"]))
    assert done == [False]
    made.refresh_from_db()
    assert made.age == 4
    with pytest.raises(ValueError, match="do not exist"):
        made.save(update_fields=["nothing"])
    made.delete()


def test_listeners_and_overriders_are_asked(seen_queries):
    heard = []

    def listen(instance, created, **kwargs):
        heard.append(created)

    post_save.connect(listen, sender=Author)
    try:
        made, done = quickly(lambda: Author.objects.create(name="heard", age=1))
    finally:
        post_save.disconnect(listen, sender=Author)
    assert (heard, done) == ([True], [False])
    with seen_queries() as statements:
        made.save(update_fields=["age"])
    assert len(statements) == 1
    with mock.patch.object(Author, "_do_update", return_value=True) as instead:
        made.save(update_fields=["age"])
    assert instead.called
    made.delete()


def test_many_rows_get_their_keys_in_order():
    authors = [Author(name=f"many {n}", age=n) for n in range(5)]
    Author.objects.bulk_create(authors)
    keys = [author.pk for author in authors]
    assert keys == sorted(keys) and len(set(keys)) == 5
    found = Author.objects.in_bulk(keys)
    assert [found[key].name for key in keys] == [author.name for author in authors]
    Author.objects.filter(pk__in=keys).delete()


def test_a_manager_that_makes_objects_without_a_queryset_asks_who_has_a_say():
    from django.db.models.manager import Manager

    class Loud(models.QuerySet):
        def create(self, **kwargs):
            return "loud"

    manager = Author.objects
    with pytest.raises(TypeError, match="positional argument"):
        manager.create("name")
    with mock.patch.object(models.QuerySet, "create", return_value="replaced"):
        assert manager.create(name="x") == "replaced"
    with mock.patch.object(Manager, "_queryset_class", Loud):
        assert manager.create(name="x") == "loud"
    with mock.patch.object(manager, "get_queryset", lambda: Loud(Author), create=True):
        assert manager.create(name="x") == "loud"
    with mock.patch.object(Manager, "get_queryset", lambda self: Loud(Author)):
        assert manager.create(name="x") == "loud"
    assert not Author.objects.filter(name="x").exists()


def test_a_new_row_goes_where_a_router_says():
    from django.db import router

    class Elsewhere:
        def db_for_write(self, model, **hints):
            return "nowhere"

    with mock.patch.object(router, "routers", [Elsewhere()]):
        with pytest.raises(ConnectionDoesNotExist):
            Author.objects.create(name="routed")
        made = Author.objects.db_manager("default").create(name="routed")
    assert made._state.db == "default"
    made.delete()


def test_values_that_fields_prepare_are_prepared():
    made = Author.objects.create(name="values", age="7")
    assert Author.objects.get(pk=made.pk).age == 7
    made.age = True
    made.save(update_fields=["age"])
    assert Author.objects.get(pk=made.pk).age == 1
    for age in (5, None, 6.0, "8"):
        assert Author.objects.filter(pk=made.pk).update(age=age) == 1
        assert Author.objects.get(pk=made.pk).age == (None if age is None else int(age))
    with pytest.raises(ValueError, match="expected a number"):
        Author.objects.filter(pk=made.pk).update(age="many")
    with pytest.raises(ValueError, match="expected a number"):
        Author.objects.create(name="values", age="many")
    made.delete()
