"""The application of queued tasks."""

from nuages.apps import AppConfig
from nuages.utils.translation import gettext_lazy as _


class TasksConfig(AppConfig):
    """Tasks that wait in the database. Its label leaves ``tasks`` to projects."""

    name, label, verbose_name = "django.contrib.tasks", "nuages_tasks", _("Tasks")
    default_auto_field = "django.db.models.BigAutoField"
