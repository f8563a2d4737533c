"""``startproject``: the files of a new project."""

from __future__ import annotations

from typing import Any

from nuages.core.checks.security.base import SECRET_KEY_INSECURE_PREFIX
from nuages.core.management.templates import TemplateCommand
from nuages.core.management.utils import get_random_secret_key


class Command(TemplateCommand):
    """Makes a project. Manual: "django-admin and manage.py", ``startproject``."""

    help = (
        "Creates a Django project directory structure for the given project name in the current "
        "directory or optionally in the given directory."
    )
    missing_args_message = "You must provide a project name."

    def handle(self, **options: Any) -> None:  # type: ignore[override]
        # The prefix tells the deployment checks that nobody has chosen this key.
        key = SECRET_KEY_INSECURE_PREFIX + get_random_secret_key()
        name, target = (options.pop(each) for each in ("name", "directory"))
        super().handle("project", name, target, secret_key=key, **options)
