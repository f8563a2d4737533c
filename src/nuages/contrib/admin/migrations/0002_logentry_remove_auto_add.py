"""The time of an entry is set once."""

from nuages.db import migrations, models
from nuages.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("admin", "0001_initial")]
    operations = [
        migrations.AlterField(
            "logentry",
            "action_time",
            models.DateTimeField(verbose_name="action time", default=timezone.now, editable=False),
        )
    ]
