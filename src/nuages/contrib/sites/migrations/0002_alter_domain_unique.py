"""No two sites of one domain."""

from nuages.contrib.sites.models import _simple_domain_name_validator
from nuages.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sites", "0001_initial")]
    operations = [
        migrations.AlterField(
            "site",
            "domain",
            models.CharField(
                max_length=100,
                unique=True,
                validators=[_simple_domain_name_validator],
                verbose_name="domain name",
            ),
        )
    ]
