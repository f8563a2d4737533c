"""Files: the wrapper that the rest of the house uses. Manual: ref/files."""

from nuages.core.files.base import File

__all__ = ["File"]
