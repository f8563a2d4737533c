"""New translations without a restart of the development server."""

import gettext
from pathlib import Path
from typing import Any

from asgiref.local import Local

from nuages.apps import apps
from nuages.conf import settings
from nuages.utils.autoreload import autoreload_started, file_changed
from nuages.utils.autoreload import is_django_module as is_framework_module


def watch_for_translation_changes(sender: Any, **kwargs: Any) -> None:
    """Have the autoreloader watch the compiled files of the project and its applications."""
    if not settings.USE_I18N:
        return
    directories = [Path("locale")]
    directories.extend(
        Path(config.path) / "locale"
        for config in apps.get_app_configs()
        if not is_framework_module(config.module)
    )
    directories.extend(map(Path, settings.LOCALE_PATHS))
    for directory in directories:
        sender.watch_dir(directory, "**/*.mo")


def translation_file_changed(sender: Any, file_path: Path, **kwargs: Any) -> bool | None:
    """Forget all translations when a compiled file changes; ``True`` says it is dealt with."""
    if file_path.suffix != ".mo":
        return None
    from nuages.utils.translation import trans_real

    gettext._translations = {}  # type: ignore[attr-defined]
    trans_real._translations = {}
    trans_real._default = None
    trans_real._active = Local()
    return True


def connect() -> None:
    """Listen to the autoreloader."""
    autoreload_started.connect(
        watch_for_translation_changes, dispatch_uid="translation_file_changed"
    )
    file_changed.connect(translation_file_changed, dispatch_uid="translation_file_changed")
