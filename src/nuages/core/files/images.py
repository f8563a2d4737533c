"""Images, as far as files are concerned. Needs Pillow. Manual: ref/files/file."""

import struct
import zlib
from typing import Any

from nuages.core.files.base import File


class ImageFile(File):
    """A file with an image in it."""

    @property
    def width(self) -> int | None:
        """The width in pixels, ``None`` if it is no image."""
        return self._get_image_dimensions()[0]

    @property
    def height(self) -> int | None:
        """The height in pixels, ``None`` if it is no image."""
        return self._get_image_dimensions()[1]

    def _get_image_dimensions(self) -> tuple[int | None, int | None]:
        """Return (width, height), which are kept. (Thumbnail packages override this.)"""
        known: tuple[int | None, int | None] | None = getattr(self, "_dimensions_cache", None)
        if known is None:
            was_closed = self.closed
            self.open()
            known = self._dimensions_cache = get_image_dimensions(self, close=was_closed)
        return known


def get_image_dimensions(file_or_path: Any, close: bool = False) -> tuple[int | None, int | None]:
    """Return (width, height) of an image, ``(None, None)`` for anything else.

    An open file keeps its position; with ``close`` it is closed afterwards.
    """
    from PIL import ImageFile as PillowImageFile

    if not hasattr(file_or_path, "read"):
        try:
            file = open(file_or_path, "rb")
        except OSError:
            return None, None
        try:
            return _dimensions(file, PillowImageFile.Parser())
        finally:
            file.close()
    position = file_or_path.tell()
    file_or_path.seek(0)
    try:
        return _dimensions(file_or_path, PillowImageFile.Parser())
    finally:
        if close:
            file_or_path.close()
        else:
            file_or_path.seek(position)


def _dimensions(file: Any, parser: Any) -> tuple[int | None, int | None]:
    # Most formats have their size at the start: read more and more until it is known.
    size = 1024
    while data := file.read(size):
        try:
            parser.feed(data)
        except zlib.error as error:
            # A chunk that ends inside a compressed block: go on with the next one.
            if not error.args[0].startswith("Error -5"):
                raise
        except (struct.error, RuntimeError):
            pass  # Likewise, from the readers of some formats.
        if parser.image:
            return parser.image.size
        size *= 2
    return None, None
