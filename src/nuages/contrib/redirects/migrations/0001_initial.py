"""The table of redirects."""

from typing import Any

from nuages.db import migrations, models


def _path(label: str, **options: Any) -> models.CharField:
    return models.CharField(label, max_length=200, **options)


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sites", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "Redirect",
            options={
                "db_table": "django_redirect",
                "unique_together": {("site", "old_path")},
                "ordering": ["old_path"],
                "verbose_name_plural": "redirects",
                "verbose_name": "redirect",
            },
            fields=[
                (
                    "id",
                    models.AutoField("ID", primary_key=True, auto_created=True, serialize=False),
                ),
                ("site", models.ForeignKey("sites.Site", models.CASCADE, verbose_name="site")),
                (
                    "old_path",
                    _path(
                        "redirect from",
                        db_index=True,
                        help_text="This should be an absolute path, excluding the domain name. "
                        "Example: “/events/search/”.",
                    ),
                ),
                (
                    "new_path",
                    _path(
                        "redirect to",
                        blank=True,
                        help_text="This can be either an absolute path (as above) or a full URL "
                        "starting with “http://”.",
                    ),
                ),
            ],
        )
    ]
