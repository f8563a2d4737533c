"""Migrations on a real table: rows survive what is done to their columns, there and back."""

import pytest

from django.db import IntegrityError, connection, migrations, models
from django.db.migrations.exceptions import CircularDependencyError, NodeNotFoundError
from django.db.migrations.graph import MigrationGraph
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter


@pytest.fixture
def history():
    """Return a function that applies operations and gives the state; all is undone at the end."""
    steps = [ProjectState()]
    done = []

    def apply(*operations):
        migration = Migration(f"000{len(done)}", "tests_history")
        migration.operations = list(operations)
        with connection.schema_editor() as editor:
            after = migration.apply(steps[-1].clone(), editor)
        done.append(migration)
        steps.append(after)
        return after.apps

    yield apply
    while done:
        migration = done.pop()
        with connection.schema_editor() as editor:
            migration.unapply(steps[len(done)].clone(), editor)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert not [name for name in tables if name.startswith("tests_history")]


def columns(table):
    """Return the names of a table's columns."""
    with connection.cursor() as cursor:
        return [each.name for each in connection.introspection.get_table_description(cursor, table)]


def fresh(model="Cat", **fields):
    """Return the operation that makes a model."""
    return migrations.CreateModel(
        model, [("id", models.BigAutoField(primary_key=True)), *fields.items()]
    )


def test_rows_survive_changes_of_columns(history):
    apps = history(fresh(name=models.CharField(max_length=9), age=models.IntegerField(null=True)))
    cats = apps.get_model("tests_history", "Cat").objects
    cats.create(name="Tom", age=None)
    cats.create(name="Kitty", age=4)
    apps = history(
        migrations.RenameField("Cat", "age", "years"),
        migrations.AlterField("Cat", "years", models.IntegerField(default=1)),
        migrations.AddField("Cat", "tag", models.CharField(max_length=3, default="x")),
        migrations.AddConstraint(
            "Cat", models.CheckConstraint(condition=models.Q(years__gte=0), name="tests_years")
        ),
        migrations.AddIndex("Cat", models.Index(fields=["-years"], name="tests_years_idx")),
    )
    cats = apps.get_model("tests_history", "Cat").objects
    assert list(cats.order_by("id").values_list("name", "years", "tag")) == [
        ("Tom", 1, "x"),
        ("Kitty", 4, "x"),
    ]
    with pytest.raises(IntegrityError):
        cats.create(name="Old", years=-1)
    cats.all().delete()


def test_tables_between_follow_their_models(history):
    apps = history(fresh(), fresh("Toy", cats=models.ManyToManyField("tests_history.Cat")))
    cat = apps.get_model("tests_history", "Cat").objects.create()
    apps.get_model("tests_history", "Toy").objects.create().cats.add(cat)
    apps = history(migrations.RenameModel("Cat", "Tiger"), migrations.RenameModel("Toy", "Ball"))
    assert set(columns("tests_history_ball_cats")) == {"id", "ball_id", "tiger_id"}
    ball = apps.get_model("tests_history", "Ball").objects.get()
    assert ball.cats.count() == 1
    ball.cats.clear()


def test_a_changed_key_takes_later_keys_to_it_along(history):
    history(fresh("Cat"))
    history(fresh("Toy", cat=models.ForeignKey("tests_history.Cat", models.CASCADE)))
    apps = history(
        migrations.AlterField("Cat", "id", models.CharField(max_length=9, primary_key=True))
    )
    cat = apps.get_model("tests_history", "Cat").objects.create(id="Tom")
    toy = apps.get_model("tests_history", "Toy").objects.create(cat=cat)
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, "tests_history_toy")
    assert {each.name: each.type_code for each in described}["cat_id"] == "varchar(9)"
    toy.delete()
    cat.delete()


def test_states_share_what_does_not_change():
    state = ProjectState()
    fresh().state_forwards("tests_history", state)
    later = state.clone()
    migrations.AddField("Cat", "age", models.IntegerField()).state_forwards("tests_history", later)
    key = ("tests_history", "cat")
    assert "age" in later.models[key].fields and "age" not in state.models[key].fields
    assert later.models[key].fields["id"] is state.models[key].fields["id"]


def test_graphs_say_what_is_wrong():
    graph = MigrationGraph()
    for name in ("1", "2"):
        graph.add_node(("a", name), None)
    with pytest.raises(NodeNotFoundError, match="nonexistent parent node"):
        graph.add_dependency("a.2", ("a", "2"), ("b", "1"))
    graph = MigrationGraph()
    for name in ("1", "2"):
        graph.add_node(("a", name), None)
    graph.add_dependency("a.2", ("a", "2"), ("a", "1"))
    graph.add_dependency("a.1", ("a", "1"), ("a", "2"))
    with pytest.raises(CircularDependencyError, match=r"a\.1.*a\.2|a\.2.*a\.1"):
        graph.ensure_not_cyclic()


def test_a_long_history_needs_no_deep_stack():
    graph = MigrationGraph()
    for number in range(5000):
        graph.add_node(("a", f"{number:05}"), None)
        if number:
            graph.add_dependency(None, ("a", f"{number:05}"), ("a", f"{number - 1:05}"), True)
    assert len(graph.forwards_plan(("a", "04999"))) == 5000


def test_what_is_written_can_be_read():
    migration = Migration("0001_initial", "tests_history")
    migration.initial = True
    migration.operations = [fresh(name=models.CharField(max_length=9, default="\N{SNOWMAN}'\""))]
    text = MigrationWriter(migration).as_string()
    names = {}
    exec(compile(text, "written", "exec"), names)  # noqa: S102
    again = names["Migration"]("0001_initial", "tests_history")
    assert again.initial and again.mutate_state(ProjectState()) == migration.mutate_state(
        ProjectState()
    )


def test_what_cannot_be_written_is_named():
    migration = Migration("0001_initial", "tests_history")
    migration.operations = [fresh(name=models.CharField(max_length=9, default=lambda: "x"))]
    with pytest.raises(ValueError, match="Cannot serialize function: lambda"):
        MigrationWriter(migration).as_string()


def test_rows_are_read_though_two_fields_have_one_name():
    # A composite key that was removed leaves its parts, and the key of models without one.
    state = ProjectState()
    fields = [("id", models.IntegerField(unique=True)), ("age", models.IntegerField(default=3))]
    migrations.CreateModel("Cat", fields).state_forwards("tests_history", state)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tests_history_cat (id integer PRIMARY KEY, age integer)")
        cursor.execute("INSERT INTO tests_history_cat VALUES (7, 3)")
    try:
        cats = state.apps.get_model("tests_history", "Cat").objects
        assert [(cat.pk, cat.age) for cat in cats.all()] == [(7, 3)]
        assert cats.get(id=7).pk == 7
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE tests_history_cat")
