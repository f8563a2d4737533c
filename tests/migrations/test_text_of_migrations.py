"""What is written into a migration file stays as it is, whoever writes it: files are compared."""

import pytest

from django.db import migrations, models
from django.db.migrations.state import ModelState
from django.db.migrations.writer import OperationWriter
from django.test.utils import isolate_apps


@pytest.mark.parametrize(
    ("meta", "names"),
    [
        ({"proxy": True}, ["proxy", "indexes", "constraints"]),
        (
            {"managed": False, "ordering": ["id"], "db_table": "t"},
            ["db_table", "ordering", "managed", "indexes", "constraints"],
        ),
        ({"constraints": [], "verbose_name": "v"}, ["verbose_name", "constraints", "indexes"]),
    ],
)
@isolate_apps("shop")
def test_options_stand_before_indexes_and_constraints(meta, names):
    class Base(models.Model):
        class Meta:
            app_label = "shop"

    bases = (Base,) if "proxy" in meta else (models.Model,)
    options = type("Meta", (), {"app_label": "shop", **meta})
    model = type(models.Model)("M", bases, {"__module__": __name__, "Meta": options})
    assert list(ModelState.from_model(model).options) == names


def test_a_composite_key_is_written_with_all_its_keywords():
    key = models.CompositePrimaryKey("a", "b", verbose_name="x", help_text="h")
    text, _imports = OperationWriter(migrations.AddField("m", "pk", key), indentation=0).serialize()
    assert (
        "field=models.CompositePrimaryKey('a', 'b', blank=True, editable=False, help_text='h', "
        "primary_key=True, serialize=False, verbose_name='x')," in text
    )
    twin = key.clone()
    assert twin.deconstruct() == key.deconstruct()
    assert twin.verbose_name == "x"
