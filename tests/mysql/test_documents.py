"""Documents in a list: MariaDB keeps them as texts, with quotes and spaces as they came."""

import pytest

from django.db import connections, models
from django.db.models import F, JSONField, JSONNull, Value
from django.db.models.fields.json import KeyTransform
from django.test.utils import isolate_apps

pytestmark = pytest.mark.mysql
DOCUMENTS = [True, "yes", 7, 9.5, {"a": "x", "b": {"a": "x"}, "list": ["x", "y"]}, {"a": None}]


@pytest.fixture
def papers(tables_on_mysql):
    with isolate_apps("shop"):

        class Paper(models.Model):
            body = JSONField()

            class Meta:
                app_label = "shop"

    with connections["mysql"].schema_editor() as editor:
        editor.create_model(Paper)
    found = Paper.objects.using("mysql")
    found.bulk_create([Paper(body=body) for body in DOCUMENTS])
    yield found
    with connections["mysql"].schema_editor() as editor:
        editor.delete_model(Paper)


@pytest.mark.parametrize(
    "lookup, choices, expected",
    [
        ("body__in", [Value("yes")], ["yes"]),
        ("body__in", [Value("7", output_field=models.IntegerField()), True], [True, 7]),
        ("body__a__in", ["x", "z"], [DOCUMENTS[4]]),
        ("body__a__in", [F("body__b__a"), "z"], [DOCUMENTS[4]]),
        ("body__a__in", [KeyTransform("a", KeyTransform("b", "body"))], [DOCUMENTS[4]]),
        ("body__a__in", [JSONNull(), 0], [DOCUMENTS[5]]),
        ("body__list__in", [["x", "y"], ["x"]], [DOCUMENTS[4]]),
    ],
)
def test_a_document_is_found_among_others(papers, lookup, choices, expected):
    for _ in range(3):
        found = papers.filter(**{lookup: choices}).order_by("pk")
        assert [paper.body for paper in found] == expected
