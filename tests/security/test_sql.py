"""SQL: crafted names and values on the cached road and on the plain one, again and again.

A trail is made when a shape is seen for the second time: each attack comes three times.
"""

import pytest
from shop.models import Author, Book

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import connection
from django.db.models import Count, F, FilteredRelation, JSONField, Q, StringAgg, Value
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Extract, Trunc
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.usefixtures("rolled_back", "road")
REFUSED = (FieldDoesNotExist, FieldError, ValueError, TypeError)
TIMES = range(3)

VALUES = [
    "' OR 1=1 --",
    '" OR 1=1 --',
    "'; DROP TABLE shop_author; --",
    "%' OR '1'='1",
    "\\' OR 1=1 --",
    "%s%s%s",
    "%(name)s",
    "{0}",
    "a\0b",
    "):;--",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "lookup",
    ["name", "name__exact", "name__iexact", "name__contains", "name__startswith", "name__iendswith",
     "name__gt", "name__regex", "books__title", "name__in", "name__range"],
)  # fmt: skip
def test_values_are_parameters(lookup, value):
    if lookup == "name__regex":
        import re

        value = re.escape(value.replace("\0", ""))
    given = [value, value] if lookup.endswith(("in", "range")) else value
    for _ in TIMES:
        with CaptureQueriesContext(connection):
            rows = Author.objects.filter(**{lookup: given})
            sql, params = rows.query.sql_with_params()
            assert value not in sql.replace("%s", "") or value == "%s%s%s"
            assert params
            if "\0" not in value and lookup != "name__gt":
                assert not [row for row in rows if value not in row.name]


@pytest.mark.parametrize("value", VALUES)
def test_written_values_come_back(value):
    for _ in TIMES:
        author = Author.objects.create(name=value, age=1)
        assert Author.objects.get(pk=author.pk).name == value
        Author.objects.filter(pk=author.pk).update(name=value + "!")
        assert Author.objects.filter(name=value + "!").delete()[0] == 1


NAMES = [
    'a" FROM shop_author; --',
    "a'b",
    "a b",
    "a;b",
    "a--b",
    "a/*b",
    "a]b",
    "a\nb",
    "a\x01b",
    "a\x7fb",
    "a.b; --",
    "shop_author.name) --",
]

ALIASES = {
    "cve_2022_28346_annotate": lambda name: Author.objects.annotate(**{name: Value(1)}),
    "cve_2022_28346_aggregate": lambda name: Author.objects.aggregate(**{name: Count("pk")}),
    "cve_2022_28346_extra": lambda name: Author.objects.extra(select={name: "1"}),
    "cve_2025_59681_alias": lambda name: Author.objects.alias(**{name: F("name")}),
    "cve_2025_57833_filtered_relation": lambda name: Author.objects.annotate(
        **{name: FilteredRelation("books")}
    ).filter(**{f"{name}__title": "x"}),
    "cve_2025_13372_filtered_relation_alias": lambda name: Author.objects.alias(
        **{name: FilteredRelation("books")}
    ),
    "cve_2026_1287_values": lambda name: Author.objects.values(**{name: F("name")}),
    "cve_2026_1287_values_list": lambda name: Author.objects.values_list(
        Value(1).resolve_expression(Author.objects.all().query), F(name)
    ),
    "cve_2024_42005_json_keys": lambda name: Author.objects.values(f"name__{name}"),
    "cve_2021_35042_order_by": lambda name: Author.objects.order_by(name),
    "cve_2026_1312_order_by_relation": lambda name: Author.objects.annotate(
        **{name: FilteredRelation("books")}
    ).order_by(f"{name}.title"),
    "order_by_descending": lambda name: Author.objects.order_by(f"-{name}"),
    "distinct_values": lambda name: Author.objects.values(name).distinct(),
    "filter": lambda name: Author.objects.filter(**{name: 1}),
    "exclude": lambda name: Author.objects.exclude(**{f"name__{name}": 1}),
    "q": lambda name: Author.objects.filter(Q(**{f"books__{name}": 1})),
    "only": lambda name: list(Author.objects.only(name)),
    "select_related": lambda name: list(Book.objects.select_related(name)),
    "group_by": lambda name: Author.objects.values(name).annotate(n=Count("pk")),
    "update": lambda name: Author.objects.update(**{name: 1}),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("advisory", ALIASES)
def test_names_are_known_or_refused(advisory, name):
    for _ in TIMES:
        with pytest.raises(REFUSED):
            str(ALIASES[advisory](name).query)


@pytest.mark.parametrize("steering", ["_connector", "_negated"])
@pytest.mark.parametrize("method", ["filter", "exclude", "get"])
def test_cve_2025_64459_keywords_do_not_steer(method, steering):
    for _ in TIMES:
        with pytest.raises(TypeError):
            getattr(Author.objects, method)(**{"name": "x", steering: "OR 1=1 OR"})


@pytest.mark.parametrize("option", ["a b", "a;b", "a--", "-- x", "a'b", "a(b)", "analyze, x"])
def test_cve_2022_28347_options_of_explain(option):
    with pytest.raises(ValueError, match="Invalid option name"):
        Author.objects.explain(**{option: True})


@pytest.mark.parametrize("kind", ["year', 'x')) OR 1=1; --", "no\nsense", "year') --"])
def test_cve_2022_34265_kinds(kind):
    for function in (Trunc("published", kind), Extract("published", kind)):
        for _ in TIMES:
            rows = Book.objects.annotate(x=function)
            sql, params = rows.query.sql_with_params()
            assert kind not in sql
            assert any(kind.lower() == str(param).lower() for param in params)


@pytest.mark.parametrize("delimiter", ["') FROM shop_book; --", "%s", "'"])
def test_cve_2020_7471_delimiters(delimiter):
    for _ in TIMES:
        rows = (
            Author.objects.order_by().values("age").annotate(x=StringAgg("name", Value(delimiter)))
        )
        sql, params = rows.query.sql_with_params()
        assert delimiter in params
        list(rows)


def test_cve_2014_0474_numbers_are_compared_as_texts():
    author = Author.objects.create(name="5abc", age=1)
    for _ in TIMES:
        assert not Author.objects.filter(name=5).exists()
        assert not Author.objects.filter(name=0).exists()
    author.delete()


@pytest.mark.parametrize("key", ["x' OR 1=1 --", 'x" OR 1=1 --', "%s", "\\", "$", "a.b", "[0]"])
def test_cve_2019_14234_2024_53908_keys_of_json_are_parameters(key):
    Author.objects.get_or_create(name="keys", age=1)
    document = Value({"a": {"b": 1}}, JSONField())
    for _ in TIMES:
        found = Author.objects.annotate(x=KeyTransform(key, document), d=document)
        sql, params = found.query.sql_with_params()
        assert key not in sql.replace("%s", "") or key in ("$", "%s")
        assert any(isinstance(param, str) and param.startswith("$.") for param in params)
        assert set(found.values_list("x", flat=True)) == {None}
        assert not found.filter(d__has_key=key).exists()
        assert not found.filter(**{f"d__{key}": 1}).exists()
        assert found.filter(d__a__b=1).exists()
