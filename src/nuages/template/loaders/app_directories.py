"""Templates in the ``templates`` folders of installed applications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nuages.template.loaders.filesystem import Loader as FilesystemLoader
from nuages.template.utils import get_app_template_dirs


class Loader(FilesystemLoader):
    """Finds templates in the folders of applications."""

    def get_dirs(self) -> Sequence[Any]:
        """Return the folders."""
        return get_app_template_dirs("templates")
