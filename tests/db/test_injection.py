"""Text of users' never becomes SQL: each test is named for a past advisory, or for the door it watches."""

import pytest
from shop.models import Author, Book

from django.core.exceptions import FieldError
from django.db import NotSupportedError, connection
from django.db.models import Count, F, FilteredRelation, JSONField, Q, StringAgg, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Collate, Extract, Trunc

CRAFTED = [
    'a" FROM "shop_author"; --',
    "a'b",
    "a`b",
    "a b",
    "a;b",
    "a--b",
    "a/*b",
    "a*/b",
    "a[b",
    "a]b",
    "a#b",
    "a\0b",
    "a\nb",
    "a\x9fb",
]


@pytest.mark.parametrize("alias", CRAFTED)
class TestAliases:
    """CVE-2022-28346, CVE-2024-42005, CVE-2025-57833, CVE-2025-59681, CVE-2025-13372."""

    def test_annotate(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Book.objects.annotate(**{alias: Value(1)})

    def test_alias(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Book.objects.alias(**{alias: Value(1)})

    def test_aggregate(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Book.objects.aggregate(**{alias: Count("id")})

    def test_extra(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Book.objects.extra(select={alias: "1"})

    def test_filtered_relation(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Author.objects.annotate(**{alias: FilteredRelation("books")})

    def test_values_of_expressions(self, alias):
        with pytest.raises(ValueError, match="Column aliases cannot contain"):
            Book.objects.values(**{alias: F("title")})


def test_a_filtered_relation_has_no_period_in_its_alias():
    with pytest.raises(ValueError, match="aliases with periods"):
        Author.objects.annotate(**{"shop_author.name": FilteredRelation("books")})


@pytest.mark.parametrize(
    "name", ["title; DROP TABLE x", "shop_book.title", "title DESC", "1", "title)"]
)
def test_order_by_takes_names_only(name):
    """CVE-2021-35042."""
    with pytest.raises(FieldError):
        str(Book.objects.order_by(name).query)


def test_an_aliased_name_with_a_period_is_a_column_of_the_result():
    query = (
        Book.objects.annotate(**{"shop_book.price": F("title")}).order_by("shop_book.price").query
    )
    assert str(query).endswith("ORDER BY 7 ASC")


@pytest.mark.parametrize("kind", ["year', 'x')) OR 1=1; --", "nonsense"])
def test_trunc_and_extract_kinds_are_parameters_or_refused(kind):
    """CVE-2022-34265."""
    for function in (Trunc("published", kind), Extract("published", kind)):
        sql, params = Book.objects.annotate(x=function).query.sql_with_params()
        assert kind not in sql
        assert kind.lower() in params


@pytest.mark.parametrize("option", ["a b", "a;b", "a--", "-- x", "a'b", "a(b)"])
def test_explain_options_are_words(option):
    """CVE-2022-28347."""
    with pytest.raises(ValueError, match="Invalid option name"):
        Book.objects.explain(**{option: True})


@pytest.mark.parametrize("key", ["test' = '\"a\"') OR 1 = 1 OR ('d", 'x") OR 1=1 --', "%s"])
def test_json_keys_are_parameters(key):
    """CVE-2019-14234, CVE-2024-53908."""
    document = Value({"a": 1}, output_field=JSONField())
    sql, params = Book.objects.annotate(x=KeyTransform(key, document)).query.sql_with_params()
    assert key not in sql.replace("%s", "") or key == "%s"
    assert any(isinstance(param, str) and param.startswith("$.") for param in params)


@pytest.mark.parametrize("steering", ["_connector", "_negated"])
def test_users_keywords_do_not_steer_conditions(steering):
    """CVE-2025-64459."""
    with pytest.raises(TypeError, match="kwargs are invalid"):
        Book.objects.filter(**{steering: "OR 1=1"})
    with pytest.raises(TypeError, match="kwargs are invalid"):
        When(**{steering: "OR 1=1"}, then=1)
    with pytest.raises(ValueError, match="connector must be one of"):
        Q(_connector="OR 1=1 OR")


def test_the_delimiter_of_string_agg_is_a_parameter():
    """CVE-2020-7471."""
    delimiter = "') FROM shop_book; --"
    query = (
        Author.objects.order_by()
        .values("age")
        .annotate(x=StringAgg("name", Value(delimiter)))
        .query
    )
    sql, params = query.sql_with_params()
    assert delimiter not in sql
    assert delimiter in params


@pytest.mark.parametrize("collation", ["x; --", "x y", 'x"', "", "x.y.z"])
def test_collations_are_names(collation):
    with pytest.raises(ValueError, match="Invalid collation name"):
        Collate("title", collation)


@pytest.mark.parametrize("pattern", ["100%", "a_b", "a\\b", "%s", "'; --"])
def test_wildcards_in_patterns_are_literal(pattern):
    book = Book(title=pattern, author=Author.objects.first())
    book.save()
    try:
        assert Book.objects.filter(title__contains=pattern).get() == book
        assert Book.objects.filter(title__startswith=F("title"), pk=book.pk).exists()
    finally:
        book.delete()


def test_nulls_are_placed_by_keywords_only():
    with pytest.raises(ValueError, match="must be True or None"):
        OrderBy(F("age"), nulls_first=False)
    assert NotSupportedError and connection.vendor == "sqlite"
