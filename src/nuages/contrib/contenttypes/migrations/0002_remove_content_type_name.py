"""Content types take their name from the model."""

from nuages.db import migrations, models


def add_legacy_name(apps, schema_editor):
    """Fill the column again, when the migration is undone."""
    content_type = apps.get_model("contenttypes", "ContentType")
    for ct in content_type.objects.using(schema_editor.connection.alias):
        try:
            ct.name = apps.get_model(ct.app_label, ct.model)._meta.object_name
        except LookupError:
            ct.name = ct.model
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
