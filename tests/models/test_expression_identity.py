"""Expressions are equal if their constructors were given the same, however it was written."""

import pytest

from django.db.models import Case, Count, F, Func, Q, Value, When
from django.db.models.functions import Coalesce, Round, Substr


@pytest.mark.parametrize(
    "one, other",
    [
        (Value(3), Value(value=3)),
        (Value(3, output_field=None), Value(3)),
        (Substr("name", 1, 2), Substr("name", pos=1, length=2)),
        (Substr("name", length=2, pos=1), Substr("name", pos=1, length=2)),
        (Round("price"), Round("price", 0)),
        (Func("a", function="F", arity=1), Func("a", arity=1, function="F")),
        (Count("a", filter=Q(b=1)), Count(expression="a", filter=Q(b=1))),
    ],
)
def test_the_same(one, other):
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    "one, other",
    [
        (Value(3), Value(4)),
        (Value(3), Value("3")),
        (Coalesce("a", "b"), Coalesce("b", "a")),
        (Coalesce("a", "b"), Coalesce("a", "b", "c")),
        (Func("a", function="F"), Func("a", function="G")),
        (Func("a", function="F"), Func("a", template="F")),
        (Count("a"), Count("a", distinct=True)),
        (F("a") + 1, F("a") - 1),
        (Case(When(a=1, then=Value(2))), Case(When(a=1, then=Value(3)))),
    ],
)
def test_not_the_same(one, other):
    assert one != other


def test_constructors_of_all_kinds_are_understood():
    class Odd(Func):
        def __init__(self, field, /, *more, unit, **extra):
            super().__init__(field, *more, **extra)

    class Plain(Func):
        def __init__(self, field, *more, unit="cm", **extra):
            super().__init__(field, *more, **extra)

    for kind in (Odd, Plain):
        assert kind("a", unit="m") == kind("a", unit="m") != kind("a", unit="km")
        assert kind("a", "b", unit="m") != kind("a", unit="m")
        assert kind("a", unit="m", x=1) != kind("a", unit="m")
    assert Plain("a") == Plain("a", unit="cm")
