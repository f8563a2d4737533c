"""Content types take their name from the model."""

from typing import Any

from nuages.db import migrations, models


def add_legacy_name(apps: Any, schema_editor: Any) -> None:
    """Fill the column again, when the migration is undone."""

    def name_of(ct: Any) -> Any:
        try:
            return apps.get_model(ct.app_label, ct.model)._meta.object_name
        except LookupError:
            return ct.model

    types = apps.get_model("contenttypes", "ContentType").objects
    for ct in types.using(schema_editor.connection.alias):
        ct.name = name_of(ct)
        ct.save()


class Migration(migrations.Migration):
    dependencies = [("contenttypes", "0001_initial")]
    operations = [
        migrations.AlterModelOptions(
            "contenttype",
            {"verbose_name": "content type", "verbose_name_plural": "content types"},
        ),
        migrations.AlterField("contenttype", "name", models.CharField(max_length=100, null=True)),
        migrations.RunPython(
            migrations.RunPython.noop, add_legacy_name, hints={"model_name": "contenttype"}
        ),
        migrations.RemoveField("contenttype", "name"),
    ]
