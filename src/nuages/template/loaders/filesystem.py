"""Templates in the folders of ``DIRS``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nuages.core.exceptions import SuspiciousFileOperation
from nuages.template.base import Origin
from nuages.template.exceptions import TemplateDoesNotExist
from nuages.template.loaders.base import Loader as BaseLoader
from nuages.utils._os import safe_join

if TYPE_CHECKING:
    from nuages.template.engine import Engine


class Loader(BaseLoader):
    """Finds templates in folders.

    Args:
        engine: the engine.
        dirs: the folders; by default the engine's.
    """

    def __init__(self, engine: Engine, dirs: Sequence[Any] | None = None) -> None:
        super().__init__(engine)
        self.dirs = dirs

    def get_dirs(self) -> Sequence[Any]:
        """Return the folders."""
        return self.engine.dirs if self.dirs is None else self.dirs

    def get_contents(self, origin: Origin) -> str:
        """Return the text of a file.

        Raises:
            TemplateDoesNotExist: there is no such file.
        """
        try:
            return Path(origin.name).read_text(encoding=self.engine.file_charset)
        except FileNotFoundError:
            raise TemplateDoesNotExist(origin) from None

    def get_template_sources(self, template_name: Any) -> Iterator[Origin]:
        """Yield the places for a name; those outside the folders are left out."""
        for folder in self.get_dirs():
            try:
                path = safe_join(folder, template_name)
            except SuspiciousFileOperation:
                continue
            yield Origin(path, template_name, self)
