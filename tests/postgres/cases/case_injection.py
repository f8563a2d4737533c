"""Past advisories on SQL whose statements only PostgreSQL runs.

A shape is remembered when it comes for the second time, and prepared after some more: each attack
comes often enough for each of these roads.
"""

import pytest
from shop.models import Author, Book

from django.contrib.postgres.aggregates import ArrayAgg
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import connection
from django.db.models import F, FilteredRelation, JSONField, StringAgg, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Extract, Trunc

TIMES = range(8)
EVIL = ["x' OR 1=1 --", "'); DROP TABLE shop_book; --", 'x" OR 1=1 --', "%s", "$1", "\\'", "a}{"]


@pytest.fixture(autouse=True)
def books(no_rows):
    """Two authors of one book each, who are all there after each attack."""
    for name in ("a", "b"):
        Book.objects.create(title=name, author=Author.objects.create(name=name, age=1))
    yield
    assert Book.objects.count() == Author.objects.count() == 2


@pytest.mark.parametrize("key", EVIL)
def test_cve_2019_14234_keys_of_json_are_parameters(key):
    document = Cast(Value('{"a": {"b": 1}}'), JSONField())
    for transform in (KeyTransform, KeyTextTransform):
        for _ in TIMES:
            found = Author.objects.annotate(x=transform(key, document))
            assert set(found.values_list("x", flat=True)) == {None}
            assert not found.filter(x="1").exists()
            assert not Author.objects.annotate(d=document).filter(**{f"d__{key}": 1}).exists()


@pytest.mark.parametrize("key", EVIL)
def test_cve_2024_53908_keys_that_are_asked_for_are_parameters(key):
    document = Cast(Value('{"a": 1}'), JSONField())
    for _ in TIMES:
        assert not Author.objects.annotate(d=document).filter(d__has_key=key).exists()
        assert not Author.objects.annotate(d=document).filter(d__has_any_keys=[key]).exists()
    assert Author.objects.annotate(d=document).filter(d__has_key="a").count() == 2


@pytest.mark.parametrize("delimiter", EVIL)
def test_cve_2020_7471_delimiters_are_parameters(delimiter):
    joined = StringAgg("name", Value(delimiter), order_by="name")
    for _ in TIMES:
        assert Author.objects.aggregate(x=joined) == {"x": f"a{delimiter}b"}
    assert Author.objects.aggregate(x=ArrayAgg("name", order_by="name")) == {"x": ["a", "b"]}


@pytest.mark.parametrize(
    "option",
    ["a b", "a;b", "a--", "-- x", "a'b", "a(b)", "ANALYZE) DELETE FROM shop_book; --", "a,b"],
)
def test_cve_2022_28347_options_of_explain_are_words(option):
    for _ in TIMES:
        with pytest.raises(ValueError, match=r"option name|[Uu]nknown option|Invalid"):
            Author.objects.explain(**{option: True})
    plan = Author.objects.explain(analyze=True, format="TEXT")
    assert "shop_author" in plan


@pytest.mark.parametrize("kind", ["year' FROM now()) OR 1=1 --", "YEAR; --", "'", '"'])
def test_cve_2022_34265_kinds_are_parameters_or_refused(kind):
    for _ in TIMES:
        with pytest.raises(ValueError, match="Invalid lookup type"):
            list(Book.objects.annotate(x=Extract("published", kind)))
        sql, params = Book.objects.annotate(x=Trunc("published", kind)).query.sql_with_params()
        assert kind not in sql
        assert kind.lower() in {str(param).lower() for param in params}


@pytest.mark.parametrize("name", ["a b", 'x"y', "x'y", "x;y", "x--y", "x\ny", "x.y", "x$y", "x\0y"])
def test_cve_2025_13372_2025_57833_2026_1312_names_of_relations_are_names(name):
    for _ in TIMES:
        for method in ("annotate", "alias"):
            try:
                related = getattr(Author.objects, method)(**{name: FilteredRelation("books")})
                rows = list(related.order_by(f"{name}__title").values_list("name", flat=True))
            except (ValueError, FieldError, FieldDoesNotExist):
                continue
            assert rows == ["a", "b"]
            quoted = connection.ops.quote_name(name)
            assert name not in str(related.query).replace(quoted, "")


@pytest.mark.parametrize("name", [*EVIL, "name; DROP TABLE shop_book", "shop_author.name); --"])
def test_cve_2021_35042_what_is_ordered_by_is_known(name):
    for _ in TIMES:
        with pytest.raises((FieldError, FieldDoesNotExist, ValueError)):
            list(Author.objects.annotate(n=F("name")).order_by(name))
