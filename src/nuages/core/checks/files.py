"""Checks of the settings for uploads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nuages.conf import settings
from nuages.core.checks import Error, Tags, register


@register(Tags.files)
def check_setting_file_upload_temp_dir(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Find a temporary folder that is not there."""
    folder = settings.FILE_UPLOAD_TEMP_DIR
    if not folder or Path(folder).is_dir():
        return []
    return [
        Error(
            f"The FILE_UPLOAD_TEMP_DIR setting refers to the nonexistent directory '{folder}'.",
            id="files.E001",
        )
    ]
