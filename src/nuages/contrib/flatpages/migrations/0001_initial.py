"""The tables of flat pages, and of the sites they are on."""

from nuages.db import migrations, models

_TEMPLATE_HELP = (
    "Example: “flatpages/contact_page.html”. If this isn’t provided, the system will use "
    "“flatpages/default.html”."
)
_REGISTRATION_HELP = "If this is checked, only logged-in users will be able to view the page."

_COLUMNS = {
    "id": models.AutoField("ID", primary_key=True, auto_created=True, serialize=False),
    "url": models.CharField("URL", db_index=True, max_length=100),
    "title": models.CharField("title", max_length=200),
    "content": models.TextField("content", blank=True),
    "enable_comments": models.BooleanField("enable comments", default=False),
    "template_name": models.CharField(
        "template name", blank=True, help_text=_TEMPLATE_HELP, max_length=70
    ),
    "registration_required": models.BooleanField(
        "registration required", default=False, help_text=_REGISTRATION_HELP
    ),
    "sites": models.ManyToManyField("sites.Site", verbose_name="sites"),
}


class Migration(migrations.Migration):
    initial = True
    dependencies = [("sites", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "FlatPage",
            fields=list(_COLUMNS.items()),
            options={
                "db_table": "django_flatpage",
                "verbose_name": "flat page",
                "verbose_name_plural": "flat pages",
                "ordering": ["url"],
            },
        )
    ]
