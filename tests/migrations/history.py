"""A history of migrations that does most of what can be done to a model, as source text."""

HEAD = """
from django.db import migrations, models
from django.db.models import F, Q


def fill(apps, schema_editor):
    Member = apps.get_model("library", "Member")
    Book = apps.get_model("library", "Book")
    tom = Member.objects.create(name="Tom", born=1950)
    book = Book.objects.create(owner=tom, title="Emma", isbn="1", pages=400)
    # All models are there, with their ways back.
    assert tom.book_set.get() == book
    assert {each.__name__ for each in apps.get_app_config("library").get_models()} >= {
        "Member", "Book", "Genre",
    }


def count(apps, schema_editor):
    assert apps.get_model("library", "Book").objects.filter(owner__name="Tom").count() == 1


def key():
    return ("id", models.BigAutoField(primary_key=True))


"""

#: The operations of each migration.
STEPS = [
    """
    migrations.CreateModel("Member", [key(), ("name", models.CharField(max_length=100))]),
    migrations.CreateModel("Genre", [
        key(), ("code", models.CharField(max_length=9, unique=True)),
        ("parent", models.ForeignKey("self", models.CASCADE, null=True)),
    ]),
    """,
    """
    migrations.CreateModel("Book", [
        key(),
        ("owner", models.ForeignKey("library.Member", models.CASCADE)),
        ("title", models.CharField(max_length=100)),
        ("isbn", models.CharField(max_length=13, unique=True)),
    ], options={"unique_together": {("owner", "title")}, "ordering": ["title"]}),
    """,
    """migrations.AddField("Book", "pages", models.IntegerField(default=1))""",
    """
    migrations.AddField("Book", "genre", models.ForeignKey(
        "library.Genre", models.SET_NULL, null=True, to_field="code")),
    migrations.AddField("Member", "born", models.IntegerField(default=0), preserve_default=False),
    """,
    """migrations.RunPython(fill, migrations.RunPython.noop)""",
    """migrations.RunPython(count, migrations.RunPython.noop)""",
    """
    migrations.CreateModel("Profile", [
        ("member", models.OneToOneField(
            "library.member", models.CASCADE, primary_key=True, serialize=False)),
        ("motto", models.TextField(blank=True)),
    ]),
    migrations.CreateModel("Badge", [
        key(), ("profile", models.ForeignKey("library.profile", models.CASCADE)),
    ]),
    """,
    """migrations.AddField("Book", "readers", models.ManyToManyField(
        "library.Member", related_name="read"))""",
    """migrations.AddField("Genre", "near", models.ManyToManyField("self"))""",
    """migrations.AddIndex("Book", models.Index(fields=["-pages"], name="by_pages"))""",
    """migrations.AddIndex("Book", models.Index(
        F("pages") + 1, name="by_more", condition=Q(pages__gt=3)))""",
    """migrations.AddConstraint("Book", models.CheckConstraint(
        condition=Q(pages__gte=0), name="has_pages"))""",
    """migrations.AddConstraint("Book", models.UniqueConstraint(
        fields=["title"], name="one_title", condition=Q(pages__gt=3)))""",
    """migrations.RenameField("Member", "born", "year")""",
    """migrations.AlterField("Book", "title", models.CharField(max_length=200, db_index=True))""",
    """migrations.AlterField("Book", "owner", models.ForeignKey(
        "library.member", models.PROTECT, null=True, related_name="owned"))""",
    """migrations.AlterField("Genre", "code", models.CharField(max_length=20, unique=True))""",
    """migrations.RenameField("Genre", "code", "sign")""",
    """migrations.RenameModel("Genre", "Kind")""",
    """migrations.AlterModelTable("Book", "books")""",
    """migrations.AlterUniqueTogether("Book", {("owner", "isbn")})""",
    """migrations.RenameIndex("Book", new_name="by_length", old_name="by_pages")""",
    """migrations.CreateModel("Shelf", [
        key(), ("number", models.IntegerField()),
        ("twice", models.GeneratedField(
            expression=F("number") * 2, output_field=models.IntegerField(), db_persist=True)),
        ("noted", models.IntegerField(db_default=3)),
    ])""",
    """
    migrations.CreateModel("Comic", [
        ("book_ptr", models.OneToOneField(
            "library.book", models.CASCADE, auto_created=True, parent_link=True,
            primary_key=True, serialize=False)),
        ("drawn", models.BooleanField(default=True)),
    ], bases=("library.book",)),
    migrations.CreateModel("OldBook", [], options={"proxy": True}, bases=("library.book",)),
    """,
    """migrations.AddField("Comic", "colours", models.IntegerField(null=True))""",
    """migrations.AlterField("Member", "id", models.AutoField(primary_key=True))""",
    """migrations.AlterOrderWithRespectTo("Badge", "profile")""",
    """
    migrations.SeparateDatabaseAndState(
        state_operations=[migrations.AddField("Shelf", "sql", models.IntegerField(null=True))],
        database_operations=[
            migrations.RunSQL(
                "ALTER TABLE library_shelf ADD COLUMN sql integer NULL",
                "ALTER TABLE library_shelf DROP COLUMN sql",
            ),
        ],
    ),
    migrations.RemoveField("Shelf", "noted"),
    """,
    """migrations.AlterField("Book", "readers", models.ManyToManyField(
        "library.Member", blank=True))""",
    """migrations.RunPython(count, migrations.RunPython.noop)""",
    """migrations.AddField("Shelf", "site", models.ForeignKey(
        "sites_of.Site", models.CASCADE, null=True))""",
    """migrations.RemoveConstraint("Book", "has_pages")""",
    """migrations.RemoveIndex("Book", "by_length")""",
    """migrations.RemoveField("Kind", "parent")""",
    """migrations.AlterModelOptions("Kind", {"verbose_name": "sort"})""",
    """migrations.DeleteModel("Badge")""",
]

PROJECT = """
import json
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["sites_of", "library"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    **json.loads(sys.argv[1]),
)
django.setup()
from django.core.management import call_command
from django.db import connection

statements = []


def note(execute, sql, params, many, context):
    statements.append([str(sql), [str(each) for each in params or ()]])
    return execute(sql, params, many, context)


with connection.execute_wrapper(note):
    call_command("migrate", verbosity=0, run_syncdb=True)
    if "--back" in sys.argv:
        call_command("migrate", "library", "0024", verbosity=0)
print("RESULT " + json.dumps(statements))
"""


def write(folder):
    """Write the project into a folder."""
    package = folder / "library" / "migrations"
    package.mkdir(parents=True)
    for place in (folder / "library", package):
        (place / "__init__.py").write_text("")
    sites = folder / "sites_of"
    sites.mkdir()
    (sites / "__init__.py").write_text("")
    (sites / "models.py").write_text(
        "from django.db import models\n\n\nclass Site(models.Model):\n"
        "    name = models.CharField(max_length=9)\n"
    )
    before = ""
    for number, operations in enumerate(STEPS, 1):
        name = f"{number:04}"
        (package / f"{name}.py").write_text(
            f"{HEAD}class Migration(migrations.Migration):\n"
            f"    dependencies = [{before}]\n    operations = [{operations}]\n"
        )
        before = f"('library', '{name}')"
    (folder / "run.py").write_text(PROJECT)
