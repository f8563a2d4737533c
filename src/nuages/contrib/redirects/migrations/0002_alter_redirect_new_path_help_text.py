"""A help text that speaks of schemes."""

from nuages.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("redirects", "0001_initial")]
    operations = [
        migrations.AlterField(
            "redirect",
            "new_path",
            models.CharField(
                "redirect to",
                blank=True,
                help_text="This can be either an absolute path (as above) or a full URL starting "
                "with a scheme such as “https://”.",
                max_length=200,
            ),
        )
    ]
