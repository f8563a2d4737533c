"""What can be done has names."""

from nuages.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("admin", "0002_logentry_remove_auto_add")]
    operations = [
        migrations.AlterField(
            "logentry",
            "action_flag",
            models.PositiveSmallIntegerField(
                choices=[(1, "Addition"), (2, "Change"), (3, "Deletion")],
                verbose_name="action flag",
            ),
        )
    ]
