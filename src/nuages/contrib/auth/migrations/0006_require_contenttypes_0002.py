"""Only after content types lost their names."""

from nuages.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0005_alter_user_last_login_null"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        # Nothing to do: the order of migrations is what matters.
    ]
