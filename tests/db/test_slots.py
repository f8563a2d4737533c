"""Slots: a query compiled once with places for values is the query compiled with the values."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop.models import Author, Book

from django.db import connection
from django.db.models import Q
from django.db.models.sql import Query
from django.db.models.sql.slots import LeavesTrail, Slot, fill

PAIRS = [
    ("title", st.text()),
    ("title__iexact", st.text()),
    ("title__contains", st.text()),
    ("title__istartswith", st.text()),
    ("title__endswith", st.text()),
    ("title__regex", st.text(alphabet="ab.*")),
    ("price__gt", st.integers(-1000, 1000)),
    ("price__gte", st.floats(-1000, 1000)),
    ("price__lt", st.floats(-1000, 1000)),
    ("author__age", st.integers(0, 1000)),
    ("author", st.integers(0, 1000)),
    ("published__year", st.integers(1000, 3000)),
    ("published__year__gte", st.integers(1000, 3000)),
]


def compiled(lookup, value):
    query = Query(Book)
    query.add_q(Q((lookup, value)))
    return query.get_compiler(using="default").as_sql()


@pytest.mark.parametrize(("lookup", "values"), PAIRS, ids=[lookup for lookup, _ in PAIRS])
def test_filled_slots_are_the_parameters_of_the_literal(lookup, values):
    sql, params = compiled(lookup, Slot(0))

    @settings(max_examples=25, deadline=None)
    @given(values)
    def law(value):
        literal_sql, literal_params = compiled(lookup, value)
        assert sql == literal_sql
        assert fill(params, [value]) == tuple(literal_params)

    law()


@pytest.mark.parametrize("lookup", ["price__in", "price__range"])
def test_lists_of_slots(lookup):
    sql, params = compiled(lookup, [Slot(0), Slot(1)])
    literal_sql, literal_params = compiled(lookup, [3, 7])
    assert (sql, fill(params, [3, 7])) == (literal_sql, tuple(literal_params))


def test_a_value_beyond_the_column_leaves_the_trail():
    _, params = compiled("price", Slot(0))
    with pytest.raises(LeavesTrail):
        fill(params, [2**70])


def test_a_foreign_lookup_or_field_leaves_the_trail():
    from django.db.models import CharField
    from django.db.models.lookups import Exact

    class Loud(Exact):
        lookup_name = "loud"

    CharField.register_lookup(Loud)
    try:
        with pytest.raises(LeavesTrail):
            compiled("title__loud", Slot(0))
    finally:
        CharField._unregister_lookup(Loud)


def test_moments_are_prepared_as_the_field_prepares_them():
    moment = datetime.datetime(2020, 5, 6, 7, 8, tzinfo=datetime.UTC)
    sql, params = compiled("published", Slot(0))
    assert (sql, fill(params, [moment])) == compiled("published", moment)
    assert connection.vendor == "sqlite"
    assert Author.objects.filter(name="b").exists()
