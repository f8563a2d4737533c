"""Fields of packages have methods and attributes of their own, and call past ours."""

import json

import pytest

from django.db import connection, connections, migrations, models
from django.db.migrations.writer import MigrationWriter
from django.db.models import Field


class Code(models.CharField):
    """Its names mean something else than those of the house might."""

    def internal_type(self):
        return "CharField"

    def form_field(self):
        raise AssertionError("nobody asked for this")

    keywords = usual = refuse = field_checks = form_options = form_field


class Moment(models.DateTimeField):
    def parse(self):
        raise AssertionError("nobody asked for this")

    read = present = impossible = parse


class Packed(models.TextField):
    def to_python(self, value):
        return json.loads(value) if isinstance(value, str) else value

    def get_prep_value(self, value):
        if not isinstance(value, str):
            return json.dumps(value)
        return super(models.TextField, self).get_prep_value(value)


def test_names_of_a_package_mean_nothing_to_us():
    field = Code(max_length=8)
    field.set_attributes_from_name("code")
    assert field.db_type(connection) == "varchar(8)"
    assert field.formfield().max_length == 8
    assert field.deconstruct()[3] == {"max_length": 8}
    assert Moment().to_python("2025-01-23 12:00").year == 2025


@pytest.mark.parametrize("value", [{"a": 1}, [1], '{"a": 1}'])
def test_a_field_passes_by_the_conversion_of_its_parent(value):
    assert isinstance(Packed().get_db_prep_save(value, connection), str)


def test_fields_stand_in_the_order_of_their_numbers():
    before = Field.creation_counter
    first = models.IntegerField()
    assert (first.creation_counter, Field.creation_counter) == (before, before + 1)
    # As a field does that brings another one along, which is to stand before it.
    first.creation_counter += 1
    Field.creation_counter += 1
    brought = models.IntegerField()
    brought.creation_counter = first.creation_counter - 1
    assert brought < first < models.IntegerField()


def test_what_a_migration_replaces_stands_on_one_line():
    migration = type("Migration", (migrations.Migration,), {})("0001_squashed", "shop")
    migration.replaces = [("shop", "0001_initial"), ["shop", "0002_more"]]
    lines = MigrationWriter(migration).as_string().splitlines()
    assert "    replaces = [('shop', '0001_initial'), ('shop', '0002_more')]" in lines


def test_what_is_computed_can_be_set_on_one_object():
    field = models.IntegerField(unique=True)
    assert field.unique
    # As the copy of a field in a table of history is told.
    field.unique = False
    assert not field.unique
    assert models.IntegerField(primary_key=True).unique
    wrapper = connections["default"]
    assert type(wrapper).SchemaEditorClass is wrapper.SchemaEditorClass
