"""Which constraints are looked into where a database does not have their kind."""

from unittest import mock

import pytest

from django.db import connection, models
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

UNIQUE = models.UniqueConstraint(fields=["age"], name="one", condition=models.Q(unknown=1))
CHECK = models.CheckConstraint(condition=models.Q(unknown=1), name="two")
LOWER = models.UniqueConstraint(Lower("unknown"), name="three")


@isolate_apps("shop")
@pytest.mark.parametrize(
    "constraint, feature, usual, needed",
    [
        (UNIQUE, "supports_partial_indexes", ["models.W036", "models.E012"], []),
        (CHECK, "supports_table_check_constraints", ["models.W027"], []),
        (LOWER, "supports_expression_indexes", ["models.W044", "models.E012"], []),
    ],
    ids=["condition", "check", "expression"],
)
def test_unknown_fields_are_named_unless_the_model_is_not_for_this_database(
    constraint, feature, usual, needed
):
    def ids_of(required):
        class Meta:
            app_label = "shop"
            constraints = [constraint]
            required_db_features = required

        body = {"__module__": __name__, "Meta": Meta, "age": models.IntegerField()}
        body["id"] = models.AutoField(primary_key=True)
        model = type(f"Checked{constraint.name}{len(required)}", (models.Model,), body)
        return [message.id for message in model.check(databases={"default"})]

    assert ids_of(set()) == ids_of({feature, "has_zoneinfo_database"}) == ["models.E012"]
    with mock.patch.object(connection.features, feature, False):
        assert ids_of(set()) == usual
        assert ids_of({feature}) == needed
