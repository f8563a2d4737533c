"""The SQL of representative queries."""

import re

import pytest
from shop.models import Author, Book

from django.core.exceptions import EmptyResultSet, FieldError
from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, Sum, Window
from django.db.models.functions import Lower, RowNumber


def from_on(queryset):
    """Return the SQL from FROM on, without quotes."""
    return re.sub(r"^.*? FROM ", "", str(queryset.query).replace('"', ""), count=1)


def test_conditions_of_one_filter_share_a_join_and_those_of_two_do_not():
    together = Author.objects.order_by().filter(books__price=1, books__title="t")
    apart = Author.objects.order_by().filter(books__price=1).filter(books__title="t")
    assert from_on(together).count("JOIN") == 1
    assert from_on(apart).count("JOIN") == 2
    assert "T3.title = t" in from_on(apart)


@pytest.mark.parametrize(
    ("condition", "join"),
    [
        (Q(books__price=1), "INNER JOIN"),
        (Q(books__price=1) | Q(age=3), "LEFT OUTER JOIN"),
        (Q(books__price=1) & Q(age=3), "INNER JOIN"),
        (Q(books__price=1) | Q(books__title="t"), "INNER JOIN"),
        (Q(books__price=1) ^ Q(age=3), "LEFT OUTER JOIN"),
        (Q(books__isnull=True), "LEFT OUTER JOIN"),
        (Q(books__isnull=False), "INNER JOIN"),
    ],
)
def test_a_join_is_outer_where_rows_without_a_partner_count(condition, join):
    assert f"{join} shop_book" in from_on(Author.objects.filter(condition))


def test_the_nearer_column_is_used_instead_of_a_join():
    sql = from_on(Book.objects.filter(author__id=3))
    assert sql == "shop_book WHERE shop_book.author_id = 3"


def test_excluding_a_nullable_column_keeps_the_rows_without_a_value():
    sql = from_on(Author.objects.order_by().exclude(age=3))
    assert sql == "shop_author WHERE NOT (shop_author.age = 3 AND shop_author.age IS NOT NULL)"


def test_excluding_by_many_rows_is_a_subquery():
    sql = from_on(Author.objects.order_by().exclude(books__price=1))
    assert sql.startswith("shop_author WHERE NOT (EXISTS(SELECT 1 AS a FROM shop_book U1 WHERE ")
    assert "U1.author_id = (shop_author.id)" in sql


def test_grouping_by_values():
    rows = Book.objects.values("author__name").annotate(total=Sum("price")).order_by("author__name")
    sql = str(rows.query).replace('"', "")
    assert sql.startswith("SELECT shop_author.name AS author__name, SUM(shop_book.price) AS total")
    assert sql.endswith("GROUP BY 1 ORDER BY 1 ASC")


def test_a_condition_on_an_aggregate_is_having():
    sql = from_on(Author.objects.order_by().annotate(n=Count("books")).filter(n__gt=1, age=2))
    assert "WHERE shop_author.age = 2 GROUP BY" in sql
    assert "HAVING COUNT(shop_book.id) > 1" in sql


def test_a_condition_on_a_window_wraps_the_query():
    numbered = Book.objects.annotate(n=Window(RowNumber(), order_by="price"))
    sql = str(numbered.filter(n=1).query).replace('"', "")
    assert sql.startswith("SELECT * FROM ( SELECT ")
    assert sql.endswith(") qualify WHERE n = 1")


def test_a_filtered_relation_has_its_condition_in_the_join():
    cheap = FilteredRelation("books", condition=Q(books__price__lt=3))
    sql = from_on(Author.objects.order_by().annotate(cheap=cheap).filter(cheap__title="t"))
    assert (
        "ON (shop_author.id = cheap.author_id AND (cheap.price < 3)) WHERE cheap.title = t" in sql
    )


def test_subqueries_have_aliases_of_their_own():
    inner = Book.objects.filter(author=OuterRef("pk"), price__gt=F("author__age"))
    sql = from_on(Author.objects.order_by().filter(Exists(inner)))
    assert "FROM shop_book U0 INNER JOIN shop_author U1" in sql
    assert "U0.author_id = (shop_author.id)" in sql


def test_ordering_follows_the_related_models_ordering():
    assert from_on(Book.objects.order_by("author")).endswith("ORDER BY shop_author.name ASC")
    assert from_on(Book.objects.order_by("author_id")).endswith("ORDER BY shop_book.author_id ASC")


def test_a_query_that_cannot_match_is_not_written():
    with pytest.raises(EmptyResultSet):
        str(Book.objects.filter(pk__in=[]).query)
    assert "WHERE" not in from_on(Book.objects.exclude(pk__in=[]))


def test_unknown_names_are_named_with_the_known_ones():
    with pytest.raises(
        FieldError, match="Cannot resolve keyword 'nope' into field. Choices are: author, "
    ):
        Book.objects.filter(nope=1)
    with pytest.raises(FieldError, match="perhaps you meant startswith or istartswith"):
        Book.objects.filter(title__starts="t")


def test_equal_expressions_are_equal_and_hash_alike():
    one, other = Lower(F("title")), Lower(F("title"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != Lower(F("name"))
    assert Q(a=F("b")) == Q(a=F("b"))


def test_a_clone_is_not_changed_by_its_original():
    first = Book.objects.filter(price=1).query
    before = str(first)
    twin = first.clone()
    twin.add_q(Q(author__name="x"))
    twin.add_ordering("-title")
    twin.set_limits(1, 2)
    assert str(first) == before
