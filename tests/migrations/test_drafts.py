"""Drafts: classes of single models, from states that share what did not change."""

import pytest

from django.db import connection, migrations, models
from django.db.migrations.drafts import CannotDraft, Drafts
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState

KEY = ("tests_drafts", "toy")


def state_of(**fields):
    """Return a state with a model to point to, and one that has the fields."""
    key = ("id", models.BigAutoField(primary_key=True))
    cat = ModelState(
        "tests_drafts",
        "Cat",
        [key, ("tag", models.CharField(max_length=3, unique=True)), ("age", models.IntegerField())],
    )
    toy = ModelState("tests_drafts", "Toy", [key, *fields.items()])
    return ProjectState({("tests_drafts", "cat"): cat, KEY: toy})


def link(**options):
    return models.ForeignKey("tests_drafts.Cat", models.CASCADE, **options)


def test_a_draft_knows_what_it_points_to():
    state = state_of(cat=link(), named=link(to_field="tag", related_name="+"))
    toy = state.model(*KEY)
    assert "apps" not in vars(state)
    cat, named = (toy._meta.get_field(name) for name in ("cat", "named"))
    assert cat.related_model._meta.db_table == "tests_drafts_cat"
    assert cat.target_field.name == "id" and named.target_field.name == "tag"
    assert named.db_type(connection) == "varchar(3)"
    with connection.schema_editor(collect_sql=True) as editor:
        assert editor.table_sql(toy) == editor.table_sql(state.apps.get_model(*KEY))


def test_who_asks_a_draft_for_other_models_gets_all():
    state = state_of(cat=link())
    state.add_model(
        ModelState(
            "tests_drafts",
            "Mark",
            [("toy", models.OneToOneField("tests_drafts.Toy", models.CASCADE, primary_key=True))],
        )
    )
    toy = state.model(*KEY)
    assert [each.related_model.__name__ for each in toy._meta.related_objects] == ["Mark"]
    cat = toy._meta.apps.get_model("tests_drafts", "Cat")
    assert {field.name for field in cat._meta.fields} == {"id", "tag", "age"}
    assert toy._meta.apps.get_model("tests_drafts.toy") is toy


def test_a_draft_is_used_again_until_something_changes():
    state = state_of(cat=link())
    before = state.snapshot()
    toy = before.model(*KEY)
    assert state.model(*KEY) is toy
    # What is pointed to has changed, but nothing that a key depends on.
    state.alter_field("tests_drafts", "cat", "age", models.TextField(), True)
    assert state.model(*KEY) is toy
    state.alter_model_options("tests_drafts", "cat", {"db_table": "cats"})
    again = state.model(*KEY)
    assert again._meta.get_field("cat").related_model._meta.db_table == "cats"
    assert before.models["tests_drafts", "cat"].options == {"indexes": [], "constraints": []}
    old = before.model(*KEY)
    assert old._meta.get_field("cat").related_model._meta.db_table == "tests_drafts_cat"
    state.rename_field("tests_drafts", "cat", "id", "number")
    assert state.model(*KEY)._meta.get_field("cat").target_field.column == "number"


class Strange(models.ForeignKey):
    """A relation that may look at anything."""


@pytest.mark.parametrize("case", ["parents", "foreign type", "missing"])
def test_some_models_have_no_draft(case):
    state = state_of(cat=link())
    toy = state.models[KEY]
    match case:
        case "parents":
            toy.bases = ("tests_drafts.cat",)
            parent = models.OneToOneField(
                "tests_drafts.cat", models.CASCADE, primary_key=True, parent_link=True
            )
            toy.fields = {"cat_ptr": parent}
        case "foreign type":
            toy.fields["cat"] = Strange("tests_drafts.Cat", models.CASCADE)
        case "missing":
            toy.fields["dog"] = models.ForeignKey("tests_drafts.Dog", models.CASCADE)
    with pytest.raises(CannotDraft):
        Drafts().model(state, KEY)
    if case == "missing":
        with pytest.raises(ValueError, match=r"tests_drafts\.Toy\.dog .* lazy reference"):
            state.model(*KEY)
    else:
        assert state.model(*KEY) is state.apps.get_model(*KEY)


class Touch(migrations.AddField):
    """An operation of a project's own, that changes a state by hand."""

    def state_forwards(self, app_label, state):
        state.models[app_label, "toy"].fields["by_hand"] = self.field
        state.reload_model(app_label, "toy")

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        assert "by_hand" not in from_state.models[app_label, "toy"].fields
        field = to_state.apps.get_model(app_label, "toy")._meta.get_field("by_hand")
        schema_editor.add_field(from_state.apps.get_model(app_label, "toy"), field)


def test_operations_of_a_project_get_states_of_their_own():
    state = state_of()
    migration = Migration("0001", "tests_drafts")
    migration.operations = [
        migrations.AddField("Toy", "size", models.IntegerField(null=True)),
        Touch("Toy", "by_hand", models.IntegerField(null=True)),
        migrations.AddField("Toy", "later", models.IntegerField(null=True)),
    ]
    with connection.schema_editor(collect_sql=True) as editor:
        after = migration.apply(state, editor)
    assert [line.split("ADD COLUMN ")[1] for line in editor.collected_sql] == [
        '"size" integer NULL;',
        '"by_hand" integer NULL;',
        '"later" integer NULL;',
    ]
    assert after.model(*KEY)._meta.get_field("by_hand").column == "by_hand"


def every_field():
    """Return fields of all kinds, none on a model."""
    target = "tests_drafts.Cat"
    return [
        models.CharField("name", max_length=9, validators=[len], db_collation="nocase"),
        models.CharField(choices=[("a", "A"), ("b", [("c", "C")])], max_length=1, default="a"),
        models.DecimalField(max_digits=5, decimal_places=2, help_text="much", unique=True),
        models.DateTimeField(auto_now=True),
        models.JSONField(default=dict),
        models.FileField(upload_to="here"),
        models.GenericIPAddressField(null=True),
        models.SlugField(),
        models.UUIDField(primary_key=True, error_messages={"null": "no"}),
        models.GeneratedField(
            expression=models.F("a"), output_field=models.IntegerField(), db_persist=True
        ),
        models.ForeignKey(target, models.CASCADE, to_field="tag", db_constraint=False),
        models.ForeignKey("self", models.SET_NULL, null=True, related_name="%(class)s"),
        models.OneToOneField(target, models.PROTECT, limit_choices_to={"tag": "x"}),
        models.ManyToManyField(target, through="tests_drafts.Toy", through_fields=("a", "b")),
        models.ManyToManyField("self", symmetrical=False, db_table="between"),
        Strange(target, models.CASCADE),
    ]


def test_clones_are_what_deconstruct_says():
    # (The second of two clones of a kind may be a copy.)
    for field in [*every_field(), *every_field()]:
        twin = field.clone()
        assert twin.deconstruct() == field.deconstruct()
        assert type(twin) is type(field) and vars(twin).keys() == vars(field).keys()
        assert twin.creation_counter > field.creation_counter
        assert twin._validators is not field._validators
        if field.remote_field:
            assert twin.remote_field.field is twin
            assert field.remote_field.field is field


def test_clones_of_fields_that_were_changed_start_anew():
    models.IntegerField().clone()
    field = models.IntegerField(name="size")
    assert field.clone().name is None
    bound = state_of(size=models.IntegerField()).model(*KEY)._meta.get_field("size")
    assert not hasattr(bound.clone(), "model")
