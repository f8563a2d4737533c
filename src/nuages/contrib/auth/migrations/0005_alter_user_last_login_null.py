"""Users who never logged in."""

from nuages.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("auth", "0004_alter_user_username_opts")]
    operations = [
        migrations.AlterField(
            "user",
            "last_login",
            models.DateTimeField(null=True, verbose_name="last login", blank=True),
        ),
    ]
